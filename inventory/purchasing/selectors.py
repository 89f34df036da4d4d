"""Reads of purchasing: what is proposed, priced per vendor; where orders stand; what vendors promise and keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from inventory.models import PurchaseNeed, PurchaseOrder, ReorderRule, StockLevel, TransferLine, Vendor, VendorItem, Warehouse
from inventory.purchasing.grouping import Breaks, Filler, Group, Priced, Wish, group, in_packs
from inventory.purchasing.observing import Kept, lead_times_of
from inventory.states import NeedState, TransferState
from oms.core.money import ZERO, round_amount

DUE_DAYS = 7
MOST_CARDS = 12
MOST_COUNTED = 5_000
MOST_NEEDS = 300
MOST_FILLERS = 10

_STAGES = """
WITH open AS (
    SELECT bought.id, bought.state, coalesce(bought.sent_at, bought.created_at) AS since,
        min(coalesce(line.expected_on, bought.expected_on)) FILTER (WHERE line.received < line.quantity) AS due_on,
        sum(greatest(line.quantity - line.received, 0) * line.unit_cost) * bought.books_rate AS value
    FROM inventory_purchaseorder bought JOIN inventory_purchaseorderline line ON line.order_id = bought.id
    WHERE bought.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received')
    GROUP BY bought.id
), staged AS (
    SELECT *, CASE WHEN state IN ('draft', 'approved') THEN 'approval' WHEN due_on < %(today)s THEN 'late'
        WHEN due_on <= %(soon)s THEN 'due' ELSE 'ordered' END AS stage
    FROM open
), counted AS (
    SELECT *, row_number() OVER turn AS place, count(*) OVER whole AS orders, sum(value) OVER whole AS total, min(since) OVER whole AS oldest
    FROM staged
    WINDOW whole AS (PARTITION BY stage), turn AS (PARTITION BY stage ORDER BY due_on, id)
) SELECT id, stage, due_on, value, orders, total, oldest FROM counted WHERE place <= %(most)s ORDER BY stage, place
"""
# The value is told by the vendor's price at that quantity, or by what the SKU costs where he has named none.
_PROPOSED = """
WITH proposed AS (
    SELECT need.vendor_id, need.warehouse_id, need.sku_id, need.quantity, need.created_at, need.origin FROM inventory_purchaseneed need
    WHERE need.state = 'proposed' ORDER BY need.id LIMIT %(most)s
)
SELECT proposed.vendor_id, proposed.warehouse_id, count(*), min(proposed.created_at), count(*) FILTER (WHERE proposed.origin = 'backorder'),
    sum(proposed.quantity * coalesce(price.unit_price * vendor.books_rate, sku.cost))
FROM proposed JOIN inventory_sku sku ON sku.id = proposed.sku_id
LEFT JOIN inventory_vendor vendor ON vendor.id = proposed.vendor_id
LEFT JOIN inventory_vendoritem item ON item.vendor_id = proposed.vendor_id AND item.sku_id = proposed.sku_id
LEFT JOIN LATERAL (
    SELECT unit_price FROM inventory_vendorprice price WHERE price.item_id = item.id AND price.from_quantity <= proposed.quantity
    ORDER BY price.from_quantity DESC LIMIT 1
) price ON true
GROUP BY proposed.vendor_id, proposed.warehouse_id ORDER BY min(proposed.created_at), proposed.vendor_id, proposed.warehouse_id
"""
_FILLERS = """
WITH asked AS (SELECT * FROM unnest(%(vendors)s::bigint[], %(places)s::bigint[]) AS asked(vendor_id, warehouse_id)),
standing AS (
    SELECT rule.id, rule.sku_id, rule.vendor_id, rule.warehouse_id, rule.point, rule.target,
        coalesce(level.on_hand - level.reserved, 0) + coalesce((
            SELECT sum(greatest(least(line.quantity, line.acknowledged) - line.received, 0)) FROM inventory_purchaseorderline line
            JOIN inventory_purchaseorder bought ON bought.id = line.order_id
            WHERE line.sku_id = rule.sku_id AND line.received < line.quantity AND bought.warehouse_id = rule.warehouse_id
                AND bought.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received')
        ), 0) AS units
    FROM asked JOIN inventory_reorderrule rule ON rule.vendor_id = asked.vendor_id AND rule.warehouse_id = asked.warehouse_id
    JOIN inventory_sku sku ON sku.id = rule.sku_id AND sku.is_active
    LEFT JOIN inventory_stocklevel level ON level.sku_id = rule.sku_id AND level.warehouse_id = rule.warehouse_id
    WHERE NOT EXISTS (
        SELECT FROM inventory_purchaseneed need WHERE need.sku_id = rule.sku_id AND need.warehouse_id = rule.warehouse_id
            AND need.state IN ('proposed', 'approved')
    )
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY vendor_id, warehouse_id ORDER BY units - point, id) AS place FROM standing
    WHERE units > point AND units < target
) SELECT id, sku_id, vendor_id, warehouse_id, target - units, units - point FROM ranked WHERE place <= %(most)s
"""


@dataclass(frozen=True)
class Card:
    """A purchase order on the board. `value`: of what is still open, in the books' currency."""

    order: PurchaseOrder
    due_on: date | None
    value: Decimal


