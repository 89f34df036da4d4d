"""Receiving what was ordered."""

from collections.abc import Mapping

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from inventory.moving import Move, move_stock, tell_of_arrivals
from inventory.states import MovementKind, PurchaseState
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.money import ZERO, round_amount


def receive_goods(pk: int, quantities: Mapping[int, int], *, key: str, actor: str) -> Receipt:
    """Receive `quantities`, purchase order line → units, against a purchase order.

    `key`: made by the form; the same key again gives the first receipt back and receives nothing. Locks the order, its lines and the stock
    levels. Raises NotFound; Invalid for nothing, below zero or a line of another order; Conflict for more than is open. Records `purchase.received`
    and `stock.arrived`, which fills waiting orders.
    """
    with transaction.atomic():
        try:
            order = lock_one(PurchaseOrder.objects.select_related("warehouse"), pk)
        except PurchaseOrder.DoesNotExist:
            raise NotFound(_("There is no such purchase order.")) from None
        known = Receipt.objects.filter(key=key).first()
        if known is not None:
            if known.order_id != pk:
                raise Conflict(_("That receipt was made for another purchase order."))
            return known
        if not order.can_receive:
            raise Conflict(_("%(number)s takes no more goods.") % {"number": order.number})
        lines = {line.pk: line for line in lock(order.lines.select_related("sku"))}
        _check_quantities(order, lines, quantities)
        try:
            with transaction.atomic():
                receipt = Receipt.objects.create(order=order, key=key, received_at=timezone.now(), actor=actor)
        except IntegrityError:
            raise Conflict(_("That receipt was made for another purchase order.")) from None
        arrived = [(lines[line_pk], units) for line_pk, units in quantities.items() if units]
        moves = [_arrival(order, receipt, line, units) for line, units in arrived]
        move_stock(moves, actor=actor)
        bulk.insert_all(
            [
                ReceiptLine(receipt=receipt, line=line, quantity=units, value=move.value or ZERO)
                for (line, units), move in zip(arrived, moves, strict=True)
            ]
        )
        for line, units in arrived:
            line.received += units
        bulk.save_all([line for line, _ in arrived], "received")
        _follow_receipt(order, lines.values())
        record(
            [
                fact(
                    "purchase.received",
                    "purchase",
                    pk,
                    actor=actor,
                    number=order.number,
                    units=sum(units for _, units in arrived),
                )
            ]
        )
        tell_of_arrivals(sorted({line.sku_id for line, _ in arrived}), actor=actor)
    return receipt


def _check_quantities(order: PurchaseOrder, lines: Mapping[int, PurchaseOrderLine], quantities: Mapping[int, int]) -> None:
    if any(units < 0 for units in quantities.values()) or not any(quantities.values()):
        raise Invalid(_("Say how much of at least one line has come."))
    for line_pk, units in quantities.items():
        line = lines.get(line_pk)
        if line is None:
            raise Invalid(_("That line is not on %(number)s.") % {"number": order.number})
        if units > line.open_quantity:
            raise Conflict(
                _("%(number)s still expects %(open)d of %(sku)s, not %(units)d.")
                % {"number": order.number, "open": line.open_quantity, "sku": line.sku.code, "units": units}
            )


def _arrival(order: PurchaseOrder, receipt: Receipt, line: PurchaseOrderLine, units: int) -> Move:
    return Move(
        sku_id=line.sku_id,
        warehouse_id=order.warehouse_id,
        quantity=units,
        kind=MovementKind.RECEIPT,
        cause="receipt",
        cause_id=receipt.pk,
        value=round_amount(line.unit_cost * units, settings.BOOKS_CURRENCY),
        note=order.number,
    )


def _follow_receipt(order: PurchaseOrder, lines) -> None:
    if not any(line.open_quantity for line in lines):
        order.receive_all()
    elif order.state == PurchaseState.SENT:
        order.receive_part()
    else:
        return
    order.save(update_fields=["state"])
