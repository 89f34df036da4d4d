"""Simulations of the sourcing: asked for by a manager, worked by the SIMULATE station, read on their page. Nothing but the simulation's own row is
ever written."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.allocation import Demand, Rule, Wanted
from inventory.kits import parts_of
from inventory.models import PurchaseOrderLine, Reservation, SourcingRule, StockLevel, StockMovement, Warehouse
from inventory.sourcing import RuleChange, change_rules, checked_rules, places_serving, rules_in_force
from inventory.states import MovementKind, ReservationState
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record, wake
from oms.core.money import round_amount
from oms.core.readable import human_number
from orders.models import Order, OrderLine, SourcingSimulation
from orders.replaying import Change, Flow, History, Placed, Totals, changes, replay, totals
from orders.states import OrderState, SimulationState

MOST_DAYS = 90
MOST_ORDERS = 50_000
MOST_OPEN = 5
CHUNK = 2_000
NOT_REPLAYED = (OrderState.CANCELLED,)


def ask_for_simulation(rules: Sequence[RuleChange], *, days: int, actor: str) -> SourcingSimulation:
    """Ask what the orders of the last `days` days would have come to under `rules`. It is worked by the SIMULATE station.

    Raises Invalid for rules that make no sense and for days out of bounds, Conflict while too many wait already. Wakes `simulation.asked`.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(_("Replay between 1 and %(most)d days.") % {"most": MOST_DAYS}, pointer="/days")
    edited = checked_rules(rules)
    with transaction.atomic():
        if SourcingSimulation.objects.filter(state__in=[SimulationState.QUEUED, SimulationState.RUNNING]).count() >= MOST_OPEN:
            raise Conflict(_("%(most)d simulations are under way already: wait for one of them.") % {"most": MOST_OPEN})
        simulation = SourcingSimulation.objects.create(
            rules=_kept(edited), today=_kept(rules_in_force()), days=days, created_by=actor, created_at=timezone.now()
        )
        wake("simulation.asked")
    return simulation


def simulations_waiting() -> QuerySet[SourcingSimulation]:
    """Give the simulations that nobody has finished."""
    return SourcingSimulation.objects.filter(state__in=[SimulationState.QUEUED, SimulationState.RUNNING]).order_by("created_at", "id")


def run_simulation(simulation: SourcingSimulation) -> dict[str, Any] | str:
    """Replay the orders under today's rules and under the edited ones; give the result, or the sentence why it cannot be.

    Writes its progress as it goes. Safe to repeat: it begins anew.
    """
    try:
        until = simulation.created_at
        history = history_of(until - timedelta(days=simulation.days), until)
        _start(simulation, 2 * len(history.orders))
        fates = []
        for number, rules in enumerate((_rules(simulation.today), _rules(simulation.rules))):
            fates.append(replay(history, rules, tell=partial(_tell, simulation, number * len(history.orders))))
        before, after = fates
        count, most = changes(history, before, after)
        names = {place.id: place.name for place in history.places}
        return {
            "currency": settings.BOOKS_CURRENCY,
            "from": (until - timedelta(days=simulation.days)).isoformat(),
            "until": until.isoformat(),
            "today": _shown(totals(history, before)),
            "edited": _shown(totals(history, after)),
            "changed": count,
            "examples": [_example(change, names) for change in most],
        }
    except BusinessError as refusal:
        return refusal.sentence


def keep_results(done: list[tuple[SourcingSimulation, dict[str, Any] | str]]) -> None:
    """Keep what simulations gave. Records `simulation.done`."""
    facts = []
    for row, result in done:
        simulation = SourcingSimulation.objects.get(pk=row.pk)
        if simulation.is_over:
            continue
        if isinstance(result, str):
            simulation.fail()
            simulation.error = result[:300]
        else:
            if simulation.state == SimulationState.QUEUED:
                simulation.start()
            simulation.finish()
            simulation.result, simulation.done = result, simulation.total
        simulation.finished_at = timezone.now()
        simulation.save(update_fields=["state", "result", "error", "done", "finished_at"])
        facts.append(fact("simulation.done", "simulation", simulation.pk, actor="station:simulate", days=simulation.days))
    record(facts)


def put_in_force(pk: int, *, actor: str) -> None:
    """Put the rules of a simulation in force. Raises Conflict where the rules were changed since it was asked for. Safe to repeat."""
    simulation = SourcingSimulation.objects.filter(pk=pk).first()
    if simulation is None:
        raise NotFound(_("There is no such simulation."))
    if simulation.state != SimulationState.DONE:
        raise Conflict(_("Wait until the simulation is done."))
    with transaction.atomic():
        now = _kept(rules_in_force())
        if now == simulation.rules:
            return
        if now != simulation.today:
            raise Conflict(_("The rules were changed since this simulation: run it again against those of today."))
        change_rules(as_changes(simulation.rules), actor=actor)


