"""What a basket costs, and why: the one place where prices, discounts, promotions and tax come together.

Lines of the same SKU at the same price are worked out as one and then told apart again, to the last cent. So it never matters in which order
the lines stand, or whether somebody wrote one line or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from oms.core.money import ZERO, round_amount, split
from orders.pricing.amounts import Amounts, taxed
from orders.pricing.lists import PriceRow, Source, Won, winning
from orders.pricing.promotions import HUNDRED, SOMEBODY, Buyer, Effect, Goods, Promotion, Refused, choose


@dataclass(frozen=True)
class BasketLine:
    """So many units of a SKU. `rows`: its prices, on all the lists that are for this buyer today.

    `agreed`: the price of a unit that a person has agreed on. `discount_percent`: what a person takes off. `cost`: what a unit costs us; zero
    where nobody knows.
    """

    sku: int
    quantity: int
    rows: Sequence[PriceRow] = ()
    agreed: Decimal | None = None
    discount_percent: Decimal = ZERO
    rate: Decimal = ZERO
    cost: Decimal = ZERO


@dataclass(frozen=True)
class BasketCharge:
    """Something charged beside the goods."""

    amount: Decimal
    rate: Decimal = ZERO
    is_shipping: bool = True


@dataclass(frozen=True)
class Basket:
    """What is to be priced. `includes_tax`: whether its prices do.

    `discount_limit`: the percentage that whoever takes the order may give by themselves; None: nobody takes it. `margin_floor`: what must be
    earned on the cost of goods (0.10 for a tenth); None: anything will do.
    """

    lines: Sequence[BasketLine]
    currency: str
    includes_tax: bool
    on: date
    charges: Sequence[BasketCharge] = ()
    buyer: Buyer = SOMEBODY
    promotions: Sequence[Promotion] = ()
    discount_limit: Decimal | None = None
    margin_floor: Decimal | None = None


class Off(NamedTuple):
    """An amount off a line, and whose doing it is: a promotion's, or, without one, a person's, who gave `percent`."""

    amount: Decimal
    promotion: Promotion | None = None
    percent: Decimal = ZERO


@dataclass(frozen=True)
class Explanation:
    """Where a line's price comes from: `amount` for its units at `unit_price`, less every one of `offs`, is what it costs."""

    source: Source
    unit_price: Decimal
    amount: Decimal
    offs: tuple[Off, ...] = ()
    list_name: str = ""
    from_quantity: int = 1

    @property
    def discount(self) -> Decimal:
        return sum([off.amount for off in self.offs], ZERO)


@dataclass(frozen=True)
class PricedLine:
    """A line with its price. Net, or with tax inside net and tax, is `why.amount` less `why.discount`."""

    amounts: Amounts
    why: Explanation


@dataclass(frozen=True)
class PricedCharge:
    """A charge with what is taken off it."""

    amounts: Amounts
    discount: Decimal = ZERO


class Concern(StrEnum):
    """What a second person must agree to."""

    DISCOUNT = "discount"
    MARGIN = "margin"


@dataclass(frozen=True)
class Approval:
    """A second person must agree. DISCOUNT: `given` percent where `allowed` may be given; MARGIN: `given` for goods that must bring `allowed`."""

    concern: Concern
    sku: int
    given: Decimal
    allowed: Decimal


@dataclass(frozen=True)
class PricedBasket:
    """A basket with its prices, each explained. `lines` and `charges` in the order of the basket's."""

    lines: list[PricedLine]
    charges: list[PricedCharge]
    used: list[Effect]
    refused: list[Refused]
    approvals: list[Approval]


class NoPrice(Exception):
    """No price of the SKU of the line at `position` is for this buyer."""

    def __init__(self, position: int) -> None:
        super().__init__(f"line {position} has no price")
        self.position = position


@dataclass
class _Item:
    """Lines that are worked out as one: of one SKU, with the same price and discount. `lines`: their positions."""

    first: BasketLine
    lines: list[int]
    quantity: int = 0
    source: Source = Source.AGREED
    won: Won | None = None
    unit_price: Decimal = ZERO
    amount: Decimal = ZERO
    offs: list[Off] = field(default_factory=list)
    left: Decimal = ZERO


def price_basket(basket: Basket) -> PricedBasket:
    """Price `basket`. Raises NoPrice for a line that no price is known for."""
    items = _items(basket)
    for item in items:
        item.amount = round_amount(item.quantity * item.unit_price, basket.currency)
        item.left = item.amount
        if item.first.discount_percent:
            given = round_amount(item.amount * item.first.discount_percent / HUNDRED, basket.currency)
            item.left -= given
            item.offs.append(Off(given, percent=item.first.discount_percent))
    used, refused = _promote(basket, items)
    lines: list[PricedLine | None] = [None] * len(basket.lines)
    approvals: list[Approval] = []
    for item in items:
        amounts = taxed(item.left, rate=item.first.rate, includes_tax=basket.includes_tax, currency=basket.currency)
        approvals += _approvals(basket, item, amounts)
        for position, line in zip(item.lines, _told_apart(basket, item, amounts), strict=True):
            lines[position] = line
    return PricedBasket(
        lines=[line for line in lines if line is not None],
        charges=_charges(basket, used),
        used=used,
        refused=refused,
        approvals=approvals,
    )


