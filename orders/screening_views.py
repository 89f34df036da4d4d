"""The page of the screening rules."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Invalid
from orders.models import Hold
from orders.models.screening import FIGURES
from orders.screening_rules import RuleChange, all_rules, change_rules, version_of
from orders.states import ScreeningKind

SAYS = {
    ScreeningKind.CREDIT: lambda: _("What a customer on account owes, with what is on order, goes beyond their credit limit."),
    ScreeningKind.BLOCKED: lambda: _("The customer is blocked, or a number, e-mail or address of the order is on the blocklist."),
    ScreeningKind.FIRST_ORDER: lambda: _("Somebody orders for the first time, for more than this, and has not paid yet."),
    ScreeningKind.ADDRESS: lambda: _("The goods go to another postcode than the bill, and the order is worth this or more."),
    ScreeningKind.MANY_ORDERS: lambda: _("One customer places more orders than this within an hour."),
    ScreeningKind.UNUSUAL: lambda: _("The order is so many times what this customer orders for on average, who has ordered this often before."),
}


@dataclass(frozen=True)
class RuleRow:
    """A rule as the page shows it, its figures as typed. `held`: orders that it holds now."""

    kind: str
    title: str
    says: str
    is_active: bool
    figures: dict[str, str]
    held: int


@staff_may("orders.view_order")
def screening(request: HttpRequest) -> HttpResponse:
    """Show what is looked for in every order, and how many it holds now."""
    rules = all_rules()
    return _page(request, [(rule, _shown(rule)) for rule in rules], version_of(rules))


@require_POST
@staff_may("orders.change_screeningrule")
def change_screening(request: HttpRequest) -> HttpResponse:
    """Put the rules in force as they are in the form, or show it again with what is wrong."""
    try:
        change_rules([_change(request.POST, kind) for kind in ScreeningKind], actor=actor_of(request.user), seen=request.POST.get("version", ""))
    except BusinessError as error:
        typed = [(RuleChange(kind, kind in request.POST.getlist("on")), _typed(request.POST, kind)) for kind in ScreeningKind]
        return _page(request, typed, request.POST.get("version", ""), error)
    messages.success(request, _("The rules are in force. Orders that are held are looked at again."))
    return redirect("screening")


def _page(request: HttpRequest, rules: list[tuple[RuleChange, dict[str, str]]], version: str, error: BusinessError | None = None) -> HttpResponse:
    held = dict(Hold.objects.filter(released_at__isnull=True).order_by().values_list("kind").annotate(orders=Count("id")))
    rows = [
        RuleRow(rule.kind, str(ScreeningKind(rule.kind).label), SAYS[ScreeningKind(rule.kind)](), rule.is_active, figures, held.get(rule.kind, 0))
        for rule, figures in rules
    ]
    context = {
        "rows": rows,
        "version": version,
        "error": error,
        "currency": settings.BOOKS_CURRENCY,
        "may_change": may(request.user, "orders.change_screeningrule"),
    }
    return render(request, "orders/screening.html", context, status=422 if error else 200)


def _shown(rule: RuleChange) -> dict[str, str]:
    figures = {column: getattr(rule, column) for column in FIGURES[rule.kind]}
    return {column: "" if figure is None else f"{Decimal(figure).normalize():f}" for column, figure in figures.items()}


def _typed(form: QueryDict, kind: str) -> dict[str, str]:
    return {column: form.get(f"{kind}-{column}", "").replace("\x00", "").strip()[:20] for column in FIGURES[kind]}


def _change(form: QueryDict, kind: str) -> RuleChange:
    figures = {column: _figure(text, kind) for column, text in _typed(form, kind).items()}
    count = figures.get("count")
    if count is not None and count != int(count):
        raise Invalid(_("“%(text)s” is not a whole number.") % {"text": count}, pointer=f"/{kind}/count")
    return RuleChange(
        kind,
        kind in form.getlist("on"),
        amount=figures.get("amount"),
        count=None if count is None else int(count),
        factor=figures.get("factor"),
    )


def _figure(text: str, kind: str) -> Decimal | None:
    if not text:
        return None
    try:
        figure = Decimal(text)
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite():
        raise Invalid(_("“%(text)s” is not a number.") % {"text": text}, pointer=f"/{kind}")
    return figure
