"""Payments over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from accounting.paying import record_payment
from oms.core.api.access import principal_of
from oms.core.api.idempotency import once
from oms.core.api.schema import IDEMPOTENCY_KEY, PROBLEMS
from orders.api import order_numbered
from orders.serializers import PaymentSerializer


class AnsweredPayment(serializers.Serializer):
    """A payment as it was recorded."""

    order = serializers.CharField()
    method = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.DecimalField(19, 4)
    currency = serializers.CharField()
    received_on = serializers.DateField()


class PaymentsView(APIView):
    needs = {"POST": ("payments:write", "accounting.record_payment")}

    @extend_schema(
        operation_id="record_payment",
        request=PaymentSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AnsweredPayment, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> Any:
        """Record a payment that the storefront has taken on an order."""
        order = order_numbered(number, request)
        shape = PaymentSerializer(data=request.data)
        shape.is_valid(raise_exception=True)

        def work() -> tuple[int, dict[str, Any], dict[str, str]]:
            payment = record_payment(order.pk, **shape.validated_data, actor=principal_of(request))
            body = {
                "order": order.number,
                "method": payment.method,
                "reference": payment.reference,
                "amount": f"{payment.amount:f}",
                "currency": payment.currency,
                "received_on": payment.received_on,
            }
            return 201, body, {}

        return once(request, work)
