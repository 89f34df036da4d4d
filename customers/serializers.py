"""The shapes of what is sent and answered about customers."""

from typing import Any

from rest_framework import serializers

from customers.models import Customer
from customers.services import AddressDraft, CustomerDraft
from customers.states import CustomerKind, PaymentMethod
from oms.core.api.shapes import StrictSerializer, Text, amount


class AddressSerializer(StrictSerializer):
    """An address. `lines`: street and building, one to four."""

    name = Text(max_length=200, required=False, allow_blank=True)
    lines = serializers.ListField(child=Text(max_length=100), min_length=1, max_length=4)
    city = Text(max_length=100)
    region = Text(max_length=100, required=False, allow_blank=True)
    postcode = Text(max_length=20, required=False, allow_blank=True)
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1, two letters: GB")


class RegisterCustomerSerializer(StrictSerializer):
    """A customer to register."""

    name = Text(max_length=200)
    kind = serializers.ChoiceField(choices=CustomerKind.choices, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    phone = Text(max_length=40, required=False)
    language = serializers.ChoiceField(choices=["en", "de", "ar"], required=False)
    vat_number = Text(max_length=30, required=False)
    external_reference = Text(max_length=100, required=False)
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices, required=False)
    address = AddressSerializer(required=False)


class ChangeCustomerSerializer(StrictSerializer):
    """What may be changed of a customer: what is not sent stays."""

    name = Text(max_length=200, required=False)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = Text(max_length=40, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=["en", "de", "ar"], required=False)
    vat_number = Text(max_length=30, required=False, allow_blank=True)


class AnsweredCustomer(serializers.Serializer):
    """A customer."""

    number = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    language = serializers.CharField()
    vat_number = serializers.CharField()
    external_reference = serializers.CharField()
    currency = serializers.CharField()
    open_balance = serializers.DecimalField(19, 4)
    terms_days = serializers.IntegerField(help_text="Days from the invoice to the payment; 0: at once")
    credit_limit = serializers.DecimalField(19, 4, allow_null=True)
    orders_count = serializers.IntegerField()
    orders_total = serializers.DecimalField(19, 4)
    last_order_at = serializers.DateTimeField(allow_null=True)


class AnsweredCustomers(serializers.Serializer):
    data = AnsweredCustomer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


def customer_draft(data: dict[str, Any]) -> CustomerDraft:
    """Give the CustomerDraft of a checked body."""
    return CustomerDraft(**data | {"address": address_draft(data["address"]) if "address" in data else None})


def address_draft(data: dict[str, Any]) -> AddressDraft:
    """Give the AddressDraft of a checked body."""
    return AddressDraft(**{**data, "lines": "\n".join(data["lines"])})


def shown(customer: Customer) -> dict[str, Any]:
    """Show a customer as AnsweredCustomer says."""
    return {
        "number": customer.number,
        "name": customer.name,
        "kind": customer.kind,
        "email": customer.email,
        "phone": customer.phone,
        "language": customer.language,
        "vat_number": customer.vat_number,
        "external_reference": customer.external_reference,
        "currency": customer.currency,
        "open_balance": amount(customer.open_balance, customer.currency),
        "terms_days": customer.terms_days,
        "credit_limit": None if customer.credit_limit is None else amount(customer.credit_limit, customer.currency),
        "orders_count": customer.orders_count,
        "orders_total": amount(customer.orders_total, customer.currency),
        "last_order_at": customer.last_order_at,
    }
