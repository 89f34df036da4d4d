"""What a customer may owe, and how long, over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api import customer_numbered
from customers.models import Customer
from customers.terms import MOST_DAYS, Terms, set_terms
from oms.core.api.access import principal_of
from oms.core.api.schema import PROBLEMS
from oms.core.api.shapes import ExactAmount, StrictSerializer, Text, WholeNumber, amount, checked
from oms.core.api.views import Resource


class TermsSerializer(StrictSerializer):
    """What is agreed from now on, and why."""

    terms_days = WholeNumber(min_value=0, max_value=MOST_DAYS, help_text="Days from the invoice to the payment; 0: at once")
    credit_limit = ExactAmount(min_value=0, allow_null=True, help_text="In the customer's currency; null: no limit")
    reason = Text(max_length=300)


class AnsweredTerms(serializers.Serializer):
    """What is agreed now."""

    terms_days = serializers.IntegerField()
    credit_limit = serializers.DecimalField(19, 4, allow_null=True)
    credit_left = serializers.DecimalField(19, 4, allow_null=True)
    open_balance = serializers.DecimalField(19, 4)
    currency = serializers.CharField()
    changed_at = serializers.DateTimeField(allow_null=True)


class TermsView(Resource):
    needs = {"GET": ("customers:read", "customers.view_customer"), "PUT": ("customers:terms", "customers.set_terms")}

    @extend_schema(operation_id="read_terms", responses={200: AnsweredTerms, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read what a customer may owe, and how long."""
        return Response(_shown(customer_numbered(number, request)))

    @extend_schema(operation_id="set_terms", request=TermsSerializer, responses={200: AnsweredTerms, **PROBLEMS})
    def put(self, request: Request, number: str) -> Response:
        """Agree on other terms. Orders that are placed already keep theirs. Safe to repeat."""
        customer = customer_numbered(number, request)
        wanted = checked(TermsSerializer, request.data)
        terms = Terms(wanted["terms_days"], wanted["credit_limit"])
        return Response(_shown(set_terms(customer.pk, terms, reason=wanted["reason"], actor=principal_of(request))))


def _shown(customer: Customer) -> dict[str, Any]:
    def shown(value: Any) -> str | None:
        return None if value is None else amount(value, customer.currency)

    return {
        "terms_days": customer.terms_days,
        "credit_limit": shown(customer.credit_limit),
        "credit_left": shown(customer.credit_left),
        "open_balance": shown(customer.open_balance),
        "currency": customer.currency,
        "changed_at": customer.terms_changed_at,
    }
