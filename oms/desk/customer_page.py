"""A customer at a glance, composed of what every app knows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounting.models import Invoice, Payment
from customers.agreeing import consents_of
from customers.duplicates import duplicates_of
from customers.models import Customer, CustomerMerge, Note
from customers.states import ConsentChannel, NoteKind, PaymentMethod
from customers.terms import terms_of
from customers.views import row_or_404
from oms.core.access import may, staff_may
from oms.core.models import Event, Message
from oms.core.money import round_amount
from oms.core.pages import keyset_page
from orders.history import Year, habits_of, standing_of, volume_by_year
from orders.models import CustomerPart, Order, StandingOrder

# Of how many orders the timeline tells, and how many moments.
TOLD_ORDERS, MOST_MOMENTS = 40, 40
FEW_PARTS = 8


@staff_may("customers.view_customer")
def customer(request: HttpRequest, number: str) -> HttpResponse:
    """Show a customer: what colleagues should know first, what they bought and owe, their habits, orders, money, and how they are reached."""
    found = Customer.objects.select_related("channel", "group").filter(pk=row_or_404(number)).first()
    if found is None:
        raise Http404
    if found.merged_into_id is not None:
        return redirect("customer", found.kept.number)
    orders = Order.objects.filter(customer=found, placed_at__isnull=False)
    notes = list(found.notes.all()[:50])
    invoices = Invoice.objects.open().filter(customer=found)
    consents = consents_of(found)
    context = {
        "customer": found,
        "merges": CustomerMerge.objects.filter(kept=found, undone_at__isnull=True).select_related("gone"),
        "alike": duplicates_of(found.pk) if may(request.user, "customers.merge_customers") else [],
        "page": keyset_page(orders, order=("-placed_at", "-id"), after=request.GET.get("after", ""), size=15),
        "average": found.orders_total / found.orders_count if found.orders_count else None,
        "standing": standing_of(found.pk),
        "years": _drawn(volume_by_year(found.pk, today=timezone.localdate())),
        "habits": habits_of(found.pk),
        "standing_orders": StandingOrder.objects.filter(customer=found).exclude(state="ended"),
        "invoices": invoices.select_related("order").order_by("due_on", "id")[:20],
        "oldest_debt": invoices.aggregate(oldest=Min("due_on"))["oldest"],
        "today": timezone.localdate(),
        "payments": Payment.objects.filter(customer=found).select_related("order").order_by("-id")[:10],
        "pinned": [note for note in notes if note.is_pinned],
        "complaints": [note for note in notes if note.kind == NoteKind.COMPLAINT and note.settled_at is None],
        "notes": notes,
        "telephones": found.telephones.all(),
        "emails": found.emails.all(),
        "contacts": found.contacts.all(),
        "addresses": found.addresses.all(),
        "part_numbers": CustomerPart.objects.filter(customer=found).select_related("sku").order_by("code")[: FEW_PARTS + 1],
        "terms": terms_of(found),
        "limit_typed": "" if found.credit_limit is None else f"{round_amount(found.credit_limit, found.currency):f}",
        "preferences": found.payment_preferences.all(),
        "consents": [(label, consents.get(channel)) for channel, label in ConsentChannel.choices],
        "channels": ConsentChannel.choices,
        "methods": PaymentMethod.choices,
        "note_kinds": NoteKind.choices,
        "moments": _moments(found.pk, notes),
    }
    return render(request, "customers/customer.html", context)


@dataclass(frozen=True)
class Bar:
    """A year of the chart, of 100 units of height."""

    year: Year
    x: int
    y: int
    height: int


def _drawn(years: Sequence[Year]) -> list[Bar]:
    most = max((year.total for year in years), default=0)
    heights = [round(86 * year.total / most) if most else 0 for year in years]
    return [Bar(year, 70 * number + 10, 90 - height, height) for number, (year, height) in enumerate(zip(years, heights, strict=True))]


@dataclass(frozen=True)
class Moment:
    """One thing on the timeline: an event, a mail, or what a colleague wrote."""

    at: datetime
    by: str
    order: str = ""
    event: Event | None = None
    mail: Message | None = None
    note: Note | None = None


def _moments(pk: int, notes: Sequence[Note]) -> list[Moment]:
    """Give what happened with a customer last, on their own and over their latest orders, the latest first. Three queries."""
    orders = {
        order.pk: order.number for order in Order.objects.filter(customer=pk, placed_at__isnull=False).order_by("-placed_at", "-id")[:TOLD_ORDERS]
    }
    events = Event.objects.filter(Q(subject="customer", subject_id=pk) | Q(order_id__in=orders)).order_by("-id")[:MOST_MOMENTS]
    mails = Message.objects.filter(order_id__in=orders).order_by("-id")[:MOST_MOMENTS]
    moments = [Moment(event.happened_at, event.actor, orders.get(event.order_id or 0, ""), event=event) for event in events]
    moments += [Moment(mail.created_at, "", orders.get(mail.order_id or 0, ""), mail=mail) for mail in mails]
    moments += [Moment(note.created_at, note.author, note=note) for note in notes]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOST_MOMENTS]
