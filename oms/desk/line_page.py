"""Explaining a line of an order: where each of its units stands, with the reservations, shipments and pegs that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from inventory.models import Backorder, Reservation, Warehouse
from inventory.states import ReservationState
from oms.core.access import staff_may
from oms.core.models import Proof
from orders.models import OrderLine
from orders.views import row_or_404
from shipping.models import ShipmentLine


@dataclass(frozen=True)
class Counter:
    """A counter of a line: what is kept, and what its rows add up to where rows make it."""

    name: str
    title: str
    kept: int
    counted: int | None = None

    @property
    def agrees(self) -> bool:
        return self.counted is None or self.counted == self.kept


@dataclass(frozen=True)
class Part:
    """Units that were reserved for a line, since `since`, or that `shipment` takes; `line_units` of the line, more units of a kit's component."""

    state: str
    state_title: str
    sku: str
    warehouse: Warehouse
    units: int
    line_units: int
    since: datetime | None = None
    shipment: str = ""


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("orders.view_order")
def order_line(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Explain a line of an order. Eight queries with the page around it, however much happened to it."""
    line = OrderLine.objects.filter(order=row_or_404(number), position=position).select_related("order", "sku").first()
    if line is None:
        raise Http404
    reservations = list(Reservation.objects.filter(order_id=line.order_id, line_id=line.pk).select_related("sku", "warehouse").order_by("id"))
    waiting = list(
        Backorder.objects.filter(line_id=line.pk)
        .select_related("sku")
        .prefetch_related("pegs__purchase_line__order", "pegs__transfer_line__transfer")
    )
    proof = Proof.objects.first()
    in_dialog = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "line": line,
        "counters": counters_of(line, reservations, waiting),
        "reserved": [
            Part(row.state, row.get_state_display(), row.sku.code, row.warehouse, row.quantity, row.line_units, since=row.created_at)
            for row in reservations
        ],
        "waiting": waiting,
        "sent": [
            Part(
                row.shipment.state,
                row.shipment.get_state_display(),
                row.sku.code,
                row.shipment.warehouse,
                row.quantity,
                row.line_units,
                shipment=row.shipment.number,
            )
            for row in ShipmentLine.objects.filter(order_line=line).select_related("shipment__warehouse", "sku").order_by("id")
        ],
        "proof": proof,
        "proof_state": proof.standing if proof else "",
        "in_dialog": in_dialog,
    }
    return render(request, "desk/_line_explained.html" if in_dialog else "desk/line_explained.html", context)


def counters_of(line: OrderLine, reservations: Sequence[Reservation], waiting: Sequence[Backorder]) -> list[Counter]:
    """Give what a line's units are: ordered = not looked at yet + reserved + waiting + shipped + cancelled."""
    by_state = {state: sum(row.line_units for row in reservations if row.state == state) for state in ReservationState.values}
    lacking = max((row.quantity // row.per_unit for row in waiting), default=0)
    return [
        Counter("open", _("not looked at yet"), line.open),
        Counter("reserved", _("reserved"), line.reserved, by_state[ReservationState.FIRM]),
        Counter("backordered", _("waiting"), line.backordered, lacking),
        Counter("shipped", _("shipped"), line.shipped, by_state[ReservationState.CONSUMED]),
        Counter("cancelled", _("cancelled"), line.cancelled),
    ]
