"""What a basket costs. Ten thousand baskets as chance would have them for each rule that must always hold."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.money import cent, round_amount
from orders.pricing import (
    Amounts,
    Approval,
    Basket,
    BasketCharge,
    BasketLine,
    Buyer,
    Concern,
    Kind,
    NoPrice,
    PriceList,
    PriceRow,
    Promotion,
    Source,
    Why,
    add_up,
    price_basket,
    taxed,
)
from tests.orders.baskets import TODAY, random_baskets, random_promotion

BASKETS = 10_000
whole_cents = st.decimals("0.00", "99999", places=2)
rates = st.sampled_from([Decimal("0"), Decimal("0.05"), Decimal("0.20")])


def total(priced):
    return sum((part.amounts.gross for part in (*priced.lines, *priced.charges)), Decimal(0))


def of_each_sku(basket, priced):
    sums = {}
    for line, part in zip(basket.lines, priced.lines, strict=True):
        net, tax = sums.get(line.sku, (0, 0))
        sums[line.sku] = (net + part.amounts.net, tax + part.amounts.tax)
    return sums


def test_the_parts_sum_to_the_whole_and_the_explanation_adds_up_to_the_price():
    for basket in random_baskets(BASKETS, seed=1):
        priced = price_basket(basket)

        for line, part in zip(basket.lines, priced.lines, strict=True):
            paid = part.amounts.gross if basket.includes_tax else part.amounts.net
            assert paid == part.why.amount - sum(off.amount for off in part.why.offs) == part.why.amount - part.why.discount
            assert abs(part.why.amount - line.quantity * part.why.unit_price) <= cent(basket.currency) * Decimal("1.5")
            assert all(amount == round_amount(amount, basket.currency) for amount in (part.amounts.net, part.amounts.tax))
        off_lines = sum(off.amount for part in priced.lines for off in part.why.offs if off.promotion)
        off_charges = sum(charge.discount for charge in priced.charges)
        assert off_lines == sum(sum(effect.goods.values()) for effect in priced.used)
        assert off_charges == sum(sum(effect.charges.values()) for effect in priced.used)


def test_nothing_ever_costs_less_than_nothing():
    for basket in random_baskets(BASKETS, seed=2, promotions=8):
        priced = price_basket(basket)

        assert all(part.amounts.net >= 0 and part.amounts.tax >= 0 for part in (*priced.lines, *priced.charges))
        assert all(off.amount >= 0 for part in priced.lines for off in part.why.offs)


def test_the_order_of_lines_and_of_promotions_never_matters():
    dice = random.Random(3)
    for basket in random_baskets(BASKETS, seed=3):
        shuffled = replace(
            basket,
            lines=dice.sample(basket.lines, len(basket.lines)),
            promotions=dice.sample(basket.promotions, len(basket.promotions)),
        )

        one, other = price_basket(basket), price_basket(shuffled)

        each = [
            Counter((line.sku, line.quantity, line.discount_percent, part.amounts) for line, part in zip(lines, priced.lines, strict=True))
            for lines, priced in ((basket.lines, one), (shuffled.lines, other))
        ]
        assert each[0] == each[1]
        assert [(effect.promotion.key, effect.total) for effect in one.used] == [(effect.promotion.key, effect.total) for effect in other.used]


def test_a_line_written_as_two_costs_the_same():
    dice = random.Random(4)
    for basket in random_baskets(BASKETS, seed=4):
        lines = list(basket.lines)
        position = max(range(len(lines)), key=lambda one: lines[one].quantity)
        line = lines[position]
        first = dice.randint(1, max(1, line.quantity - 1))
        if line.quantity > 1:
            lines[position : position + 1] = [replace(line, quantity=first), replace(line, quantity=line.quantity - first)]
        in_two = replace(basket, lines=lines)

        one, two = price_basket(basket), price_basket(in_two)

        assert of_each_sku(basket, one) == of_each_sku(in_two, two)
        assert total(one) == total(two)


def test_one_more_promotion_never_raises_a_total():
    dice = random.Random(5)
    for basket in random_baskets(BASKETS, seed=5, promotions=6):
        more = replace(basket, promotions=[*basket.promotions, random_promotion(dice, 99)])

        before, after = price_basket(basket), price_basket(more)

        assert sum(effect.total for effect in after.used) >= sum(effect.total for effect in before.used), (basket, more)
        if basket.includes_tax:
            assert total(after) <= total(before)


@given(whole_cents, rates)
def test_a_consumer_pays_the_amount_with_tax_inside(amount, rate):
    parts = taxed(amount, rate=rate, includes_tax=True, currency="GBP")

    assert parts.gross == amount
    assert abs(parts.tax - parts.net * rate) <= Decimal("0.01")


@given(st.lists(st.tuples(whole_cents, rates), max_size=30))
def test_the_total_is_the_sum_of_the_lines_whatever_their_order(lines):
    parts = [taxed(amount, rate=rate, includes_tax=False, currency="GBP") for amount, rate in lines]

    assert add_up(parts) == add_up(list(reversed(parts)))
    assert add_up(parts).gross == sum(part.net + part.tax for part in parts)


def test_tax_is_put_on_what_is_net_and_taken_out_of_what_is_gross():
    assert taxed(Decimal("14.85"), rate=Decimal("0.20"), includes_tax=False, currency="GBP") == Amounts(Decimal("14.85"), Decimal("2.97"))
    assert taxed(Decimal("14.85"), rate=Decimal("0.20"), includes_tax=True, currency="GBP") == Amounts(Decimal("12.38"), Decimal("2.47"))
    assert taxed(Decimal(101), rate=Decimal("0.10"), includes_tax=True, currency="JPY") == Amounts(Decimal(92), Decimal(9))
    assert add_up([]) == Amounts(Decimal(0), Decimal(0))


# --- which price wins ---

EVERYBODY = PriceList(0, "", Source.EVERYBODY)
WEB = PriceList(1, "Web", Source.CHANNEL)
TRADE = PriceList(2, "Trade", Source.GROUP)
CAFE = PriceList(3, "Harbour Café", Source.CONTRACT)


def row(price, breaks=1, of=EVERYBODY):
    return PriceRow(Decimal(price), breaks, of)


def basket_of(*lines, promotions=(), **fields):
    defaults = {"currency": "GBP", "includes_tax": False, "on": TODAY, "buyer": Buyer(channel=1, customer=1)}
    return Basket(lines=list(lines), promotions=list(promotions), **(defaults | fields))


def mugs(quantity, *rows, **fields):
    return BasketLine(1, quantity, rows or (row("5.00"),), **fields)


def lamps(quantity, **fields):
    return BasketLine(2, quantity, (row("30.00"),), **fields)


@pytest.mark.parametrize(
    ("quantity", "price", "source"),
    [
        (1, "4.00", Source.GROUP),
        (5, "4.60", Source.CONTRACT),
        (12, "4.50", Source.CONTRACT),
        (13, "4.50", Source.CONTRACT),
    ],
)
def test_a_contract_goes_before_a_group_and_a_group_before_a_channel_even_where_it_is_dearer(quantity, price, source):
    rows = [row("5.00"), row("3.00", 10), row("4.80", 1, WEB), row("4.00", 1, TRADE), row("4.60", 5, CAFE), row("4.50", 12, CAFE)]

    [line] = price_basket(basket_of(mugs(quantity, *rows))).lines

    assert (line.why.unit_price, line.why.source) == (Decimal(price), source)
    assert line.amounts.net == quantity * Decimal(price)


def test_all_lines_of_a_sku_count_for_its_break():
    rows = [row("5.00"), row("4.00", 10)]

    priced = price_basket(basket_of(mugs(6, *rows), lamps(1), mugs(4, *rows)))

    assert [line.amounts.net for line in priced.lines] == [Decimal("24.00"), Decimal("30.00"), Decimal("16.00")]
    assert priced.lines[0].why.from_quantity == 10


def test_a_list_with_tax_is_used_for_a_basket_without():
    with_tax = PriceList(4, "Shop", Source.CHANNEL, includes_tax=True)

    [net] = price_basket(basket_of(mugs(1, row("6.00", of=with_tax), rate=Decimal("0.20")))).lines
    [gross] = price_basket(basket_of(mugs(1, row("6.00", of=with_tax), rate=Decimal("0.20")), includes_tax=True)).lines

    assert (net.amounts.net, net.amounts.tax) == (Decimal("5.00"), Decimal("1.00"))
    assert gross.amounts == net.amounts


def test_of_two_lists_for_the_same_people_the_lower_price_is_taken():
    other = PriceList(7, "Winter", Source.GROUP)

    [line] = price_basket(basket_of(mugs(1, row("4.20", of=TRADE), row("4.10", of=other)))).lines

    assert (line.why.unit_price, line.why.list_name) == (Decimal("4.10"), "Winter")


def test_what_no_list_has_cannot_be_priced():
    with pytest.raises(NoPrice) as refusal:
        price_basket(basket_of(lamps(1), mugs(1, row("4.00", 5))))

    assert refusal.value.position == 1


# --- promotions ---


def promotion(kind, key=1, **fields):
    return Promotion(key=key, name=f"P{key}", kind=kind, **fields)


def taken(priced):
    return [(effect.promotion.key, effect.total) for effect in priced.used]


def test_an_amount_off_an_order_is_spread_to_the_last_cent():
    off = promotion(Kind.AMOUNT, amount=Decimal("10.00"))
    lines = [BasketLine(sku, 1, (row("3.33"),)) for sku in (1, 2, 3)] + [lamps(1)]

    priced = price_basket(basket_of(*lines[:3], promotions=[off]))

    assert [line.amounts.net for line in priced.lines] == [0, 0, 0]
    assert taken(priced) == [(1, Decimal("9.99"))]

    priced = price_basket(basket_of(*lines[:3], promotions=[replace(off, amount=Decimal("1.00"))]))

    assert [line.why.discount for line in priced.lines] == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]


def test_of_three_the_cheapest_is_free():
    three = promotion(Kind.FREE_UNITS, buy=2, get=1, percent=Decimal(100))

    assert taken(price_basket(basket_of(mugs(1), lamps(2), promotions=[three]))) == [(1, Decimal("5.00"))]
    assert taken(price_basket(basket_of(mugs(1), lamps(1), promotions=[three]))) == []
    assert taken(price_basket(basket_of(mugs(4), lamps(2), promotions=[three]))) == [(1, Decimal("10.00"))]


def test_of_three_of_the_same_sku_one_is_at_half_price():
    three = promotion(Kind.FREE_UNITS, buy=2, get=1, percent=Decimal(50), same_sku=True)

    assert taken(price_basket(basket_of(mugs(2), lamps(2), promotions=[three]))) == []
    assert taken(price_basket(basket_of(mugs(3), lamps(3), promotions=[three]))) == [(1, Decimal("17.50"))]


def test_free_shipping_takes_off_what_shipping_costs_and_nothing_else():
    free = promotion(Kind.FREE_SHIPPING, minimum=Decimal(20))
    charges = [BasketCharge(Decimal("6.00"), Decimal("0.20")), BasketCharge(Decimal("2.00"), is_shipping=False)]

    priced = price_basket(basket_of(mugs(4), charges=charges, promotions=[free]))

    assert [charge.amounts for charge in priced.charges] == [Amounts(0, 0), Amounts(Decimal("2.00"), 0)]
    assert priced.charges[0].discount == Decimal("6.00")
    refused = price_basket(basket_of(mugs(3), charges=charges, promotions=[free])).refused
    assert [(one.why, one.missing) for one in refused] == [(Why.MINIMUM, Decimal("5.00"))]


def test_those_that_may_be_combined_are_added_up_and_an_exclusive_one_stands_against_their_sum():
    ten, five = promotion(Kind.PERCENT, 1, percent=Decimal(10)), promotion(Kind.PERCENT, 2, percent=Decimal(5))
    alone = promotion(Kind.PERCENT, 3, percent=Decimal(14), is_exclusive=True)
    better = replace(alone, key=4, percent=Decimal(16))

    combined = price_basket(basket_of(mugs(20), promotions=[ten, five, alone]))
    single = price_basket(basket_of(mugs(20), promotions=[ten, five, alone, better]))

    assert taken(combined) == [(1, Decimal("10.00")), (2, Decimal("5.00"))]
    assert [(one.promotion.key, one.why) for one in combined.refused] == [(3, Why.ANOTHER)]
    assert taken(single) == [(4, Decimal("16.00"))]
    assert {(one.promotion.key, one.why) for one in single.refused} == {(1, Why.ANOTHER), (2, Why.ANOTHER), (3, Why.ANOTHER)}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"since": date(2026, 3, 3)}, Why.NOT_YET),
        ({"until": date(2026, 3, 1)}, Why.EXPIRED),
        ({"channel": 2}, Why.NOT_FOR_YOU),
        ({"group": 1}, Why.NOT_FOR_YOU),
        ({"customer": 2}, Why.NOT_FOR_YOU),
        ({"first_order_only": True}, Why.NOT_FIRST),
        ({"turns_left": 0}, Why.HAD),
        ({"uses_left": 0}, Why.USED_UP),
        ({"budget_left": Decimal("1.99")}, Why.USED_UP),
        ({"skus": frozenset({9})}, Why.NO_GOODS),
        ({"minimum": Decimal("20.01")}, Why.MINIMUM),
    ],
)
def test_a_promotion_that_takes_nothing_off_says_why(fields, why):
    tenth = promotion(Kind.PERCENT, percent=Decimal(10))
    assert taken(price_basket(basket_of(mugs(4), promotions=[tenth]))) == [(1, Decimal("2.00"))]

    priced = price_basket(basket_of(mugs(4), promotions=[replace(tenth, **fields)]))

    assert (taken(priced), [one.why for one in priced.refused]) == ([], [why])
    assert total(priced) == Decimal("20.00")


def test_what_a_person_or_a_contract_has_agreed_is_no_promotion_s_to_change():
    tenth = promotion(Kind.PERCENT, percent=Decimal(10))

    assert taken(price_basket(basket_of(mugs(4, agreed=Decimal(4)), promotions=[tenth]))) == []
    contract = basket_of(mugs(4, row("4.00", of=CAFE)), promotions=[tenth])
    assert taken(price_basket(contract)) == []
    assert taken(price_basket(replace(contract, promotions=[replace(tenth, with_contracts=True)]))) == [(1, Decimal("1.60"))]


# --- what a second person must agree to ---


def test_a_person_may_give_as_much_as_their_limit_says():
    line = mugs(10, discount_percent=Decimal(10))

    assert price_basket(basket_of(line, discount_limit=Decimal(10))).approvals == []
    assert price_basket(basket_of(line)).approvals == []
    assert price_basket(basket_of(line, discount_limit=Decimal(5))).approvals == [Approval(Concern.DISCOUNT, 1, Decimal(10), Decimal(5))]


def test_a_lower_price_that_a_person_agrees_on_is_a_discount_too():
    line = mugs(10, agreed=Decimal("4.50"), discount_percent=Decimal(10))

    priced = price_basket(basket_of(line, discount_limit=Decimal(15)))

    assert priced.approvals == [Approval(Concern.DISCOUNT, 1, Decimal("19.00"), Decimal(15))]
    assert priced.lines[0].amounts.net == Decimal("40.50")


def test_goods_must_bring_what_they_cost_and_the_margin_that_is_asked_for():
    line = mugs(10, cost=Decimal("4.00"))
    tenth = promotion(Kind.PERCENT, percent=Decimal(10))

    assert price_basket(basket_of(line, promotions=[tenth], margin_floor=Decimal("0.10"))).approvals == []
    assert price_basket(basket_of(line, promotions=[tenth], margin_floor=Decimal("0.20"))).approvals == [
        Approval(Concern.MARGIN, 1, Decimal("45.00"), Decimal("48.00"))
    ]
