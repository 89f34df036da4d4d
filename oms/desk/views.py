"""The home page, the trouble inbox and the messages."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core import stations
from oms.core.access import staff_may
from oms.core.models import Event, Message, Trouble
from oms.core.pages import keyset_page
from oms.desk import transit_map
from orders.models import Order
from shipping.models import Shipment

POLL_SALT = "line-changes"
POLL_SECONDS = 12 * 3600


@staff_may("orders.view_order")
def home(request: HttpRequest) -> HttpResponse:
    """Draw the line as it is now."""
    return render(request, "desk/home.html", _line_now())


@staff_may("orders.view_order")
def line_now(request: HttpRequest) -> HttpResponse:
    """Draw the line alone, for a page that has heard that something happened."""
    return render(request, "desk/_line.html", _line_now())


@login_not_required
def line_changes(request: HttpRequest) -> HttpResponse:
    """Say whether anything has happened since `seen`: 204 when nothing has. One indexed look-up, no session.

    Who asks shows the signed token of the page they were given; all it tells is that something happened.
    """
    try:
        signing.loads(request.GET.get("token", ""), salt=POLL_SALT, max_age=POLL_SECONDS)
    except signing.BadSignature:
        return HttpResponse(status=403)
    if _latest_event() == _number(request.GET.get("seen", "")):
        return HttpResponse(status=204)
    return HttpResponse(status=200, headers={"HX-Trigger": "line-changed", "HX-Reswap": "none"})


def _line_now() -> dict[str, Any]:
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    seen = _latest_event()
    return {
        "map": transit_map.draw(),
        "seen": seen,
        "token": signing.dumps("line", salt=POLL_SALT),
        "today": Order.objects.filter(placed_at__gte=midnight).aggregate(n=Count("pk"), total=Sum("total")),
        "left_today": Shipment.objects.filter(dispatched_at__gte=midnight).count(),
        "open": Order.objects.open().aggregate(
            n=Count("pk"), waiting=Count("pk", filter=Q(has_backorders=True)), held=Count("pk", filter=Q(open_holds__gt=0))
        ),
        "currency": settings.BOOKS_CURRENCY,
        "troubles_now": Trouble.objects.all()[:8],
        "latest": Event.objects.filter(order_id__isnull=False).order_by("-id")[:12],
    }


def _latest_event() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


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
    page = keyset_page(Message.objects.select_related("document"), order=("-id",), after=request.GET.get("after", ""))
    return render(request, "desk/messages.html", {"page": page, "mailbox": _mailbox()})


@staff_may("core.view_message")
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a mail as it was sent, or as far as it has come."""
    found = get_object_or_404(Message.objects.select_related("document"), pk=pk)
    return render(request, "desk/message.html", {"message_row": found})


def _mailbox() -> int | None:
    """Give how many mails the demo's mail sink has kept, None where there is none."""
    if not settings.MAIL_SINK_DIR:
        return None
    return sum(1 for _ in Path(settings.MAIL_SINK_DIR).glob("*.eml"))
