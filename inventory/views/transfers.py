"""Transfers: what is planned, what is on the road, what has come."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inventory import transferring
from inventory.models import StockLevel, Transfer, Warehouse
from inventory.selectors import transfers_shown
from inventory.states import WarehouseKind
from inventory.views.parsing import pairs, plain, quantities, whole_number
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.models import Event
from oms.core.pages import keyset_page
from oms.core.readable import row_of

SHOWS = {"open": lambda: _("Under way"), "draft": lambda: _("Planned"), "late": lambda: _("Late"), "all": lambda: _("All")}


@staff_may("inventory.view_stocklevel")
def transfers(request: HttpRequest) -> HttpResponse:
    """List transfers, the newest first: those that are planned or on the road, where nothing else is asked for."""
    show = request.GET.get("show", "open")
    page = keyset_page(transfers_shown(show), order=("-id",), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "show": show,
        "query": f"show={show if show in SHOWS else 'open'}",
        "shows": [(value, title()) for value, title in SHOWS.items()],
        "today": timezone.localdate(),
        "currency": settings.BOOKS_CURRENCY,
        "on_the_road": StockLevel.objects.worth_in(WarehouseKind.TRANSIT),
    }
    return render(request, "inventory/transfers.html", context)


@require_http_methods(["GET", "POST"])
@staff_may("inventory.transfer_stock")
def new_transfer(request: HttpRequest) -> HttpResponse:
    """Plan a transfer; where something is wrong, the form comes back as it was typed."""
    context: dict[str, Any] = {
        "warehouses": Warehouse.objects.stocking(),
        "typed": request.POST or request.GET,
        "key": plain(request.POST.get("key", ""), 100) or uuid.uuid4().hex,
        "expected_on": request.POST.get("expected_on") or (timezone.localdate() + timedelta(days=2)).isoformat(),
    }
    if request.method == "POST":
        try:
            planned = transferring.plan_transfer(
                plain(request.POST.get("source", ""), 20),
                plain(request.POST.get("destination", ""), 20),
                pairs(request.POST.get("lines", "")),
                expected_on=_day(request.POST.get("expected_on", "")),
                note=plain(request.POST.get("note", ""), 200),
                key=context["key"],
                actor=actor_of(request.user),
            )
            return redirect("transfer", planned.number)
        except BusinessError as refusal:
            context["problem"] = refusal.sentence
    return render(request, "inventory/new_transfer.html", context, status=422 if "problem" in context else 200)


@staff_may("inventory.view_stocklevel")
def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """Show a transfer, and what can be done with it now."""
    return _page(request, number)


@require_POST
@staff_may("inventory.transfer_stock")
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Change what a planned transfer carries; where something is wrong, the list comes back as it was typed."""
    typed = request.POST.get("lines", "")
    try:
        transferring.change_transfer(_row(number), pairs(typed), seen=plain(request.POST.get("seen", ""), 64), actor=actor_of(request.user))
    except Invalid as refusal:
        return _page(request, number, typed=typed, problem=refusal.sentence)
    messages.success(request, _("%(number)s carries this now.") % {"number": number})
    return redirect("transfer", number)


def _page(request: HttpRequest, number: str, *, typed: str = "", problem: str = "") -> HttpResponse:
    found = get_object_or_404(Transfer.objects.select_related("source", "destination"), pk=_row(number))
    lines = list(found.lines.select_related("sku").order_by("sku__code"))
    free = {}
    if found.can_send:
        levels = StockLevel.objects.filter(warehouse=found.source, sku__in=[line.sku_id for line in lines])
        free = {level.sku_id: level.free for level in levels}
    for line in lines:
        line.free = free.get(line.sku_id, 0)
        line.is_short = found.can_send and line.free < line.quantity
    context = {
        "transfer": found,
        "lines": lines,
        "currency": settings.BOOKS_CURRENCY,
        "value": sum(line.value for line in lines),
        "events": Event.objects.filter(subject="transfer", subject_id=found.pk).order_by("-id")[:100],
        "key": uuid.uuid4().hex,
        "is_late": found.is_late(timezone.localdate()),
        "is_short": any(line.is_short for line in lines),
        "receives": found.can_receive and may(request.user, "inventory.transfer_stock"),
        "seen": transferring.contents_of(lines),
        "typed": typed or "\n".join(f"{line.sku.code} {line.quantity}" for line in lines),
        "problem": problem,
    }
    return render(request, "inventory/transfer.html", context, status=422 if problem else 200)


@require_POST
@staff_may("inventory.transfer_stock")
def send(request: HttpRequest, number: str) -> HttpResponse:
    """Send a planned transfer."""
    sent = transferring.send_transfer(_row(number), seen=plain(request.POST.get("seen", ""), 64), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is on the road.") % {"number": sent.number})
    return redirect("transfer", sent.number)


@require_POST
@staff_may("inventory.transfer_stock")
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Receive what has come of a transfer. The form's key makes a second press the same receipt."""
    key = plain(request.POST.get("key", ""), 100)
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    units = {line: whole_number(text) for line, text in quantities(request.POST).items()}
    received = transferring.receive_transfer(_row(number), units, key=key, actor=actor_of(request.user))
    messages.success(request, _("Received. Orders that waited for it get it first."))
    return redirect("transfer", received.number)


@require_POST
@staff_may("inventory.transfer_stock")
def lose(request: HttpRequest, number: str) -> HttpResponse:
    """Write off what will not come any more."""
    found = transferring.lose_rest(_row(number), note=plain(request.POST.get("note", ""), 200), actor=actor_of(request.user))
    messages.success(request, _("What did not come of %(number)s is written off.") % {"number": found.number})
    return redirect("transfer", found.number)


@require_POST
@staff_may("inventory.transfer_stock")
def expect(request: HttpRequest, number: str) -> HttpResponse:
    """Expect a transfer on another day."""
    found = transferring.expect_transfer(_row(number), expected_on=_day(request.POST.get("expected_on", "")), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is expected on another day. Whoever waits for it is told.") % {"number": found.number})
    return redirect("transfer", found.number)


@require_POST
@staff_may("inventory.transfer_stock")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Call off a transfer that was not sent."""
    found = transferring.cancel_transfer(_row(number), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is called off.") % {"number": found.number})
    return redirect("transfer", found.number)


def _day(text: str) -> date:
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise Invalid(_("Say on which day it is expected."), pointer="/expected_on")
    return day


def _row(number: str) -> int:
    pk = row_of(number, Transfer.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk
