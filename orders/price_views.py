"""The prices page: which lists and promotions there are, and why something costs what it does; a promotion's own page."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.models import Channel, Customer
from customers.services import AddressDraft, checked_country
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Invalid, NotFound
from oms.core.models import Event
from oms.core.readable import row_of
from orders.placing import ChargeDraft, LineDraft, OrderDraft, Quote, quote
from orders.price_selectors import price_lists, promotion_row, promotions, redemptions
from orders.promoting import MOST_BUDGET, change_promotion, version_of

MOST_TRIED = 100
MOST_EVENTS = 100
FIELDS = ("lines", "customer", "channel", "country", "postcode", "codes", "carriage")
# 12 AB-10, and with what a person would take off: 12 AB-10 -5%
_LINE = re.compile(r"^\s*(?:(\d{1,7})\s*[x×]?\s+)?(\S+?)(?:\s+[-−]?\s*(\d{1,3}(?:[.,]\d{1,2})?)\s*%)?\s*$")


@staff_may("orders.view_order")
def prices(request: HttpRequest) -> HttpResponse:
    """Show the price lists and promotions, and try what a basket would cost, with the reason of every price. Nothing is kept."""
    typed = {name: request.GET.get(name, "").replace("\x00", "")[:5000].strip() for name in FIELDS}
    tried: Quote | None = None
    error: BusinessError | None = None
    if typed["lines"]:
        try:
            tried = quote(_draft(typed), actor=actor_of(request.user))
        except BusinessError as refusal:
            error = refusal
    context = {
        "typed": typed,
        "tried": tried,
        "error": error,
        "channels": Channel.objects.filter(is_active=True),
        "lists": price_lists(),
        "promotions": promotions(settings.BOOKS_CURRENCY),
        "currency": settings.BOOKS_CURRENCY,
        "sees_margin": may(request.user, "orders.view_margin"),
    }
    return render(request, "orders/prices.html", context, status=422 if error else 200)


@staff_may("orders.view_order")
def promotion(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a promotion: what it gives and to whom, what is left of it, who has had it and who has changed it."""
    return _promotion_page(request, pk)


@require_POST
@staff_may("orders.change_promotion")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it another budget and another end."""
    typed = {name: request.POST.get(name, "").replace("\x00", "").strip()[:40] for name in ("budget", "last_on", "seen")}
    try:
        budget = _amount(typed["budget"], MOST_BUDGET) if typed["budget"] else None
        changed = change_promotion(pk, budget=budget, last_on=_day(typed["last_on"]), seen=typed["seen"], actor=actor_of(request.user))
    except NotFound:
        raise Http404 from None
    except BusinessError as refusal:
        return _promotion_page(request, pk, typed, refusal)
    messages.success(request, _("%(promotion)s is changed.") % {"promotion": changed.name})
    return redirect("promotion", pk)


def _promotion_page(request: HttpRequest, pk: int, typed: dict[str, str] | None = None, error: BusinessError | None = None) -> HttpResponse:
    row = promotion_row(pk, settings.BOOKS_CURRENCY)
    if row is None:
        raise Http404
    one = row.promotion
    context = {
        "row": row,
        "error": error,
        "typed": typed
        or {"budget": f"{one.budget:.2f}" if one.budget is not None else "", "last_on": one.last_on.isoformat() if one.last_on else ""},
        "seen": version_of(one),
        "currency": settings.BOOKS_CURRENCY,
        "redemptions": redemptions(pk),
        "events": Event.objects.filter(subject="promotion", subject_id=pk).order_by("-id")[:MOST_EVENTS],
    }
    return render(request, "orders/promotion.html", context, status=422 if error else 200)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("“%(text)s” is not a date: write 2027-03-31.") % {"text": text[:20]}, pointer="/last_on") from None


def _draft(typed: dict[str, str]) -> OrderDraft:
    lines = [line for line in typed["lines"].splitlines() if line.strip()]
    if len(lines) > MOST_TRIED:
        raise Invalid(_("Try at most %(most)d lines at once.") % {"most": MOST_TRIED})
    country = checked_country(typed["country"]) if typed["country"] else ""
    customer = _customer(typed["customer"])
    address = AddressDraft(lines="-", city="-", postcode=typed["postcode"][:20], country=country or "GB")
    return OrderDraft(
        channel=_channel(typed["channel"], customer),
        customer_id=customer.pk if customer else None,
        lines=[_line(line) for line in lines],
        charges=[ChargeDraft(_("Carriage"), _amount(typed["carriage"]))] if typed["carriage"] else [],
        ship_to=address if country or not customer else None,
        codes=[code for code in re.split(r"[\s,]+", typed["codes"]) if code],
    )


def _line(text: str) -> LineDraft:
    match = _LINE.match(text)
    if match is None:
        raise Invalid(_("“%(line)s” is no line: write 12 AB-10, with what you would take off 12 AB-10 -5%%.") % {"line": text[:60]})
    percent = _amount(match[3]) if match[3] else None
    return LineDraft(match[2], int(match[1] or 1), discount_percent=percent)


def _amount(text: str, most: Decimal = Decimal(1_000_000)) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= most:
        raise Invalid(_("“%(text)s” is no amount: write 4.99.") % {"text": text[:20]})
    return amount


def _customer(text: str) -> Customer | None:
    if not text:
        return None
    pk = row_of(text, Customer.NUMBER_PREFIX)
    found = Customer.objects.filter(pk=pk).first() if pk else None
    if found is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": text[:30]})
    return found


def _channel(code: str, customer: Customer | None) -> Channel:
    if not code and customer and customer.channel:
        return customer.channel
    rows = Channel.objects.filter(is_active=True)
    channel = rows.filter(code=code).first() if code else rows.first()
    if channel is None:
        raise NotFound(_("There is no such channel: a manager adds one in the admin."))
    return channel
