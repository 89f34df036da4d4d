"""Which of a SKU's prices wins."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from oms.core.money import round_unit_price


class Source(IntEnum):
    """Where a price is from. The lower one wins: what was agreed with somebody goes before what everybody pays."""

    AGREED = 0
    CONTRACT = 1
    GROUP = 2
    CHANNEL = 3
    EVERYBODY = 4


@dataclass(frozen=True)
class PriceList:
    """A list of prices and for whom it is. `includes_tax`: whether its prices do; None: as those of the basket."""

    key: int
    name: str
    source: Source
    includes_tax: bool | None = None


EVERYBODYS = PriceList(0, "", Source.EVERYBODY)


class PriceRow(NamedTuple):
    """The price of one unit on a list, for whoever buys `from_quantity` units or more. It holds on the day that is priced.

    A tuple: a large basket has thousands.
    """

    unit_price: Decimal
    from_quantity: int = 1
    of: PriceList = EVERYBODYS


@dataclass(frozen=True)
class Won:
    """The price that won, in the terms of the basket (with or without tax)."""

    row: PriceRow
    unit_price: Decimal


def winning(rows: Iterable[PriceRow], *, quantity: int, rate: Decimal, includes_tax: bool) -> Won | None:
    """Give the price of a unit where `quantity` are bought; None where no row of any list is reached.

    Contract before group before channel before everybody's list, even where a later one is lower. Within a list the highest break that
    is reached; of two lists for the same people the lower price.
    """
    reached: dict[int, PriceRow] = {}
    for row in rows:
        if row.from_quantity <= quantity:
            best = reached.get(row.of.key)
            if best is None or row.from_quantity > best.from_quantity:
                reached[row.of.key] = row
    won = [Won(row, _in_terms(row, rate, includes_tax)) for row in reached.values()]
    return min(won, key=lambda one: (one.row.of.source, one.unit_price, one.row.of.key), default=None)


def _in_terms(row: PriceRow, rate: Decimal, includes_tax: bool) -> Decimal:
    if not rate or row.of.includes_tax is None or row.of.includes_tax == includes_tax:
        return row.unit_price
    return round_unit_price(row.unit_price * (1 + rate) if includes_tax else row.unit_price / (1 + rate))
