"""Stock, and what makes its numbers."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.adjusting import adjust_stock
from inventory.models import ReorderRule, Reservation, Sku, StockMovement, Warehouse
from inventory.selectors import coming_in, skus_shown, stock_of, value_of_stock
from inventory.states import MovementKind, ReservationState
from inventory.views.parsing import whole_number
from oms.core.access import actor_of, staff_may
from oms.core.pages import keyset_page
from oms.core.readable import human_number

BY_HAND = (MovementKind.COUNT, MovementKind.SCRAP, MovementKind.CORRECTION)


@staff_may("inventory.view_stocklevel")
def stock(request: HttpRequest) -> HttpResponse:
    """List SKUs with their stock."""
    show = request.GET.get("show", "all")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    page = keyset_page(skus_shown(show, text), order=("code",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "rows": stock_of(page.rows),
        "show": show,
        "shows": [("all", _("All")), ("low", _("Running low")), ("out", _("Nothing free"))],
        "q": text,
        "query": f"show={show}&q={text}",
        "value": value_of_stock(),
        "currency": settings.BOOKS_CURRENCY,
    }
    return render(request, "inventory/stock.html", context)


@staff_may("inventory.view_stocklevel")
def sku(request: HttpRequest, code: str) -> HttpResponse:
    """Show a SKU and explain its numbers: the movements that make what is on hand, the reservations that make what is reserved."""
    found = get_object_or_404(Sku, code=code.upper())
    [now] = stock_of([found])
    moved = StockMovement.objects.filter(sku=found).select_related("warehouse")
    reservations = Reservation.objects.filter(sku=found, state__in=[ReservationState.SOFT, ReservationState.FIRM])
    open_reservations = list(reservations.select_related("warehouse").order_by("id")[:100])
    for reservation in open_reservations:
        reservation.order_number = human_number("SO", reservation.order_id or 0)  # type: ignore[attr-defined]
    context = {
        "sku": found,
        "now": now,
        "page": keyset_page(moved, order=("-id",), after=request.GET.get("after", ""), size=30),
        "reservations": open_reservations,
        "coming": coming_in(found),
        "rules": ReorderRule.objects.filter(sku=found).select_related("warehouse", "vendor"),
        "warehouses": Warehouse.objects.stocking(),
        "kinds": [(kind.value, kind.label) for kind in BY_HAND],
        "currency": settings.BOOKS_CURRENCY,
        "price": found.prices.filter(list_name="").order_by("-valid_on").first(),
    }
    return render(request, "inventory/sku.html", context)


@require_POST
@staff_may("inventory.adjust_stock")
def adjust(request: HttpRequest, code: str) -> HttpResponse:
    """Correct the stock of a SKU by hand."""
    found = get_object_or_404(Sku, code=code.upper())
    warehouse = get_object_or_404(Warehouse, code=request.POST.get("warehouse", "")[:20])
    adjust_stock(
        found,
        warehouse,
        quantity=whole_number(request.POST.get("quantity", "")),
        kind=request.POST.get("kind", MovementKind.COUNT),
        note=request.POST.get("note", "").replace("\x00", ""),
        actor=actor_of(request.user),
    )
    messages.success(request, _("The stock of %(sku)s in %(warehouse)s is corrected.") % {"sku": found.code, "warehouse": warehouse})
    return redirect("sku", found.code)
