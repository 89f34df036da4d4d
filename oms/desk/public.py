"""The customer's page: one unguessable link an order."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounting.checkouts import begin_payment, look_soon
from accounting.models import Checkout, Invoice
from accounting.states import CheckoutState
from oms.core import stations
from oms.core.errors import BusinessError
from oms.core.models import Event
from oms.desk.documents import as_file
from oms.desk.order_line import TOLD_BY, order_stops
from oms.desk.owing import owed_on
from orders.models import Order
from orders.states import FulfilmentStatus, OrderState
from shipping.selectors import shipments_of
from shipping.states import ShipmentState

# What a customer calls it.
_TITLES = {
    OrderState.PLACED: gettext_lazy("Ordered"),
    OrderState.ALLOCATED: gettext_lazy("Set aside"),
    OrderState.FULFILLING: gettext_lazy("Being packed"),
}


@login_not_required
@never_cache
def public_order(request: HttpRequest, token: str) -> HttpResponse:
    """Show a customer where their order stands, in their language, and nothing that is the house's own."""
    return _page(request, _by_token(token))


@csrf_exempt  # who knows the link may pay: there is no session whose name could be abused
@login_not_required
@never_cache
@require_POST
def pay_public_order(request: HttpRequest, token: str) -> HttpResponse:
    """Send a customer on to the page on which they pay; back to their order where that is not possible, or not needed any more."""
    order = _by_token(token)
    back = settings.PUBLIC_URL + reverse("paid_public_order", args=[token])
    try:
        with translation.override(order.language):
            page = begin_payment(order.pk, return_url=back)
    except BusinessError as error:
        return _page(request, order, notice=error.sentence, status=error.status)
    return private(redirect(page or reverse("public_order", args=[token])))


@login_not_required
@never_cache
def paid_public_order(request: HttpRequest, token: str) -> HttpResponse:
    """Take a customer back from the page on which they paid, or did not: what became of it is settled before they see their order."""
    for pk in look_soon(_by_token(token).pk)[:1]:
        stations.walk(pk, model=Checkout)
    return private(redirect(reverse("public_order", args=[token]) + "?back"))


def _page(request: HttpRequest, order: Order, *, notice: str = "", status: int = 200) -> HttpResponse:
    invoices = list(order.invoices.order_by("id"))
    with translation.override(order.language):
        context = {
            "order": order,
            "owed": owed_on(order, invoices),
            "notice": notice or _last_attempt(order, came_back="back" in request.GET),
            "news": news_of(order),
            "stops": order_stops(order, Event.objects.filter(order_id=order.pk, kind__in=TOLD_BY), titles=_TITLES)[:5],
            "lines": order.lines.select_related("sku"),
            "charges": order.charges.all(),
            "shipments": shipments_of(order).exclude(state=ShipmentState.VOIDED),
            "invoices": [invoice for invoice in invoices if invoice.document_id],
            "company": settings.COMPANY,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        response = render(request, "desk/public_order.html", context, status=status)
    return private(response)


@login_not_required
@never_cache
def public_invoice(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Give the PDF of an invoice of the order that the link is of."""
    invoice = Invoice.objects.select_related("document").filter(order=_by_token(token), number=number).first()
    if invoice is None or invoice.document is None:
        raise Http404
    return private(as_file(invoice.document))


def _last_attempt(order: Order, *, came_back: bool) -> str:
    """Say what became of the last attempt to pay online, while it matters."""
    last = Checkout.objects.filter(order=order).order_by("-id").first() if order.balance > 0 else None
    if last is not None and last.state == CheckoutState.DECLINED:
        return _("The payment did not go through. Please try again, or transfer it.")
    if came_back and last is not None and last.state == CheckoutState.OPEN:
        return _("As soon as we hear of your payment, it stands here.")
    return ""


def news_of(order: Order) -> str:
    """Say in one sentence, to the customer, what happens with their order. Why it is held stays in the house."""
    if order.state == OrderState.CANCELLED:
        return _("This order was cancelled. Nothing will be sent.")
    if order.state in (OrderState.DELIVERED, OrderState.COMPLETED):
        return _("Your order has arrived.")
    if order.state == OrderState.SHIPPED:
        return _("Your order is on its way to you.")
    if order.open_holds:
        return _("We are checking a detail of your order, and will write to you if we need anything.")
    if order.fulfilment_status == FulfilmentStatus.PARTLY_SHIPPED:
        return _("A part of your order is on its way. The rest follows as soon as it is in.")
    if order.state != OrderState.PLACED and not order.may_ship:
        return _("Your order is set aside, and leaves as soon as it is paid.")
    if order.state == OrderState.BACKORDERED:
        return _("We are waiting for stock, and send your order as soon as it is in.")
    return _("We are getting your order ready.") if order.state != OrderState.PLACED else _("We have your order.")


def private(response: HttpResponse) -> HttpResponse:
    """Keep the link out of search engines, and from the sites that the page links to."""
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _by_token(token: str) -> Order:
    order = Order.objects.filter(public_token=token, placed_at__isnull=False).first() if 16 <= len(token) <= 32 else None
    if order is None:
        raise Http404
    return order
