"""Reads of stock."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from inventory.kits import compositions, parts_of
from inventory.models import COMING, PurchaseOrderLine, ReorderRule, Sku, StockLevel
from inventory.states import WarehouseKind
from oms.core.money import ZERO


@dataclass(frozen=True)
class SkuStock:
    """A SKU with what lies where."""

    sku: Sku
    levels: list[StockLevel]
    is_low: bool

    @property
    def on_hand(self) -> int:
        return sum(level.on_hand for level in self.levels)

    @property
    def reserved(self) -> int:
        return sum(level.reserved for level in self.levels)

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved

    @property
    def value(self) -> Decimal:
        return sum((level.value for level in self.levels), ZERO)


def stock_of(skus: Sequence[Sku]) -> list[SkuStock]:
    """Give the stock of SKUs, in their order. Two queries, whatever their number."""
    levels: dict[int, list[StockLevel]] = defaultdict(list)
    for level in StockLevel.objects.filter(sku__in=skus).select_related("warehouse").order_by("warehouse__rank", "warehouse_id"):
        levels[level.sku_id].append(level)
    points = {(rule.sku_id, rule.warehouse_id): rule.point for rule in ReorderRule.objects.filter(sku__in=skus)}
    return [
        SkuStock(
            sku,
            levels[sku.pk],
            any(key[0] == sku.pk and _free(levels[sku.pk], key[1]) <= point for key, point in points.items()),
        )
        for sku in skus
    ]


def to_promise(skus: Sequence[Sku]) -> dict[int, int]:
    """Give SKU → units that can be promised now over all warehouses; of a kit, as many as its components make. At most two queries."""
    kits = compositions([sku.pk for sku in skus if sku.is_kit])
    parts = {sku.pk: parts_of(sku.pk, kits.get(sku.pk)) for sku in skus}
    wanted = {part for some in parts.values() for part, _units in some}
    free: dict[tuple[int, int], int] = {}
    places = set()
    for level in StockLevel.objects.filter(sku__in=wanted, warehouse__is_active=True, warehouse__kind=WarehouseKind.WAREHOUSE):
        free[level.sku_id, level.warehouse_id] = level.to_promise
        places.add(level.warehouse_id)
    return {pk: sum(min(free.get((part, place), 0) // units for part, units in some) for place in places) for pk, some in parts.items()}


def skus_shown(show: str, text: str) -> QuerySet[Sku]:
    """Give the SKUs of the stock list: all, those `low` (at or below a reorder point), or those `out` of free stock."""
    rows = Sku.objects.all()
    if text:
        rows = rows.matching(text)
    if show == "low":
        free = Q(levels__on_hand__lte=F("levels__reserved") + F("reorder_rules__point"), levels__warehouse=F("reorder_rules__warehouse"))
        rows = rows.filter(free).distinct()
    elif show == "out":
        rows = rows.exclude(pk__in=StockLevel.objects.filter(on_hand__gt=F("reserved")).values("sku"))
    return rows


def coming_in(sku: Sku) -> QuerySet[PurchaseOrderLine]:
    """Give the purchase order lines that still bring some of a SKU."""
    return PurchaseOrderLine.objects.filter(sku=sku, order__state__in=COMING, received__lt=F("quantity")).select_related(
        "order__vendor", "order__warehouse"
    )


def value_of_stock() -> Decimal:
    """Give what all stock is worth, in the books' currency."""
    return StockLevel.objects.aggregate(total=Sum("value"))["total"] or ZERO


def _free(levels: list[StockLevel], warehouse_id: int) -> int:
    return sum(level.free for level in levels if level.warehouse_id == warehouse_id)
