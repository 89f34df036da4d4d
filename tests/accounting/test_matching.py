"""Matching, on plain values: any sequence of receipts and bills comes out to the cent."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.matching import BILLED_TWICE, LANDED_COST, NOT_RECEIVED, PRICE, Billed, Landed, Supply, compare, exchange_difference
from oms.core.money import ZERO, cent, round_amount

prices = st.decimals("0", "999", places=4)
rates = st.decimals("0.01", "200", places=8)
books = st.sampled_from(["GBP", "JPY", "KWD"])
units = st.integers(1, 500)


def supply(price="2.10", received=0, value=None, **changes):
    worth = Decimal(price) * received if value is None else Decimal(value)
    return Supply(Decimal(price), Decimal(1), "GBP", received=received, value=worth, **changes)


def differ(*lines, currency="GBP", rate="1", percent="1", most="5"):
    found = compare(lines, currency=currency, rate=Decimal(rate), books="GBP", percent=Decimal(percent), most=Decimal(most))
    return [[(row.kind, row.expected, row.billed, row.amount) for row in some] for some in found]


def line(quantity, price, **of):
    return Billed(quantity, Decimal(price), round_amount(Decimal(price) * quantity, "GBP"), **of)


@settings(deadline=None)
@given(prices, rates, books, st.lists(st.tuples(st.sampled_from(["receive", "bill", "ahead", "take back"]), units), max_size=40), st.booleans())
def test_whatever_comes_and_is_billed_in_whatever_order_nothing_is_left_when_all_of_it_is_billed(price, rate, currency, steps, rises):
    """Receipts at cumulative value, as receiving books them, or each rounded alone; bills within what has come, ahead of it, and taken back."""
    line = Supply(price, rate, currency)
    posted = []
    for what, count in steps:
        if what == "receive":
            alone = round_amount(price * rate * count, currency)
            together = round_amount(price * rate * (line.received + count), currency) - round_amount(price * rate * line.received, currency)
            line.received += count
            line.value += together if rises else alone
            line.true_up()
        elif what == "bill" and line.unbilled:
            count = min(count, line.unbilled)
            posted.append((count, line.bill(count)))
        elif what == "ahead":
            posted.append((count, line.bill(count)))
        elif what == "take back" and posted:
            back, cleared = posted.pop()
            line.billed -= back
            line.cleared -= cleared
        assert line.cleared == round_amount(line.cleared, currency)

    if line.billed < line.received:
        line.bill(line.received - line.billed)
    missing = line.billed - line.received
    line.received += missing
    line.value += round_amount(price * rate * missing, currency)
    line.true_up()

    assert (line.billed, line.cleared) == (line.received, line.value)
    assert line.true_up() == ZERO


@settings(deadline=None)
@given(st.integers(1, 30), st.decimals("0.01", "99999", places=2), st.data())
def test_the_parts_of_a_receipt_add_up_to_it_and_none_is_off_by_more_than_a_cent(received, value, data):
    line = supply(received=received, value=str(value))
    cleared = ZERO
    while line.unbilled:
        count = data.draw(st.integers(1, line.unbilled))
        exact = (value - cleared) * count / line.unbilled
        part = line.bill(count)
        assert abs(part - exact) <= cent("GBP") / 2 or line.unbilled == 0
        assert ZERO <= part <= value - cleared
        cleared += part

    assert cleared == value


@given(units, prices, rates)
def test_a_bill_that_says_what_was_ordered_differs_in_nothing(quantity, price, rate):
    ordered = Supply(price, rate, "GBP", received=quantity, value=round_amount(price * rate * quantity, "GBP"))

    assert compare([line(quantity, price, supply=ordered)], currency="GBP", rate=rate, books="GBP", percent=ZERO, most=ZERO) == [[]]


def test_the_tolerance_is_in_percent_of_a_line_and_in_money_of_the_whole_bill():
    def stock():
        return supply("10.00", received=1000)

    assert differ(line(10, "10.10", supply=stock())) == [[]]
    assert differ(line(10, "10.11", supply=stock())) == [[(PRICE, Decimal("10.00"), Decimal("10.11"), Decimal("1.10"))]]
    assert differ(line(10, "9.89", supply=stock())) == [[(PRICE, Decimal("10.00"), Decimal("9.89"), Decimal("-1.10"))]]
    assert differ(line(50, "10.10", supply=stock())) == [[]]
    assert differ(line(51, "10.10", supply=stock())) == [[(PRICE, Decimal("10.00"), Decimal("10.10"), Decimal("5.10"))]]
    assert [len(some) for some in differ(line(30, "10.10", supply=stock()), line(30, "9.90", supply=stock()))] == [1, 1]


def test_a_thing_that_was_to_cost_nothing_and_is_billed_differs():
    free = supply("0", received=10)

    assert differ(line(10, "0", supply=free)) == [[]]
    assert differ(line(10, "0.01", supply=free)) == [[(PRICE, ZERO, Decimal("0.01"), Decimal("0.10"))]]


def test_units_that_have_not_come_differ_however_few_they_are():
    assert differ(line(7, "2.10", supply=supply(received=10, billed=4))) == [[(NOT_RECEIVED, 6, 7, Decimal("2.10"))]]
    assert differ(line(1, "2.10", supply=supply(received=10, billed=14))) == [[(NOT_RECEIVED, 0, 1, Decimal("2.10"))]]


def test_a_landed_cost_differs_where_it_costs_more_or_is_billed_again():
    assert differ(line(1, "100.99", landed=Landed(Decimal(100)))) == [[]]
    assert differ(line(1, "102.00", landed=Landed(Decimal(100)))) == [[(LANDED_COST, Decimal(100), Decimal(102), Decimal(2))]]
    twice = differ(line(1, "0.50", landed=Landed(Decimal(100), cleared=Decimal(100), is_billed=True)))
    assert twice == [[(BILLED_TWICE, ZERO, Decimal("0.50"), Decimal("0.50"))]]


@given(st.decimals("-99999", "99999", places=2), rates, rates)
def test_an_exchange_difference_is_taken_back_exactly(cleared, rate, received_at):
    def found(amount):
        return exchange_difference(amount, rate=rate, received_at=received_at, books="GBP")

    assert found(-cleared) == -found(cleared)
    assert exchange_difference(cleared, rate=rate, received_at=rate, books="GBP") == 0
