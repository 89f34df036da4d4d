"""The home page, the trouble inbox and the messages."""

from typing import Any

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core import stations
from oms.core.access import may, staff_may
from oms.core.models import Message, Trouble
from oms.core.pages import keyset_page
from oms.desk import transit_map
from oms.desk.context import pages_for
from oms.desk.selectors import figures, just_now, latest_event, received_mails

POLL_SALT = "line-changes"
POLL_SECONDS = 12 * 3600


@staff_may("orders.view_order")
def home(request: HttpRequest) -> HttpResponse:
    """Draw the line as it is now."""
    return render(request, "desk/home.html", _line_now(request))


@staff_may("orders.view_order")
def line_now(request: HttpRequest) -> HttpResponse:
    """Draw the line alone, for a page that has heard that something happened."""
    return render(request, "desk/_line.html", _line_now(request))


@login_not_required
def line_changes(request: HttpRequest) -> HttpResponse:
    """Say whether anything has happened since `seen`: 204 when nothing has. One indexed look-up, no session.

    Who asks shows the signed token of the page they were given; all it tells is that something happened.
    """
    try:
        signing.loads(request.GET.get("token", ""), salt=POLL_SALT, max_age=POLL_SECONDS)
    except signing.BadSignature:
        return HttpResponse(status=403)
    if latest_event() == _number(request.GET.get("seen", "")):
        return HttpResponse(status=204)
    return HttpResponse(status=200, headers={"HX-Trigger": "line-changed", "HX-Reswap": "none"})


def _line_now(request: HttpRequest) -> dict[str, Any]:
    """Give what the home page shows. `seen` is read first: what happens while the page is drawn is asked for again."""
    seen = latest_event()
    may_see_trouble = may(request.user, "core.view_trouble")
    return {
        "seen": seen,
        "token": signing.dumps("line", salt=POLL_SALT),
        "figures": figures(),
        "map": transit_map.draw(pages_for(request.user)),
        "currency": settings.BOOKS_CURRENCY,
        "troubles_now": Trouble.objects.all()[:8] if may_see_trouble else [],
        "latest": just_now(),
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


@staff_may("core.view_trouble")
def trouble(request: HttpRequest) -> HttpResponse:
    """List what stations could not work, the latest first."""
    page = keyset_page(Trouble.objects.all(), order=("-last_at", "-id"), after=request.GET.get("after", ""))
    return render(request, "desk/trouble.html", {"page": page})


@require_POST
@staff_may("core.retry_trouble")
def retry_trouble(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a station try again at once."""
    found = get_object_or_404(Trouble, pk=pk)
    stations.retry(found)
    notices.success(request, _("%(label)s is tried again now.") % {"label": found.label})
    return redirect("trouble")


@staff_may("core.view_message")
def messages(request: HttpRequest) -> HttpResponse:
    """List mails to customers, the newest first."""
    page = keyset_page(_with_document(), order=("-id",), after=request.GET.get("after", ""))
    return render(request, "desk/messages.html", {"page": page, "received": received_mails()})


@staff_may("core.view_message")
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a mail as it was sent, or as far as it has come."""
    found = get_object_or_404(_with_document(), pk=pk)
    return render(request, "desk/message.html", {"message_row": found})


def _with_document() -> QuerySet[Message]:
    """Give messages with what is attached to them, the bytes left where they are."""
    return Message.objects.select_related("document").defer("document__content")
