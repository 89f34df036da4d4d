"""Vendors' bills: the list, the page of one, the form to enter one, and what has come and is not billed."""

import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounting.bill_selectors import ToBill, costs_to_bill, differences_of, held_bills, lines_shown, owed, to_bill
from accounting.billing import BillDraft, BillLineDraft, approve_bill, credit_bill, enter_bill, reject_bill
from accounting.models import JournalEntry, VendorBill
from accounting.states import BillState, CreditReason
from accounting.unbilled import MOST, by_vendor, unbilled_by_age, unbilled_orders
from inventory.models import LandedCost, PurchaseOrder, Vendor
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.models import Event
from oms.core.money import ZERO, round_amount
from oms.core.pages import keyset_page
from oms.core.readable import row_of

MOST_VENDORS = 500
SHOWS = {
    "all": lambda: _("All"),
    "held": lambda: _("Held"),
    "open": lambda: _("To pay"),
    "overdue": lambda: _("Overdue"),
    "credit_notes": lambda: _("Credit notes"),
    "rejected": lambda: _("Sent back"),
}


@staff_may("accounting.view_vendorbill")
def bills(request: HttpRequest) -> HttpResponse:
    """List vendors' bills, the newest first; those to pay by when they are due."""
    show = request.GET.get("show", "all")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    rows = _shown(VendorBill.objects.select_related("vendor"), show)
    if text:
        rows = rows.filter(Q(pk=row_of(text, VendorBill.NUMBER_PREFIX) or 0) | Q(reference__icontains=text) | Q(vendor__name__icontains=text))
    order = ("due_on", "id") if show in ("open", "overdue") else ("-id",)
    page = keyset_page(rows, order=order, after=request.GET.get("after", ""))
    today = timezone.localdate()
    reasons = differences_of(page.rows)
    for row in page.rows:
        row.reasons = reasons[row.pk]  # type: ignore[attr-defined]
        row.days = (today - row.billed_on).days  # type: ignore[attr-defined]
    context = {
        "page": page,
        "show": show,
        "shows": [(name, title()) for name, title in SHOWS.items()],
        "q": text,
        "query": f"show={show}&q={text}",
        "owed": owed(),
        "held": VendorBill.objects.filter(state=BillState.HELD).count(),
        "currency": settings.BOOKS_CURRENCY,
        "today": today,
    }
    return render(request, "accounting/bills.html", context)


def _shown(rows: QuerySet[VendorBill], show: str) -> QuerySet[VendorBill]:
    if show == "held":
        return rows.filter(state=BillState.HELD)
    if show == "open":
        return rows.open()  # type: ignore[attr-defined]
    if show == "overdue":
        return rows.open().filter(due_on__lt=timezone.localdate())  # type: ignore[attr-defined]
    if show == "rejected":
        return rows.filter(state=BillState.REJECTED)
    return rows.filter(kind="credit_note") if show == "credit_notes" else rows


@staff_may("accounting.view_vendorbill")
def bill(request: HttpRequest, number: str) -> HttpResponse:
    """Show a bill beside what was ordered and has come, what differs, and what can be done about it."""
    found = get_object_or_404(VendorBill.objects.select_related("vendor", "credits", "reversed_by"), pk=_row(number))
    lines = lines_shown(found)
    context = {
        "bill": found,
        "lines": lines,
        "orders": list({line.order.pk: line.order for line in lines if line.order}.values()),
        "reasons": [row.sentence(found.currency, settings.BOOKS_CURRENCY) for line in lines for row in line.differences if row.settled_at is None],
        "settled": [
            (row.sentence(found.currency, settings.BOOKS_CURRENCY), row) for line in lines for row in line.differences if row.settled_at is not None
        ],
        "credit_notes": found.credit_notes.order_by("id"),
        "entry": JournalEntry.objects.filter(source="vendor_bill", source_id=found.pk).prefetch_related("lines__account").first(),
        "events": Event.objects.filter(subject="bill", subject_id=found.pk).order_by("-id")[:50],
        "credit_reasons": CreditReason.choices,
        "books": settings.BOOKS_CURRENCY,
        "today": timezone.localdate(),
    }
    return render(request, "accounting/bill.html", context)


@staff_may("accounting.enter_bill")
def enter(request: HttpRequest, number: str) -> HttpResponse:
    """Enter a vendor's bill on a purchase order: filled in with what has come and is not billed, at the prices as ordered.

    With `for=costs`, a bill for its freight and duty alone, which may be another vendor's.
    """
    pk = row_of(number, PurchaseOrder.NUMBER_PREFIX)
    order = get_object_or_404(PurchaseOrder.objects.select_related("vendor", "warehouse"), pk=pk or 0)
    only_costs = request.GET.get("for") == "costs"
    lines, costs = [] if only_costs else to_bill(order), costs_to_bill(order)
    error: BusinessError | None = None
    if request.method == "POST":
        try:
            made = enter_bill(_draft(request, order, lines, costs), actor=actor_of(request.user))
        except BusinessError as refused:
            error = refused
        else:
            messages.success(request, _entered(made))
            return redirect("bill", made.number)
    context = {
        "order": order,
        "rows": [_row_of_form(request, line, order.currency) for line in lines],
        "costs": [
            (cost, request.POST.get(f"cost-{cost.pk}", f"{round_amount(cost.amount, settings.BOOKS_CURRENCY):f}" if only_costs else ""))
            for cost in costs
        ],
        "held": held_bills([order.pk]).get(order.pk, []),
        "form": _typed(request, order, only_costs=only_costs),
        "only_costs": only_costs,
        "vendors": Vendor.objects.filter(is_active=True).order_by("name", "id")[:MOST_VENDORS] if only_costs else [],
        "error": error,
        "books": settings.BOOKS_CURRENCY,
        "asks_rate": only_costs or order.currency != settings.BOOKS_CURRENCY,
    }
    return render(request, "accounting/bill_form.html", context, status=error.status if error else 200)