@dataclass(frozen=True)
class Proposed:
    """What is proposed to buy from one vendor for one warehouse. `urgent`: needs that orders wait for."""

    vendor: Vendor | None
    warehouse: Warehouse
    needs: int
    since: datetime
    urgent: int
    value: Decimal


@dataclass
class Stage:
    """A column of the board: how many, worth how much in the books' currency, the oldest since when; and the first of them."""

    name: str
    count: int = 0
    value: Decimal = ZERO
    oldest: datetime | None = None
    cards: list[Card] = field(default_factory=list)

    @property
    def more(self) -> int:
        return max(self.count - len(self.cards), 0)


def stages() -> dict[str, Stage]:
    """Give the columns that purchase orders stand in: approval, ordered, due (within a week), late. Two queries."""
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_STAGES, {"today": today, "soon": today + timedelta(days=DUE_DAYS), "most": MOST_CARDS})
        rows = cursor.fetchall()
    orders = PurchaseOrder.objects.select_related("vendor", "warehouse").in_bulk([row[0] for row in rows])
    found = {name: Stage(name) for name in ("approval", "ordered", "due", "late")}
    for pk, name, due_on, value, count, total, oldest in rows:
        stage = found[name]
        stage.count, stage.value, stage.oldest = count, _books(total), oldest
        stage.cards.append(Card(orders[pk], due_on, _books(value)))
    return found


def proposed() -> list[Proposed]:
    """Give what is proposed, per vendor and warehouse, what waits longest first: of the first MOST_COUNTED needs. Three queries."""
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSED, {"most": MOST_COUNTED})
        rows = cursor.fetchall()
    vendors, places = Vendor.objects.in_bulk({row[0] for row in rows if row[0]}), Warehouse.objects.in_bulk({row[1] for row in rows})
    return [Proposed(vendors.get(vendor), places[place], count, since, urgent, _books(value)) for vendor, place, count, since, urgent, value in rows]


@dataclass(frozen=True)
class Elsewhere:
    """Units that lie free in another of our warehouses, and could be moved to where they are waited for instead of being bought."""

    warehouse: Warehouse
    units: int


@dataclass(frozen=True)
class NeedLine:
    """A need with its price at quantity, the price break within reach, and who of us has some of it, the most first."""

    need: PurchaseNeed
    priced: Priced
    vendor_code: str
    pack_size: int
    minimum: int
    elsewhere: Sequence[Elsewhere] = ()


@dataclass(frozen=True)
class FillerLine:
    """What could be added to reach a minimum order."""

    rule: ReorderRule
    quantity: int
    above_point: int
    net: Decimal


@dataclass(frozen=True)
class NeedGroup:
    """What one vendor would be ordered for one warehouse. `vendor` None: nobody sells it to us yet."""

    vendor: Vendor | None
    warehouse: Warehouse
    lines: list[NeedLine]
    group: Group
    fillers: list[FillerLine]

    @property
    def currency(self) -> str:
        return self.vendor.currency if self.vendor else settings.BOOKS_CURRENCY


