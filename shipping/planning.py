"""Planning shipments: what is reserved for an order in one warehouse leaves together, with the carrier that is wanted or the first that takes it."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.utils import timezone

from inventory.models import Reservation, Sku
from inventory.states import ReservationState
from oms.core import bulk
from orders.models import Order
from orders.progress import note_planned
from shipping.models import Carrier, Shipment, ShipmentLine
from shipping.states import ShipmentState


def plan_shipments(orders: list[Order]) -> None:
    """Plan a shipment per warehouse for what is reserved on `orders` (locked by the caller) and not yet planned.

    A constant number of queries. Safe to repeat: what is planned is not planned again. Records `order.planned`.
    """
    per_shipment: dict[tuple[int, int], list[Reservation]] = defaultdict(list)
    planned_already = ShipmentLine.objects.filter(reservation=OuterRef("pk")).exclude(shipment__state=ShipmentState.VOIDED)
    reservations = list(
        Reservation.objects.filter(order_id__in=[order.pk for order in orders], state=ReservationState.FIRM)
        .filter(~Exists(planned_already))
        .order_by("id")
    )
    weights = dict(Sku.objects.filter(pk__in={reservation.sku_id for reservation in reservations}).values_list("id", "weight_grams"))
    for reservation in reservations:
        per_shipment[reservation.for_order, reservation.warehouse_id].append(reservation)
    carriers = list(Carrier.objects.filter(is_active=True))
    wanted = {order.pk: order.carrier for order in orders}
    now = timezone.now()
    shipments = []
    for (order_id, warehouse_id), some in per_shipment.items():
        weight = sum(weights[reservation.sku_id] * reservation.quantity for reservation in some)
        shipments.append(
            Shipment(
                order_id=order_id,
                warehouse_id=warehouse_id,
                carrier=carrier_for(weight, carriers, wanted=wanted[order_id]),
                weight_grams=weight,
                created_at=now,
            )
        )
    bulk.insert_all(shipments)
    bulk.insert_all(
        [
            ShipmentLine(
                shipment_id=shipment.pk,
                order_line_id=reservation.for_line,
                sku_id=reservation.sku_id,
                reservation_id=reservation.pk,
                quantity=reservation.quantity,
                line_units=reservation.line_units,
            )
            for shipment, some in zip(shipments, per_shipment.values(), strict=True)
            for reservation in some
        ]
    )
    planned: dict[int, int] = defaultdict(int)
    for reservation in reservations:
        planned[reservation.for_line] += reservation.line_units
    note_planned(orders, planned)


def carrier_for(weight_grams: int, carriers: Sequence[Carrier], *, wanted: str = "") -> Carrier | None:
    """Give who of `carriers` takes a shipment of that weight: whoever has the code `wanted`, else the first; or None."""
    able = [carrier for carrier in carriers if carrier.max_weight_grams is None or weight_grams <= carrier.max_weight_grams]
    return next((carrier for carrier in able if carrier.code == wanted), able[0] if able else None)
