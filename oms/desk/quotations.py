"""Quotations: their pages, their PDF and mail, and the customer's page that accepts one by its link."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from inventory.models import Sku
from oms.core import bulk, stations
from oms.core.access import actor_of, may, staff_may
from oms.core.addresses import paper_lines
from oms.core.documents import keep
from oms.core.errors import BusinessError
from oms.core.messages import queue
from oms.core.models import Event, Message
from oms.core.money import ZERO
from oms.core.pages import keyset_page
from oms.core.pdf import render_pdf
from oms.core.readable import row_of
from oms.desk.public import private
from orders.models import Order, Quotation
from orders.quotations import accept_quotation, decline_quotation, offered, withdraw_quotation
from orders.states import QuotationState

_CUSTOMER = "customer"


@staff_may("orders.view_order")
def quotations(request: HttpRequest) -> HttpResponse:
    """List quotations, the latest first."""
    show = request.GET.get("show", "")
    rows = Quotation.objects.select_related("customer", "order")
    rows = rows.filter(state=show) if show in QuotationState.values else rows
    page = keyset_page(rows, order=("-id",), after=request.GET.get("after", ""))
    context = {"page": page, "show": show, "shows": QuotationState.choices, "query": f"show={show}" if show else ""}
    return render(request, "orders/quotations.html", context)


@staff_may("orders.view_order")
def quotation(request: HttpRequest, number: str) -> HttpResponse:
    """Show a quotation: what is offered, until when, and what became of it."""
    found = _numbered(number)
    context = {
        **_offer(found),
        "events": Event.objects.filter(subject="quotation", subject_id=found.pk).order_by("-id")[:50],
        "may_withdraw": found.state == QuotationState.OPEN and may(request.user, "orders.place_order"),
    }
    return render(request, "orders/quotation.html", context)


@require_POST
@staff_may("orders.place_order")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Offer it no more."""
    withdraw_quotation(_numbered(number).pk, actor=actor_of(request.user))
    messages.success(request, _("%(number)s is withdrawn.") % {"number": number})
    return redirect("quotation", number)


# --- the customer's page ---


@login_not_required
@never_cache
def public_quotation(request: HttpRequest, token: str) -> HttpResponse:
    """Show a customer what is offered to them, in their language, with a button to accept it."""
    return _public(request, _by_token(token))


@login_not_required
@never_cache
@require_POST
def answer_quotation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept or decline it for the customer who has the link."""
    found = _by_token(token)
    try:
        if request.POST.get("answer") == "accept":
            order = accept_quotation(found.pk, actor=_CUSTOMER)
            stations.walk(order.pk, model=Order)
        elif request.POST.get("answer") == "decline":
            decline_quotation(found.pk, actor=_CUSTOMER)
    except BusinessError as error:
        return _public(request, _by_token(token), error)
    return redirect("public_quotation", token)


def _public(request: HttpRequest, found: Quotation, error: BusinessError | None = None) -> HttpResponse:
    with translation.override(found.language):
        direction = "rtl" if translation.get_language_bidi() else "ltr"
        context = {**_offer(found), "error": error, "company": settings.COMPANY, "direction": direction}
        return private(render(request, "orders/public_quotation.html", context, status=409 if error else 200))


# --- the paper ---


def render_quotation(found: Quotation) -> bytes:
    """Render a quotation in the customer's language. Writes nothing."""
    with translation.override(found.language):
        return render_pdf("orders/documents/quotation.html", _offer(found) | {"company": settings.COMPANY, "public_url": settings.PUBLIC_URL})


def keep_quotations(rendered: list[tuple[Quotation, bytes]]) -> None:
    """Keep rendered quotations and queue the mails that carry them."""
    documents = keep([("quotation", f"{found.number}.pdf", "application/pdf", content) for found, content in rendered])
    for (found, _content), document in zip(rendered, documents, strict=True):
        found.document = document
    rows = [found for found, _content in rendered]
    bulk.save_all(rows, "document")
    queue(_mail(found) for found in rows if found.email)


def _mail(found: Quotation) -> Message:
    order, _lines, _charges = offered(found)
    return Message(
        kind="quotation",
        recipient=found.email,
        language=found.language,
        document_id=found.document_id,
        data={
            "number": found.number,
            "name": order.bill_to.get("name", ""),
            "total": str(found.total),
            "currency": found.currency,
            "valid_until": found.valid_until.isoformat(),
            "token": found.public_token,
        },
    )


def _offer(found: Quotation) -> dict[str, Any]:
    """Give what the pages and the paper show of an offer. One query beside the quotation's own."""
    order, lines, charges = offered(found)
    skus = Sku.objects.in_bulk([line.sku_id for line in lines])
    for line in lines:
        line.sku = skus[line.sku_id]
    taxes: dict[tuple[str, Decimal], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for row in (*lines, *charges):
        sums = taxes[row.tax_name, row.tax_rate]
        sums[0] += row.net
        sums[1] += row.tax
    return {
        "quotation": found,
        "order": order,
        "lines": lines,
        "charges": charges,
        "has_discounts": any(row.discount for row in (*lines, *charges)),
        "taxes": [(name, *sums) for (name, _rate), sums in sorted(taxes.items(), key=lambda one: -one[0][1])],
        "buyer": paper_lines(order.bill_to, translation.get_language() or "en"),
        "delivered_to": paper_lines(order.ship_to, translation.get_language() or "en"),
        "today": timezone.localdate(),
    }


def _numbered(number: str) -> Quotation:
    pk = row_of(number, Quotation.NUMBER_PREFIX)
    found = Quotation.objects.select_related("customer", "channel", "order", "document").filter(pk=pk).first() if pk else None
    if found is None:
        raise Http404
    return found


def _by_token(token: str) -> Quotation:
    rows = Quotation.objects.select_related("customer", "channel", "order", "document")
    found = rows.filter(public_token=token).first() if 16 <= len(token) <= 32 else None
    if found is None:
        raise Http404
    return found
