"""What vendors' bills are compared with, and what they take off goods received not invoiced when they are posted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Sum
from django.utils import timezone

from accounting import posting
from accounting.ledger import Draft, post
from accounting.matching import Billed, Difference, Landed, Supply, compare, exchange_difference
from accounting.models import BOOKED, BillDifference, JournalEntry, VendorBill, VendorBillLine
from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine, ReceiptLine
from oms.core import bulk
from oms.core.locks import lock
from oms.core.money import ZERO, round_amount


@dataclass
class Ground:
    """What bills stand on, as it is under the locks on its purchase orders: purchase order lines and landed costs, by key."""

    lines: dict[int, PurchaseOrderLine]
    supplies: dict[int, Supply]
    costs: dict[int, LandedCost]
    landed: dict[int, Landed]

    def compare(self, bill: VendorBill, lines: Sequence[VendorBillLine]) -> list[list[Difference]]:
        """Give what differs on each of a bill's lines."""
        return compare(
            [
                Billed(
                    line.quantity, line.unit_price, line.net, self.supplies.get(line.purchase_line_id or 0), self.landed.get(line.landed_cost_id or 0)
                )
                for line in lines
            ],
            currency=bill.currency,
            rate=bill.books_rate,
            books=settings.BOOKS_CURRENCY,
            percent=settings.BILL_TOLERANCE_PERCENT,
            most=settings.BILL_TOLERANCE_AMOUNT,
        )

    def take(self, bill: VendorBill, lines: Sequence[VendorBillLine]) -> None:
        """Post a bill: its lines clear what they bill, and whoever comes after it finds that gone. Saves nothing."""
        bill.post()
        for line in lines:
            line.is_watched = False
            if line.purchase_line_id:
                supply = self.supplies[line.purchase_line_id]
                line.cleared = supply.bill(line.quantity)
                line.is_watched = supply.billed > supply.received
            elif line.landed_cost_id:
                line.cleared = self.landed[line.landed_cost_id].bill()
        self.look(lines)

    def has_moved(self, line: VendorBillLine) -> bool:
        """Say whether more or less has come of what a posted line bills than when it was last looked at."""
        ordered = self.lines.get(line.purchase_line_id or 0)
        return ordered is not None and (line.is_watched or ordered.received < (line.received_seen or 0))

    def look(self, lines: Iterable[VendorBillLine]) -> None:
        """Note on `lines` of purchase orders what they were compared with. Saves nothing."""
        for line in lines:
            if line.purchase_line_id:
                ordered = self.lines[line.purchase_line_id]
                line.received_seen, line.price_seen = ordered.received, ordered.unit_cost


def lock_ground(lines: Sequence[VendorBillLine]) -> Ground:
    """Lock the purchase orders that bill lines stand on, by key, and read what was received, billed and cleared.

    Whoever receives on, changes or bills one of them waits. A constant number of statements.
    """
    on_lines = {line.purchase_line_id for line in lines if line.purchase_line_id}
    on_costs = {line.landed_cost_id for line in lines if line.landed_cost_id}
    orders = set(PurchaseOrderLine.objects.filter(pk__in=on_lines).values_list("order_id", flat=True)) if on_lines else set()
    orders |= set(LandedCost.objects.filter(pk__in=on_costs).values_list("order_id", flat=True)) if on_costs else set()
    lock(PurchaseOrder.objects.filter(pk__in=orders))
    ordered = {line.pk: line for line in PurchaseOrderLine.objects.filter(pk__in=on_lines).select_related("order", "sku")}
    costs = {cost.pk: cost for cost in LandedCost.objects.filter(pk__in=on_costs).select_related("order")} if on_costs else {}
    return Ground(ordered, _supplies(ordered), costs, _landed(costs))


def _supplies(ordered: dict[int, PurchaseOrderLine]) -> dict[int, Supply]:
    supplies = {pk: Supply(line.unit_cost, line.order.books_rate, settings.BOOKS_CURRENCY) for pk, line in ordered.items()}
    for pk, units, value in ReceiptLine.objects.filter(line__in=ordered).order_by().values_list("line").annotate(Sum("quantity"), Sum("value")):
        supplies[pk].received, supplies[pk].value = units, value
    billed = VendorBillLine.objects.filter(purchase_line__in=ordered, bill__state__in=BOOKED).order_by()
    for pk, units, cleared in billed.values_list("purchase_line").annotate(Sum("quantity"), Sum("cleared")):
        supplies[pk].billed, supplies[pk].cleared = units, cleared
    return supplies


def _landed(costs: dict[int, LandedCost]) -> dict[int, Landed]:
    landed = {pk: Landed(cost.amount) for pk, cost in costs.items()}
    if costs:
        billed = VendorBillLine.objects.filter(landed_cost__in=costs, bill__state__in=BOOKED).order_by()
        for pk, units, cleared in billed.values_list("landed_cost").annotate(Sum("quantity"), Sum("cleared")):
            landed[pk].cleared, landed[pk].is_billed = cleared, units > 0
    return landed


def save_posted(bills: Sequence[tuple[VendorBill, Sequence[VendorBillLine]]], ground: Ground, *, actor: str) -> None:
    """Save bills that were taken from `ground`: the state, what each line clears, one entry each. A constant number of statements."""
    lines = [line for _, some in bills for line in some]
    bulk.save_all(lines, "cleared", "is_watched", "received_seen", "price_seen")
    bulk.save_all([bill for bill, _ in bills], "state", "decided_by", "decided_at", "decision")
    post([_draft(bill, some, ground, actor) for bill, some in bills])
    forget_looks(lines)


