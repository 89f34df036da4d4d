"""Reads of stock."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from inventory.models import COMING, PurchaseOrderLine, ReorderRule, Sku, StockLevel
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
