"""Stock, and what makes its numbers."""

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from inventory.calendar import promise_calendar
from inventory.explaining import explain
from inventory.listing import HEADER, MOVED_HEADER, SHOWS, USUAL_DAYS, Filter, asked_for, exported, moved, skus_shown, stock_rows, worth
from inventory.models import Backorder, ReorderRule, Reservation, Sku, Warehouse
from inventory.selectors import components_of, kits_with, sales_of, vendors_of
from inventory.states import AbcClass, MovementKind, ReservationState
from oms.core.access import staff_may
from oms.core.errors import Conflict
from oms.core.exports import MOST_IN_A_WORKBOOK, csv_response, workbook_response
from oms.core.pages import keyset_page

BY_HAND = (MovementKind.COUNT, MovementKind.DAMAGE, MovementKind.SCRAP, MovementKind.CORRECTION)
FEW = 12


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("inventory.view_stocklevel")
def stock(request: HttpRequest) -> HttpResponse:
    """List SKUs with their stock, as filtered. To htmx the rows alone."""
    asked, query = _asked(request)
    page = keyset_page(skus_shown(asked), order=("code",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "rows": stock_rows(page.rows, warehouse_id=asked.warehouse_id),
        "filter": asked,
        "warehouse": query.get("warehouse", ""),
        "query": urlencode(query),
        "currency": settings.BOOKS_CURRENCY,
    }
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "inventory/_stock.html", context)
    more = {
        "shows": SHOWS.items(),
        "warehouses": Warehouse.objects.all(),
        "classes": AbcClass.values,
        "value": worth(asked),
    }
    return render(request, "inventory/stock.html", context | more)


@staff_may("inventory.view_stocklevel")
def export(request: HttpRequest) -> HttpResponseBase:
    """Give the stock list as filtered, all of it, as CSV: written while it is read."""
    asked, _query = _asked(request)
    return csv_response(f"stock-{timezone.localdate():%Y-%m-%d}.csv", HEADER, exported(asked, currency=settings.BOOKS_CURRENCY))


@staff_may("inventory.view_stocklevel")
def export_workbook(request: HttpRequest) -> HttpResponseBase:
    """Give the stock list as filtered as a workbook. Raises Conflict for more than one holds."""
    asked, _query = _asked(request)
    if skus_shown(asked).order_by("code")[MOST_IN_A_WORKBOOK:].exists():
        raise Conflict(_("A workbook holds %(most)d SKUs: narrow the list, or take it as CSV.") % {"most": MOST_IN_A_WORKBOOK})
    return workbook_response(f"stock-{timezone.localdate():%Y-%m-%d}.xlsx", HEADER, exported(asked, currency=settings.BOOKS_CURRENCY))


@staff_may("inventory.view_stocklevel")
def movements(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give all movements of a SKU as CSV, the latest first."""
    found = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    return csv_response(f"movements-{timezone.localdate():%Y-%m-%d}.csv", MOVED_HEADER, moved(found))


def _asked(request: HttpRequest) -> tuple[Filter, dict[str, str]]:
    """Give the filter that the address asks for, and the address that asks for it again."""
    query = {
        name: value for name in ("q", "show", "warehouse", "abc", "days") if (value := request.GET.get(name, "").replace("\x00", "").strip()[:60])
    }
    if query.get("days") == str(USUAL_DAYS) or query.get("show") != "dead":
        query.pop("days", None)
    if query.get("show") == "all":
        query.pop("show")
    place = get_object_or_404(Warehouse, code=query["warehouse"]) if "warehouse" in query else None
    asked = asked_for(
        text=query.get("q", ""),
        show=query.get("show", ""),
        warehouse_id=place.pk if place else None,
        abc=query.get("abc", ""),
        days=query.get("days", ""),
    )
    return asked, query


@staff_may("inventory.view_stocklevel")
def sku(request: HttpRequest, code: str) -> HttpResponse:
    """Show all there is to know of a SKU: where it lies, what can be promised, who waits, who holds it, how it moved and sold, how it is bought."""
    found = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    reservations = Reservation.objects.filter(sku=found, state__in=[ReservationState.SOFT, ReservationState.FIRM])
    waiting = Backorder.objects.filter(sku=found).prefetch_related("pegs__purchase_line__order", "pegs__transfer_line__transfer")
    coming = explain(found, "coming")
    rules = list(ReorderRule.objects.filter(sku=found).select_related("warehouse", "vendor").order_by("warehouse__rank"))
    [row] = stock_rows([found])
    warehouses = list(Warehouse.objects.stocking())
    codes = {place.pk: place.code for place in warehouses}
    context = {
        "sku": found,
        "row": row,
        "now": row.numbers,
        "calendar": (calendar := promise_calendar(found)),
        "promised": [(place, codes.get(place.warehouse_id, "")) for place in calendar.places],
        "moved": explain(found, "on_hand", after=request.GET.get("after", ""), size=30),
        "reservations": reservations.select_related("warehouse").order_by("-id")[:FEW],
        "waiting": waiting[:FEW],
        "coming": coming,
        "sales": sales_of(found),
        "rules": rules,
        "vendor_items": vendors_of(found),
        "components": components_of(found) if found.is_kit else [],
        "kits": kits_with(found),
        "barcodes": found.barcodes.all(),
        "warehouses": warehouses,
        "key": uuid.uuid4().hex,
        "today": timezone.localdate(),
        "kinds": [(kind.value, kind.label) for kind in BY_HAND],
        "currency": settings.BOOKS_CURRENCY,
        "price": found.prices.filter(
            Q(valid_on__isnull=True) | Q(valid_on__contains=timezone.localdate()),
            price_list=None,
            from_quantity=1,
            currency=settings.BOOKS_CURRENCY,
        ).first(),
    }
    return render(request, "inventory/sku.html", context)
