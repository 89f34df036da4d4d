"""A shipment that no warehouse of ours has to pick: it is on its way in the moment in which it is made."""

from collections.abc import Sequence

from django.utils import timezone

from inventory.models import Reservation, Sku
from oms.core import bulk
from orders.models import Order
from shipping.models import Carrier, Shipment, ShipmentLine


def handed_out(
    order: Order,
    reservations: Sequence[Reservation],
    *,
    warehouse_id: int,
    carrier: Carrier,
    carrier_reference: str = "",
    tracking_number: str = "",
) -> Shipment:
    """Make the shipment of what is reserved for `order`, and take it through every state up to where its carrier has it. Three statements.

    In the caller's transaction, who has the order locked, tells it what is planned and lets the shipment leave.
    """
    now = timezone.now()
    weights = dict(Sku.objects.filter(pk__in=[row.sku_id for row in reservations]).values_list("id", "weight_grams"))
    shipment = Shipment(
        order=order,
        warehouse_id=warehouse_id,
        carrier=carrier,
        weight_grams=sum(weights[row.sku_id] * row.quantity for row in reservations),
        carrier_reference=carrier_reference,
        tracking_number=tracking_number,
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
    return shipment


def stand_in(code: str, *, name: str) -> Carrier:
    """Give the carrier that stands for whoever brings or takes the goods themselves, made the first time: nobody chooses it, so it is not active."""
    found, _created = Carrier.objects.get_or_create(code=code, defaults={"name": name, "rank": 999, "is_active": False})
    return found
