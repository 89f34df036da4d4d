"""Reads of vendors' bills for the pages and the API."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from accounting.models import BOOKED, BillDifference, VendorBill, VendorBillLine
from accounting.states import BillState
from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine


@dataclass(frozen=True)
class ShownLine:
    """A line of a bill beside what it bills for. `billed_before`: units on other bills in the books."""

    line: VendorBillLine
    order: PurchaseOrder | None
    ordered: int | None
    received: int | None
    billed_before: int | None
    price: Decimal | None
    differences: Sequence[BillDifference]


@dataclass(frozen=True)
class ToBill:
    """A line of a purchase order that may be billed: `left` units have come that no bill in the books, and none that is held, is for."""

    line: PurchaseOrderLine
    billed: int
    held: int

    @property
    def left(self) -> int:
        return max(self.line.received - self.billed - self.held, 0)


def lines_shown(bill: VendorBill) -> list[ShownLine]:
    """Give a bill's lines with what was ordered, has come and was billed before. Three queries."""
    lines = list(bill.lines.select_related("purchase_line__order", "purchase_line__sku", "landed_cost__order").order_by("id"))
    others = VendorBillLine.objects.filter(
        purchase_line__in=[line.purchase_line_id for line in lines if line.purchase_line_id], bill__state__in=BOOKED
    ).exclude(bill=bill)
    before = dict(others.order_by().values_list("purchase_line").annotate(Sum("quantity")))
    differences: dict[int, list[BillDifference]] = {line.pk: [] for line in lines}
    for difference in BillDifference.objects.filter(line__in=lines).select_related("line").order_by("id"):
        differences[difference.line_id].append(difference)
    return [_shown(line, before, differences[line.pk]) for line in lines]


def _shown(line: VendorBillLine, before: dict[int, int], differences: list[BillDifference]) -> ShownLine:
    ordered, cost = line.purchase_line, line.landed_cost
    if ordered is not None:
        return ShownLine(line, ordered.order, ordered.quantity, ordered.received, before.get(ordered.pk, 0), ordered.unit_cost, differences)
    return ShownLine(line, cost.order if cost else None, None, None, None, None, differences)


def bills_of(order: PurchaseOrder) -> QuerySet[VendorBill]:
    """Give the bills and credit notes on a purchase order or on its landed costs, the oldest first. One query."""
    on_it = VendorBillLine.objects.filter(Q(purchase_line__order=order) | Q(landed_cost__order=order)).values("bill")
    return VendorBill.objects.filter(Q(pk__in=on_it) | Q(credits__in=on_it)).order_by("id")


def to_bill(order: PurchaseOrder) -> list[ToBill]:
    """Give a purchase order's lines with what of them is billed. Two queries."""
    lines = list(order.lines.select_related("sku").order_by("id"))
    rows = (
        VendorBillLine.objects.filter(purchase_line__in=lines)
        .order_by()
        .values_list("purchase_line")
        .annotate(
            in_books=Sum("quantity", filter=Q(bill__state__in=BOOKED)),
            on_hold=Sum("quantity", filter=Q(bill__state=BillState.HELD)),
        )
    )
    units = {pk: (in_books or 0, on_hold or 0) for pk, in_books, on_hold in rows}
    return [ToBill(line, *units.get(line.pk, (0, 0))) for line in lines]


def costs_to_bill(order: PurchaseOrder) -> list[LandedCost]:
    """Give a purchase order's landed costs that no bill covers, neither in the books nor held. One query."""
    covered = Q(bill_lines__bill__state__in=[*BOOKED, BillState.HELD])
    rows = LandedCost.objects.filter(order=order).annotate(billed=Sum("bill_lines__quantity", filter=covered))
    return [cost for cost in rows.order_by("id") if not cost.billed]


def held_bills(order_ids: Iterable[int]) -> dict[int, list[VendorBill]]:
    """Give purchase order → the bills on it that are held, the oldest first. One query."""
    held: dict[int, dict[int, VendorBill]] = defaultdict(dict)
    lines = VendorBillLine.objects.filter(purchase_line__order__in=order_ids, bill__state=BillState.HELD).select_related("bill", "purchase_line")
    for line in lines.order_by("bill_id"):
        held[line.purchase_line.order_id].setdefault(line.bill_id, line.bill)
    return {order: list(bills.values()) for order, bills in held.items()}


def owed() -> Decimal:
    """Give what we owe vendors, in the books' currency. One query over the open bills."""
    return VendorBill.objects.open().aggregate(total=Sum("books_total"))["total"] or Decimal(0)


def differences_of(bills: Sequence[VendorBill]) -> dict[int, list[str]]:
    """Give bill → the sentences that hold it. One query."""
    held = {bill.pk: bill for bill in bills if bill.state == BillState.HELD}
    sentences: dict[int, list[str]] = {bill.pk: [] for bill in bills}
    if held:
        rows = BillDifference.objects.filter(line__bill__in=held, settled_at__isnull=True).select_related("line").order_by("line_id", "id")
        for row in rows:
            sentences[row.line.bill_id].append(row.sentence(held[row.line.bill_id].currency, settings.BOOKS_CURRENCY))
    return sentences
