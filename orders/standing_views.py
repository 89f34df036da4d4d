"""The pages of standing orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.models import Channel, Customer
from customers.states import PaymentMethod
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.models import Event, Trouble
from oms.core.pages import keyset_page
from oms.core.readable import row_of
from orders.models import Order, StandingLine, StandingOrder
from orders.standing import (
    StandingDraft,
    change_standing_order,
    end_standing_order,
    pause_standing_order,
    resume_standing_order,
    set_up_standing_order,
    skip_next,
)
from orders.states import RecurrenceUnit, StandingState

_FIELDS = ("customer", "lines", "unit", "every", "next_on", "ends_on", "ship_to", "payment_method", "whole", "note", "version")


@dataclass(frozen=True)
class Form:
    """What was typed, as it was."""

    typed: dict[str, str]
    error: BusinessError | None = None


@staff_may("orders.view_order")
def standing_orders(request: HttpRequest) -> HttpResponse:
    """List standing orders, the next to be placed first."""
    show = request.GET.get("show", "")
    rows = StandingOrder.objects.select_related("customer").prefetch_related(_lines())
    rows = rows.filter(state=StandingState.ENDED) if show == "ended" else rows.exclude(state=StandingState.ENDED)
    page = keyset_page(rows, order=("next_on", "id"), after=request.GET.get("after", ""))
    stuck = set(Trouble.objects.filter(station="standing").values_list("subject_id", flat=True))
    return render(request, "orders/standing_orders.html", {"page": page, "show": show, "stuck": stuck, "query": f"show={show}" if show else ""})


@staff_may("orders.view_order")
def standing_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show a standing order: what, when, and the orders it has placed."""
    standing = _standing(number)
    context = {
        "standing": standing,
        "orders": Order.objects.filter(standing_order=standing).order_by("-placed_at", "-id")[:20],
        "trouble": Trouble.objects.filter(station="standing", subject_id=standing.pk).first(),
        "events": Event.objects.filter(subject="standing", subject_id=standing.pk).order_by("-id")[:50],
    }
    return render(request, "orders/standing_order.html", context)


@staff_may("orders.place_order")
def new_standing_order(request: HttpRequest) -> HttpResponse:
    """Set up a standing order; `?order=SO-1001` starts from an order, `?customer=C-1001` from nothing but who it is for."""
    if request.method != "POST":
        return _form(request, Form(_started(request)))
    form = Form(_typed(request))
    try:
        customer = row_of(form.typed["customer"], Customer.NUMBER_PREFIX)
        channel = Channel.objects.filter(kind="phone", is_active=True).first() or Channel.objects.filter(is_active=True).first()
        if customer is None or channel is None:
            raise Invalid(_("Say who it is for: their customer number, C-1001."), pointer="/customer")
        standing = set_up_standing_order(customer, _draft(form.typed), channel=channel, actor=actor_of(request.user))
    except BusinessError as error:
        return _form(request, Form(form.typed, error))
    messages.success(request, _("%(number)s is set up: %(rhythm)s.") % {"number": standing.number, "rhythm": standing.rhythm})
    return redirect("standing_order", standing.number)


@staff_may("orders.place_order")
def edit_standing_order(request: HttpRequest, number: str) -> HttpResponse:
    """Change a standing order."""
    standing = _standing(number)
    if request.method != "POST":
        return _form(request, Form(_kept(standing)), standing)
    form = Form(_typed(request))
    try:
        version = int(form.typed["version"]) if form.typed["version"].isdigit() else 0
        change_standing_order(standing.pk, _draft(form.typed), version=version, actor=actor_of(request.user))
    except BusinessError as error:
        return _form(request, Form(form.typed, error), standing)
    messages.success(request, _("%(number)s is changed.") % {"number": number})
    return redirect("standing_order", number)


