"""The page of the blocklist."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.blocking import block, lift
from customers.models import BlockedKey
from customers.states import BlockedKind
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError
from oms.core.pages import keyset_page

_TYPED = ("kind", "typed", "lines", "postcode", "country", "reason")


@staff_may("customers.view_customer")
def blocklist(request: HttpRequest) -> HttpResponse:
    """List what is blocked, the latest first; POST puts one more on it, or shows the form again with what is wrong."""
    if request.method != "POST":
        return _page(request, {"country": "GB", "kind": "phone"})
    typed = {name: request.POST.get(name, "").replace("\x00", "").strip()[:300] for name in _TYPED}
    if not may(request.user, "customers.keep_blocklist"):
        return _page(request, typed, status=403)
    country = typed["country"].upper()[:2] or "GB"
    try:
        row = block(
            typed["kind"],
            typed=typed["typed"],
            address={"lines": typed["lines"], "postcode": typed["postcode"], "country": country},
            country=country,
            reason=typed["reason"],
            actor=actor_of(request.user),
        )
    except BusinessError as error:
        return _page(request, typed, error, status=422)
    messages.success(request, _("%(shown)s is on the blocklist.") % {"shown": row.shown})
    return redirect("blocklist")


@require_POST
@staff_may("customers.keep_blocklist")
def lift_block(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a row off the blocklist."""
    row = lift(pk, actor=actor_of(request.user))
    messages.success(request, _("%(shown)s is off the blocklist: what it held goes on within a minute.") % {"shown": row.shown})
    return redirect("blocklist")


def _page(request: HttpRequest, typed: dict[str, str], error: BusinessError | None = None, *, status: int = 200) -> HttpResponse:
    page = keyset_page(BlockedKey.objects.filter(lifted_at__isnull=True), order=("-id",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "typed": typed,
        "error": error,
        "kinds": BlockedKind.choices,
        "may_keep": may(request.user, "customers.keep_blocklist"),
        "query": "",
    }
    return render(request, "customers/blocklist.html", context, status=status)