def _entered(made: VendorBill) -> str:
    said = _("%(number)s is posted.") if made.state == BillState.POSTED else _("%(number)s is held: look at what differs.")
    return said % {"number": made.number}


def _typed(request: HttpRequest, order: PurchaseOrder, *, only_costs: bool) -> dict[str, str]:
    """Give what stands in the form: what was typed, or what it opens with."""
    opens_with = {
        "key": uuid.uuid4().hex,
        "vendor": str(order.vendor_id),
        "reference": "",
        "billed_on": timezone.localdate().isoformat(),
        "due_on": "",
        "tax": "",
        "total": "",
        "books_rate": ""
        if only_costs
        else f"{(order.vendor.books_rate if order.vendor.currency == order.currency else order.books_rate).normalize():f}",
        "note": "",
    }
    return {name: request.POST.get(name, value) for name, value in opens_with.items()}


def _row_of_form(request: HttpRequest, row: ToBill, currency: str) -> dict[str, Any]:
    rounded = round_amount(row.line.unit_cost, currency)
    price = rounded if rounded == row.line.unit_cost else row.line.unit_cost.normalize()
    return {
        "line": row.line,
        "billed": row.billed,
        "held": row.held,
        "left": row.left,
        "quantity": request.POST.get(f"quantity-{row.line.pk}", str(row.left)),
        "price": request.POST.get(f"price-{row.line.pk}", f"{price:f}"),
    }


def _draft(request: HttpRequest, order: PurchaseOrder, lines: list[ToBill], costs: list[LandedCost]) -> BillDraft:
    """Read the form. Raises Invalid for what is no number or no day."""
    said = request.POST
    drafts = []
    for row in lines:
        quantity = _whole(said.get(f"quantity-{row.line.pk}", ""))
        if quantity:
            drafts.append(BillLineDraft(_amount(said.get(f"price-{row.line.pk}", ""), "/price"), quantity, purchase_line_id=row.line.pk))
    for cost in costs:
        if text := said.get(f"cost-{cost.pk}", "").strip():
            drafts.append(BillLineDraft(_amount(text, "/cost"), landed_cost_id=cost.pk))
    rate, total = said.get("books_rate", "").strip(), said.get("total", "").strip()
    billed_on = _day(said.get("billed_on", ""))
    if billed_on is None:
        raise Invalid(_("Give the day that stands on the bill."), pointer="/billed_on")
    return BillDraft(
        vendor_id=_whole(said.get("vendor", "")) or order.vendor_id,
        reference=said.get("reference", ""),
        billed_on=billed_on,
        due_on=_day(said.get("due_on", "")),
        lines=drafts,
        tax=_amount(said.get("tax", "").strip() or "0", "/tax"),
        total=_amount(total, "/total") if total else None,
        books_rate=_amount(rate, "/books_rate") if rate else None,
        note=said.get("note", ""),
        key=said.get("key", ""),
    )


@require_POST
@staff_may("accounting.release_bill")
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Post a held bill in spite of what differs."""
    made = approve_bill(_row(number), note=request.POST.get("note", ""), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is released and posted.") % {"number": made.number})
    return redirect("bill", number)


@require_POST
@staff_may("accounting.release_bill")
def reject(request: HttpRequest, number: str) -> HttpResponse:
    """Send a held bill back."""
    made = reject_bill(_row(number), note=request.POST.get("note", ""), actor=actor_of(request.user))
    messages.success(request, _("%(number)s is sent back: it is not paid.") % {"number": made.number})
    return redirect("bill", number)


@require_POST
@staff_may("accounting.release_bill")
def credit(request: HttpRequest, number: str) -> HttpResponse:
    """Book the vendor's credit note on a posted bill."""
    reason = request.POST.get("reason", "")
    is_amount = reason != CreditReason.WRONG_BILL
    made = credit_bill(
        _row(number),
        reference=request.POST.get("reference", ""),
        reason=reason,
        billed_on=_day(request.POST.get("billed_on", "")) or timezone.localdate(),
        net=_amount(request.POST.get("net", "").strip() or "0", "/net") if is_amount else ZERO,
        tax=_amount(request.POST.get("tax", "").strip() or "0", "/tax") if is_amount else ZERO,
        note=request.POST.get("note", ""),
        actor=actor_of(request.user),
    )
    messages.success(request, _("Credit note %(reference)s is booked as %(number)s.") % {"reference": made.reference, "number": made.number})
    return redirect("bill", made.number)


@staff_may("accounting.view_vendorbill")
def unbilled(request: HttpRequest) -> HttpResponse:
    """Show what has come and is not billed, by vendor and age."""
    rows = unbilled_orders()
    held = held_bills(row.order_id for row in rows[:MOST])
    context = {
        "vendors": by_vendor(rows[:MOST], held),
        "has_more": len(rows) > MOST,
        "ages": unbilled_by_age(),
        "currency": settings.BOOKS_CURRENCY,
    }
    return render(request, "accounting/unbilled.html", context)


def _row(number: str) -> int:
    pk = row_of(number, VendorBill.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk


def _whole(text: str) -> int:
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise Invalid(_("A quantity is a whole number, zero for what is not on the bill."), pointer="/quantity")
    return int(text or 0)


def _amount(text: str, pointer: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ".").strip()) if len(text) <= 30 else Decimal("NaN")
    except InvalidOperation:
        raise Invalid(_("An amount is a number like 12.50."), pointer=pointer) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid(_("A day is written like 2026-01-31."), pointer="/billed_on") from None
