"""Explaining a number: in a dialog over the page that shows it, or as a page of its own."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.vary import vary_on_headers

from inventory.explaining import TITLES, explain
from inventory.models import Sku, Warehouse
from oms.core.access import staff_may
from oms.core.models import Proof


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("inventory.view_stocklevel")
def explanation(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """Explain a number of a SKU: the sum that makes it, and the rows behind the sum."""
    sku = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    place = request.GET.get("warehouse", "").replace("\x00", "")
    warehouse = get_object_or_404(Warehouse, code=place) if place else None
    found = explain(sku, number, warehouse=warehouse, kind=request.GET.get("kind", ""), after=request.GET.get("after", ""))
    context = {
        "found": found,
        "titles": TITLES.items(),
        "code": warehouse.code if warehouse else "",
        "warehouses": Warehouse.objects.filter(levels__sku=sku).order_by("rank", "id"),
        "query": urlencode({"warehouse": warehouse.code if warehouse else "", "kind": found.kind}),
        "proof": (proof := Proof.objects.first()),
        "proof_state": proof.standing if proof else "",
        "currency": settings.BOOKS_CURRENCY,
    }
    in_dialog = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, "inventory/_explanation.html" if in_dialog else "inventory/explanation.html", context | {"in_dialog": in_dialog})
