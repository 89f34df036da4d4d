"""What is best bought together: pure arithmetic."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inventory.purchasing.grouping import Filler, Wish, group, in_packs, price_at

BREAKS = [(1, Decimal("2.00")), (48, Decimal("1.80")), (144, Decimal("1.50"))]


def test_the_price_is_that_of_the_highest_break_reached():
    assert [price_at(BREAKS, units) for units in (1, 47, 48, 143, 144, 9_000)] == [
        Decimal("2.00"), Decimal("2.00"), Decimal("1.80"), Decimal("1.80"), Decimal("1.50"), Decimal("1.50"),
    ]  # fmt: skip


@given(st.integers(1, 10_000), st.integers(1, 60), st.integers(1, 500))
def test_packs_are_whole_and_never_too_few(quantity, pack, minimum):
    rounded = in_packs(quantity, pack_size=pack, minimum=minimum)

    assert rounded % pack == 0
    assert max(quantity, minimum) <= rounded < max(quantity, minimum) + pack


def test_the_next_break_is_advised_where_it_is_near():
    found = group([Wish(1, 36, BREAKS, pack_size=12)], minimum_order=Decimal(0), currency="GBP")

    [line] = found.lines
    assert (line.unit_price, line.net) == (Decimal("2.00"), Decimal("72.00"))
    assert line.advice is not None
    assert (line.advice.more, line.advice.quantity, line.advice.saves, line.advice.extra) == (12, 48, Decimal("9.60"), Decimal("14.40"))


def test_a_break_that_makes_the_whole_cheaper_says_so():
    found = group([Wish(1, 46, BREAKS)], minimum_order=Decimal(0), currency="GBP")

    assert found.lines[0].advice.extra == Decimal("-5.60")


def test_a_break_far_off_is_not_spoken_of():
    found = group([Wish(1, 20, BREAKS), Wish(2, 150, BREAKS)], minimum_order=Decimal(0), currency="GBP")

    assert [line.advice for line in found.lines] == [None, None]


def test_what_is_short_of_the_minimum_is_filled_with_what_is_nearest_to_its_point():
    fillers = [Filler(7, 10, BREAKS, above_point=9), Filler(8, 10, BREAKS, above_point=2), Filler(9, 10, BREAKS, above_point=5)]

    found = group([Wish(1, 10, BREAKS)], minimum_order=Decimal("51.20"), currency="GBP", fillers=fillers)

    assert (found.total, found.short, found.is_too_small) == (Decimal("20.00"), Decimal("31.20"), True)
    assert [filler.reference for filler, _net in found.fillers] == [8, 9]


def test_units_beyond_whole_packs_and_below_the_minimum_are_pointed_at():
    [line] = group([Wish(1, 13, BREAKS, pack_size=12, minimum=24)], minimum_order=Decimal(0), currency="GBP").lines

    assert (line.off_pack, line.is_below_minimum) == (1, True)
