"""What decides which warehouse an order is filled from: the rules and lanes that managers keep, as the allocation takes them."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.allocation import Lane as Way
from inventory.allocation import Place, Rule
from inventory.models import Backorder, Lane, Reservation, SourcingRule, Warehouse
from inventory.states import ReservationState
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.locks import lock, take_turn

MOST_AMOUNT = 1_000_000


def places_serving(countries: Iterable[str], *, in_turn: bool = False) -> list[Place]:
    """Give the warehouses that orders are filled from, the best first, with their lanes. Two queries, three where any has a capacity.

    `in_turn`: with capacities it waits for its turn, so that two batches never both count the last order of a day. Taken before any stock
    level; who only looks waits for nobody.
    """
    warehouses = list(Warehouse.objects.stocking())
    lanes: dict[int, list[Way]] = defaultdict(list)
    with_lanes = set()
    wanted = set(countries)
    for lane in Lane.objects.filter(warehouse__in=[warehouse.pk for warehouse in warehouses]):
        with_lanes.add(lane.warehouse_id)
        if lane.country in wanted:
            lanes[lane.warehouse_id].append(Way(lane.country, lane.postcode_prefix, lane.km, lane.cost, lane.transit_days))
    limited = [warehouse.pk for warehouse in warehouses if warehouse.daily_capacity is not None]
    if limited and in_turn:
        take_turn("capacity")
    taken = _taken_today(limited)
    return [
        Place(
            warehouse.pk,
            warehouse.name,
            # One whose lanes all lead elsewhere has lanes still: it does not serve everywhere.
            tuple(lanes[warehouse.pk]) or (_NOWHERE if warehouse.pk in with_lanes else ()),
            None if warehouse.daily_capacity is None else max(warehouse.daily_capacity - taken.get(warehouse.pk, 0), 0),
        )
        for warehouse in warehouses
    ]


_NOWHERE = (Way("", "", 0, 0, 0),)  # type: ignore[arg-type]


def _taken_today(warehouse_ids: list[int]) -> dict[int, int]:
    if not warehouse_ids:
        return {}
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    taken = [ReservationState.FIRM, ReservationState.CONSUMED]
    rows = Reservation.objects.filter(warehouse__in=warehouse_ids, created_at__gte=today, state__in=taken)
    return dict(rows.values_list("warehouse_id").annotate(orders=Count("order_id", distinct=True)).order_by())


def rules_in_force() -> list[Rule]:
    """Give the rules in their order. One query."""
    return [Rule(rule.policy, rule.amount) for rule in SourcingRule.objects.filter(is_active=True)]


def change_rules(rules: list[tuple[str, int, bool, object]], *, actor: str) -> None:
    """Have exactly `rules` in force: (policy, position, is active, amount or None). Orders that wait are looked at again.

    Locks the rules. Safe to repeat. Raises Invalid for a split by value without an amount. Records `sourcing.changed`.
    """
    with transaction.atomic():
        known = {rule.policy: rule for rule in lock(SourcingRule.objects.all())}
        for policy, position, is_active, amount in rules:
            rule = known.get(policy) or SourcingRule(policy=policy)
            rule.position, rule.is_active, rule.amount = position, is_active, amount  # type: ignore[assignment]
            checked_rule(rule)
            rule.save()
        Backorder.objects.update(tried_at=None)
        active = ", ".join(rule.policy for rule in SourcingRule.objects.filter(is_active=True))
        record([fact("sourcing.changed", "sourcing", 0, actor=actor, rules=active)])


def checked_rule(rule: SourcingRule) -> Rule:
    """Give `rule` as the allocation takes it. Raises Invalid for an unknown policy or an amount that makes no sense."""
    if rule.policy not in dict(SourcingRule._meta.get_field("policy").choices or []):
        raise Invalid(_("There is no policy %(policy)s.") % {"policy": rule.policy}, pointer="/policy")
    if rule.policy == "split_value":
        if rule.is_active and not rule.amount:
            raise Invalid(_("Say what every part must be worth: an amount above zero."), pointer="/amount")
    elif rule.amount is not None:
        raise Invalid(_("That policy asks for no amount: leave it empty."), pointer="/amount")
    if rule.amount is not None and not 0 < rule.amount <= MOST_AMOUNT:
        raise Invalid(_("The amount must be between 0 and %(most)d.") % {"most": MOST_AMOUNT}, pointer="/amount")
    return Rule(rule.policy, rule.amount)
