"""Comparing a vendor's bill with what was ordered and what has come. Pure: plain values in, differences and amounts out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.core.money import ZERO, round_amount

PRICE = "price"
NOT_RECEIVED = "not_received"
LANDED_COST = "landed_cost"
BILLED_TWICE = "billed_twice"


@dataclass
class Supply:
    """A purchase order's line as it stands: `received` units worth `value`, of which `billed` units have taken off `cleared`.

    `price`: as ordered, in the order's currency; `rate`: the order's. Values in the books' currency, `books`.
    """

    price: Decimal
    rate: Decimal
    books: str
    received: int = 0
    value: Decimal = ZERO
    billed: int = 0
    cleared: Decimal = ZERO

    @property
    def unbilled(self) -> int:
        return max(self.received - self.billed, 0)

    def bill(self, quantity: int) -> Decimal:
        """Bill `quantity` units and give what they take off goods received not invoiced.

        Whoever bills the last unit takes the last cent, whatever the receipts and bills before it. Units that have not come yet are taken
        at the order's price.
        """
        left = self.received - self.billed
        cleared = round_amount((self.value - self.cleared) * quantity / left, self.books) if quantity < left else self._in_full(quantity)
        self.billed += quantity
        self.cleared += cleared
        return cleared

    def true_up(self) -> Decimal:
        """Give what is still to be cleared for units that were billed ahead, now that more have come; nothing while all is as it was."""
        if self.billed >= self.received:
            amount = self._in_full(0)
        else:
            amount = round_amount(self.value * self.billed / self.received, self.books) - self.cleared
        self.cleared += amount
        return amount

    def _in_full(self, quantity: int) -> Decimal:
        ahead = self.billed + quantity - self.received
        return self.value + round_amount(self.price * self.rate * ahead, self.books) - self.cleared


@dataclass
class Landed:
    """A landed cost as it stands: expected to cost `amount`, `cleared` by bills, both in the books' currency."""

    amount: Decimal
    cleared: Decimal = ZERO
    is_billed: bool = False

    def bill(self) -> Decimal:
        """Bill it, whole, and give what that takes off landed costs not invoiced."""
        cleared = self.amount - self.cleared
        self.cleared, self.is_billed = self.amount, True
        return cleared


@dataclass(frozen=True)
class Billed:
    """A line of a bill, against a supply or a landed cost. `net` in the bill's currency."""

    quantity: int
    unit_price: Decimal
    net: Decimal
    supply: Supply | None = None
    landed: Landed | None = None


@dataclass(frozen=True)
class Difference:
    """`billed` where `expected` was due; `amount` too much, below zero too little, in the bill's currency."""

    kind: str
    expected: Decimal
    billed: Decimal
    amount: Decimal


def compare(lines: Sequence[Billed], *, currency: str, rate: Decimal, books: str, percent: Decimal, most: Decimal) -> list[list[Difference]]:
    """Compare a bill's lines with what they bill for; give each line's differences.

    A unit that has not come is always one. A price is one where it differs by more than `percent` of what was expected, or where all the lines'
    prices together differ by more than `most` (books' currency): many small ones are not small.
    """
    money = [_in_money(line, currency, rate, books) for line in lines]
    together = sum((abs(found.amount) for found in money if found), ZERO) * rate
    found = []
    for line, difference in zip(lines, money, strict=True):
        mine = []
        if difference and (difference.kind == BILLED_TWICE or together > most or _is_beyond(difference, line, percent)):
            mine.append(difference)
        if line.supply and line.quantity > line.supply.unbilled:
            lacking = line.quantity - line.supply.unbilled
            amount = round_amount(line.unit_price * lacking, currency)
            mine.append(Difference(NOT_RECEIVED, Decimal(line.supply.unbilled), Decimal(line.quantity), amount))
        found.append(mine)
    return found


def _in_money(line: Billed, currency: str, rate: Decimal, books: str) -> Difference | None:
    if line.supply:
        amount = line.net - round_amount(line.supply.price * line.quantity, currency)
        return Difference(PRICE, line.supply.price, line.unit_price, amount) if amount else None
    assert line.landed is not None
    worth = round_amount(line.net * rate, books)
    if line.landed.is_billed:
        return Difference(BILLED_TWICE, ZERO, worth, line.net)
    amount = round_amount((worth - line.landed.amount) / rate, currency)
    return Difference(LANDED_COST, line.landed.amount, worth, amount) if amount else None


def _is_beyond(difference: Difference, line: Billed, percent: Decimal) -> bool:
    expected = difference.expected * line.quantity
    billed = difference.billed * line.quantity
    return abs(billed - expected) * 100 > expected * percent


def exchange_difference(cleared: Decimal, *, rate: Decimal, received_at: Decimal, books: str) -> Decimal:
    """Give what goods `cleared` at the rate `received_at` cost more at the bill's `rate`: gained where below zero (IAS 21 §28)."""
    return round_amount(cleared * (rate - received_at) / received_at, books)
