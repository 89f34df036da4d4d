"""Baskets as chance would have them, the same every time."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from orders.pricing import Basket, BasketCharge, BasketLine, Buyer, Kind, PriceList, PriceRow, Promotion, Source

TODAY = date(2026, 3, 2)
RATES = (Decimal(0), Decimal("0.05"), Decimal("0.07"), Decimal("0.20"))
LISTS = (
    PriceList(0, "", Source.EVERYBODY),
    PriceList(1, "Web", Source.CHANNEL, includes_tax=True),
    PriceList(2, "Trade", Source.GROUP),
    PriceList(3, "Harbour Café", Source.CONTRACT, includes_tax=False),
)


def random_baskets(count: int, *, seed: int, promotions: int = 4) -> Iterator[Basket]:
    """Give `count` baskets of one to six lines, often of the same SKUs, with up to so many promotions."""
    dice = random.Random(seed)
    for _ in range(count):
        yield _basket(dice, promotions)


def _basket(dice: random.Random, promotions: int) -> Basket:
    shelf = [_sku(dice, sku) for sku in range(1, dice.randint(2, 5))]
    return Basket(
        lines=[_line(dice, dice.choice(shelf)) for _ in range(dice.randint(1, 6))],
        charges=[BasketCharge(_amount(dice, 900), dice.choice(RATES))] if dice.random() < 0.4 else [],
        currency=dice.choice(("GBP", "GBP", "GBP", "JPY", "KWD")),
        includes_tax=dice.random() < 0.5,
        on=TODAY,
        buyer=Buyer(channel=1, customer=1, group=dice.choice((None, 1)), is_first_order=dice.random() < 0.3),
        promotions=[random_promotion(dice, key) for key in range(1, dice.randint(0, promotions) + 1)],
    )


def _sku(dice: random.Random, sku: int) -> BasketLine:
    rows = [PriceRow(_amount(dice), 1, LISTS[0])]
    for prices in LISTS:
        if dice.random() < 0.3:
            rows += [PriceRow(_amount(dice), breaks, prices) for breaks in dice.sample((2, 5, 12, 40), dice.randint(1, 3))]
    dice.shuffle(rows)
    return BasketLine(sku, 1, rows, rate=dice.choice(RATES), cost=_amount(dice, 500))


def _line(dice: random.Random, sku: BasketLine) -> BasketLine:
    line = replace(sku, quantity=dice.choice((1, 1, 2, 3, 7, 12, 50)))
    if dice.random() < 0.1:
        line = replace(line, agreed=_amount(dice))
    if dice.random() < 0.15:
        line = replace(line, discount_percent=Decimal(dice.choice(("2.5", "10", "33.33", "100"))))
    return line


def random_promotion(dice: random.Random, key: int) -> Promotion:
    return Promotion(
        key=key,
        name=f"Promotion {key}",
        kind=dice.choice(list(Kind)),
        percent=Decimal(dice.choice(("5", "12.5", "33.33", "50", "100"))),
        amount=_amount(dice, 6000),
        buy=dice.randint(1, 3),
        get=dice.randint(1, 2),
        same_sku=dice.random() < 0.5,
        skus=frozenset(dice.sample(range(1, 5), 2)) if dice.random() < 0.4 else None,
        minimum=_amount(dice, 9000) if dice.random() < 0.3 else Decimal(0),
        group=1 if dice.random() < 0.2 else None,
        first_order_only=dice.random() < 0.1,
        until=date(2026, 3, 1) if dice.random() < 0.1 else None,
        budget_left=_amount(dice, 3000) if dice.random() < 0.25 else None,
        uses_left=dice.choice((0, 1)) if dice.random() < 0.1 else None,
        is_exclusive=dice.random() < 0.3,
        priority=dice.randint(1, 9),
        with_contracts=dice.random() < 0.5,
    )


def _amount(dice: random.Random, most: int = 10_000) -> Decimal:
    return Decimal(dice.randint(1, most)).scaleb(-2)
