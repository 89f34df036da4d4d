from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.money import Coins, cent, digits, from_cents, part_of_cents, parts_of_cents, portion, round_amount, split, split_cents

amounts = st.decimals("-1000000", "1000000", places=2)
currencies = st.sampled_from(["GBP", "JPY", "KWD"])


def test_each_currency_has_its_own_digits():
    assert [digits(code) for code in ("GBP", "JPY", "KWD")] == [2, 0, 3]


def test_half_a_cent_is_rounded_away_from_nothing():
    assert round_amount(Decimal("2.345"), "GBP") == Decimal("2.35")
    assert round_amount(Decimal("2.5"), "JPY") == Decimal("3")
    assert round_amount(Decimal("0.0005"), "KWD") == Decimal("0.001")
    assert round_amount(Decimal("-2.345"), "GBP") == Decimal("-2.35")


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any), currencies)
def test_the_parts_of_a_split_sum_to_the_whole_and_none_is_a_cent_from_its_share(amount, weights, currency):
    amount = round_amount(amount, currency)

    parts = split(amount, weights, currency)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert part == round_amount(part, currency)
        assert abs(part - amount * weight / sum(weights)) < cent(currency)
        assert weight or part == 0


def test_what_is_left_of_a_split_goes_to_the_largest_remainder_and_then_to_the_first():
    assert split(Decimal("0.05"), [1, 1, 1], "GBP") == [Decimal("0.02"), Decimal("0.02"), Decimal("0.01")]
    assert split(Decimal("100"), [1, 5, 1], "JPY") == [Decimal(14), Decimal(72), Decimal(14)]
    assert split(Decimal("-0.05"), [1, 2], "GBP") == [Decimal("-0.02"), Decimal("-0.03")]


@given(st.integers(0, 1_000_000), st.lists(st.integers(0, 10_000), min_size=1, max_size=40).filter(any), currencies)
def test_whole_numbers_are_split_as_amounts_are(cents, weights, currency):
    assert [from_cents(part, currency) for part in split_cents(cents, weights)] == split(from_cents(cents, currency), weights, currency)


@given(st.lists(st.integers(0, 10_000_000), max_size=40), st.integers(0, 1_000), st.integers(1, 1_000))
def test_parts_of_many_are_the_parts_of_each(cents, numerator, denominator):
    assert parts_of_cents(cents, numerator, denominator) == [part_of_cents(each, numerator, denominator) for each in cents]


def test_an_amount_is_made_of_its_coins_once():
    coins = Coins("KWD")

    assert (coins[4950], Coins("JPY")[495]) == (Decimal("4.950"), Decimal(495))
    assert coins[4950] is coins[4950]


@pytest.mark.parametrize("weights", [[], [0], [0, 0]])
def test_nothing_is_split_among_nobody(weights):
    with pytest.raises(ValueError, match="at least one weight"):
        split(Decimal(1), weights, "GBP")


@given(st.decimals("0", "100000", places=3), st.lists(st.integers(1, 9), min_size=1, max_size=8), currencies)
def test_a_line_invoiced_in_any_parts_is_invoiced_exactly(total, quantities, currency):
    total, of, done, invoiced = round_amount(total, currency), sum(quantities), 0, Decimal(0)

    for quantity in quantities:
        part = portion(total, done=done, quantity=quantity, of=of, currency=currency)
        assert part == round_amount(part, currency) >= 0
        assert abs(part - total * quantity / of) <= cent(currency)
        invoiced += part
        done += quantity

    assert invoiced == total
