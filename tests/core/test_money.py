from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from oms.core.money import cent, digits, portion, round_amount, split

amounts = st.decimals("-1000000", "1000000", places=2)
currencies = st.sampled_from(["GBP", "JPY", "KWD"])


def test_each_currency_has_its_own_digits():
    assert [digits(code) for code in ("GBP", "JPY", "KWD")] == [2, 0, 3]


def test_half_a_cent_is_rounded_up():
    assert round_amount(Decimal("2.345"), "GBP") == Decimal("2.35")
    assert round_amount(Decimal("2.5"), "JPY") == Decimal("3")


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any), currencies)
def test_the_parts_of_a_split_sum_to_the_whole(amount, weights, currency):
    amount = round_amount(amount, currency)

    parts = split(amount, weights, currency)

    assert sum(parts) == amount
    assert all(part == round_amount(part, currency) for part in parts)
    assert (
        all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
        or amount == 0
        or all(abs(part) <= cent(currency) for part, weight in zip(parts, weights, strict=True) if not weight)
    )


@given(st.decimals("0", "100000", places=2), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_a_line_invoiced_in_any_parts_is_invoiced_exactly(total, quantities):
    of, done, invoiced = sum(quantities), 0, Decimal(0)

    for quantity in quantities:
        invoiced += portion(total, done=done, quantity=quantity, of=of, currency="GBP")
        done += quantity

    assert invoiced == total
