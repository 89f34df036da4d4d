from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from oms.core.money import round_amount
from orders.pricing import Amounts, add_up, price

lines = st.tuples(st.integers(1, 500), st.decimals("0.01", "9999", places=2), st.sampled_from([Decimal("0"), Decimal("0.05"), Decimal("0.20")]))


@given(st.lists(lines, min_size=1, max_size=30))
def test_the_total_is_the_sum_of_the_lines_whatever_their_order(basket):
    priced = [price(q, p, rate=r, includes_tax=False, currency="GBP") for q, p, r in basket]

    assert add_up(priced) == add_up(list(reversed(priced)))
    assert add_up(priced).gross == sum(line.net + line.tax for line in priced)


@given(lines)
def test_a_consumer_pays_quantity_times_price_with_tax_inside(line):
    quantity, unit_price, rate = line

    amounts = price(quantity, unit_price, rate=rate, includes_tax=True, currency="GBP")

    assert amounts.gross == quantity * unit_price
    assert abs(amounts.tax - amounts.net * rate) <= Decimal("0.01")


def test_tax_is_put_on_the_rounded_net():
    assert price(3, Decimal("4.95"), rate=Decimal("0.20"), includes_tax=False, currency="GBP") == Amounts(
        Decimal("14.85"), round_amount(Decimal("2.97"), "GBP")
    )


@given(lines, st.booleans(), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_net_and_tax_are_whole_cents_of_their_currency(line, includes_tax, currency):
    quantity, unit_price, rate = line

    amounts = price(quantity, unit_price, rate=rate, includes_tax=includes_tax, currency=currency)

    assert amounts.net == round_amount(amounts.net, currency) >= 0
    assert amounts.tax == round_amount(amounts.tax, currency) >= 0
    assert (amounts.gross if includes_tax else amounts.net) == round_amount(quantity * unit_price, currency)


def test_tax_is_taken_out_of_what_a_consumer_pays():
    assert price(3, Decimal("4.95"), rate=Decimal("0.20"), includes_tax=True, currency="GBP") == Amounts(Decimal("12.38"), Decimal("2.47"))
    assert price(1, Decimal("101"), rate=Decimal("0.10"), includes_tax=True, currency="JPY") == Amounts(Decimal(92), Decimal(9))


def test_nothing_is_added_up_to_nothing():
    assert add_up([]) == Amounts(Decimal(0), Decimal(0))
