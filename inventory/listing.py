"""The stock list: which SKUs it shows, and what it says of each; on the page, in the export and over the API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import COMING, Backorder, PurchaseOrderLine, ReorderRule, Sku, StockLevel, StockMovement, TransferLine
from inventory.numbers import SkuNumbers, numbers_of
from inventory.pegging import ON_THE_ROAD
from inventory.states import AbcClass, WarehouseKind
from oms.core.errors import Invalid
from oms.core.exports import all_of
from oms.core.money import ZERO

USUAL_DAYS = 90
MOST_DAYS = 3650
SHOWS: dict[str, str | Promise] = {
    "all": gettext_lazy("All"),
    "low": gettext_lazy("Running low"),
    "out": gettext_lazy("Nothing free"),
    "safety": gettext_lazy("Below safety"),
    "waiting": gettext_lazy("Waited for"),
    "coming": gettext_lazy("Coming"),
    "dead": gettext_lazy("Dead stock"),
    "kits": gettext_lazy("Kits"),
    "gone": gettext_lazy("No longer sold"),
}


@dataclass(frozen=True)
class Filter:
    """What of the stock is shown. `warehouse_id`: only what was ever there, with the numbers of that place; `days` without a movement: dead stock."""

    text: str = ""
    show: str = "all"
    warehouse_id: int | None = None
    abc: str = ""
    days: int = USUAL_DAYS


@dataclass(frozen=True)
class StockRow:
    """A SKU of the list with its numbers, where asked for those of one place. `whole`: over all places."""

    sku: Sku
    numbers: SkuNumbers
    whole: SkuNumbers
    is_low: bool


def asked_for(*, text: str = "", show: str = "", warehouse_id: int | None = None, abc: str = "", days: str = "") -> Filter:
    """Give the filter that somebody asks for. Raises Invalid for a word that is none of ours."""
    if show and show not in SHOWS:
        raise Invalid(_("There is no such filter. It is one of: %(names)s.") % {"names": ", ".join(SHOWS)}, parameter="show")
    if abc and abc not in AbcClass.values:
        raise Invalid(_("A class is A, B or C."), parameter="abc")
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:5]) <= MOST_DAYS):
        raise Invalid(_("Days are a number from 1 to %(most)d.") % {"most": MOST_DAYS}, parameter="days")
    return Filter(text.replace("\x00", "").strip()[:60], show or "all", warehouse_id, abc, int(days or USUAL_DAYS))


def skus_shown(filter: Filter) -> QuerySet[Sku]:
    """Give the SKUs that `filter` shows, to be ordered by code."""
    rows: QuerySet[Sku] = Sku.objects.matching(filter.text) if filter.text else Sku.objects.all()
    if filter.abc:
        rows = rows.filter(abc_class=filter.abc)
    levels = StockLevel.objects.filter(sku=OuterRef("pk"))
    if filter.warehouse_id:
        levels = levels.filter(warehouse=filter.warehouse_id)
        rows = rows.filter(Q(is_kit=True) | Exists(levels))
    return _SHOWN[filter.show](rows, levels, filter)


def stock_rows(skus: Sequence[Sku], *, warehouse_id: int | None = None) -> list[StockRow]:
    """Give what the list says of SKUs, in their order. Four queries, whatever their number, and two for kits."""
    numbers = numbers_of(skus)
    low = low_among([sku.pk for sku in skus], warehouse_id=warehouse_id)
    return [StockRow(sku, numbers[sku.pk].at(warehouse_id), numbers[sku.pk], sku.pk in low) for sku in skus]


def low_among(sku_ids: Sequence[int], *, warehouse_id: int | None = None) -> set[int]:
    """Give which of the SKUs have fallen to a reorder point. One query."""
    return set(_rules_low(ReorderRule.objects.filter(sku__in=sku_ids), warehouse_id).values_list("sku_id", flat=True))


HEADER = (
    "code", "name", "barcode", "abc_class", "is_kit", "is_active", "on_hand", "reserved", "free", "safety", "to_promise", "coming", "waiting",
    "in_transit", "value", "currency",
)  # fmt: skip


def exported(filter: Filter, *, currency: str) -> Iterator[Sequence[Any]]:
    """Give the rows of the export, as HEADER names them, each page of them read when it is asked for."""
    for skus in all_of(skus_shown(filter), order=("code",)):
        for row in stock_rows(skus, warehouse_id=filter.warehouse_id):  # type: ignore[arg-type]
            sku, n = row.sku, row.numbers
            yield (
                sku.code, sku.name, sku.barcode, sku.abc_class, sku.is_kit, sku.is_active,
                n.on_hand, n.reserved, n.free, n.safety, n.to_promise, n.coming, n.waiting, n.in_transit, n.value, currency,
            )  # fmt: skip


MOVED_HEADER = ("moved_at", "effective_on", "kind", "warehouse", "quantity", "value", "currency", "cause", "cause_id", "note", "order_id", "actor")


def moved(sku: Sku) -> Iterator[Sequence[Any]]:
    """Give the movements of a SKU, the latest first, as MOVED_HEADER names them, each page of them read when it is asked for."""
    for page in all_of(StockMovement.objects.filter(sku=sku).select_related("warehouse"), order=("-id",)):
        for row in page:
            yield (
                row.moved_at, row.effective_on, row.kind, row.warehouse.code, row.quantity, row.value, settings.BOOKS_CURRENCY, row.cause,
                row.cause_id, row.note, row.order_id, row.actor,
            )  # fmt: skip


def worth(filter: Filter) -> Decimal:
    """Give what the stock of the places that `filter` shows is worth, in the books' currency."""
    levels = StockLevel.objects.filter(warehouse=filter.warehouse_id) if filter.warehouse_id else StockLevel.objects.all()
    return levels.aggregate(total=Sum("value"))["total"] or ZERO


