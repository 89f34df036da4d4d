"""The customer's page: one unguessable link an order."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from accounting.models import Invoice
from oms.desk.documents import as_file
from oms.desk.transit_map import order_stops
from orders.models import Order
from shipping.selectors import shipments_of


@login_not_required
@never_cache
def public_order(request: HttpRequest, token: str) -> HttpResponse:
    """Show a customer where their order stands, in their language, and nothing that is the house's own."""
    order = _by_token(token)
    with translation.override(order.language):
        response = render(
            request,
            "desk/public_order.html",
            {
                "order": order,
                "stops": order_stops(order),
                "lines": order.lines.select_related("sku"),
                "shipments": [shipment for shipment in shipments_of(order) if shipment.state != "voided"],
                "invoices": order.invoices.filter(document__isnull=False).order_by("id"),
                "direction": "rtl" if translation.get_language_bidi() else "ltr",
            },
        )
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_not_required
@never_cache
def public_invoice(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Give the PDF of an invoice of the order that the link is of."""
    invoice = Invoice.objects.select_related("document").filter(order=_by_token(token), number=number).first()
    if invoice is None or invoice.document is None:
        raise Http404
    return as_file(invoice.document)


def _by_token(token: str) -> Order:
    order = Order.objects.filter(public_token=token, placed_at__isnull=False).first() if 16 <= len(token) <= 32 else None
    if order is None:
        raise Http404
    return order
