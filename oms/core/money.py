"""Money: the one place where an amount is rounded or split. Pure; knows nothing of Django.

An amount is a `Decimal` and travels beside its ISO 4217 currency code. Rounding is half up, to the
currency's own number of digits (JPY 0, GBP 2, KWD 3; source: Unicode CLDR through Babel).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import get_global

ZERO = Decimal(0)
# A price of one unit may be finer than the smallest coin: 0.0125 for a screw. As many digits as its column has.
_UNIT_PRICE = Decimal("0.0001")


@cache
def digits(currency: str) -> int:
    """Give the number of decimal digits of `currency` (CLDR; 2 where CLDR says nothing)."""
    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


@cache
def cent(currency: str) -> Decimal:
    """Give the smallest amount of `currency`: 0.01 for GBP, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-digits(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round `amount` half up to the digits of `currency`."""
    return amount.quantize(cent(currency), rounding=ROUND_HALF_UP)


def round_unit_price(amount: Decimal) -> Decimal:
    """Round the price of one unit half up to the four digits that it is kept with."""
    return amount.quantize(_UNIT_PRICE, rounding=ROUND_HALF_UP)


def in_cents(amount: Decimal, currency: str) -> int:
    """Give how many of the smallest coins of `currency` a rounded amount is: sums over many amounts are quicker in whole numbers."""
    return int(amount.scaleb(digits(currency)))


def from_cents(cents: int, currency: str) -> Decimal:
    """Give the amount that so many of the smallest coins of `currency` are."""
    return Decimal(cents).scaleb(-digits(currency))


class Coins(dict[int, Decimal]):
    """Amounts of `currency` by how many of its smallest coins they are, each made once: `coins[495]` is 4.95."""

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency

    def __missing__(self, cents: int) -> Decimal:
        amount = self[cents] = from_cents(cents, self.currency)
        return amount


def part_of_cents(cents: int, numerator: int, denominator: int) -> int:
    """Give so large a part of `cents`, none of them below zero, rounded half up."""
    return (2 * cents * numerator + denominator) // (2 * denominator)


def parts_of_cents(cents: Sequence[int], numerator: int, denominator: int) -> list[int]:
    """As `part_of_cents`, of each of many."""
    twice, whole = 2 * numerator, 2 * denominator
    return [(each * twice + denominator) // whole for each in cents]


def split_cents(cents: int, weights: Sequence[int]) -> list[int]:
    """As `split`, in whole numbers: `cents` and `weights` are not below zero, and no part is more than its weight where all are not."""
    total = sum(weights)
    if total <= 0:
        raise ValueError("split needs at least one weight above zero")
    products = [cents * weight for weight in weights]
    parts = [product // total for product in products]
    if missing := cents - sum(parts):
        remainders = [part * total - product for part, product in zip(parts, products, strict=True)]
        # Sorting keeps the order of those that are alike: ties go to the earlier part.
        for i in sorted(range(len(parts)), key=remainders.__getitem__)[:missing]:
            parts[i] += 1
    return parts


def split(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Split `amount` in proportion to `weights` so that the parts sum to it to the last cent.

    Largest-remainder method (Hamilton). `weights` are ≥ 0 and not all zero; `amount` is already rounded and may be
    negative. Ties go to the earlier part, so the result is the same every time.
    """
    total = sum(weights)
    if total <= 0:
        raise ValueError("split needs at least one weight above zero")
    unit = cent(currency)
    cents = int(abs(amount) / unit)
    sign = -1 if amount < 0 else 1
    exact = [Decimal(cents) * weight / total for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    return [sign * part * unit for part in parts]


def portion(total: Decimal, *, done: int, quantity: int, of: int, currency: str) -> Decimal:
    """Give what `quantity` units out of `of` carry of `total`, when `done` units were taken before.

    Cumulative rounding: any sequence of portions that adds up to `of` units adds up to `total` exactly.
    """
    if done + quantity == of and done == 0:
        return total
    upto = round_amount(total * (done + quantity) / of, currency)
    before = round_amount(total * done / of, currency) if done else ZERO
    return upto - before