def as_changes(kept: Iterable[Sequence[Any]]) -> list[RuleChange]:
    """Give the kept rules of a simulation as a change of all rules: what is not among them is switched off."""
    active = {policy: (number, amount) for number, (policy, amount) in enumerate(kept, start=1)}
    known = {rule.policy: rule for rule in SourcingRule.objects.all()}
    changes = [RuleChange(policy, number * 10, True, Decimal(amount) if amount is not None else None) for policy, (number, amount) in active.items()]
    off = [rule for policy, rule in known.items() if policy not in active]
    return changes + [RuleChange(rule.policy, 10 * (len(active) + n), False, rule.amount) for n, rule in enumerate(off, start=1)]


# --- what happened ---------------------------------------------------------------------------------------------------


def history_of(since: datetime, until: datetime) -> History:
    """Load the orders placed since then, and what came and went beside them. A constant number of queries.

    What orders from before took, they keep. What was cancelled since is left out, and so is what a vendor ships himself. Opening stock was there
    from the beginning. Raises Invalid where there are more orders than can be held at once.
    """
    rows = Order.objects.filter(placed_at__gte=since, placed_at__lt=until).exclude(state__in=NOT_REPLAYED)
    count = rows.count()
    if count > MOST_ORDERS:
        raise Invalid(_("There are %(count)d orders in these days: choose fewer days.") % {"count": count})
    orders = _orders(rows)
    places = [replace(place, capacity=capacity) for place, capacity in _with_capacity(places_serving({placed.wanted.country for placed in orders}))]
    skus = {sku for placed in orders for demand in placed.wanted.demands for sku, _each in demand.parts}
    return History(
        orders=orders,
        flows=_flows(since, until, skus),
        free=_free_then(since, until, skus),
        places=places,
        today=timezone.localtime(until).date(),
    )


def _orders(rows: QuerySet[Order]) -> list[Placed]:
    lines = PurchaseOrderLine.objects.filter(drop_ship_line_id__isnull=False).values_list("drop_ship_line_id", flat=True)
    dropped = {line for line in lines if line is not None}
    found: list[Placed] = []
    chunk: list[Order] = []
    wanted = rows.only("id", "placed_at", "priority", "ship_to", "accepts_part_deliveries").order_by("placed_at", "id")
    for order in wanted.iterator(chunk_size=CHUNK):
        chunk.append(order)
        if len(chunk) == CHUNK:
            found += _placed(chunk, dropped)
            chunk = []
    return found + _placed(chunk, dropped)


def _placed(orders: Sequence[Order], dropped: set[int]) -> list[Placed]:
    demands: dict[int, list[Demand]] = {}
    due: dict[int, dict[int, Any]] = {}
    columns = ("id", "order_id", "sku_id", "kit", "quantity", "cancelled", "net", "promised_on")
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders]).order_by("order_id", "position").values_list(*columns)
    for pk, order_id, sku, kit, quantity, cancelled, net, promised_on in lines:
        if pk in dropped or quantity == cancelled:
            continue
        demands.setdefault(order_id, []).append(Demand(pk, quantity - cancelled, parts_of(sku, kit), net / quantity))
        if promised_on:
            due.setdefault(order_id, {})[pk] = promised_on
    return [
        Placed(
            order.pk,
            timezone.localtime(order.placed_at),
            Wanted(demands[order.pk], order.country, order.postcode, not order.accepts_part_deliveries),
            due.get(order.pk, {}),
            order.priority,
        )
        for order in orders
        if order.pk in demands
    ]


def _with_capacity(places: Sequence[Any]) -> list[tuple[Any, int | None]]:
    """Give each place with what it takes on in a whole day."""
    daily = dict(Warehouse.objects.filter(pk__in=[place.id for place in places]).values_list("id", "daily_capacity"))
    return [(place, daily[place.id]) for place in places]


