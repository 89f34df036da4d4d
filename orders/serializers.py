"""The shapes of what storefronts send about orders. Shape only: what an order may be is for orders.placing to say."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.serializers import AddressSerializer, RegisterCustomerSerializer, address_draft
from customers.states import PaymentMethod
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, YesNo, checked
from orders.placing import MOST_CODES, MOST_LINES, LineDraft


@extend_schema_field({"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/RegisterCustomerRequest"}]})
class CustomerField(serializers.Field):
    """A customer's number (str), or a customer as one registers (dict). One whose external_reference is known is not registered again."""

    def to_internal_value(self, data: Any) -> str | dict[str, Any]:
        if isinstance(data, dict):
            return checked(RegisterCustomerSerializer, data)
        if not isinstance(data, str) or not data.strip():
            raise serializers.ValidationError(_('Give a customer\'s number, "C-1001", or an object with a new customer.'), code="invalid")
        return data


class LineSerializer(StrictSerializer):
    """So many units of a SKU. The price is ours."""

    sku = Text(max_length=40)
    quantity = WholeNumber(min_value=1, max_value=1_000_000)


class PlaceOrderSerializer(StrictSerializer):
    """An order to place."""

    customer = CustomerField(help_text="The customer's number, C-1001, or a new customer, registered with the order")
    lines = LineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    ship_to = AddressSerializer(required=False, help_text="Where the goods go; the customer's delivery address without it")
    bill_to = AddressSerializer(required=False)
    email = serializers.EmailField(max_length=254, required=False)
    phone = Text(max_length=40, required=False)
    note = Text(max_length=2000, required=False, allow_blank=True)
    external_reference = Text(max_length=100, required=False, help_text="Your own order number: this channel takes each once")
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices, required=False)
    accepts_part_deliveries = YesNo(required=False)
    codes = serializers.ListField(  # type: ignore[assignment]
        child=Text(max_length=40), required=False, max_length=MOST_CODES, help_text="Promotion codes, as typed; one that is not good is refused"
    )
    delivery = Text(max_length=20, required=False, help_text="How it is delivered: the code of one that GET /deliveries gives; it is charged")
    basket = Text(max_length=50, required=False, help_text="The basket whose held stock this order takes up")


class CancelSerializer(StrictSerializer):
    reason = Text(max_length=300, required=False, allow_blank=True)


class PaymentSerializer(StrictSerializer):
    """A payment that the storefront has taken."""

    amount = ExactAmount(help_text='In the order\'s currency: "29.90"')
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    reference = Text(max_length=100, help_text="The gateway's own: a repeat is known by it")


def draft_fields(data: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of an OrderDraft that a checked body sets."""
    fields: dict[str, Any] = {
        name: data[name] for name in ("email", "phone", "note", "external_reference", "payment_method", "accepts_part_deliveries") if name in data
    }
    if "codes" in data:
        fields["codes"] = tuple(data["codes"])
    fields["lines"] = [LineDraft(line["sku"], line["quantity"]) for line in data["lines"]]
    for name in ("ship_to", "bill_to"):
        if name in data:
            fields[name] = address_draft(data[name])
    return fields


# --- what is answered, for the schema ---


class AnsweredLine(serializers.Serializer):
    """A line and how far it has come."""

    sku = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(19, 4)
    discount = serializers.DecimalField(19, 4, help_text="Off quantity × unit price; with tax inside where prices include it")
    price_reason = serializers.CharField(help_text="Why it costs what it does: list, contract, break, promotions; a sentence")
    net = serializers.DecimalField(19, 4)
    tax_rate = serializers.DecimalField(6, 5)
    tax = serializers.DecimalField(19, 4)
    reserved = serializers.IntegerField()
    backordered = serializers.IntegerField()
    shipped = serializers.IntegerField()
    delivered = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    promised_on = serializers.DateField(allow_null=True, help_text="The day it leaves, as the customer was told; null until stock was looked for")


class AnsweredListedOrder(serializers.Serializer):
    """An order as lists show it."""

    number = serializers.CharField()
    state = serializers.CharField()
    payment_status = serializers.CharField()
    fulfilment_status = serializers.CharField()
    external_reference = serializers.CharField()
    customer = serializers.CharField()
    placed_at = serializers.DateTimeField()
    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    discount_total = serializers.DecimalField(19, 4)
    net_total = serializers.DecimalField(19, 4)
    tax_total = serializers.DecimalField(19, 4)
    total = serializers.DecimalField(19, 4)
    paid_total = serializers.DecimalField(19, 4)
    ship_to = serializers.DictField(child=serializers.CharField())
    delivery = serializers.CharField(help_text="The way of delivery that was chosen, by name")
    tracking_page = serializers.CharField()
    lines = AnsweredLine(many=True)


class AnsweredOrder(AnsweredListedOrder):
    """An order as it stands."""

    waits_for = serializers.CharField(allow_null=True, help_text="What it waits for and who must act; null once it is closed")


class AnsweredOrders(serializers.Serializer):
    data = AnsweredListedOrder(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AnsweredEvent(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    order = serializers.CharField()
    happened_at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]


class AnsweredEvents(serializers.Serializer):
    data = AnsweredEvent(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField()
    has_more = serializers.BooleanField()
