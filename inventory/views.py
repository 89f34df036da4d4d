"""Stock, what makes its numbers, and purchasing."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.adjusting import adjust_stock
from inventory.buying import approve_needs, receive_goods, reject_needs
from inventory.models import PurchaseNeed, PurchaseOrder, ReorderRule, Reservation, Sku, StockMovement, Warehouse
from inventory.selectors import coming_in, skus_shown, stock_of, value_of_stock
from inventory.states import MovementKind, NeedState, ReservationState
from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid
from oms.core.pages import keyset_page
from oms.core.readable import human_number, row_of

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
        reservation.order_number = human_number("SO", reservation.order_id)  # type: ignore[attr-defined]
    context = {
        "sku": found,
        "now": now,
        "page": keyset_page(moved, order=("-id",), after=request.GET.get("after", ""), size=30),
        "reservations": open_reservations,
        "coming": coming_in(found),
        "rules": ReorderRule.objects.filter(sku=found).select_related("warehouse", "vendor"),
        "warehouses": Warehouse.objects.filter(is_active=True),
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
        quantity=_signed(request.POST.get("quantity", "")),
        kind=request.POST.get("kind", MovementKind.COUNT),
        note=request.POST.get("note", "").replace("\x00", ""),
        actor=actor_of(request.user),
    )
    messages.success(request, _("The stock of %(sku)s in %(warehouse)s is corrected.") % {"sku": found.code, "warehouse": warehouse})
    return redirect("sku", found.code)


@staff_may("inventory.view_purchaseorder")
def purchasing(request: HttpRequest) -> HttpResponse:
    """Show what is proposed to buy, and the purchase orders, the newest first."""
    needs = PurchaseNeed.objects.filter(state=NeedState.PROPOSED).select_related("sku", "warehouse", "vendor").order_by("vendor__name", "id")
    orders = PurchaseOrder.objects.select_related("vendor", "warehouse").prefetch_related("lines")
    page = keyset_page(orders, order=("-id",), after=request.GET.get("after", ""))
    return render(request, "inventory/purchasing.html", {"needs": needs[:300], "page": page, "today": timezone.localdate()})


@require_POST
@staff_may("inventory.approve_purchase")
def decide(request: HttpRequest) -> HttpResponse:
    """Buy the chosen needs, or not."""
    chosen = [int(pk) for pk in request.POST.getlist("need") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if request.POST.get("action") == "reject":
        count = reject_needs(chosen, actor=actor_of(request.user))
        messages.success(request, _("%(count)d not bought.") % {"count": count})
    else:
        orders = approve_needs(chosen, actor=actor_of(request.user))
        numbers = ", ".join(order.number for order in orders)
        messages.success(request, _("Ordered: %(numbers)s") % {"numbers": numbers} if orders else _("Nothing was left to order."))
    return redirect("purchasing")


@staff_may("inventory.view_purchaseorder")
def purchase_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show a purchase order, with the form to receive its goods."""
    rows = PurchaseOrder.objects.select_related("vendor", "warehouse")
    found = get_object_or_404(rows, pk=_row(number))
    context = {
        "order": found,
        "lines": found.lines.select_related("sku"),
        "receipts": found.receipts.all(),
        "receipt_key": uuid.uuid4().hex,
        "is_late": found.can_receive and found.expected_on and found.expected_on < timezone.localdate(),
    }
    return render(request, "inventory/purchase_order.html", context)


@require_POST
@staff_may("inventory.receive_goods")
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Receive goods. The form's key makes a second press the same receipt."""
    quantities = {
        int(name.removeprefix("line-")): _signed(str(value)) if str(value).strip() else 0
        for name, value in request.POST.items()
        if name.startswith("line-") and name.removeprefix("line-").isdigit() and len(name) < 24
    }
    key = request.POST.get("key", "").replace("\x00", "")[:100]
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    receive_goods(_row(number), quantities, key=key, actor=actor_of(request.user))
    messages.success(request, _("Received. Orders that waited for it get it first."))
    return redirect("purchase_order", number)


def _row(number: str) -> int:
    pk = row_of(number, PurchaseOrder.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


def _signed(text: str) -> int:
    text = text.strip()
    if not text.removeprefix("-").removeprefix("+").isdigit() or not text.isascii() or len(text) > 11:
        raise Invalid(_("A quantity is a whole number."), pointer="/quantity")
    return int(text)
