"""The single view of an order, composed of what every app knows of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounting.selectors import invoices_of, payments_of
from oms.core.access import staff_may
from oms.core.models import Event, Message
from oms.desk.transit_map import order_stops
from orders.blockers import blocker_of
from orders.models import Order
from orders.views import row_or_404
from shipping.selectors import shipments_of


@staff_may("orders.view_order")
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show an order: where it stands, what it waits for, its lines, shipments, invoices, payments, messages and timeline."""
    found = Order.objects.select_related("customer", "channel").filter(pk=row_or_404(number)).first()
    if found is None:
        raise Http404
    context = {
        "order": found,
        "stops": order_stops(found),
        "is_stopped": bool(found.open_holds) or not (found.is_open or found.state == "completed"),
        "blocker": blocker_of(found),
        "lines": found.lines.select_related("sku"),
        "charges": found.charges.all(),
        "holds": [hold for hold in found.holds.all() if hold.released_at is None],
        "shipments": shipments_of(found),
        "invoices": invoices_of(found),
        "payments": payments_of(found),
        "mails": Message.objects.filter(order_id=found.pk).order_by("id"),
        "events": Event.objects.filter(order_id=found.pk).order_by("-id")[:200],
    }
    return render(request, "desk/order.html", context)
