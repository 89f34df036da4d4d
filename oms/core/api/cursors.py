"""What a request asks for in its address, and lists by cursor: `{"data": […], "next_cursor": …, "has_more": …}`, on keyset pages."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from oms.core.errors import Invalid
from oms.core.pages import keyset_page

MOST = 100
USUAL = 50


def asked(request: Request, *names: str) -> dict[str, str]:
    """Give the parameters of the address that have a value. Raises Invalid for one that is not among `names`, given twice or has a NUL."""
    parameters = {}
    for name, values in request.query_params.lists():
        if name not in names:
            raise Invalid(
                _("There is no parameter %(name)s here, only %(names)s.") % {"name": name[:60].replace("\x00", ""), "names": ", ".join(names)},
                parameter=name[:60].replace("\x00", ""),
            )
        if len(values) > 1 or "\x00" in values[0]:
            raise Invalid(_("Give %(name)s once, as text.") % {"name": name}, parameter=name)
        if values[0]:
            parameters[name] = values[0]
    return parameters


def one_of(wanted: dict[str, str], name: str, values: Sequence[str]) -> str:
    """Give the parameter called `name`, empty where it is not asked for. Raises Invalid for one that is not among `values`."""
    if name in wanted and wanted[name] not in values:
        raise Invalid(_("%(name)s is one of %(values)s.") % {"name": name, "values": ", ".join(values)}, parameter=name)
    return wanted.get(name, "")


def listed(request: Request, rows: QuerySet, *, order: tuple[str, ...], show: Callable[[list[Any]], list[dict[str, Any]]]) -> dict[str, Any]:
    """Give a page of `rows` as the request asks (`cursor`, `limit` ≤ 100). One query, and what `show` needs for a whole page."""
    page = keyset_page(rows, order=order, after=request.query_params.get("cursor", ""), size=limit_of(request))
    return {"data": show(page.rows), "next_cursor": page.next or None, "has_more": bool(page.next)}


def limit_of(request: Request) -> int:
    """Give the `limit` asked for. Raises Invalid."""
    text = request.query_params.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise Invalid(_("limit is a number from 1 to %(most)d.") % {"most": MOST}, parameter="limit")
    return int(text)
