"""Pointing what orders wait for at what will bring it, so that a late vendor knows whom he makes wait."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from inventory.models import COMING, Backorder, Peg, PegsDue, PurchaseOrder, StockLevel, Transfer
from inventory.promising import Demand, Supply, peg
from inventory.sourcing import places_serving, rules_in_force, served_from
from inventory.states import PurchaseState, TransferState, WarehouseKind
from oms.core import bulk
from oms.core.events import fact, record, wake
from oms.core.locks import lock
from oms.core.models import Event
from oms.core.readable import human_number

ACTOR = "station:peg"
# A purchase order that nobody has sent yet brings nothing on a day that can be told to a customer.
ON_ITS_WAY = (PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED)
ON_THE_ROAD = (TransferState.SENT, TransferState.PARTLY_RECEIVED)


def supply_changed(sku_ids: Iterable[int]) -> None:
    """Have the pegs of SKUs made anew, and looked at for buying: what comes in, or who waits, has changed. In the transaction of the change; safe to
    repeat.

    Every change writes rows of its own, so nobody waits for anybody here, and a change that is still to be committed is never missed.
    """
    skus = sorted(set(sku_ids))
    if not skus:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH due AS (SELECT * FROM unnest(%s::bigint[]) AS sku),"
            " restock AS (INSERT INTO inventory_restockdue (sku_id, due_at) SELECT sku, clock_timestamp() FROM due)"
            " INSERT INTO inventory_pegsdue (sku_id, created_at) SELECT sku, clock_timestamp() FROM due",
            [skus],
        )
    wake("supply.changed")


def peg_skus(due: list[PegsDue]) -> None:
    """Make the pegs of SKUs anew: what comes first goes to the most urgent, then to who has waited longest.

    `due`: locked by the caller, worked in turn. Locks the backorders by primary key. A constant number of statements. Records `promise.slipped` for
    those that now come later than their customer was told.
    """
    skus = sorted({row.sku_id for row in due})
    _settle_drop_ships(skus)
    waiting = lock(Backorder.objects.filter(sku__in=skus, is_drop_shipped=False))
    Peg.objects.filter(backorder__in=[row.pk for row in waiting])._raw_delete("default")
    if waiting:
        _peg(waiting)
    PegsDue.objects.filter(pk__in=[row.pk for row in due])._raw_delete("default")


@dataclass(frozen=True)
class Expectation:
    """What a backorder is pegged to, and when the last of it comes; None where nothing brings some of it. What is there already came today."""

    row: Backorder
    pegs: tuple[tuple[Supply, int], ...]
    expected_on: date | None


def expectations(waiting: Sequence[Backorder]) -> list[Expectation]:
    """Point rows at what will bring them, as all of their SKUs' rows that they are: the most urgent first, then who has waited longest.

    Saves nothing: with rows that are changed in memory it says what would be. At most five queries, whatever their number.
    """
    skus = sorted({row.sku_id for row in waiting})
    free, supplies = _free(skus), supplies_of(skus)
    serving = _serving({(row.country, row.postcode) for row in waiting})
    today = timezone.localdate()
    per_sku: dict[int, list[Backorder]] = defaultdict(list)
    for row in sorted(waiting, key=lambda row: (row.priority, row.since, row.pk or 0)):
        per_sku[row.sku_id].append(row)
    found = []
    for sku, rows in per_sku.items():
        # A plain SKU that was looked for and not given is not waited for because it lacks: what is free is free for others.
        demands = [
            Demand(row.line_id, row.quantity, _only(row, serving[row.country, row.postcode]), may_take_free=row.is_part or row.tried_at is None)
            for row in rows
        ]
        for row, answer in zip(rows, peg(demands, supplies.get(sku, ()), free=free.get(sku)), strict=True):
            is_there = bool(answer.there) and not answer.pegs and not answer.open
            found.append(Expectation(row, answer.pegs, min(row.expected_on or today, today) if is_there else answer.expected_on))
    return found


def _settle_drop_ships(skus: Sequence[int]) -> None:
    """Give what a vendor was to ship himself, and will not any more, back to those that wait for stock: his order is called off, closed or less.

    Locks those backorders. Four statements at most.
    """
    pegs = list(
        Peg.objects.filter(backorder__sku__in=skus, backorder__is_drop_shipped=True, purchase_line__isnull=False)
        .select_related("purchase_line__order")
        .order_by("id")
    )
    rows = {row.pk: row for row in lock(Backorder.objects.filter(pk__in=[one.backorder_id for one in pegs], is_drop_shipped=True))} if pegs else {}
    less, over = [], []
    for one in pegs:
        line, row = one.purchase_line, rows.get(one.backorder_id)
        assert line is not None
        left = line.open_quantity if line.order.state in COMING else 0
        if row is None or left >= one.quantity:
            continue
        one.quantity = left
        less.append(one)
        if not left:
            row.is_drop_shipped, row.expected_on = False, None
            over.append(row)
    bulk.save_all(over, "is_drop_shipped", "expected_on")
    bulk.save_all([one for one in less if one.quantity], "quantity")
    if over:
        Peg.objects.filter(pk__in=[one.pk for one in less if not one.quantity])._raw_delete("default")


def _peg(waiting: Sequence[Backorder]) -> None:
    pegs, changed = [], []
    slipped: list[Event] = []
    for one in expectations(waiting):
        row = one.row
        for supply, units in one.pegs:
            is_purchase = supply.kind == "purchase"
            pegs.append(
                Peg(
                    backorder_id=row.pk,
                    purchase_line_id=supply.line_id if is_purchase else None,
                    transfer_line_id=None if is_purchase else supply.line_id,
                    quantity=units,
                )
            )
        if one.expected_on != row.expected_on:
            slipped += _slips(row, one.expected_on)
            row.expected_on = one.expected_on
            changed.append(row)
    bulk.insert_all(pegs)
    bulk.save_all(changed, "expected_on")
    record(slipped)


def _slips(row: Backorder, expected_on: date | None) -> list[Event]:
    """Tell that what was promised comes later than it was, or that nothing brings it any more."""
    if row.promised_on is None:
        return []
    facts = {"promised_on": row.promised_on.isoformat()}
    if expected_on is None:
        return [fact("promise.lost", "order", row.order_id, order_id=row.order_id, actor=ACTOR, **facts)]
    if expected_on > row.promised_on:
        return [fact("promise.slipped", "order", row.order_id, order_id=row.order_id, actor=ACTOR, expected_on=expected_on.isoformat(), **facts)]
    return []


def _free(skus: Sequence[int]) -> dict[int, dict[int, int]]:
    """Give SKU → warehouse → units that may be promised now, the best warehouse first."""
    rows = StockLevel.objects.filter(
        sku__in=skus, warehouse__is_active=True, warehouse__kind=WarehouseKind.WAREHOUSE, on_hand__gt=F("reserved") + F("safety")
    )
    free: dict[int, dict[int, int]] = defaultdict(dict)
    for level in rows.order_by("warehouse__rank", "warehouse_id"):
        free[level.sku_id][level.warehouse_id] = level.to_promise
    return free


def _only(row: Backorder, serving: frozenset[int] | None) -> frozenset[int] | None:
    if row.only_from is None:
        return serving
    return frozenset(row.only_from) if serving is None else serving & frozenset(row.only_from)


def _serving(destinations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], frozenset[int] | None]:
    """Give destination → the warehouses that serve it; None where all do."""
    destinations = set(destinations)
    places = places_serving({country for country, _ in destinations})
    rules = rules_in_force()
    return {(country, postcode): served_from(places, rules, country, postcode) for country, postcode in destinations}


_SUPPLIES = """
    SELECT line.sku_id, 'purchase', line.id, buy.warehouse_id, coalesce(line.expected_on, buy.expected_on),
        greatest(least(line.quantity, line.acknowledged) - line.received, 0),
        coalesce(pegged.units, 0)::int, buy.id, vendor.name
    FROM inventory_purchaseorderline line
    JOIN inventory_purchaseorder buy ON buy.id = line.order_id AND buy.state = ANY(%(on_its_way)s)
    JOIN inventory_warehouse place ON place.id = buy.warehouse_id AND place.kind = 'warehouse'
    JOIN inventory_vendor vendor ON vendor.id = buy.vendor_id
    LEFT JOIN LATERAL (SELECT sum(quantity) AS units FROM inventory_peg WHERE purchase_line_id = line.id) pegged ON true
    WHERE line.sku_id = ANY(%(skus)s) AND line.received < line.quantity
    UNION ALL
    SELECT line.sku_id, 'transfer', line.id, moved.destination_id, moved.expected_on, line.quantity - line.received - line.lost,
        coalesce(pegged.units, 0)::int, moved.id, place.name
    FROM inventory_transferline line
    JOIN inventory_transfer moved ON moved.id = line.transfer_id AND moved.state = ANY(%(on_the_road)s)
    JOIN inventory_warehouse place ON place.id = moved.source_id
    LEFT JOIN LATERAL (SELECT sum(quantity) AS units FROM inventory_peg WHERE transfer_line_id = line.id) pegged ON true
    WHERE line.sku_id = ANY(%(skus)s) AND line.quantity > line.received + line.lost
"""


def supplies_of(skus: Sequence[int]) -> dict[int, list[Supply]]:
    """Give SKU → what is on its way, the soonest first, each with what is pegged to it already. One query.

    What a vendor ships straight to a customer never comes here.
    """
    found: dict[int, list[Supply]] = defaultdict(list)
    today = timezone.localdate()
    prefixes = {"purchase": PurchaseOrder.NUMBER_PREFIX, "transfer": Transfer.NUMBER_PREFIX}
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLIES, {"skus": list(skus), "on_its_way": list(ON_ITS_WAY), "on_the_road": list(ON_THE_ROAD)})
        for sku, kind, line, place, on, units, pegged, number, source in cursor.fetchall():
            found[sku].append(Supply(kind, line, place, on or today, units, pegged, human_number(prefixes[kind], number), source))
    for supplies in found.values():
        supplies.sort(key=lambda supply: (supply.on, supply.kind, supply.line_id))
    return found


def days_late(expected_on: date, *, today: date | None = None) -> int:
    """Give by how many days what was expected on `expected_on` is late."""
    return max(((today or timezone.localdate()) - expected_on) // timedelta(days=1), 0)
