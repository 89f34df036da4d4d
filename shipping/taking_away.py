"""Goods that their customer takes over the counter: a shipment that nobody carries, gone and arrived in the same moment."""

from collections.abc import Sequence

from django.utils import timezone

from inventory.models import Reservation, Sku
from oms.core import bulk
from orders.models import Order
from orders.progress import note_planned
from shipping.dispatching import dispatch_locked
from shipping.models import COUNTER, Carrier, Shipment, ShipmentLine
from shipping.tracking import mark_delivered


def hand_over(order: Order, reservations: Sequence[Reservation], *, warehouse_id: int, actor: str) -> Shipment:
    """Hand what is reserved for `order`, locked by the caller, to the customer at the counter: it leaves stock and is delivered at once.

    In the caller's transaction. Records `shipment.dispatched`, `shipment.delivered` and what follows for the order.
    """
    now = timezone.now()
    weights = dict(Sku.objects.filter(pk__in=[row.sku_id for row in reservations]).values_list("id", "weight_grams"))
    shipment = Shipment(
        order=order,
        warehouse_id=warehouse_id,
        carrier=_carrier(),
        weight_grams=sum(weights[row.sku_id] * row.quantity for row in reservations),
        created_at=now,
        packed_at=now,
        booked_at=now,
        handed_over_at=now,
    )
    shipment.start_picking()
    shipment.pack()
    shipment.book()
    shipment.save()
    bulk.insert_all(
        [
            ShipmentLine(
                shipment=shipment,
                order_line_id=row.for_line,
                sku_id=row.sku_id,
                reservation_id=row.pk,
                quantity=row.quantity,
                line_units=row.line_units,
            )
            for row in reservations
        ]
    )
    planned: dict[int, int] = {}
    for row in reservations:
        planned[row.for_line] = planned.get(row.for_line, 0) + row.line_units
    note_planned([order], planned)
    dispatch_locked([shipment], actor=actor)
    return mark_delivered(shipment.pk, actor=actor)


def _carrier() -> Carrier:
    """Give the carrier that stands for whoever takes their goods themselves, made the first time: nobody chooses it, so it is not active."""
    found, _created = Carrier.objects.get_or_create(code=COUNTER, defaults={"name": "The customer", "rank": 999, "is_active": False})
    return found
