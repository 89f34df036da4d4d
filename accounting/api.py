"""Payments over REST."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from accounting.models import Invoice
from accounting.paying import record_payment
from accounting.selectors import invoices_of
from oms.core.api.access import principal_of
from oms.core.api.idempotency import Answer, once
from oms.core.api.schema import IDEMPOTENCY_KEY, PROBLEMS
from oms.core.api.shapes import amount, checked
from oms.core.api.views import Resource
from oms.core.errors import NotFound
from orders.api import order_numbered
from orders.models import Order
from orders.serializers import PaymentSerializer


class AnsweredPayment(serializers.Serializer):
    """A payment as it was recorded."""

    order = serializers.CharField()
    method = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.DecimalField(19, 4)
    currency = serializers.CharField()
    received_on = serializers.DateField()


class AnsweredInvoice(serializers.Serializer):
    """An invoice or a credit note, as issued."""

    number = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    issued_on = serializers.DateField()
    due_on = serializers.DateField()
    currency = serializers.CharField()
    net_total = serializers.DecimalField(19, 4)
    tax_total = serializers.DecimalField(19, 4)
    total = serializers.DecimalField(19, 4)
    paid = serializers.DecimalField(19, 4)
    pdf = serializers.CharField(allow_null=True, help_text="Where its PDF is; null until it is made, seconds after it is issued")


class PdfRenderer(BaseRenderer):
    """Says that PDFs can be asked for. They are answered as they are stored."""

    media_type = "application/pdf"
    format = "pdf"


class PaymentsView(Resource):
    needs = {"POST": ("payments:write", "accounting.record_payment")}

    @extend_schema(
        operation_id="record_payment",
        request=PaymentSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AnsweredPayment, **PROBLEMS},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Record a payment that the storefront has taken on an order."""
        order = order_numbered(number, request)
        wanted = checked(PaymentSerializer, request.data)

        def work() -> Answer:
            payment = record_payment(order.pk, **wanted, actor=principal_of(request))
            body = {
                "order": order.number,
                "method": payment.method,
                "reference": payment.reference,
                "amount": amount(payment.amount, payment.currency),
                "currency": payment.currency,
                "received_on": payment.received_on,
            }
            return Answer(201, body)

        return once(request, work)


class InvoicePdfView(Resource):
    needs = {"GET": ("orders:read", "accounting.view_invoice")}
    renderer_classes = [JSONRenderer, PdfRenderer]

    @extend_schema(operation_id="read_invoice_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS})
    def get(self, request: Request, number: str, invoice: str) -> HttpResponse:
        """Read an invoice or credit note of an order as the PDF that was sent."""
        order = order_numbered(number, request)
        found = Invoice.objects.select_related("document").filter(order=order, number=invoice.replace("\x00", "")).first()
        if found is None or found.document is None:
            raise NotFound(_("There is no PDF of that invoice, or not yet."))
        return HttpResponse(bytes(found.document.content), content_type=found.document.content_type, headers={"ETag": f'"{found.document.sha256}"'})


def invoices_shown(order: Order) -> list[dict[str, Any]]:
    """Show the invoices and credit notes of an order as AnsweredInvoice says. One query."""
    return [
        {
            "number": invoice.number,
            "kind": invoice.kind,
            "state": invoice.state,
            "issued_on": invoice.issued_on,
            "due_on": invoice.due_on,
            "currency": invoice.currency,
            **{name: amount(getattr(invoice, name), invoice.currency) for name in ("net_total", "tax_total", "total", "paid")},
            "pdf": f"/api/v1/orders/{order.number}/invoices/{invoice.number}.pdf" if invoice.document_id else None,
        }
        for invoice in invoices_of(order)
    ]
