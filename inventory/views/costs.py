"""Correcting what stock is worth."""

from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.costing import correct_cost
from inventory.models import Sku, Warehouse
from inventory.views.parsing import plain
from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid


@require_POST
@staff_may("inventory.correct_cost")
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """Correct what a SKU was worth in a warehouse. The form's key makes a second press the same correction."""
    found = get_object_or_404(Sku, code=code.replace("\x00", "").upper())
    warehouse = get_object_or_404(Warehouse, code=plain(request.POST.get("warehouse", ""), 20))
    amount = _amount(request.POST.get("amount", ""))
    stays = correct_cost(
        found,
        warehouse,
        amount=amount,
        effective_on=_day(request.POST.get("effective_on", "")),
        note=plain(request.POST.get("note", ""), 200),
        key=plain(request.POST.get("key", ""), 100),
        actor=actor_of(request.user),
    )
    facts = {"stays": f"{stays:.2f}", "gone": f"{amount - stays:.2f}", "currency": settings.BOOKS_CURRENCY}
    messages.success(request, _("Corrected: %(stays)s %(currency)s stay with the stock, %(gone)s went with what has left.") % facts)
    return redirect("sku", found.code)


def _amount(text: str) -> Decimal:
    try:
        if len(text) < 30:
            return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        pass
    raise Invalid(_("Say by what amount, to the cent, the stock is worth more or less."), pointer="/amount")


def _day(text: str):
    try:
        return parse_date(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid(_("Say as of which day, such as 2026-01-31."), pointer="/effective_on") from None
