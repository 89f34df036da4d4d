"""The pages of lost sales: what was wanted and not sold, and the calls in which it was."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from oms.core.access import staff_may
from oms.core.errors import Conflict
from oms.core.exports import MOST_IN_A_WORKBOOK, csv_response, workbook_response
from oms.core.pages import keyset_page
from orders.lost_sales import BY, HEADER, Filter, Lost, asked_for, calls_lost, exported, total_lost
from orders.lost_sales import lost_sales as rows_lost
from orders.states import LostReason

_NAMES = ("q", "sku", "words", "reason", "since", "until", "by")


@dataclass(frozen=True)
class Opened:
    """A row of the list, and the address of the calls that make it."""

    lost: Lost
    calls: str


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("orders.view_order")
def lost_sales(request: HttpRequest) -> HttpResponse:
    """List what was wanted and not sold, the dearest first, as filtered. To htmx the rows alone."""
    asked, query = _asked(request)
    page = rows_lost(asked, after=request.GET.get("after", ""))
    context = _context(asked, query) | {"page": page, "rows": [Opened(row, _calls_of(row, query)) for row in page.rows], "total": total_lost(asked)}
    fragment = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, "orders/_lost_sales.html" if fragment else "orders/lost_sales.html", context)


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("orders.view_order")
def lost_calls(request: HttpRequest) -> HttpResponse:
    """List the calls themselves, the latest first: who called, who answered, what they wanted and what was noted."""
    asked, query = _asked(request)
    calls = calls_lost(asked).select_related("customer", "draft").prefetch_related("lines__sku")
    page = keyset_page(calls, order=("-noted_at", "-id"), after=request.GET.get("after", ""))
    fragment = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, "orders/_lost_calls.html" if fragment else "orders/lost_calls.html", _context(asked, query) | {"page": page})


@staff_may("orders.view_order")
def export_lost(request: HttpRequest) -> HttpResponseBase:
    """Give the list as filtered, all of it, as CSV: written while it is read."""
    asked, _query = _asked(request)
    return csv_response(f"lost-sales-{timezone.localdate():%Y-%m-%d}.csv", HEADER, exported(asked))


@staff_may("orders.view_order")
def export_lost_workbook(request: HttpRequest) -> HttpResponseBase:
    """Give the list as filtered as a workbook. Raises Conflict for more than one holds."""
    asked, _query = _asked(request)
    if rows_lost(asked, size=MOST_IN_A_WORKBOOK).next:
        raise Conflict(_("A workbook holds %(most)d rows: narrow the list, or take it as CSV.") % {"most": MOST_IN_A_WORKBOOK})
    return workbook_response(f"lost-sales-{timezone.localdate():%Y-%m-%d}.xlsx", HEADER, exported(asked))


def _asked(request: HttpRequest) -> tuple[Filter, dict[str, str]]:
    """Give the filter that the address asks for, and what of the address asks for it again."""
    query = {name: value for name in _NAMES if (value := request.GET.get(name, "").replace("\x00", "").strip()[:200])}
    if query.get("by") == "both":
        query.pop("by")
    return asked_for(query), query


def _context(asked: Filter, query: dict[str, str]) -> dict[str, Any]:
    return {
        "filter": asked,
        "query": urlencode(query),
        "reasons": LostReason.choices,
        "by": BY.items(),
        "currency": settings.BOOKS_CURRENCY,
        "everything": urlencode({name: value for name, value in query.items() if name not in ("sku", "words")}),
    }


def _calls_of(row: Lost, query: dict[str, str]) -> str:
    of_row = {"sku": row.sku, "words": row.words, "reason": row.reason}
    return urlencode({name: value for name, value in query.items() if name != "by"} | {name: value for name, value in of_row.items() if value})