def _draft(bill: VendorBill, lines: Sequence[VendorBillLine], ground: Ground, actor: str) -> Draft:
    return Draft(
        source="vendor_bill",
        source_id=bill.pk,
        event="posted",
        currency=settings.BOOKS_CURRENCY,
        memo=f"{bill.get_kind_display()} {bill.reference} of {bill.vendor.name}",
        lines=_postings(bill, lines, ground),
        actor=actor,
    )


def _postings(bill: VendorBill, lines: Sequence[VendorBillLine], ground: Ground) -> list[posting.Posting]:
    goods = sum((line.cleared for line in lines if line.purchase_line_id), ZERO)
    landed = sum((line.cleared for line in lines if line.landed_cost_id), ZERO)
    exchange = exchange_of(bill, lines, {pk: line.order.books_rate for pk, line in ground.lines.items()})
    price = bill.books_total - bill.books_tax - goods - landed - exchange
    return posting.vendor_bill(goods=goods, landed=landed, tax=bill.books_tax, price=price, exchange=exchange)


def exchange_of(bill: VendorBill, lines: Sequence[VendorBillLine], received_at: dict[int, Decimal]) -> Decimal:
    """Give the exchange difference in a bill. `received_at`: purchase order line → the rate its goods were received at."""
    return sum(
        (
            exchange_difference(line.cleared, rate=bill.books_rate, received_at=received_at[line.purchase_line_id], books=settings.BOOKS_CURRENCY)
            for line in lines
            if line.purchase_line_id
        ),
        ZERO,
    )


def reverse_bill(bill: VendorBill, lines: Sequence[VendorBillLine], note: VendorBill, *, ground: Ground, actor: str) -> None:
    """Take a posted bill back by the credit note `note`, saved with no lines yet: all it cleared is received and not invoiced again."""
    contrary = [
        VendorBillLine(
            bill=note,
            purchase_line_id=line.purchase_line_id,
            landed_cost_id=line.landed_cost_id,
            description=line.description,
            quantity=-line.quantity,
            unit_price=line.unit_price,
            net=-line.net,
            cleared=-line.cleared,
        )
        for line in lines
    ]
    bulk.insert_all(contrary)
    for line in lines:
        line.is_watched = False
    bulk.save_all(lines, "is_watched")
    bill.reverse()
    note.post()
    bulk.save_all([bill, note], "state", "decided_by", "decided_at", "decision")
    post([_draft(note, contrary, ground, actor)])
    forget_looks(lines)


def forget_looks(lines: Sequence[VendorBillLine]) -> None:
    """Have other bills that wait on the same purchase order lines looked at again: `lines` took units of them, or gave them back."""
    on_lines = {line.purchase_line_id for line in lines if line.purchase_line_id}
    if on_lines:
        others = VendorBillLine.objects.filter(purchase_line__in=on_lines, is_watched=True)
        others.exclude(bill__in={line.bill_id for line in lines}).update(received_seen=None)


def true_up(lines: Sequence[VendorBillLine], ground: Ground, *, actor: str) -> None:
    """Square posted lines that were billed ahead with what has come since: what it was worth beyond what was cleared is a price variance."""
    if not lines:
        return
    before = JournalEntry.objects.filter(source="bill_line", source_id__in=[line.pk for line in lines]).order_by()
    times = dict(before.values_list("source_id").annotate(Count("id")))
    drafts = []
    for line in lines:
        supply = ground.supplies[line.purchase_line_id or 0]
        amount = supply.true_up()
        line.cleared += amount
        line.is_watched = supply.billed > supply.received
        drafts.append(
            Draft(
                source="bill_line",
                source_id=line.pk,
                event=f"squared {times.get(line.pk, 0) + 1}",
                currency=settings.BOOKS_CURRENCY,
                memo=f"Billed ahead, now received: {line.description}",
                lines=posting.received_after_bill(value=amount),
                actor=actor,
            )
        )
    ground.look(lines)
    bulk.save_all(lines, "cleared", "is_watched", "received_seen", "price_seen")
    post(drafts)


def note_differences(found: Mapping[int, Sequence[Difference]], *, settled_by: str) -> None:
    """Note what differs on bill lines, line → differences, and settle what no longer does. Three statements, however many lines."""
    now = timezone.now()
    known = {(row.line_id, row.kind): row for row in BillDifference.objects.filter(line__in=found, settled_at__isnull=True)}
    new, kept = [], []
    for line, differences in found.items():
        for difference in differences:
            row = known.pop((line, difference.kind), None)
            figures = {"expected": difference.expected, "billed": difference.billed, "amount": difference.amount}
            if row is None:
                new.append(BillDifference(line_id=line, kind=difference.kind, created_at=now, **figures))
            else:
                row.expected, row.billed, row.amount = figures.values()
                kept.append(row)
    for row in known.values():
        row.settled_at, row.settled_by = now, settled_by
    bulk.insert_all(new)
    bulk.save_all([*kept, *known.values()], "expected", "billed", "amount", "settled_at", "settled_by")


def open_differences(bill: VendorBill) -> list[BillDifference]:
    """Give what holds a bill. One query."""
    return list(BillDifference.objects.filter(line__bill=bill, settled_at__isnull=True).select_related("line").order_by("line_id", "id"))


def in_books(amount: Decimal, bill: VendorBill) -> Decimal:
    return round_amount(amount * bill.books_rate, settings.BOOKS_CURRENCY)