def _items(basket: Basket) -> list[_Item]:
    """Gather the lines that are worked out as one, each at its price, in an order that the basket's has no part in."""
    quantities: dict[int, int] = {}
    items: dict[tuple[int, Decimal, Decimal], _Item] = {}
    for position, line in enumerate(basket.lines):
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
        key = (line.sku, Decimal(-1) if line.agreed is None else line.agreed, line.discount_percent)
        item = items.get(key)
        if item is None:
            item = items[key] = _Item(line, [])
        item.lines.append(position)
        item.quantity += line.quantity
    for item in items.values():
        first = item.first
        item.won = winning(first.rows, quantity=quantities[first.sku], rate=first.rate, includes_tax=basket.includes_tax)
        if first.agreed is not None:
            item.unit_price = first.agreed
        elif item.won is not None:
            item.unit_price, item.source = item.won.unit_price, item.won.row.of.source
        else:
            raise NoPrice(item.lines[0])
        if len(item.lines) > 1:
            item.lines.sort(key=lambda position: (-basket.lines[position].quantity, position))
    return [items[key] for key in sorted(items)]


def _promote(basket: Basket, items: Sequence[_Item]) -> tuple[list[Effect], list[Refused]]:
    if not basket.promotions:
        return [], []
    goods = [
        Goods(
            sku=item.first.sku,
            quantity=item.quantity,
            amount=item.left,
            is_open=item.source != Source.AGREED,
            is_contract=item.source == Source.CONTRACT,
        )
        for item in items
    ]
    shipping = {position: round_amount(charge.amount, basket.currency) for position, charge in enumerate(basket.charges) if charge.is_shipping}
    used, refused = choose(basket.promotions, goods, shipping, basket.buyer, on=basket.on, currency=basket.currency)
    offs = [item.offs for item in items]
    for effect in used:
        promotion = effect.promotion
        for position, amount in effect.goods.items():
            offs[position].append(Off(amount, promotion))
    for item in items:
        item.left = item.amount - sum([off.amount for off in item.offs], ZERO)
    return used, refused


def _told_apart(basket: Basket, item: _Item, amounts: Amounts) -> list[PricedLine]:
    """Tell the lines of an item apart: the parts of everything sum to the whole, and no line costs less than nothing."""
    if len(item.lines) == 1:
        return [PricedLine(amounts, _explanation(item, item.amount, item.offs))]
    parts = split(item.amount, [basket.lines[position].quantity for position in item.lines], basket.currency)
    left = list(parts)
    offs: list[list[Off]] = [[] for _ in parts]
    for off in item.offs:
        for number, part in enumerate(_split(off.amount, left, basket.currency)):
            left[number] -= part
            offs[number].append(Off(part, off.promotion, off.percent))
    taxes = _split(amounts.tax, left, basket.currency)
    return [
        PricedLine(Amounts(left[number] - tax if basket.includes_tax else left[number], tax), _explanation(item, parts[number], offs[number]))
        for number, tax in enumerate(taxes)
    ]


def _split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split `amount` over what is left of each line, so that none is given more than it has. Nothing is split over nothing."""
    return split(amount, weights, currency) if amount else [ZERO] * len(weights)


def _explanation(item: _Item, amount: Decimal, offs: Sequence[Off]) -> Explanation:
    if item.source == Source.AGREED or item.won is None:
        return Explanation(Source.AGREED, item.unit_price, amount, tuple(offs))
    row = item.won.row
    return Explanation(item.source, item.unit_price, amount, tuple(offs), row.of.name, row.from_quantity)


def _charges(basket: Basket, used: Sequence[Effect]) -> list[PricedCharge]:
    priced = []
    for position, charge in enumerate(basket.charges):
        discount = sum((effect.charges.get(position, ZERO) for effect in used), ZERO)
        amount = round_amount(charge.amount, basket.currency) - discount
        amounts = taxed(amount, rate=charge.rate, includes_tax=basket.includes_tax, currency=basket.currency)
        priced.append(PricedCharge(amounts, discount))
    return priced


def _approvals(basket: Basket, item: _Item, amounts: Amounts) -> list[Approval]:
    found = []
    given = _given_by_a_person(item)
    if basket.discount_limit is not None and given > basket.discount_limit:
        found.append(Approval(Concern.DISCOUNT, item.first.sku, given, basket.discount_limit))
    if basket.margin_floor is not None and item.first.cost:
        least = round_amount(item.first.cost * item.quantity * (1 + basket.margin_floor), basket.currency)
        if amounts.net < least:
            found.append(Approval(Concern.MARGIN, item.first.sku, amounts.net, least))
    return found


def _given_by_a_person(item: _Item) -> Decimal:
    """Give the percentage that a person takes off what the lists say: by a discount, by a price that they agreed on, or both."""
    percent = item.first.discount_percent
    if item.first.agreed is None or item.won is None or not item.won.unit_price:
        return percent
    price = item.first.agreed * (1 - percent / HUNDRED)
    return max(ZERO, (1 - price / item.won.unit_price) * HUNDRED).quantize(Decimal("0.01"))
