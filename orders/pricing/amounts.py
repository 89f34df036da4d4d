"""Net and tax of an amount, both ways round.

Amounts are Decimals in one currency, rounded once (oms.core.money).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from oms.core.money import ZERO, round_amount


@dataclass(frozen=True)
class Amounts:
    """Net and tax of a line; together they are what the customer pays for it."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def taxed(amount: Decimal, *, rate: Decimal, includes_tax: bool, currency: str) -> Amounts:
    """Tell net and tax of `amount`, which is rounded already, at `rate` (0.20 for 20 %).

    With `includes_tax` the amount is what a consumer pays: the tax is taken out of it. Otherwise the tax is put on it.
    """
    if not rate:
        return Amounts(amount, ZERO)
    if includes_tax:
        net = round_amount(amount / (1 + rate), currency)
        return Amounts(net, amount - net)
    return Amounts(amount, round_amount(amount * rate, currency))


def add_up(lines: Iterable[Amounts]) -> Amounts:
    """Add lines up. Nothing is rounded again: the total is the sum of the lines to the last cent."""
    lines = list(lines)
    return Amounts(sum((line.net for line in lines), ZERO), sum((line.tax for line in lines), ZERO))
