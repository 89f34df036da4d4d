"""Customers: the list, and making and changing one. A customer's own page is composed in oms.desk.customer_page."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from customers.looking_up import customers_meant
from customers.models import Customer, CustomerGroup
from customers.services import AddressDraft, CustomerDraft, change_customer, checked_country, register_customer
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError
from oms.core.pages import keyset_page
from oms.core.readable import row_of

CHANGEABLE = (
    "name",
    "kind",
    "email",
    "phone",
    "language",
    "vat_number",
    "group",
    "tags",
    "preferred_carrier",
    "delivery_window",
    "tax_exemption",
    "is_do_not_call",
    "note",
)


def row_or_404(number: str) -> int:
    """Give the row of a customer number, 404 for what is none."""
    pk = row_of(number, Customer.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


@staff_may("customers.view_customer")
def customers(request: HttpRequest) -> HttpResponse:
    """List customers, the latest buyers first."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = Customer.objects.filter(pk__in=customers_meant(text)) if text else Customer.objects.filter(merged_into__isnull=True)
    page = keyset_page(rows, order=("-last_order_at", "-id"), after=request.GET.get("after", ""), has_nulls=True)
    return render(request, "customers/customers.html", {"page": page, "q": text, "query": f"q={text}"})


@staff_may("customers.add_customer")
def new_customer(request: HttpRequest) -> HttpResponse:
    """Register a customer."""
    typed = _typed(request)
    if request.method == "POST":
        try:
            customer = register_customer(_draft(typed), channel=None, actor=actor_of(request.user))
        except BusinessError as error:
            return _form(request, typed, error)
        messages.success(request, _("%(name)s is registered.") % {"name": customer.name})
        return redirect("customer", customer.number)
    return _form(request, typed, None)


@staff_may("customers.change_customer")
def edit_customer(request: HttpRequest, number: str) -> HttpResponse:
    """Change a customer."""
    customer = get_object_or_404(Customer, pk=row_or_404(number))
    typed = _typed(request) if request.method == "POST" else _kept(customer)
    if request.method == "POST":
        try:
            change_customer(customer.pk, {name: typed[name] for name in CHANGEABLE}, actor=actor_of(request.user))
        except BusinessError as error:
            return _form(request, typed, error, customer)
        messages.success(request, _("%(name)s is changed.") % {"name": typed["name"]})
        return redirect("customer", number)
    return _form(request, typed, None, customer)


def _kept(customer: Customer) -> dict[str, str]:
    return {name: getattr(customer, name) for name in CHANGEABLE} | {
        "group": customer.group.code if customer.group else "",
        "tags": ", ".join(customer.tags),
        "is_do_not_call": "1" if customer.is_do_not_call else "",
    }


def _form(request: HttpRequest, typed: dict[str, str], error: BusinessError | None, customer: Customer | None = None) -> HttpResponse:
    context: dict[str, Any] = {"typed": typed, "error": error, "customer": customer, "groups": CustomerGroup.objects.all()}
    return render(request, "customers/form.html", context, status=422 if error else 200)


def _typed(request: HttpRequest) -> dict[str, str]:
    names = (*CHANGEABLE, "lines", "city", "postcode", "country")
    return {name: request.POST.get(name, "").replace("\x00", "")[:2000] for name in names}


def _draft(typed: dict[str, str]) -> CustomerDraft:
    country = checked_country(typed["country"] or "GB")
    address = None
    if typed["lines"].strip() or typed["city"].strip():
        address = AddressDraft(lines=typed["lines"][:300], city=typed["city"][:100], postcode=typed["postcode"][:20], country=country)
    return CustomerDraft(
        name=typed["name"][:200],
        kind="company" if typed["kind"] == "company" else "person",
        email=typed["email"],
        phone=typed["phone"][:40],
        language=typed["language"][:10] or "en",
        vat_number=typed["vat_number"][:30],
        address=address,
    )
