"""Lists by cursor: `{"data": […], "next_cursor": …, "has_more": …}`, on keyset pages."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from oms.core.errors import Invalid
from oms.core.pages import keyset_page

MOST = 100
USUAL = 50


def listed(request: Request, rows: QuerySet, *, order: tuple[str, ...], show: Callable[[list[Any]], list[dict[str, Any]]]) -> dict[str, Any]:
    """Give a page of `rows` as the request asks (`cursor`, `limit` ≤ 100). One query, and what `show` needs for a whole page."""
    page = keyset_page(rows, order=order, after=request.query_params.get("cursor", ""), size=limit_of(request))
    return {"data": show(page.rows), "next_cursor": page.next or None, "has_more": bool(page.next)}


def limit_of(request: Request) -> int:
    """Give the `limit` asked for. Raises Invalid."""
    text = request.query_params.get("limit", str(USUAL))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MOST:
        raise Invalid(_("limit is a number from 1 to %(most)d.") % {"most": MOST}, pointer="/limit")
    return int(text)
