"""Vendors: who sells to us, what they promise and what they keep."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from inventory.models import PurchaseOrder, Vendor
from inventory.purchasing.selectors import items_of, standings
from oms.core.access import staff_may
from oms.core.pages import keyset_page
from oms.core.readable import row_of

MOST_ORDERS = 20


@staff_may("inventory.view_purchaseorder")
def vendors(request: HttpRequest) -> HttpResponse:
    """List vendors by name, with the lead time they promise and the one they keep."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    rows = Vendor.objects.filter(name__icontains=text) if text else Vendor.objects.all()
    page = keyset_page(rows, order=("name", "id"), after=request.GET.get("after", ""))
    context = {"page": page, "rows": standings(page.rows), "q": text, "query": f"q={text}", "currency": settings.BOOKS_CURRENCY}
    return render(request, "inventory/vendors.html", context)


@staff_may("inventory.view_purchaseorder")
def vendor(request: HttpRequest, number: str) -> HttpResponse:
    """Show a vendor: contacts, what he sells at which prices, promised and observed lead times, what is open and what is late."""
    pk = row_of(number, Vendor.NUMBER_PREFIX)
    found = Vendor.objects.filter(pk=pk).prefetch_related("contacts").first() if pk else None
    if found is None:
        raise Http404
    page = keyset_page(found.items.select_related("sku").prefetch_related("prices"), order=("sku_id", "id"), after=request.GET.get("after", ""))
    orders = PurchaseOrder.objects.filter(vendor=found).select_related("warehouse").prefetch_related("lines")
    [standing] = standings([found])
    context = {
        "vendor": found,
        "standing": standing,
        "page": page,
        "items": items_of(found, page.rows),
        "orders": orders.order_by("-id")[:MOST_ORDERS],
        "currency": settings.BOOKS_CURRENCY,
    }
    return render(request, "inventory/vendor.html", context)
