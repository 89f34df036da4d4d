"""Reads of shipments."""

from django.db.models import QuerySet

from orders.models import Order
from shipping.models import Shipment, TrackingEvent


def shipments_of(order: Order) -> QuerySet[Shipment]:
    """Give the shipments of an order with their lines, the oldest first. Three queries."""
    return (
        Shipment.objects.filter(order=order)
        .select_related("warehouse", "carrier", "label")
        .defer("label__content")
        .prefetch_related("lines__sku")
        .order_by("id")
    )


def tracking_of(shipment: Shipment) -> QuerySet[TrackingEvent]:
    """Give what the carrier has told of a shipment, the latest first."""
    if not shipment.tracking_number or shipment.carrier_id is None:
        return TrackingEvent.objects.none()
    return TrackingEvent.objects.filter(carrier=shipment.carrier_id, tracking_number=shipment.tracking_number).order_by("-occurred_at", "-id")