def _low(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    return rows.filter(Exists(_rules_low(ReorderRule.objects.filter(sku=OuterRef("pk")), filter.warehouse_id)))


def _rules_low(rules: QuerySet[ReorderRule], warehouse_id: int | None) -> QuerySet[ReorderRule]:
    """Narrow rules to those whose place has fallen to its point, or has never had any, of what is sold."""
    rules = rules.filter(sku__is_active=True)
    if warehouse_id:
        rules = rules.filter(warehouse=warehouse_id)
    level = StockLevel.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse"), on_hand__gt=F("reserved") + OuterRef("point"))
    return rules.filter(~Exists(level))


def _out(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    return rows.filter(~Exists(levels.filter(on_hand__gt=F("reserved"), warehouse__kind=WarehouseKind.WAREHOUSE)), is_kit=False)


def _below_safety(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    return rows.filter(Exists(levels.filter(safety__gt=0, on_hand__lt=F("reserved") + F("safety"))))


def _waited_for(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    return rows.filter(pk__in=Backorder.objects.values("sku"))


def _coming(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    bought = PurchaseOrderLine.objects.filter(received__lt=F("quantity"), order__state__in=COMING, order__warehouse__kind=WarehouseKind.WAREHOUSE)
    moved = TransferLine.objects.filter(transfer__state__in=ON_THE_ROAD, quantity__gt=F("received") + F("lost"))
    if filter.warehouse_id:
        bought, moved = bought.filter(order__warehouse=filter.warehouse_id), moved.filter(transfer__destination=filter.warehouse_id)
    return rows.filter(Q(pk__in=bought.values("sku")) | Q(pk__in=moved.values("sku")))


def _dead(rows: QuerySet[Sku], levels: QuerySet[StockLevel], filter: Filter) -> QuerySet[Sku]:
    since = Now() - timedelta(days=filter.days)
    moved = StockMovement.objects.filter(sku=OuterRef("pk"))
    if filter.warehouse_id:
        moved = moved.filter(warehouse=filter.warehouse_id)
    return rows.filter(Exists(levels.filter(on_hand__gt=0)), ~Exists(moved.filter(moved_at__gte=since)))


_SHOWN = {
    "all": lambda rows, levels, filter: rows,
    "low": _low,
    "out": _out,
    "safety": _below_safety,
    "waiting": _waited_for,
    "coming": _coming,
    "dead": _dead,
    "kits": lambda rows, levels, filter: rows.filter(is_kit=True),
    "gone": lambda rows, levels, filter: rows.filter(is_active=False),
}
