"""Shipments over REST."""

from typing import Any

from rest_framework import serializers

from orders.models import Order
from shipping.selectors import shipments_of
from shipping.states import ShipmentState


class AnsweredShipmentLine(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()


class AnsweredShipment(serializers.Serializer):
    """Goods that leave one warehouse together, and where they are."""

    number = serializers.CharField()
    state = serializers.CharField()
    warehouse = serializers.CharField()
    carrier = serializers.CharField(allow_null=True)
    tracking_number = serializers.CharField()
    tracking_url = serializers.CharField()
    last_status = serializers.CharField(help_text="What the carrier said last")
    dispatched_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    lines = AnsweredShipmentLine(many=True)


def shipments_shown(order: Order) -> list[dict[str, Any]]:
    """Show the shipments of an order, but voided ones, as AnsweredShipment says. Three queries."""
    return [
        {
            "number": shipment.number,
            "state": shipment.state,
            "warehouse": shipment.warehouse.code,
            "carrier": shipment.carrier.name if shipment.carrier else None,
            "tracking_number": shipment.tracking_number,
            "tracking_url": shipment.tracking_url,
            "last_status": shipment.last_status,
            "dispatched_at": shipment.dispatched_at,
            "delivered_at": shipment.delivered_at,
            "lines": [{"sku": line.sku.code, "quantity": line.quantity} for line in shipment.lines.all()],
        }
        for shipment in shipments_of(order)
        if shipment.state != ShipmentState.VOIDED
    ]
