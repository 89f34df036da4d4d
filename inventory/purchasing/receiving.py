"""Receiving what was ordered, and taking a receipt back that was none."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine, StockLevel
from inventory.moving import Move, move_stock, tell_of_arrivals
from inventory.pegging import supply_changed
from inventory.reserving import lock_places
from inventory.states import MovementKind, PurchaseState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.money import ZERO, round_amount

CAUSE = "receipt"


def tolerated(quantity: int, percent: int) -> int:
    """Give how many units may come beyond `quantity`: whole units within `percent`, so never more than was agreed (10 % of 25 is 2)."""
    return quantity * percent // 100


def receive_goods(pk: int, quantities: Mapping[int, int], *, key: str, actor: str, notes: Mapping[int, str] | None = None) -> Receipt:
    """Receive `quantities`, purchase order line → units, against a purchase order.

    `key`: made by the form; the same key again gives the first receipt back and receives nothing. `notes`: line → what stood on the package.
    Locks the order, its lines and the stock levels. A constant number of statements. Raises NotFound; Invalid for nothing, below zero or a line
    of another order; Conflict for more than the line tolerates. Records `purchase.received` and `stock.arrived`, which fills waiting orders.
    """
    with transaction.atomic():
        order = lock_purchase(pk)
        known = known_receipt(order, key)
        if known is not None:
            return known
        if order.drop_ship_order_id is not None:
            raise Conflict(
                _("%(number)s goes straight to the customer: nothing of it comes here. Confirm the drop shipment when the vendor has shipped it.")
                % {"number": order.number}
            )
        receipt = take_in(order, quantities, key=key, actor=actor, notes=notes or {})
        record([_fact("purchase.received", receipt, [(row.line, row.quantity) for row in receipt.taken_in], actor)])
        tell_of_arrivals(sorted({line.line.sku_id for line in receipt.taken_in}), actor=actor)
    return receipt


def lock_purchase(pk: int) -> PurchaseOrder:
    """Lock a purchase order and give it as it is now. Raises NotFound."""
    try:
        return lock_one(PurchaseOrder.objects.select_related("warehouse", "vendor"), pk)
    except PurchaseOrder.DoesNotExist:
        raise NotFound(_("There is no such purchase order.")) from None


def known_receipt(order: PurchaseOrder, key: str) -> Receipt | None:
    """Give the receipt that `key` made before. Raises Conflict where it was another order's, Invalid without a key."""
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    known = Receipt.objects.filter(key=key).first()
    if known is not None and known.order_id != order.pk:
        raise Conflict(_("That receipt was made for another purchase order."))
    return known


def take_in(order: PurchaseOrder, quantities: Mapping[int, int], *, key: str, actor: str, notes: Mapping[int, str]) -> Receipt:
    """Take goods of `order`, locked by the caller, into its warehouse. Locks its lines and the stock levels. The caller tells of it."""
    if not order.can_receive:
        raise Conflict(
            _("%(number)s takes no more goods: it is %(state)s.") % {"number": order.number, "state": order.get_state_display().lower()},
            state=order.state,
        )
    lines = {line.pk: line for line in lock(order.lines.select_related("sku"))}
    _check_quantities(order, lines, quantities)
    receipt = _new_receipt(order, key, actor)
    arrived = [(lines[line_pk], units) for line_pk, units in sorted(quantities.items()) if units]
    values = [worth(order, line, line.received + units) - worth(order, line, line.received) for line, units in arrived]
    _move(order, receipt, arrived, values, notes, actor=actor)
    if not any(line.open_quantity for line in lines.values()):
        order.receive_all()
    elif order.state != PurchaseState.PARTLY_RECEIVED:
        order.receive_part()
    order.save(update_fields=["state"])
    return receipt


def worth(order: PurchaseOrder, line: PurchaseOrderLine, units: int) -> Decimal:
    """Give what the first `units` of a line are worth in the books' currency, rounded once.

    Every receipt takes the difference from what was received before, so that however a line comes in, its receipts add up to its total to
    the last cent.
    """
    return round_amount(line.unit_cost * order.books_rate * units, settings.BOOKS_CURRENCY)