def needs_shown(vendor: int | None = None) -> QuerySet[PurchaseNeed]:
    """Give what is proposed, vendor by vendor; of one vendor where one is given."""
    rows = PurchaseNeed.objects.filter(state=NeedState.PROPOSED).select_related("sku", "warehouse", "vendor", "rule")
    if vendor is not None:
        rows = rows.filter(vendor=vendor)
    return rows.order_by("vendor__name", "vendor", "warehouse__rank", "warehouse", "sku__code", "id")


def grouped(needs: Sequence[PurchaseNeed]) -> list[NeedGroup]:
    """Price `needs` per vendor and warehouse, in their order, with advice. At most six queries, whatever their number."""
    per_group: dict[tuple[int | None, int], list[PurchaseNeed]] = {}
    for need in needs:
        per_group.setdefault((need.vendor_id, need.warehouse_id), []).append(need)
    items = _items({need.vendor_id for need in needs if need.vendor_id}, {need.sku_id for need in needs})
    bare = {key: _group(some, items) for key, some in per_group.items()}
    small = [key for key, found in bare.items() if found.is_too_small and key[0] is not None]
    fillers = _fillers(small)
    rules = ReorderRule.objects.select_related("sku").in_bulk({filler.reference for some in fillers.values() for filler in some})
    elsewhere = _elsewhere([need for need in needs if need.waiting])
    groups = []
    for key, some in per_group.items():
        found = _group(some, items, fillers[key]) if fillers.get(key) else bare[key]
        lines = [_need_line(need, priced, items, elsewhere.get(need.pk, ())) for need, priced in zip(some, found.lines, strict=True)]
        filling = [FillerLine(rules[filler.reference], filler.quantity, filler.above_point, net) for filler, net in found.fillers]
        groups.append(NeedGroup(some[0].vendor, some[0].warehouse, lines, found, filling))
    return groups


def _group(needs: Sequence[PurchaseNeed], items: dict[tuple[int, int], VendorItem], fillers: Sequence[Filler] = ()) -> Group:
    vendor = needs[0].vendor
    wishes = []
    for need in needs:
        item = items.get((need.vendor_id or 0, need.sku_id))
        breaks = _breaks(item) or [(1, _cost(need.sku.cost, vendor))]
        wishes.append(Wish(need.pk, need.quantity, breaks, item.pack_size if item else 1, item.minimum_order if item else 1))
    currency = vendor.currency if vendor else settings.BOOKS_CURRENCY
    return group(wishes, minimum_order=vendor.minimum_order if vendor else ZERO, currency=currency, fillers=fillers)


def _need_line(need: PurchaseNeed, priced: Priced, items: dict[tuple[int, int], VendorItem], elsewhere: Sequence[Elsewhere]) -> NeedLine:
    item = items.get((need.vendor_id or 0, need.sku_id))
    return NeedLine(need, priced, item.vendor_code if item else "", priced.wish.pack_size, priced.wish.minimum, elsewhere)


def _elsewhere(needs: Sequence[PurchaseNeed]) -> dict[int, list[Elsewhere]]:
    """Give need → what could come from our other warehouses of the units that wait, without what planned transfers are to take. One query."""
    if not needs:
        return {}
    planned = TransferLine.objects.filter(transfer__state=TransferState.DRAFT, transfer__source=OuterRef("warehouse"), sku=OuterRef("sku"))
    leaving = Subquery(planned.order_by().values("sku").annotate(units=Sum("quantity")).values("units"))
    levels = StockLevel.objects.filter(
        sku__in={need.sku_id for need in needs}, warehouse__in=Warehouse.objects.stocking(), on_hand__gt=F("reserved") + F("safety")
    )
    per_sku: dict[int, list[Elsewhere]] = {}
    for level in levels.select_related("warehouse").annotate(leaving=Coalesce(leaving, 0)).order_by("warehouse__rank", "warehouse"):
        per_sku.setdefault(level.sku_id, []).append(Elsewhere(level.warehouse, level.to_promise - level.leaving))
    found = {}
    for need in needs:
        others = [one for one in per_sku.get(need.sku_id, ()) if one.warehouse.pk != need.warehouse_id and one.units > 0]
        found[need.pk] = sorted((replace(one, units=min(one.units, need.waiting or 0)) for one in others), key=lambda one: -one.units)
    return found


