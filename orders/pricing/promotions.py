"""What promotions take off a basket.

Every promotion is worked out on the same amounts: those after a person's discount and before any promotion. So the order in which they are
looked at never changes a total, and one more never raises it. Those that may be combined are added up, at most to nothing; against their sum
stands each exclusive one alone; the best for the customer is taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from oms.core.money import ZERO, from_cents, in_cents, part_of_cents, round_amount, split_cents

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
    """What promotions work on, in cents."""

    goods: Sequence[Goods]
    cents: Sequence[int]
    shipping: Mapping[int, int]
    currency: str


@dataclass(frozen=True)
class _Cut:
    """What a promotion takes off, in cents: as an Effect."""

    promotion: Promotion
    goods: Mapping[int, int]
    charges: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.goods.values()) + sum(self.charges.values())


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
    for promotion in sorted(promotions, key=lambda one: (one.priority, one.key)):
        found = _objection(promotion, buyer, on) or _cut(promotion, pile)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            (alone if promotion.is_exclusive else stack).append(found)
    combined, left_out = _combined(stack, pile)
    refused += left_out
    best: list[_Cut] = []
    for cut in alone:
        single, out = _combined([cut], pile)
        refused += out
        if sum(one.total for one in single) > sum(one.total for one in best):
            best = single
    chosen = best if sum(cut.total for cut in best) > sum(cut.total for cut in combined) else combined
    told = {cut.promotion.key for cut in chosen} | {one.promotion.key for one in refused}
    refused += [Refused(cut.promotion, Why.ANOTHER) for cut in (*stack, *alone) if cut.promotion.key not in told]
    return [_effect(cut, currency) for cut in chosen], refused


def _effect(cut: _Cut, currency: str) -> Effect:
    return Effect(
        cut.promotion,
        {position: from_cents(cents, currency) for position, cents in cut.goods.items()},
        {position: from_cents(cents, currency) for position, cents in cut.charges.items()},
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
    meant = [position for position, some in enumerate(pile.goods) if _is_for(promotion, some)]
    if not meant:
        return Refused(promotion, Why.NO_GOODS)
    spent = sum(pile.cents[position] for position in meant)
    if promotion.minimum and (missing := promotion.minimum - from_cents(spent, pile.currency)) > 0:
        return Refused(promotion, Why.MINIMUM, missing)
    goods: dict[int, int] = {}
    if promotion.kind == Kind.PERCENT:
        numerator, denominator = (promotion.percent / HUNDRED).as_integer_ratio()
        goods = {position: part_of_cents(pile.cents[position], numerator, denominator) for position in meant}
    elif promotion.kind == Kind.AMOUNT and spent:
        amount = min(in_cents(round_amount(promotion.amount, pile.currency), pile.currency), spent)
        goods = dict(zip(meant, split_cents(amount, [pile.cents[position] for position in meant]), strict=True))
    elif promotion.kind == Kind.FREE_UNITS:
        goods = _free_units(promotion, pile, meant)
    return _Cut(promotion, goods, pile.shipping if promotion.kind == Kind.FREE_SHIPPING else {})


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
        free = sum(pile.goods[position].quantity for position in group) // (promotion.buy + promotion.get) * promotion.get
        for position in sorted(group, key=lambda one: (pile.goods[one].amount / pile.goods[one].quantity, one)) if free else ():
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
        part = _Cut(
            cut.promotion,
            {position: min(cents, left[position]) for position, cents in cut.goods.items() if cents and left[position]},
            {position: min(cents, to_pay[position]) for position, cents in cut.charges.items() if cents and to_pay[position]},
        )
        total = part.total
        budget = cut.promotion.budget_left
        if not total:
            refused.append(Refused(cut.promotion, Why.NOTHING))
        elif budget is not None and from_cents(total, pile.currency) > budget:
            refused.append(Refused(cut.promotion, Why.USED_UP))
        else:
            for position, cents in part.goods.items():
                left[position] -= cents
            for position, cents in part.charges.items():
                to_pay[position] -= cents
            taken.append(part)
    return taken, refused
