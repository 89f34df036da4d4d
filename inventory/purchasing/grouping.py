"""What is best bought together: prices at quantity, price breaks within reach, and what would fill an order that is too small. Pure arithmetic.

Amounts are in the vendor's currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.core.money import ZERO, round_amount

# A break is spoken of where it takes no more than half as much again: beyond that it is stock, not a bargain.
WITHIN_REACH = Decimal("1.5")

Breaks = Sequence[tuple[int, Decimal]]
"""(from so many units on, the price of one), in any order; the first from one unit on."""


@dataclass(frozen=True)
class Wish:
    """So many units of a SKU that are to be bought. `reference` is the caller's own."""

    reference: int
    quantity: int
    breaks: Breaks
    pack_size: int = 1
    minimum: int = 1


@dataclass(frozen=True)
class Advice:
    """Take `more` units and each costs `unit_price`: what `saves` is paid less than the same units would cost now, `extra` more than is paid now."""

    more: int
    quantity: int
    unit_price: Decimal
    saves: Decimal
    extra: Decimal


@dataclass(frozen=True)
class Priced:
    """A wish with its price at quantity, and the break that is within reach. `off_pack`: units beyond whole packs."""

    wish: Wish
    unit_price: Decimal
    net: Decimal
    advice: Advice | None
    off_pack: int = 0
    is_below_minimum: bool = False


@dataclass(frozen=True)
class Filler:
    """What could be added: a SKU that is not low yet. `above_point`: units that it stands above its reorder point."""

    reference: int
    quantity: int
    breaks: Breaks
    above_point: int


@dataclass(frozen=True)
class Group:
    """What one vendor would be ordered for one place. `short`: what is missing to his minimum order; `fillers`: what would reach it."""

    lines: tuple[Priced, ...]
    total: Decimal
    minimum_order: Decimal
    short: Decimal
    fillers: tuple[tuple[Filler, Decimal], ...] = ()

    @property
    def is_too_small(self) -> bool:
        return self.short > 0


def price_at(breaks: Breaks, quantity: int) -> Decimal:
    """Give the price of one of `quantity` units: that of the highest break reached; of the lowest where none is."""
    reached = [one for one in breaks if one[0] <= quantity]
    return max(reached)[1] if reached else min(breaks)[1]


def in_packs(quantity: int, *, pack_size: int, minimum: int = 1) -> int:
    """Round `quantity` up to whole packs, at least the minimum."""
    return -(-max(quantity, minimum) // pack_size) * pack_size


def group(wishes: Sequence[Wish], *, minimum_order: Decimal, currency: str, fillers: Sequence[Filler] = ()) -> Group:
    """Price what one vendor is to be ordered, with what is worth knowing before somebody agrees to it.

    Where it stays below the minimum order, as many `fillers` as reach it, the one nearest to its reorder point first.
    """
    lines = tuple(_priced(wish, currency) for wish in wishes)
    total = sum((line.net for line in lines), ZERO)
    short = max(minimum_order - total, ZERO)
    return Group(lines, total, minimum_order, short, _filling(short, fillers, currency) if wishes else ())


def _priced(wish: Wish, currency: str) -> Priced:
    unit_price = price_at(wish.breaks, wish.quantity)
    return Priced(
        wish,
        unit_price,
        round_amount(unit_price * wish.quantity, currency),
        _advice(wish, unit_price, currency),
        wish.quantity % wish.pack_size,
        wish.quantity < wish.minimum,
    )


def _advice(wish: Wish, unit_price: Decimal, currency: str) -> Advice | None:
    for start, price in sorted(wish.breaks):
        quantity = in_packs(start, pack_size=wish.pack_size)
        if start > wish.quantity and price < unit_price and quantity <= wish.quantity * WITHIN_REACH:
            now, then = unit_price * wish.quantity, price * quantity
            return Advice(
                quantity - wish.quantity,
                quantity,
                price,
                round_amount((unit_price - price) * quantity, currency),
                round_amount(then, currency) - round_amount(now, currency),
            )
    return None


def _filling(short: Decimal, fillers: Sequence[Filler], currency: str) -> tuple[tuple[Filler, Decimal], ...]:
    chosen = []
    for filler in sorted(fillers, key=lambda one: (one.above_point, one.reference)):
        if short <= 0:
            break
        net = round_amount(price_at(filler.breaks, filler.quantity) * filler.quantity, currency)
        chosen.append((filler, net))
        short -= net
    return tuple(chosen)