def _items(vendors: set[int], skus: set[int]) -> dict[tuple[int, int], VendorItem]:
    rows = VendorItem.objects.filter(vendor__in=vendors, sku__in=skus).prefetch_related("prices")
    return {(item.vendor_id, item.sku_id): item for item in rows}


def _breaks(item: VendorItem | None) -> Breaks:
    return [(price.from_quantity, price.unit_price) for price in item.prices.all()] if item else []


def _cost(cost: Decimal, vendor: Vendor | None) -> Decimal:
    return (cost / vendor.books_rate).quantize(Decimal("0.0001")) if vendor else cost


def _fillers(pairs: Sequence[tuple[int | None, int]]) -> dict[tuple[int | None, int], list[Filler]]:
    """Give, for vendors and warehouses, what stands nearest above its reorder point and is not full. Three queries."""
    if not pairs:
        return {}
    values: dict[str, Any] = {"vendors": [vendor for vendor, _ in pairs], "places": [place for _, place in pairs], "most": MOST_FILLERS}
    with connection.cursor() as cursor:
        cursor.execute(_FILLERS, values)
        rows = cursor.fetchall()
    items = _items({row[2] for row in rows}, {row[1] for row in rows})
    costs = {
        rule.pk: (rule.sku.cost, rule.vendor) for rule in ReorderRule.objects.filter(pk__in=[row[0] for row in rows]).select_related("sku", "vendor")
    }
    found: dict[tuple[int | None, int], list[Filler]] = {}
    for rule, sku, vendor, place, lacks, above in rows:
        item = items.get((vendor, sku))
        units = in_packs(int(lacks), pack_size=item.pack_size, minimum=item.minimum_order) if item else int(lacks)
        found.setdefault((vendor, place), []).append(Filler(rule, units, _breaks(item) or [(1, _cost(*costs[rule]))], int(above)))
    return found


# --- vendors ---


@dataclass(frozen=True)
class VendorStanding:
    """A vendor with what he keeps: his lead time as observed (None: nothing came yet), what is open with him and what is late."""

    vendor: Vendor
    kept: Kept | None
    open_orders: int
    late_orders: int
    value: Decimal


def standings(vendors: Sequence[Vendor]) -> list[VendorStanding]:
    """Give how vendors stand, in their order. Two queries, whatever their number."""
    keys = [vendor.pk for vendor in vendors]
    kept = lead_times_of(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bought.vendor_id, count(DISTINCT bought.id), count(DISTINCT bought.id) FILTER ("
            " WHERE line.received < line.quantity AND coalesce(line.expected_on, bought.expected_on) < %s),"
            " sum(greatest(line.quantity - line.received, 0) * line.unit_cost * bought.books_rate)"
            " FROM inventory_purchaseorder bought JOIN inventory_purchaseorderline line ON line.order_id = bought.id"
            " WHERE bought.vendor_id = ANY(%s) AND bought.state IN ('sent', 'acknowledged', 'partly_received') GROUP BY bought.vendor_id",
            [timezone.localdate(), keys],
        )
        rows = {vendor: (count, late, value) for vendor, count, late, value in cursor.fetchall()}
    return [
        VendorStanding(vendor, kept.get((vendor.pk, None)), count, late, _books(value))
        for vendor in vendors
        for count, late, value in [rows.get(vendor.pk, (0, 0, 0))]
    ]


@dataclass(frozen=True)
class ItemStanding:
    """A SKU as a vendor sells it, with the lead time he promises and the one he kept."""

    item: VendorItem
    promised: int
    kept: Kept | None


def items_of(vendor: Vendor, items: Sequence[VendorItem]) -> list[ItemStanding]:
    """Give `items` of a vendor with what he kept of each. One query."""
    kept = lead_times_of([vendor.pk])
    return [
        ItemStanding(item, vendor.lead_time_days if item.lead_time_days is None else item.lead_time_days, kept.get((vendor.pk, item.sku_id)))
        for item in items
    ]


def _books(value: Any) -> Decimal:
    return round_amount(Decimal(value or 0), settings.BOOKS_CURRENCY)