def _flows(since: datetime, until: datetime, skus: set[int]) -> list[Flow]:
    """Give what came and went beside the orders. What belongs to an earlier day than it was written on counts from that day."""
    rows = _moved_beside(since, until).filter(sku__in=skus).order_by("moved_at", "id")
    found = []
    columns = ("sku_id", "warehouse_id", "quantity", "moved_at", "effective_on")
    for sku, warehouse, units, moved_at, effective_on in rows.values_list(*columns).iterator(chunk_size=CHUNK):
        at = timezone.localtime(moved_at)
        if effective_on < at.date():
            at = max(at - timedelta(days=(at.date() - effective_on).days), timezone.localtime(since))
        found.append(Flow(at, sku, warehouse, units))
    found.sort(key=lambda flow: flow.at)
    return found


def _moved_beside(since: datetime, until: datetime) -> QuerySet[StockMovement]:
    """Give the movements of units that were no order's, and no opening of stock."""
    rows = StockMovement.objects.filter(moved_at__gte=since, moved_at__lt=until).exclude(quantity=0)
    return rows.exclude(kind=MovementKind.OPENING).exclude(kind=MovementKind.ISSUE, order_id__isnull=False)


def _free_then(since: datetime, until: datetime, skus: set[int]) -> dict[int, dict[int, int]]:
    """Give what was free then: what is on hand now, without what came since, with what these orders took; less safety, and what others hold."""
    free: dict[int, dict[int, int]] = {}

    def add(rows: Iterable[tuple[int, int, int | None]], sign: int) -> None:
        for sku, warehouse, units in rows:
            if sku in skus:
                places = free.setdefault(sku, {})
                places[warehouse] = places.get(warehouse, 0) + sign * (units or 0)

    levels = StockLevel.objects.filter(sku__in=skus)
    add(((level.sku_id, level.warehouse_id, level.on_hand - level.safety) for level in levels.iterator(chunk_size=CHUNK)), 1)
    moved = _moved_beside(since, timezone.now() + timedelta(days=1)).filter(sku__in=skus)
    add(moved.values_list("sku_id", "warehouse_id").annotate(units=Sum("quantity")).order_by(), -1)
    add(_issued_to(since, until), 1)
    old = Reservation.objects.filter(state=ReservationState.FIRM, sku__in=skus).exclude(order_id__in=_these(since, until))
    add(old.values_list("sku_id", "warehouse_id").annotate(units=Sum("quantity")).order_by(), -1)
    return free


def _these(since: datetime, until: datetime) -> QuerySet:
    return Order.objects.filter(placed_at__gte=since, placed_at__lt=until).exclude(state__in=NOT_REPLAYED).values("pk")


def _issued_to(since: datetime, until: datetime) -> list[tuple[int, int, int]]:
    """Give (SKU, warehouse, units) that have gone out to the orders placed in these days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT moved.sku_id, moved.warehouse_id, -sum(moved.quantity)::int FROM inventory_stockmovement moved"
            " JOIN orders_order o ON o.id = moved.order_id"
            " WHERE moved.kind = 'issue' AND moved.moved_at >= %s AND o.placed_at >= %s AND o.placed_at < %s AND NOT o.state = ANY(%s)"
            " GROUP BY moved.sku_id, moved.warehouse_id",
            [since, since, until, [str(state) for state in NOT_REPLAYED]],
        )
        return cursor.fetchall()


# --- how it is kept --------------------------------------------------------------------------------------------------


def _kept(rules: Iterable[Rule]) -> list[list[Any]]:
    return [[rule.policy, None if rule.amount is None else f"{rule.amount.normalize():f}"] for rule in rules]


def _rules(kept: Iterable[Sequence[Any]]) -> list[Rule]:
    return [Rule(policy, None if amount is None else Decimal(amount)) for policy, amount in kept]


def _start(simulation: SourcingSimulation, total: int) -> None:
    if simulation.state == SimulationState.QUEUED:
        simulation.start()
    simulation.total, simulation.done = total, 0
    simulation.save(update_fields=["state", "total", "done"])


def _tell(simulation: SourcingSimulation, before: int, done: int) -> None:
    SourcingSimulation.objects.filter(pk=simulation.pk).update(done=before + done)


def _shown(sums: Totals) -> dict[str, Any]:
    return asdict(sums) | {"cost": f"{round_amount(sums.cost, settings.BOOKS_CURRENCY):f}"}


def _example(change: Change, names: dict[int, str]) -> dict[str, Any]:
    def from_where(taken: Any) -> list[list[Any]]:
        return [[names.get(warehouse, ""), units] for warehouse, units in sorted(taken.items(), key=lambda item: (-item[1], item[0]))]

    return {
        "order": human_number(Order.NUMBER_PREFIX, change.order_id),
        "before": from_where(change.before),
        "after": from_where(change.after),
        "was": _shown(change.was),
        "becomes": _shown(change.becomes),
    }