def reverse_receipt(pk: int, *, actor: str, reason: str = "") -> Receipt:
    """Take back a receipt that was wrong: its goods leave the stock again, and are expected again.

    All of it, and only while as many units are free: what is reserved or gone cannot be taken back. The books take back what the receipts of the line
    were booked at; where the stock that stays is no longer worth that much, the difference is a price variance, so that it keeps its average.
    Locks the purchase order, its lines and the stock levels. Reversing twice gives the first reversal. Raises NotFound, Conflict. Records
    `purchase.receipt_reversed`.
    """
    found = Receipt.objects.filter(pk=pk).values_list("order_id", flat=True).first()
    if found is None:
        raise NotFound(_("There is no such receipt."))
    with transaction.atomic():
        order = lock_purchase(found)
        wrong = Receipt.objects.get(pk=pk)
        known = Receipt.objects.filter(reverses=wrong).first()
        if known is not None:
            return known
        _refuse_to_reverse(order, wrong)
        lines = {line.pk: line for line in lock(order.lines.select_related("sku"))}
        rows = list(wrong.lines.order_by("line_id"))
        gone = [(lines[row.line_id], -row.quantity) for row in rows]
        levels = lock_places({(line.sku_id, order.warehouse_id) for line, _ in gone})
        _refuse_what_is_not_free(order, gone, levels)
        values = _values_back(order, lines, rows)
        receipt = _new_receipt(order, f"reverses {pk}", actor, reverses=wrong)
        _keep_average(order, receipt, gone, values, levels, actor=actor)
        _move(order, receipt, gone, values, {line.pk: reason[:200] for line, _ in gone}, actor=actor)
        _expect_again(order, lines.values())
        record([_fact("purchase.receipt_reversed", receipt, gone, actor, reason=reason[:200])])
    return receipt


def _check_quantities(order: PurchaseOrder, lines: Mapping[int, PurchaseOrderLine], quantities: Mapping[int, int]) -> None:
    if any(units < 0 for units in quantities.values()) or not any(quantities.values()):
        raise Invalid(_("Say how much of at least one line has come."))
    for line_pk, units in quantities.items():
        line = lines.get(line_pk)
        if line is None:
            raise Invalid(_("That line is not on %(number)s.") % {"number": order.number})
        if units > line.may_come:
            raise too_many(order, line, units)


def too_many(order: PurchaseOrder, line: PurchaseOrderLine, units: int) -> Conflict:
    """Word that `units` are more than a line takes, and what to do."""
    expects = {"number": order.number, "open": line.open_quantity, "sku": line.sku.code, "units": units, "over": line.may_come - line.open_quantity}
    if expects["over"]:
        sentence = _(
            "%(number)s still expects %(open)d of %(sku)s and tolerates %(over)d more, not %(units)d."
            " Send the rest back, or have the order changed first."
        )
    else:
        sentence = _("%(number)s still expects %(open)d of %(sku)s, not %(units)d. Send the rest back, or have the order changed first.")
    return Conflict(sentence % expects, sku=line.sku.code, expected=line.open_quantity, tolerated=line.may_come)


def _new_receipt(order: PurchaseOrder, key: str, actor: str, *, reverses: Receipt | None = None) -> Receipt:
    """Make the receipt of `key`. Raises Conflict where somebody made one for another order with it a moment ago."""
    made = Receipt(order=order, key=key, received_at=timezone.now(), actor=actor, reverses=reverses)
    Receipt.objects.bulk_create([made], ignore_conflicts=True)
    found = Receipt.objects.filter(key=key, order=order).first()
    if found is None:
        raise Conflict(_("That receipt was made for another purchase order."))
    found.order = order
    return found


def _move(
    order: PurchaseOrder,
    receipt: Receipt,
    some: Sequence[tuple[PurchaseOrderLine, int]],
    values: Sequence[Decimal],
    notes: Mapping[int, str],
    *,
    actor: str,
) -> None:
    """Move the goods of a receipt into the warehouse, or out of it where it is reversed, and count them on their lines."""
    move_stock(
        [
            Move(
                sku_id=line.sku_id,
                warehouse_id=order.warehouse_id,
                quantity=units,
                kind=MovementKind.RECEIPT,
                cause=CAUSE,
                cause_id=receipt.pk,
                value=value,
                note=" · ".join(text for text in (order.number, notes.get(line.pk, "")) if text)[:200],
            )
            for (line, units), value in zip(some, values, strict=True)
        ],
        actor=actor,
    )
    receipt.taken_in = list(
        bulk.insert_all(
            [
                ReceiptLine(receipt=receipt, line=line, quantity=units, value=value, note=notes.get(line.pk, "")[:200])
                for (line, units), value in zip(some, values, strict=True)
            ]
        )
    )
    for line, units in some:
        line.received += units
    bulk.save_all([line for line, _ in some], "received")
    supply_changed({line.sku_id for line, _ in some})


