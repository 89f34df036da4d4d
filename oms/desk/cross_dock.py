"""What a receipt is for: which units go straight to orders that waited, and on which shipments, and what goes to the shelf.

Receipts and reservations are inventory's, orders and shipments are above it: the list is composed here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from inventory.backorders import fillable
from inventory.models import Receipt, ReceiptLine, Reservation
from inventory.states import ReservationState
from oms.core.access import staff_may
from orders.models import Order
from shipping.models import Shipment, ShipmentLine
from shipping.states import ShipmentState

SECONDS_TO_LOOK = 120
SERVED = (ReservationState.FIRM, ReservationState.CONSUMED)


@dataclass(frozen=True)
class Served:
    """Units that go straight to an order. `shipment`: which they leave with, once it is planned."""

    order: Order
    units: int
    shipment: Shipment | None


@dataclass
class Unloaded:
    """A line of a receipt: who gets how many of its units at once; the rest goes to the shelf."""

    line: ReceiptLine
    served: list[Served] = field(default_factory=list)

    @property
    def to_orders(self) -> int:
        return sum(one.units for one in self.served)

    @property
    def to_shelf(self) -> int:
        return self.line.quantity - self.to_orders


@staff_may("inventory.view_purchaseorder")
def cross_dock(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where the goods of a receipt go. Asks again by itself while the line is still serving who waits."""
    receipt = get_object_or_404(Receipt.objects.select_related("order__vendor", "order__warehouse"), pk=pk)
    rows = unloaded(receipt)
    context = {
        "receipt": receipt,
        "order": receipt.order,
        "rows": rows,
        "units": sum(row.line.quantity for row in rows),
        "to_orders": sum(row.to_orders for row in rows),
        "to_shelf": sum(max(row.to_shelf, 0) for row in rows),
        "orders": len({one.order.pk for row in rows for one in row.served}),
        "is_serving": _is_serving(receipt, rows),
        "reversal": Receipt.objects.filter(reverses=receipt).first(),
    }
    is_part = bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, "desk/_cross_dock.html" if is_part else "desk/cross_dock.html", context)


def _is_serving(receipt: Receipt, rows: Sequence[Unloaded]) -> bool:
    """Say whether the line is still giving out what has just come. Who still waits after a while waits for something else."""
    is_new = receipt.received_at > timezone.now() - timedelta(seconds=SECONDS_TO_LOOK)
    return is_new and fillable().filter(sku__in=[row.line.line.sku_id for row in rows]).exists()


def unloaded(receipt: Receipt) -> list[Unloaded]:
    """Give the lines of a receipt with who gets their units. At most six queries, whatever its size.

    Reservations do not say which receipt they are from: stock of one place is one heap. Those of orders that waited, made after this receipt and
    before the next one of the same SKU, are what it served, up to its units.
    """
    rows = [Unloaded(line) for line in receipt.lines.select_related("line__sku").order_by("line_id")]
    skus = [row.line.line.sku_id for row in rows]
    later = ReceiptLine.objects.filter(
        line__sku__in=skus, quantity__gt=0, receipt__order__warehouse=receipt.order.warehouse_id, receipt__received_at__gt=receipt.received_at
    )
    until = dict(later.values_list("line__sku").annotate(at=Min("receipt__received_at")).order_by())
    found = Reservation.objects.filter(
        sku__in=skus,
        warehouse=receipt.order.warehouse_id,
        state__in=SERVED,
        was_awaited=True,
        created_at__gte=receipt.received_at,
    ).order_by("id")
    per_sku: dict[int, list[Reservation]] = defaultdict(list)
    for reservation in found:
        if reservation.sku_id not in until or reservation.created_at < until[reservation.sku_id]:
            per_sku[reservation.sku_id].append(reservation)
    chosen = [_up_to(row.line.quantity, per_sku[row.line.line.sku_id]) for row in rows]
    some = [reservation for pairs in chosen for reservation, _ in pairs]
    orders = Order.objects.select_related("customer").in_bulk({reservation.for_order for reservation in some})
    shipments = _shipments([reservation.pk for reservation in some])
    for row, pairs in zip(rows, chosen, strict=True):
        row.served = [Served(orders[r.for_order], units, shipments.get(r.pk)) for r, units in pairs if r.for_order in orders]
    return rows


def _up_to(units: int, reservations: Sequence[Reservation]) -> list[tuple[Reservation, int]]:
    """Give the first of `reservations` that `units` suffice for, with how many of each."""
    pairs = []
    for reservation in reservations:
        taken = min(units, reservation.quantity)
        if taken <= 0:
            break
        pairs.append((reservation, taken))
        units -= taken
    return pairs


def _shipments(reservations: Sequence[int]) -> dict[int, Shipment]:
    lines = ShipmentLine.objects.filter(reservation__in=reservations).exclude(shipment__state=ShipmentState.VOIDED).select_related("shipment")
    return {line.reservation_id: line.shipment for line in lines}
