"""What a customer may owe, and how long: changed with a reason, and never for what they have ordered already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from oms.core.models import Event
from oms.core.money import round_amount

MOST_DAYS = 365
MOST_LIMIT = Decimal(10) ** 12


@dataclass(frozen=True)
class Terms:
    """Days from the invoice to the payment, 0 at once, and what may be owed at most, in the customer's currency; None without a limit."""

    days: int
    limit: Decimal | None

    @property
    def version(self) -> str:
        """Tells terms that somebody has seen from others."""
        return f"{self.days}/{'' if self.limit is None else format(self.limit.normalize(), 'f')}"


def terms_of(customer: Customer) -> Terms:
    """Give what is agreed now."""
    return Terms(customer.terms_days, customer.credit_limit)


def set_terms(pk: int, terms: Terms, *, reason: str, seen: str | None = None, actor: str) -> Customer:
    """Agree on other terms, for what is ordered from now on. The same again changes nothing.

    An order has its days from when it was placed, and is screened by the higher of the limit then and the limit now. `seen`: the version that
    somebody has looked at. Locks the customer. Raises Invalid, NotFound, and Conflict where they are others by now. Records
    `customer.terms_changed` with both and the reason.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why: who agreed to it, and for which reason."), pointer="/reason")
    refuse_card_numbers({"reason": reason})
    with transaction.atomic():
        try:
            customer = lock_one(Customer.objects.all(), pk)
        except Customer.DoesNotExist:
            raise NotFound(_("There is no such customer.")) from None
        before, terms = terms_of(customer), _checked(terms, customer.currency)
        if terms == before:
            return customer
        if seen is not None and seen != before.version:
            raise Conflict(_("Somebody has changed the terms since you looked: look at them again."))
        customer.terms_days, customer.credit_limit = terms.days, terms.limit
        changed = terms_changed(customer, before, reason=reason, actor=actor)
        customer.save(update_fields=["terms_days", "credit_limit", "terms_changed_at"])
        record([changed])
    return customer


def terms_changed(customer: Customer, before: Terms, *, reason: str, actor: str) -> Event:
    """Word that the terms of a customer were others before, and note on their row when that was. Saves nothing."""
    after = terms_of(customer)
    told = fact(
        "customer.terms_changed",
        "customer",
        customer.pk,
        actor=actor,
        terms_days=after.days,
        credit_limit=_told(after.limit),
        before={"terms_days": before.days, "credit_limit": _told(before.limit)},
        currency=customer.currency,
        reason=reason[:300],
    )
    customer.terms_changed_at = told.happened_at
    return told


def limits_for(customers: Mapping[int, Customer], placed: Sequence[tuple[int, datetime]]) -> list[Decimal | None]:
    """Give for each order (customer, when it was placed) the credit limit it is measured by: the higher of what held then and what holds now.

    No query where nobody's terms have changed since; one where somebody's have.
    """
    moved = {pk for pk, at in placed if (changed_at := customers[pk].terms_changed_at) is not None and changed_at > at}
    changes: dict[int, list[Event]] = {}
    if moved:
        since = min(at for pk, at in placed if pk in moved)
        for event in Event.objects.filter(kind="customer.terms_changed", subject="customer", subject_id__in=moved, happened_at__gt=since).order_by(
            "id"
        ):
            changes.setdefault(event.subject_id, []).append(event)
    limits = []
    for pk, at in placed:
        limit = customers[pk].credit_limit
        first = next((event for event in changes.get(pk, ()) if event.happened_at > at), None)
        limits.append(limit if first is None else _higher(limit, _read(first.data["before"]["credit_limit"])))
    return limits


def _checked(terms: Terms, currency: str) -> Terms:
    if not 0 <= terms.days <= MOST_DAYS:
        raise Invalid(_("Terms are 0 to %(most)d days.") % {"most": MOST_DAYS}, pointer="/terms_days")
    if terms.limit is not None and not (
        terms.limit.is_finite() and 0 <= terms.limit < MOST_LIMIT and round_amount(terms.limit, currency) == terms.limit
    ):
        raise Invalid(
            _("A credit limit is an amount in %(currency)s such as 500, or empty for none.") % {"currency": currency}, pointer="/credit_limit"
        )
    return terms


def _higher(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else max(one, other)


def _told(limit: Decimal | None) -> str | None:
    return None if limit is None else format(limit, "f")


def _read(limit: Any) -> Decimal | None:
    return None if limit is None else Decimal(limit)