def _refuse_to_reverse(order: PurchaseOrder, wrong: Receipt) -> None:
    if wrong.reverses_id is not None:
        raise Conflict(_("That is a reversal itself: receive the goods again instead."))
    if order.drop_ship_order_id is not None:
        raise Conflict(_("%(number)s went straight to the customer: arrange a return instead.") % {"number": order.number})
    if order.state not in (PurchaseState.PARTLY_RECEIVED, PurchaseState.RECEIVED):
        raise Conflict(_("%(number)s is closed: correct the stock by hand instead.") % {"number": order.number}, state=order.state)


def _refuse_what_is_not_free(
    order: PurchaseOrder, gone: Sequence[tuple[PurchaseOrderLine, int]], levels: Mapping[tuple[int, int], StockLevel]
) -> None:
    for line, units in gone:
        free = levels[line.sku_id, order.warehouse_id].free
        if free < -units:
            raise Conflict(
                _("Only %(free)d of the %(units)d units of %(sku)s are still free: the others are reserved or have left. Count the stock instead.")
                % {"free": free, "units": -units, "sku": line.sku.code},
                sku=line.sku.code,
                free=free,
            )


def _values_back(order: PurchaseOrder, lines: Mapping[int, PurchaseOrderLine], rows: Sequence[ReceiptLine]) -> list[Decimal]:
    """Give what taking `rows` back is worth: the last cents of their lines, as if they had come last; as booked, where the price has changed."""
    booked = dict(ReceiptLine.objects.filter(line__in=[row.line_id for row in rows]).values_list("line").annotate(value=Sum("value")).order_by())
    values = []
    for row in rows:
        line = lines[row.line_id]
        is_as_ordered = booked[line.pk] == worth(order, line, line.received)
        values.append(worth(order, line, line.received - row.quantity) - worth(order, line, line.received) if is_as_ordered else -row.value)
    return values


def _keep_average(
    order: PurchaseOrder,
    receipt: Receipt,
    gone: Sequence[tuple[PurchaseOrderLine, int]],
    values: Sequence[Decimal],
    levels: Mapping[tuple[int, int], StockLevel],
    *,
    actor: str,
) -> None:
    """Correct what stock is worth before goods leave it at their own price, where that would leave nothing, or something for no units."""
    corrections = []
    for (line, units), value in zip(gone, values, strict=True):
        level = levels[line.sku_id, order.warehouse_id]
        stays, left = level.on_hand + units, level.value + value
        should_be = ZERO if not stays else left if left > 0 or not level.value else level.value * stays / level.on_hand
        difference = round_amount(should_be, settings.BOOKS_CURRENCY) - left
        if difference:
            corrections.append(
                Move(
                    sku_id=line.sku_id,
                    warehouse_id=order.warehouse_id,
                    quantity=0,
                    kind=MovementKind.COST,
                    cause=CAUSE,
                    cause_id=receipt.pk,
                    value=difference,
                    note=order.number,
                )
            )
    move_stock(corrections, actor=actor)


def _expect_again(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine]) -> None:
    lines = list(lines)
    if any(line.received for line in lines):
        if order.state == PurchaseState.RECEIVED and any(line.open_quantity for line in lines):
            order.take_back_part()
    elif order.acknowledged_at is not None:
        order.take_back_all_acknowledged()
    else:
        order.take_back_all()
    order.save(update_fields=["state"])


def _fact(kind: str, receipt: Receipt, some: Sequence[tuple[PurchaseOrderLine, int]], actor: str, **data):
    order = receipt.order
    return fact(
        kind,
        "purchase",
        order.pk,
        order_id=order.drop_ship_order_id,
        actor=actor,
        number=order.number,
        receipt=receipt.pk,
        units=sum(abs(units) for _, units in some),
        **data,
    )
