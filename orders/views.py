"""The orders list, and what people do to one order. The order's own page is composed in oms.desk.order_page."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from oms.core.access import actor_of, may, staff_may
from oms.core.pages import keyset_page
from oms.core.readable import row_of
from orders.cancelling import cancel_order
from orders.filters import OrderFilter
from orders.holding import place_hold, release_hold
from orders.models import Hold, Order


def row_or_404(number: str) -> int:
    """Give the row of an order number, 404 for what is none."""
    pk = row_of(number, Order.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("orders.view_order")
def orders(request: HttpRequest) -> HttpResponse:
    """List orders, the latest first, as filtered. To htmx the rows alone, under an address that says only what is filtered by."""
    rows = Order.objects.filter(placed_at__isnull=False).select_related("customer", "channel")
    found = OrderFilter(request.GET, queryset=rows)
    page = keyset_page(found.qs, order=("-placed_at", "-id"), after=request.GET.get("after", ""))
    query = urlencode([(name, value) for name, value in request.GET.items() if value and name != "after"])
    context = {"page": page, "filter": found, "query": query}
    if not request.htmx or request.htmx.history_restore_request:
        return render(request, "orders/orders.html", context)
    response = render(request, "orders/_orders.html", context)
    response["HX-Push-Url"] = f"{request.path}?{query}" if query else request.path
    return response


@require_POST
@staff_may("orders.cancel_order")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel an order."""
    order = cancel_order(row_or_404(number), actor=actor_of(request.user), reason=request.POST.get("reason", "")[:300])
    messages.success(request, _("%(number)s is cancelled. Its stock is free again.") % {"number": order.number})
    return redirect("order", number)


@require_POST
@staff_may("orders.hold_order")
def hold(request: HttpRequest, number: str) -> HttpResponse:
    """Hold an order back."""
    place_hold(row_or_404(number), reason=request.POST.get("reason", "").replace("\x00", ""), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is on hold.") % {"number": number})
    return redirect("order", number)


@require_POST
@staff_may("orders.view_order")
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a hold, by whom it concerns."""
    hold = get_object_or_404(Hold, pk=pk)
    if not may(request.user, hold.released_with):
        raise PermissionDenied(hold.kind)
    order = release_hold(pk, actor=actor_of(request.user))
    messages.success(request, _("%(number)s goes on.") % {"number": order.number})
    return redirect("order", order.number)