@require_POST
@staff_may("orders.place_order")
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Pause, resume, end it, or leave its next turn out."""
    actor = actor_of(request.user)
    version = request.POST.get("version", "")
    actions: dict[str, Callable[[int], Any]] = {
        "pause": lambda pk: pause_standing_order(pk, actor=actor),
        "resume": lambda pk: resume_standing_order(pk, actor=actor),
        "end": lambda pk: end_standing_order(pk, actor=actor),
        "skip": lambda pk: skip_next(pk, version=int(version) if version.isdigit() else 0, actor=actor),
    }
    if action not in actions:
        raise Http404
    actions[action](_standing(number).pk)
    return redirect("standing_order", number)


def _standing(number: str) -> StandingOrder:
    pk = row_of(number, StandingOrder.NUMBER_PREFIX)
    standing = StandingOrder.objects.select_related("customer", "channel", "ship_to").prefetch_related(_lines()).filter(pk=pk).first() if pk else None
    if standing is None:
        raise Http404
    return standing


def _lines() -> Prefetch:
    return Prefetch("lines", StandingLine.objects.select_related("sku"))


def _form(request: HttpRequest, form: Form, standing: StandingOrder | None = None) -> HttpResponse:
    pk = standing.customer_id if standing else row_of(form.typed["customer"], Customer.NUMBER_PREFIX)
    customer = Customer.objects.prefetch_related("addresses").filter(pk=pk).first() if pk else None
    context = {
        "typed": form.typed,
        "error": form.error,
        "standing": standing,
        "customer": customer,
        "addresses": list(customer.addresses.all()) if customer else [],
        "methods": PaymentMethod.choices,
        "units": RecurrenceUnit.choices,
    }
    return render(request, "orders/standing_form.html", context, status=422 if form.error else 200)


def _started(request: HttpRequest) -> dict[str, str]:
    typed = dict.fromkeys(_FIELDS, "") | {"unit": "week", "every": "2", "next_on": timezone.localdate().isoformat()}
    pk = row_of(request.GET.get("order", ""), Order.NUMBER_PREFIX)
    order = Order.objects.select_related("customer").filter(pk=pk).first() if pk else None
    if order is None:
        return typed | {"customer": request.GET.get("customer", "")[:20]}
    lines = [(line.sku.code, line.quantity) for line in order.lines.select_related("sku")]
    return typed | {"customer": order.customer.number, "lines": _listed(lines), "payment_method": order.payment_method}


def _kept(standing: StandingOrder) -> dict[str, str]:
    return {
        "customer": standing.customer.number,
        "lines": _listed([(line.sku.code, line.quantity) for line in standing.lines.all()]),
        "unit": standing.unit,
        "every": str(standing.every),
        "next_on": max(standing.next_on, timezone.localdate()).isoformat(),
        "ends_on": standing.ends_on.isoformat() if standing.ends_on else "",
        "ship_to": str(standing.ship_to_id or ""),
        "payment_method": standing.payment_method,
        "whole": "1" if standing.accepts_part_deliveries is False else "",
        "note": standing.note,
        "version": str(standing.version),
    }


def _listed(lines: list[tuple[str, int]]) -> str:
    added: dict[str, int] = {}
    for code, units in lines:
        added[code] = added.get(code, 0) + units
    return "\n".join(f"{units} {code}" for code, units in added.items())


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "").replace("\x00", "").strip()[:10_000] for name in _FIELDS}


def _draft(typed: dict[str, str]) -> StandingDraft:
    next_on = _date(typed["next_on"], "/next_on")
    if next_on is None:
        raise Invalid(_("Say when the next order is to be placed."), pointer="/next_on")
    return StandingDraft(
        lines=_read_lines(typed["lines"]),
        unit=typed["unit"],
        every=int(typed["every"]) if typed["every"].isdigit() and len(typed["every"]) < 4 else 0,
        next_on=next_on,
        ends_on=_date(typed["ends_on"], "/ends_on"),
        ship_to=int(typed["ship_to"]) if typed["ship_to"].isdigit() and len(typed["ship_to"]) < 18 else None,
        payment_method=typed["payment_method"],
        accepts_part_deliveries=False if typed["whole"] else None,
        note=typed["note"],
    )


def _read_lines(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for number, row in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        units, _space, code = row.partition(" ")
        if not code:
            units, code = "1", row
        if not units.isdigit() or len(units) > 9:
            raise Invalid(
                _("Line %(number)d, “%(row)s”: write a quantity and a SKU, 12 AB-10.") % {"number": number, "row": row[:60]}, pointer="/lines"
            )
        code = code.strip().upper()
        lines[code] = lines.get(code, 0) + int(units)
    return lines


def _date(text: str, pointer: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("“%(text)s” is not a date: write 2027-03-31.") % {"text": text[:20]}, pointer=pointer) from None
