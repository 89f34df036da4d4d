"""A customer's own part numbers: all of them, each by its own small form, and many at once from a pasted list."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.models import Customer
from customers.views import row_or_404
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError
from oms.core.pages import keyset_page
from orders.models import CustomerPart
from orders.part_numbers import add_part_numbers, check_part_numbers, pasted, remove_part_number, save_part_number


@staff_may("customers.view_customer")
def part_numbers(request: HttpRequest, number: str) -> HttpResponseBase:
    """List what a customer calls our goods, by their numbers; take many at once from a pasted list."""
    customer = _customer(number)
    return _pasted(request, customer) if request.method == "POST" else _page(request, customer)


@require_POST
@staff_may("customers.change_customer")
def add_part_number(request: HttpRequest, number: str) -> HttpResponse:
    """Add one number."""
    return _done(request, number, lambda pk, actor: save_part_number(pk, _typed(request, "theirs"), _typed(request, "ours"), actor=actor))


@require_POST
@staff_may("customers.change_customer")
def change_part_number(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Change what a number is, or what it means."""
    return _done(request, number, lambda pk, actor: save_part_number(pk, _typed(request, "theirs"), _typed(request, "ours"), part=part, actor=actor))


@require_POST
@staff_may("customers.change_customer")
def drop_part_number(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Remove a number."""
    return _done(request, number, lambda pk, actor: remove_part_number(pk, part, actor=actor))


@staff_may("customers.change_customer")
def _pasted(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show what would become of each row of a pasted list, or add what was shown. A double click does no harm."""
    text = request.POST.get("rows", "").replace("\x00", "")
    try:
        rows = pasted(text)
        if request.POST.get("action") != "add" or not request.POST.get("confirmed"):
            report = check_part_numbers(customer.pk, rows)
        else:
            report = add_part_numbers(customer.pk, rows, confirmed=request.POST["confirmed"], actor=actor_of(request.user))
    except BusinessError as error:
        return _page(request, customer, status=error.status, rows=text, error=error)
    if report.is_written:
        messages.success(request, _("%(new)d added, %(changed)d changed.") % {"new": report.new, "changed": report.changed})
        return redirect("customer_part_numbers", customer.number)
    has_moved = request.POST.get("action") == "add"
    return _page(request, customer, status=422 if report.refused else 200, rows=text, report=report, has_moved=has_moved)


def _page(request: HttpRequest, customer: Customer, *, status: int = 200, **more: Any) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    parts = CustomerPart.objects.filter(customer=customer).select_related("sku")
    if text:
        parts = parts.filter(Q(code__icontains=text) | Q(sku__code__icontains=text) | Q(sku__name__icontains=text))
    page = keyset_page(parts, order=("code", "id"), after=request.GET.get("after", ""), size=100)
    context = {"customer": customer, "page": page, "q": text, "query": urlencode({"q": text}) if text else "", **more}
    return render(request, "orders/part_numbers.html", context, status=status)


def _done(request: HttpRequest, number: str, act: Callable[[int, str], object]) -> HttpResponse:
    customer = _customer(number)
    try:
        act(customer.pk, actor_of(request.user))
    except BusinessError as error:
        messages.error(request, error.sentence)
    return redirect("customer_part_numbers" if request.POST.get("back") == "all" else "customer", customer.number)


def _customer(number: str) -> Customer:
    return get_object_or_404(Customer.objects.select_related("merged_into"), pk=row_or_404(number)).kept


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:100]
