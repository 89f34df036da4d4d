"""Reads of the books."""

from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounting.models import Account, Invoice, Payment
from orders.models import Order


def invoices_of(order: Order) -> QuerySet[Invoice]:
    """Give the invoices and credit notes of an order, the oldest first. One query."""
    return Invoice.objects.filter(order=order).order_by("id")


def payments_of(order: Order) -> QuerySet[Payment]:
    """Give the payments on an order, the oldest first. One query."""
    return Payment.objects.filter(order=order).order_by("id")


def trial_balance(*, since: date | None = None, until: date | None = None) -> QuerySet[Account]:
    """Give the accounts with what was debited and credited on them, `debits` and `credits`, in the books' currency. One query."""
    days = Q()
    if since:
        days &= Q(lines__entry__posted_on__gte=since)
    if until:
        days &= Q(lines__entry__posted_on__lte=until)
    zero = Decimal(0)
    return Account.objects.annotate(
        debits=Coalesce(Sum("lines__books_debit", filter=days), zero), credits=Coalesce(Sum("lines__books_credit", filter=days), zero)
    ).order_by("code")
