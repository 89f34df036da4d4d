"""What promotions take off a basket.

Every promotion is worked out on the same amounts: those after a person's discount and before any promotion. So the order in which they are
looked at never changes a total, and one more never raises it. Those that may be combined are added up, at most to nothing; against their sum
stands each exclusive one alone; the best for the customer is taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from oms.core.money import ZERO, Coins, from_cents, in_cents, part_of_cents, parts_of_cents, round_amount, split_cents

HUNDRED = Decimal(100)


class Kind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    FREE_UNITS = "free_units"
    FREE_SHIPPING = "free_shipping"


class Why(StrEnum):
    """Why a promotion takes nothing off."""

    NOT_YET = "not_yet"
    EXPIRED = "expired"
    NOT_FOR_YOU = "not_for_you"
    NOT_FIRST = "not_first"
    HAD = "had"
    USED_UP = "used_up"
    NO_GOODS = "no_goods"
    MINIMUM = "minimum"
    NOTHING = "nothing"
    ANOTHER = "another"


@dataclass(frozen=True)
class Buyer:
    """Who buys, and where; `is_first_order`: they have never ordered before."""

    channel: int = 0
    customer: int | None = None
    group: int | None = None
    is_first_order: bool = False


SOMEBODY = Buyer()


@dataclass(frozen=True)
class Promotion:
    """A promotion as it stands. What is None binds nobody.

    PERCENT: `percent` off the goods. AMOUNT: `amount` off the goods together. FREE_UNITS: of every `buy` + `get` units, the `get` cheapest are
    `percent` cheaper (100: free); `same_sku`: each SKU counts for itself. FREE_SHIPPING: what shipping would cost.
    `skus`: the goods that it is for and that count for `minimum`. `code`: by which it was asked for. `turns_left`: orders of this buyer that it is
    still for. `priority`: of those combined, who is first to take off where nothing is left for the rest; the lower the sooner. `with_contracts`:
    off contract prices, too.
    """

    key: int
    name: str
    kind: Kind
    percent: Decimal = ZERO
    amount: Decimal = ZERO
    buy: int = 0
    get: int = 0
    same_sku: bool = False
    skus: frozenset[int] | None = None
    minimum: Decimal = ZERO
    code: str = ""
    channel: int | None = None
    group: int | None = None
    customer: int | None = None
    first_order_only: bool = False
    since: date | None = None
    until: date | None = None
    budget_left: Decimal | None = None
    uses_left: int | None = None
    turns_left: int | None = None
    is_exclusive: bool = False
    priority: int = 5
    with_contracts: bool = False


@dataclass(frozen=True)
class Goods:
    """Units of a SKU at one price: `amount` is what they cost before promotions. `is_open`: no person has agreed on the price."""

    sku: int
    quantity: int
    amount: Decimal
    is_open: bool = True
    is_contract: bool = False


@dataclass(frozen=True)
class Effect:
    """What a promotion takes off: position of goods → amount, position of charge → amount."""

    promotion: Promotion
    goods: Mapping[int, Decimal]
    charges: Mapping[int, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.goods.values(), ZERO) + sum(self.charges.values(), ZERO)


@dataclass(frozen=True)
class Refused:
    """A promotion that takes nothing off, and why. `missing`: what is missing to its minimum."""

    promotion: Promotion
    why: Why
    missing: Decimal = ZERO


@dataclass(frozen=True)
class _Pile:
    """What promotions work on, in cents. What many of them ask for is worked out once."""

    goods: Sequence[Goods]
    cents: Sequence[int]
    shipping: Mapping[int, int]
    currency: str
    _meant: dict[tuple[bool, frozenset[int] | None], tuple[Sequence[int], int]] = field(default_factory=dict)

    def meant(self, promotion: Promotion) -> tuple[Sequence[int], int]:
        """Give the positions of the goods that `promotion` is for, and what they cost."""
        key = (promotion.with_contracts, promotion.skus)
        found = self._meant.get(key)
        if found is None:
            positions = [position for position, some in enumerate(self.goods) if _is_for(promotion, some)]
            found = self._meant[key] = positions, sum([self.cents[position] for position in positions])
        return found

    @cached_property
    def cheapness(self) -> Sequence[int]:
        """Of each position: how many go before it when the cheapest unit goes first."""
        by_unit = sorted(range(len(self.goods)), key=lambda one: (self.goods[one].amount / self.goods[one].quantity, one))
        places = [0] * len(by_unit)
        for place, position in enumerate(by_unit):
            places[position] = place
        return places


class _Cut(NamedTuple):
    """What a promotion takes off, in cents: as an Effect."""

    promotion: Promotion
    goods: Mapping[int, int]
    charges: Mapping[int, int]
    total: int


def choose(
    promotions: Iterable[Promotion], goods: Sequence[Goods], shipping: Mapping[int, Decimal], buyer: Buyer, *, on: date, currency: str
) -> tuple[list[Effect], list[Refused]]:
    """Give what is taken off, and which promotions take nothing off and why. `shipping`: position of charge → what it would cost."""
    pile = _Pile(
        goods,
        [in_cents(some.amount, currency) for some in goods],
        {position: in_cents(amount, currency) for position, amount in shipping.items()},
        currency,
    )
    refused: list[Refused] = []
    stack: list[_Cut] = []
    alone: list[_Cut] = []
    for promotion in sorted(promotions, key=attrgetter("priority", "key")):
        found = _objection(promotion, buyer, on) or _cut(promotion, pile)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            (alone if promotion.is_exclusive else stack).append(found)
    chosen, left_out = _combined(stack, pile)
    refused += left_out
    most = sum([cut.total for cut in chosen])
    for cut in alone:
        single, out = _combined([cut], pile)
        refused += out
        if single and single[0].total > most:
            chosen, most = single, single[0].total
    told = {cut.promotion.key for cut in chosen} | {one.promotion.key for one in refused}
    refused += [Refused(cut.promotion, Why.ANOTHER) for cut in (*stack, *alone) if cut.promotion.key not in told]
    coins = Coins(currency)
    return [_effect(cut, coins) for cut in chosen], refused


def _effect(cut: _Cut, coins: Coins) -> Effect:
    return Effect(
        cut.promotion,
        {position: coins[cents] for position, cents in cut.goods.items()},
        {position: coins[cents] for position, cents in cut.charges.items()},
    )


def _objection(promotion: Promotion, buyer: Buyer, on: date) -> Refused | None:
    if promotion.since and on < promotion.since:
        return Refused(promotion, Why.NOT_YET)
    if promotion.until and on > promotion.until:
        return Refused(promotion, Why.EXPIRED)
    for wanted, given in ((promotion.channel, buyer.channel), (promotion.customer, buyer.customer), (promotion.group, buyer.group)):
        if wanted is not None and wanted != given:
            return Refused(promotion, Why.NOT_FOR_YOU)
    if promotion.first_order_only and not buyer.is_first_order:
        return Refused(promotion, Why.NOT_FIRST)
    if promotion.turns_left is not None and promotion.turns_left <= 0:
        return Refused(promotion, Why.HAD)
    if promotion.uses_left is not None and promotion.uses_left <= 0:
        return Refused(promotion, Why.USED_UP)
    return None


def _cut(promotion: Promotion, pile: _Pile) -> _Cut | Refused:
    """Give what `promotion` would take off by itself."""
    meant, spent = pile.meant(promotion)
    if not meant:
        return Refused(promotion, Why.NO_GOODS)
    if promotion.minimum and (missing := promotion.minimum - from_cents(spent, pile.currency)) > 0:
        return Refused(promotion, Why.MINIMUM, missing)
    goods: dict[int, int] = {}
    if promotion.kind == Kind.PERCENT:
        numerator, denominator = (promotion.percent / HUNDRED).as_integer_ratio()
        goods = dict(zip(meant, parts_of_cents([pile.cents[position] for position in meant], numerator, denominator), strict=True))
    elif promotion.kind == Kind.AMOUNT and spent:
        amount = min(in_cents(round_amount(promotion.amount, pile.currency), pile.currency), spent)
        goods = dict(zip(meant, split_cents(amount, [pile.cents[position] for position in meant]), strict=True))
    elif promotion.kind == Kind.FREE_UNITS:
        goods = _free_units(promotion, pile, meant)
    charges = pile.shipping if promotion.kind == Kind.FREE_SHIPPING else {}
    return _Cut(promotion, goods, charges, sum(goods.values()) + sum(charges.values()))


def _is_for(promotion: Promotion, some: Goods) -> bool:
    return some.is_open and (promotion.with_contracts or not some.is_contract) and (promotion.skus is None or some.sku in promotion.skus)


def _free_units(promotion: Promotion, pile: _Pile, meant: Sequence[int]) -> dict[int, int]:
    """Take `percent` off the cheapest of the units that are `meant`: `get` for every `buy` + `get` of them together, or of each SKU."""
    numerator, denominator = (promotion.percent / HUNDRED).as_integer_ratio()
    groups: dict[int, list[int]] = {}
    for position in meant:
        groups.setdefault(pile.goods[position].sku if promotion.same_sku else 0, []).append(position)
    off: dict[int, int] = {}
    for group in groups.values():
        free = sum([pile.goods[position].quantity for position in group]) // (promotion.buy + promotion.get) * promotion.get
        for position in sorted(group, key=pile.cheapness.__getitem__) if free else ():
            if not free:
                break
            quantity = pile.goods[position].quantity
            units = min(free, quantity)
            free -= units
            off[position] = part_of_cents(pile.cents[position], units * numerator, quantity * denominator)
    return off


def _combined(cuts: Sequence[_Cut], pile: _Pile) -> tuple[list[_Cut], list[Refused]]:
    """Add `cuts` up, in their order: nothing costs less than nothing, and nobody takes off more than is left of their budget."""
    left = list(pile.cents)
    to_pay = dict(pile.shipping)
    taken: list[_Cut] = []
    refused: list[Refused] = []
    for cut in cuts:
        goods = {at: cents if cents < (rest := left[at]) else rest for at, cents in cut.goods.items() if cents and left[at]}
        charges = {at: min(cents, to_pay[at]) for at, cents in cut.charges.items() if cents and to_pay[at]}
        total = sum(goods.values()) + sum(charges.values())
        budget = cut.promotion.budget_left
        if not total:
            refused.append(Refused(cut.promotion, Why.NOTHING))
        elif budget is not None and from_cents(total, pile.currency) > budget:
            refused.append(Refused(cut.promotion, Why.USED_UP))
        else:
            for position, cents in goods.items():
                left[position] -= cents
            for position, cents in charges.items():
                to_pay[position] -= cents
            taken.append(_Cut(cut.promotion, goods, charges, total))
    return taken, refused
