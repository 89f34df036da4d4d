"""Redeeming promotions: a budget, a code and a first order are given away once, however many orders come at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from customers.models import Customer
from customers.services import lock_customers
from oms.core import bulk
from oms.core.locks import lock
from oms.core.reading import read
from orders.models import Order, Promotion, PromotionCode, PromotionRedemption
from orders.pricebook import Code, PriceBook, Taken
from orders.pricing import Effect


@dataclass
class Claims:
    """The promotions that a batch may use up, locked until its transaction ends."""

    promotions: dict[int, Promotion]
    codes: dict[int, PromotionCode]


def is_scarce(effect: Effect) -> bool:
    """Say whether what is used is not there for everybody: two orders at once could have the same."""
    promotion = effect.promotion
    return promotion.budget_left is not None or promotion.uses_left is not None or promotion.first_order_only


def claim(book: PriceBook, buyers: Collection[Customer]) -> tuple[PriceBook, Claims]:
    """Lock all that `book` has of scarce promotions, for `buyers`; give it as it is now.

    Locks the customers who may have their first order, then the promotions, then the codes. At most four statements.
    """
    if any(promotion.first_order_only for promotion in book.promotions):
        first = {customer.pk for customer in buyers if book.is_first(customer)}
        lock_customers(first)
        book = replace(book, has_ordered=_have_ordered(first))
    wanted = [promotion.key for promotion in book.promotions if promotion.budget_left is not None]
    promotions = {row.pk: row for row in lock(Promotion.objects.filter(pk__in=wanted))} if wanted else {}
    limited = [code.pk for code in book.codes.values() if code.uses_left is not None]
    codes = {row.pk: row for row in lock(PromotionCode.objects.filter(pk__in=limited))} if limited else {}
    return _as_it_is(book, promotions, codes), Claims(promotions, codes)


def redeem(claims: Claims, taken: Taken, used: Sequence[tuple[Order, Effect, Code | None]]) -> None:
    """Write down what was `used` and count what is scarce of it. At most three statements, whatever the batch's size."""
    counted = []
    for key, amount in taken.amounts.items():
        if promotion := claims.promotions.get(key):
            promotion.used_amount += amount
            counted.append(promotion)
    bulk.save_all(counted, "used_amount")
    codes = []
    for key, uses in taken.uses.items():
        if code := claims.codes.get(key):
            code.used += uses
            codes.append(code)
    bulk.save_all(codes, "used")
    now = timezone.now()
    bulk.insert_all(
        [
            PromotionRedemption(
                promotion_id=effect.promotion.key,
                code_id=code.pk if code else None,
                order_id=order.pk,
                amount=effect.total,
                first_order_of_id=order.customer_id if effect.promotion.first_order_only else None,
                redeemed_at=now,
            )
            for order, effect, code in used
        ]
    )


def _have_ordered(customers: Collection[int]) -> frozenset[int]:
    rows = read("SELECT DISTINCT customer_id FROM orders_order WHERE customer_id = ANY(%s) AND placed_at IS NOT NULL", [list(customers)])
    return frozenset(pk for (pk,) in rows)


def _as_it_is(book: PriceBook, promotions: dict[int, Promotion], codes: dict[int, PromotionCode]) -> PriceBook:
    left = {pk: None if row.budget is None else row.budget - row.used_amount for pk, row in promotions.items()}
    uses = {pk: None if row.most_uses is None else row.most_uses - row.used for pk, row in codes.items()}
    return replace(
        book,
        promotions=[replace(one, budget_left=left[one.key]) if one.key in left else one for one in book.promotions],
        codes={text: replace(code, uses_left=uses[code.pk]) if code.pk in uses else code for text, code in book.codes.items()},
    )
