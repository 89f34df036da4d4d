"""Redeeming promotions: a budget, a code, a turn and a first order are given away once, however many orders come at once.

What a cancelled order had of them is given back by the database itself, whoever cancels it, as its units are (orders.models.lines).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import lock_customers
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.locks import lock
from oms.core.reading import read
from orders.models import Order, OrderLine, Promotion, PromotionCode, PromotionRedemption
from orders.pricebook import HAVE_ORDERED, Code, PriceBook, had_by
from orders.pricing import Effect

# What the database refuses whoever is given more of a promotion than there is.
_BOUNDS = (
    "promotion_within_budget",
    "promotion_code_within_uses",
    "promotion_turn_comes_once",
    "promotion_turns_of_a_customer",
    "first_order_comes_once",
)


@dataclass(frozen=True)
class Redeemed:
    """What a promotion took off an order, which is saved, and by which code. `parts`: what of it is off each line."""

    order: Order
    effect: Effect
    code: Code | None
    parts: Sequence[tuple[OrderLine, Decimal]]


def is_scarce(effect: Effect) -> bool:
    """Say whether what is used is not there for everybody: two orders at once could have the same."""
    promotion = effect.promotion
    bounds = (promotion.budget_left, promotion.uses_left, promotion.turns_left)
    return promotion.first_order_only or any(bound is not None for bound in bounds)


def claim(book: PriceBook, buyers: Collection[Customer]) -> PriceBook:
    """Lock all that `book` has of scarce promotions, for `buyers`, until the transaction ends; give it as it is now.

    Locks the customers who may have their first order, or all where each may have something so many times; then the promotions, then the codes.
    At most five statements.
    """
    everybody = {customer.pk for customer in buyers}
    first = {customer.pk for customer in buyers if book.is_first(customer)} if any(one.first_order_only for one in book.promotions) else set()
    if held := everybody if book.per_customer else first:
        lock_customers(held)
        book = replace(
            book,
            has_ordered=book.has_ordered | (_have_ordered(first) if first else frozenset()),
            had=had_by(everybody, book.per_customer),
        )
    wanted = [promotion.key for promotion in book.promotions if promotion.budget_left is not None]
    promotions = {row.pk: row for row in lock(Promotion.objects.filter(pk__in=wanted))} if wanted else {}
    limited = [code.pk for code in book.codes.values() if code.uses_left is not None]
    codes = {row.pk: row for row in lock(PromotionCode.objects.filter(pk__in=limited))} if limited else {}
    return _as_it_is(book, promotions, codes)


def redeem(used: Sequence[Redeemed]) -> None:
    """Write down what was `used`; the database counts what is scarce of it. One statement, whatever the batch's size.

    Raises Conflict where it is bounded only since it was read, and so was not claimed, and is used up.
    """
    now = timezone.now()
    rows = [
        PromotionRedemption(
            promotion_id=one.effect.promotion.key,
            code_id=one.code.pk if one.code else None,
            order_id=one.order.pk,
            amount=one.effect.total,
            parts={line.pk: f"{amount:f}" for line, amount in one.parts},
            customer_id=one.order.customer_id,
            first_order_of_id=one.order.customer_id if one.effect.promotion.first_order_only else None,
            redeemed_at=now,
        )
        for one in used
    ]
    try:
        bulk.insert_all(rows)
    except IntegrityError as error:
        if not any(bound in str(error) for bound in _BOUNDS):
            raise
        raise Conflict(_("A promotion was used up in this very moment: try again, without it.")) from None


def _have_ordered(customers: Collection[int]) -> frozenset[int]:
    return frozenset(pk for (pk,) in read(HAVE_ORDERED, [list(customers)]))


def _as_it_is(book: PriceBook, promotions: dict[int, Promotion], codes: dict[int, PromotionCode]) -> PriceBook:
    left = {pk: None if row.budget is None else row.budget - row.used_amount for pk, row in promotions.items()}
    uses = {pk: None if row.most_uses is None else row.most_uses - row.used for pk, row in codes.items()}
    return replace(
        book,
        promotions=[replace(one, budget_left=left[one.key]) if one.key in left else one for one in book.promotions],
        codes={text: replace(code, uses_left=uses[code.pk]) if code.pk in uses else code for text, code in book.codes.items()},
    )
