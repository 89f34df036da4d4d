"""Goods leave: stock goes down, reservations end, the order's counters move, the customer is told."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Reservation
from inventory.moving import Move, move_stock
from inventory.states import MovementKind, ReservationState
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.events import fact, record
from oms.core.messages import queue
from oms.core.models import Message
from orders.progress import note_shipped
from shipping.fulfilling import lock_shipment
from shipping.models import Shipment, ShipmentLine


def dispatch_shipment(pk: int, *, actor: str) -> Shipment:
    """Hand one shipment to its carrier. Locks order, shipment and stock levels. One that has left already is given back as it is.

    Raises NotFound; Conflict unless it is booked and its order free of holds. Records `shipment.dispatched`.
    """
    with transaction.atomic():
        shipment = lock_shipment(pk)
        if shipment.dispatched_at is not None:
            return shipment
        if shipment.order.open_holds:
            raise Conflict(_("%(order)s is on hold: release it first.") % {"order": shipment.order.number})
        if not shipment.can_dispatch or not shipment.order.is_open:
            raise Conflict(
                _("%(number)s cannot leave: it is %(state)s. It is booked with a carrier first.")
                % {"number": shipment.number, "state": shipment.get_state_display().lower()}
            )
        dispatch_locked([shipment], actor=actor)
    return shipment


def dispatch_locked(shipments: Sequence[Shipment], *, actor: str) -> None:
    """Dispatch booked `shipments`, locked with their orders by the caller. A constant number of queries."""
    lines: dict[int, list[ShipmentLine]] = defaultdict(list)
    for line in ShipmentLine.objects.filter(shipment__in=shipments).order_by("id"):
        lines[line.shipment_id].append(line)
    now = timezone.now()
    moves: list[Move] = []
    shipped: dict[int, int] = defaultdict(int)
    reservations: list[int] = []
    for shipment in shipments:
        shipment.dispatch()
        shipment.dispatched_at = now
        for line in lines[shipment.pk]:
            shipped[line.order_line_id] += line.line_units
            reservations.append(line.reservation_id)
            moves.append(_issue(shipment, line))
    move_stock(moves, actor=actor)
    Reservation.objects.filter(pk__in=reservations).update(state=ReservationState.CONSUMED)
    bulk.save_all(list(shipments), "state", "dispatched_at")
    note_shipped(list({shipment.order_id: shipment.order for shipment in shipments}.values()), shipped, actor=actor)
    queue(_mail(shipment) for shipment in shipments if shipment.order.email and not shipment.is_taken_away)
    record(
        fact(
            "shipment.dispatched",
            "shipment",
            shipment.pk,
            order_id=shipment.order_id,
            actor=actor,
            number=shipment.number,
            tracking_number=shipment.tracking_number,
            carrier=shipment.carrier.name if shipment.carrier else "",
        )
        for shipment in shipments
    )


def _issue(shipment: Shipment, line: ShipmentLine) -> Move:
    return Move(
        sku_id=line.sku_id,
        warehouse_id=shipment.warehouse_id,
        quantity=-line.quantity,
        kind=MovementKind.ISSUE,
        cause="shipment",
        cause_id=shipment.pk,
        order_id=shipment.order_id,
        from_reserved=True,
        note=shipment.number,
    )


def _mail(shipment: Shipment) -> Message:
    order = shipment.order
    return Message(
        kind="shipped",
        recipient=order.email,
        language=order.language,
        order_id=order.pk,
        data={
            "number": shipment.number,
            "order": order.number,
            "name": order.ship_to.get("name", ""),
            "carrier": shipment.carrier.name if shipment.carrier else "",
            "tracking_number": shipment.tracking_number,
            "tracking_url": shipment.tracking_url,
            "token": order.public_token,
        },
    )
