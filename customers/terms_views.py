"""Changing what a customer may owe, and how long, on their page."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.terms import Terms, set_terms
from customers.views import row_or_404
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid


@require_POST
@staff_may("customers.set_terms")
def change_terms(request: HttpRequest, number: str) -> HttpResponse:
    """Agree on other terms, with a reason. Orders that are placed already keep theirs."""
    typed = {name: request.POST.get(name, "").replace("\x00", "").strip()[:300] for name in ("terms_days", "credit_limit", "reason", "seen")}
    try:
        terms = Terms(_days(typed["terms_days"]), _limit(typed["credit_limit"]))
        set_terms(row_or_404(number), terms, reason=typed["reason"], seen=typed["seen"], actor=actor_of(request.user))
        messages.success(request, _("The terms are changed, for what is ordered from now on."))
    except BusinessError as error:
        if error.status == 404:
            raise
        messages.error(request, error.sentence)
    return redirect("customer", number)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Invalid(_("“%(text)s” is no number of days: write 30, or 0 for at once.") % {"text": text[:20]}, pointer="/terms_days")
    return int(text)


def _limit(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", ".")) if text else None
    except InvalidOperation:
        raise Invalid(_("“%(text)s” is no amount: write 4.99.") % {"text": text[:20]}, pointer="/credit_limit") from None
