"""Invoices, payments and the ledger."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounting.models import Account, Invoice, JournalEntry, JournalLine
from accounting.paying import record_payment
from accounting.selectors import trial_balance
from oms.core.access import actor_of, staff_may
from oms.core.errors import Invalid
from oms.core.pages import keyset_page
from oms.core.readable import row_of
from orders.models import Order


@staff_may("accounting.view_invoice")
def invoices(request: HttpRequest) -> HttpResponse:
    """List invoices and credit notes, the newest first."""
    show = request.GET.get("show", "all")
    rows = _shown(Invoice.objects.select_related("order", "customer"), show)
    if text := request.GET.get("q", "").replace("\x00", "").strip()[:60]:
        rows = rows.filter(Q(number__iexact=text) | Q(order=row_of(text, Order.NUMBER_PREFIX) or 0) | Q(customer__name__icontains=text))
    owed = Invoice.objects.open().aggregate(total=Sum("total"), paid=Sum("paid"))
    context = {
        "page": keyset_page(rows, order=("-id",), after=request.GET.get("after", "")),
        "show": show,
        "shows": [("all", _("All")), ("open", _("Open")), ("overdue", _("Overdue")), ("paid", _("Paid")), ("credit_notes", _("Credit notes"))],
        "q": text,
        "query": f"show={show}&q={text}",
        "owed": (owed["total"] or 0) - (owed["paid"] or 0),
        "currency": settings.BOOKS_CURRENCY,
        "today": timezone.localdate(),
    }
    return render(request, "accounting/invoices.html", context)


def _shown(rows: QuerySet[Invoice], show: str) -> QuerySet[Invoice]:
    if show == "open":
        return rows.open()  # type: ignore[attr-defined]
    if show == "overdue":
        return rows.open().filter(due_on__lt=timezone.localdate())  # type: ignore[attr-defined]
    if show == "paid":
        return rows.filter(state="paid")
    return rows.filter(kind="credit_note") if show == "credit_notes" else rows


@staff_may("accounting.view_invoice")
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """Show an invoice as it was issued, and what was paid on it."""
    rows = Invoice.objects.select_related("order", "customer", "credits", "document").defer("document__content")
    found = get_object_or_404(rows, number=number)
    lines = list(found.lines.select_related("order_line__sku"))
    context = {
        "invoice": found,
        "lines": lines,
        "has_discounts": any(line.discount for line in lines),
        "allocations": found.allocations.select_related("payment"),
        "entry": JournalEntry.objects.filter(source="invoice", source_id=found.pk).prefetch_related("lines__account").first(),
    }
    return render(request, "accounting/invoice.html", context)


@require_POST
@staff_may("accounting.record_payment")
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Record a payment on an order."""
    pk = row_of(number, Order.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    try:
        amount = Decimal(request.POST.get("amount", "").replace(",", ".").strip())
    except InvalidOperation:
        raise Invalid(_("A payment is an amount above zero, in whole cents."), pointer="/amount") from None
    payment = record_payment(
        pk,
        amount=amount,
        method=request.POST.get("method", ""),
        reference=request.POST.get("reference", "").replace("\x00", "")[:100],
        actor=actor_of(request.user),
    )
    messages.success(request, _("Payment %(reference)s is recorded.") % {"reference": payment.reference})
    return redirect("order", number)


@staff_may("accounting.view_ledger")
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the trial balance of the days asked for."""
    since, until = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    accounts = list(trial_balance(since=since, until=until))
    context = {
        "accounts": accounts,
        "debits": sum(account.debits for account in accounts),
        "credits": sum(account.credits for account in accounts),
        "since": since,
        "until": until,
        "currency": settings.BOOKS_CURRENCY,
    }
    return render(request, "accounting/ledger.html", context)


@staff_may("accounting.view_ledger")
def entries(request: HttpRequest) -> HttpResponse:
    """List journal entries with their lines, the newest first."""
    rows = JournalEntry.objects.prefetch_related("lines__account")
    page = keyset_page(rows, order=("-id",), after=request.GET.get("after", ""))
    return render(request, "accounting/entries.html", {"page": page, "currency": settings.BOOKS_CURRENCY})


@staff_may("accounting.view_ledger")
def account(request: HttpRequest, code: str) -> HttpResponse:
    """List what was booked on an account, the newest first."""
    found = get_object_or_404(Account, code=code)
    rows = JournalLine.objects.filter(account=found).select_related("entry")
    page = keyset_page(rows, order=("-id",), after=request.GET.get("after", ""), size=100)
    return render(request, "accounting/account.html", {"account": found, "page": page, "currency": settings.BOOKS_CURRENCY})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(_("A day is written like 2026-01-31."), pointer="/since") from None
