"""Goods that their customer takes over the counter: a shipment that nobody carries, gone and arrived in the same moment."""

from collections.abc import Sequence

from inventory.models import Reservation
from orders.models import Order
from orders.progress import note_planned
from shipping.dispatching import dispatch_locked
from shipping.handing_out import handed_out, stand_in
from shipping.models import COUNTER, Shipment
from shipping.tracking import mark_delivered


def hand_over(order: Order, reservations: Sequence[Reservation], *, warehouse_id: int, actor: str) -> Shipment:
    """Hand what is reserved for `order`, locked by the caller, to the customer at the counter: it leaves stock and is delivered at once.

    In the caller's transaction. Records `shipment.dispatched`, `shipment.delivered` and what follows for the order.
    """
    shipment = handed_out(order, reservations, warehouse_id=warehouse_id, carrier=stand_in(COUNTER, name="The customer"))
    planned: dict[int, int] = {}
    for row in reservations:
        planned[row.for_line] = planned.get(row.for_line, 0) + row.line_units
    note_planned([order], planned)
    dispatch_locked([shipment], actor=actor)
    return mark_delivered(shipment.pk, actor=actor)
