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

from oms.core.money import ZERO, round_amount, split

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
    `skus`: the goods that it is for and that count for `minimum`. `code`: by which it was asked for. `priority`: of those combined, who is
    first to take off where nothing is left for the rest; the lower the sooner. `with_contracts`: off contract prices, too.
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


@dataclass
class Effect:
    """What a promotion takes off: position of goods → amount, position of charge → amount."""

    promotion: Promotion
    goods: dict[int, Decimal] = field(default_factory=dict)
    charges: dict[int, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return sum(self.goods.values(), ZERO) + sum(self.charges.values(), ZERO)


@dataclass(frozen=True)
class Refused:
    """A promotion that takes nothing off, and why. `missing`: what is missing to its minimum."""

    promotion: Promotion
    why: Why
    missing: Decimal = ZERO


def choose(
    promotions: Iterable[Promotion], goods: Sequence[Goods], shipping: Mapping[int, Decimal], buyer: Buyer, *, on: date, currency: str
) -> tuple[list[Effect], list[Refused]]:
    """Give what is taken off, and which promotions take nothing off and why. `shipping`: position of charge → what it would cost."""
    refused: list[Refused] = []
    stack: list[Effect] = []
    alone: list[Effect] = []
    for promotion in sorted(promotions, key=lambda one: (one.priority, one.key)):
        why = _objection(promotion, buyer, on)
        if why:
            refused.append(Refused(promotion, why))
            continue
        effect, missing = _effect(promotion, goods, shipping, currency)
        if missing:
            refused.append(Refused(promotion, Why.MINIMUM, missing))
        elif effect is None:
            refused.append(Refused(promotion, Why.NO_GOODS))
        else:
            (alone if promotion.is_exclusive else stack).append(effect)
    combined, left_out = _combined(stack, goods, shipping)
    single = [(effect, _combined([effect], goods, shipping)) for effect in alone]
    refused += left_out + [one for _, (_, out) in single for one in out]
    best = max((taken[0] for _, (taken, _) in single if taken), key=lambda effect: effect.total, default=None)
    is_better = best is not None and best.total > sum((effect.total for effect in combined), ZERO)
    chosen = [best] if best is not None and is_better else combined
    taken = {effect.promotion.key for effect in chosen}
    known = taken | {one.promotion.key for one in refused}
    refused += [Refused(effect.promotion, Why.ANOTHER) for effect in (*stack, *alone) if effect.promotion.key not in known]
    return chosen, refused


def _objection(promotion: Promotion, buyer: Buyer, on: date) -> Why | None:
    if promotion.since and on < promotion.since:
        return Why.NOT_YET
    if promotion.until and on > promotion.until:
        return Why.EXPIRED
    for wanted, given in ((promotion.channel, buyer.channel), (promotion.customer, buyer.customer), (promotion.group, buyer.group)):
        if wanted is not None and wanted != given:
            return Why.NOT_FOR_YOU
    if promotion.first_order_only and not buyer.is_first_order:
        return Why.NOT_FIRST
    if promotion.uses_left is not None and promotion.uses_left <= 0:
        return Why.USED_UP
    return None


def _effect(promotion: Promotion, goods: Sequence[Goods], shipping: Mapping[int, Decimal], currency: str) -> tuple[Effect | None, Decimal]:
    """Give what `promotion` would take off by itself, None where there is nothing that it is for; and what is missing to its minimum."""
    meant = [position for position, some in enumerate(goods) if _is_for(promotion, some)]
    if not meant:
        return None, ZERO
    spent = sum((goods[position].amount for position in meant), ZERO)
    if spent < promotion.minimum:
        return None, promotion.minimum - spent
    effect = Effect(promotion)
    if promotion.kind == Kind.PERCENT:
        part = promotion.percent / HUNDRED
        effect.goods = {position: round_amount(goods[position].amount * part, currency) for position in meant}
    elif promotion.kind == Kind.AMOUNT and spent:
        amount = min(round_amount(promotion.amount, currency), spent)
        effect.goods = dict(zip(meant, split(amount, [goods[position].amount for position in meant], currency), strict=True))
    elif promotion.kind == Kind.FREE_UNITS:
        effect.goods = _free_units(promotion, goods, meant, currency)
    elif promotion.kind == Kind.FREE_SHIPPING:
        effect.charges = dict(shipping)
    return effect, ZERO


def _is_for(promotion: Promotion, some: Goods) -> bool:
    return some.is_open and (promotion.with_contracts or not some.is_contract) and (promotion.skus is None or some.sku in promotion.skus)


def _free_units(promotion: Promotion, goods: Sequence[Goods], meant: Sequence[int], currency: str) -> dict[int, Decimal]:
    """Take `percent` off the cheapest of the units that are `meant`: `get` for every `buy` + `get` of them together, or of each SKU."""
    groups: dict[int, list[int]] = {}
    for position in meant:
        groups.setdefault(goods[position].sku if promotion.same_sku else 0, []).append(position)
    off: dict[int, Decimal] = {}
    for group in groups.values():
        free = sum(goods[position].quantity for position in group) // (promotion.buy + promotion.get) * promotion.get
        for position in sorted(group, key=lambda one: (goods[one].amount / goods[one].quantity, one)):
            units = min(free, goods[position].quantity)
            free -= units
            part = goods[position].amount * units / goods[position].quantity * promotion.percent / HUNDRED
            off[position] = round_amount(part, currency)
    return off


def _combined(effects: Sequence[Effect], goods: Sequence[Goods], shipping: Mapping[int, Decimal]) -> tuple[list[Effect], list[Refused]]:
    """Add `effects` up, in their order: nothing costs less than nothing, and nobody takes off more than is left of their budget."""
    left = [some.amount for some in goods]
    to_pay = dict(shipping)
    taken: list[Effect] = []
    refused: list[Refused] = []
    for effect in effects:
        part = Effect(
            effect.promotion,
            {position: min(amount, left[position]) for position, amount in effect.goods.items() if amount and left[position]},
            {position: min(amount, to_pay[position]) for position, amount in effect.charges.items() if amount and to_pay[position]},
        )
        total = part.total
        if not total:
            refused.append(Refused(effect.promotion, Why.NOTHING))
            continue
        budget = effect.promotion.budget_left
        if budget is not None and total > budget:
            refused.append(Refused(effect.promotion, Why.USED_UP))
            continue
        for position, amount in part.goods.items():
            left[position] -= amount
        for position, amount in part.charges.items():
            to_pay[position] -= amount
        taken.append(part)
    return taken, refused
