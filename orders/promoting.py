"""Changing a promotion that orders have had already: how much of it there is, and until when."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from oms.core.money import ZERO
from orders.models import Promotion, PromotionRedemption

MOST_BUDGET = Decimal(1_000_000_000)


def change_promotion(pk: int, *, budget: Decimal | None, last_on: date | None, seen: str = "", actor: str) -> Promotion:
    """Give a promotion another budget, or none, and another last day, or none. Orders placed before keep what they have.

    `seen`: the version that this is a change of; Conflict where it is another by now. Locks the promotion. Changing nothing is no change. Raises
    NotFound; Invalid for a budget below what orders have taken, and an end before the beginning. Records `promotion.changed`.
    """
    if budget is not None and not (budget.is_finite() and 0 <= budget <= MOST_BUDGET):
        raise Invalid(_("A budget is an amount from 0 on; leave it empty where there is none."), pointer="/budget")
    with transaction.atomic():
        promotion = locked(pk)
        if seen and seen != version_of(promotion):
            raise Conflict(_("Somebody has changed %(promotion)s in the meantime: look at it again.") % {"promotion": promotion.name})
        since = promotion.valid_on.lower if promotion.valid_on else None
        if since and last_on and last_on < since:
            raise Invalid(_("It begins on %(since)s: it cannot end before.") % {"since": since.isoformat()}, pointer="/last_on")
        changes = []
        if budget != promotion.budget:
            changes.append(_("budget %(before)s → %(after)s") % {"before": _told(promotion.budget), "after": _told(budget)})
        if last_on != promotion.last_on:
            changes.append(_("until %(before)s → %(after)s") % {"before": _told(promotion.last_on), "after": _told(last_on)})
        if not changes:
            return promotion
        promotion.budget = budget
        promotion.valid_on = DateRange(since, last_on + timedelta(days=1) if last_on else None) if since or last_on else None
        _save(promotion)
        record_change(promotion, changes, actor=actor)
    return promotion


def taken(promotion: Promotion) -> Decimal:
    """Give what orders that were not cancelled have taken of it, whether it has a budget or not."""
    rows = PromotionRedemption.objects.filter(promotion=promotion)
    return rows.aggregate(taken=Sum(F("amount") - F("given_back")))["taken"] or ZERO


def locked(pk: int) -> Promotion:
    """Lock a promotion and give it as it is now. Raises NotFound."""
    try:
        return lock_one(Promotion.objects.all(), pk)
    except Promotion.DoesNotExist:
        raise NotFound(_("There is no such promotion.")) from None


def record_change(promotion: Promotion, changes: list[str], *, actor: str) -> None:
    """Record that somebody has changed it, and how. Records `promotion.changed`."""
    record([fact("promotion.changed", "promotion", promotion.pk, actor=actor, name=promotion.name, changes="; ".join(changes)[:500])])


def below_taken(promotion: Promotion) -> Invalid:
    """Word that a budget is less than what is used up."""
    return Invalid(_("Orders have taken %(taken)s of it already: a budget is at least that.") % {"taken": _told(taken(promotion))}, pointer="/budget")


def version_of(promotion: Promotion) -> str:
    """Give what tells one state of what can be changed from another."""
    return f"{_told(promotion.budget)}/{_told(promotion.last_on)}"


def _save(promotion: Promotion) -> None:
    try:
        with transaction.atomic():
            promotion.save(update_fields=["budget", "valid_on"])
    except IntegrityError as error:
        if "promotion_within_budget" not in str(error):
            raise
        raise below_taken(promotion) from None


def _told(value: Decimal | date | None) -> str:
    if value is None:
        return _("none")
    return value.isoformat() if isinstance(value, date) else f"{value:.2f}"
