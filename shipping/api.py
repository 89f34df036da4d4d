"""Shipments over REST."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from inventory.api.named import order_numbered as purchase_numbered
from inventory.api.receiving import key_of, lines_by_sku
from inventory.models import Vendor
from oms.core.api.access import principal_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import StrictSerializer, Text, WholeNumber, checked
from oms.core.api.views import Resource
from oms.core.errors import Conflict, NotFound
from oms.core.readable import row_of
from orders.api import order_numbered
from orders.models import Order
from shipping.drop_shipping import confirm_drop_shipment, order_drop_shipment
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


class DropShipSerializer(StrictSerializer):
    """Lines of an order that a vendor is to ship to the customer."""

    vendor = Text(max_length=20, help_text="Their number: V-1001")
    skus = serializers.ListField(child=Text(max_length=40), min_length=1, max_length=200, help_text="Of lines that wait for stock")


class AnsweredDropShipment(serializers.Serializer):
    """What a vendor ships to our customer."""

    purchase_order = serializers.CharField()
    order = serializers.CharField()
    vendor = serializers.CharField()
    state = serializers.CharField()


class OrderDropShipmentsView(Resource):
    needs = {"POST": ("purchasing:write", "inventory.approve_purchase")}

    @extend_schema(
        operation_id="order_drop_shipment",
        parameters=[IDEMPOTENCY_KEY],
        request=DropShipSerializer,
        responses={201: AnsweredDropShipment, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Have a vendor ship to the customer all that these lines of an order wait for."""
        order_numbered(number, request)  # what is another channel's is not there, whatever is asked of it
        wanted = checked(DropShipSerializer, request.data)

        def work() -> Answer:
            order = order_numbered(number, request)
            codes = {code.strip().upper() for code in wanted["skus"]}
            lines = [line for line in order.lines.select_related("sku") if line.sku.code in codes and line.backordered]
            if {line.sku.code for line in lines} != codes:
                missing = ", ".join(sorted(codes - {line.sku.code for line in lines}))
                raise Conflict(_("%(number)s does not wait for %(skus)s.") % {"number": order.number, "skus": missing[:200]}, pointer="/skus")
            vendor = row_of(wanted["vendor"], "V")
            if vendor is None or not Vendor.objects.filter(pk=vendor, is_active=True).exists():
                raise NotFound(_("There is no vendor %(number)s.") % {"number": wanted["vendor"]}, pointer="/vendor")
            purchase = order_drop_shipment(order.pk, [line.pk for line in lines], vendor_id=vendor, actor=principal_of(request))
            body = {"purchase_order": purchase.number, "order": order.number, "vendor": purchase.vendor.name, "state": purchase.state}
            return Answer(201, body)

        return once(request, work)


class VendorShippedLineSerializer(StrictSerializer):
    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=1_000_000_000)


class VendorShippedSerializer(StrictSerializer):
    """What a vendor has shipped to our customer."""

    lines = VendorShippedLineSerializer(many=True, min_length=1, max_length=200)  # type: ignore[call-arg]
    tracking_number = Text(max_length=60, required=False, allow_blank=True)


class AnsweredVendorShipped(serializers.Serializer):
    purchase_order = serializers.CharField()
    shipment = serializers.CharField()
    tracking_number = serializers.CharField()


class PurchaseDropShipmentsView(Resource):
    needs = {"POST": ("purchasing:write", "shipping.dispatch_shipment")}

    @extend_schema(
        operation_id="confirm_drop_shipment",
        parameters=[IDEMPOTENCY_KEY],
        request=VendorShippedSerializer,
        responses={201: AnsweredVendorShipped, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Note that the vendor has shipped to the customer: stock, cost, invoice and the customer's mail follow as with any shipment."""
        wanted = checked(VendorShippedSerializer, request.data)

        def work() -> Answer:
            purchase = purchase_numbered(number)
            quantities = {pk: said["quantity"] for pk, said in lines_by_sku(purchase, wanted["lines"]).items()}
            shipment = confirm_drop_shipment(
                purchase.pk, quantities, tracking_number=wanted.get("tracking_number", ""), key=key_of(request), actor=principal_of(request)
            )
            body = {"purchase_order": purchase.number, "shipment": shipment.number, "tracking_number": shipment.tracking_number}
            return Answer(201, body)

        return once(request, work)
