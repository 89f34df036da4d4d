from collections import Counter
from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from inventory.allocation import Allocation, Demand, Take, allocate

LEEDS, GHENT = 1, 2
free_maps = st.dictionaries(st.integers(1, 4), st.dictionaries(st.sampled_from([LEEDS, GHENT]), st.integers(0, 12)), max_size=4)
demands = st.lists(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=4), min_size=1, max_size=6)


@given(free_maps, demands)
def test_nobody_gets_what_is_not_there_nor_more_than_they_want(free, wanted):
    before = {sku: dict(places) for sku, places in free.items()}
    orders, reference = [], 0
    for lines in wanted:
        orders.append([Demand(reference := reference + 1, sku, quantity) for sku, quantity in lines])

    results = allocate(orders, free=free, warehouses=[LEEDS, GHENT])

    taken = Counter()
    for order, result in zip(orders, results, strict=True):
        got = Counter()
        for take in result.takes:
            taken[take.sku, take.warehouse] += take.quantity
            got[take.reference] += take.quantity
        for demand in order:
            assert got[demand.reference] + result.short.get(demand.reference, 0) == demand.quantity
    for (sku, warehouse), quantity in taken.items():
        assert quantity <= before[sku][warehouse]
    for sku, places in before.items():
        for order, result in zip(orders, results, strict=True):
            if any(demand.sku == sku and result.short.get(demand.reference) for demand in order):
                assert sum(taken[sku, warehouse] for warehouse in places) == sum(places.values())


@given(free_maps, demands)
def test_an_order_that_one_warehouse_can_fill_comes_from_one(free, wanted):
    demands_of_it = [Demand(reference, sku, quantity) for reference, (sku, quantity) in enumerate(wanted[0])]
    needed = Counter()
    for demand in demands_of_it:
        needed[demand.sku] += demand.quantity
    able = [place for place in (LEEDS, GHENT) if all(free.get(sku, {}).get(place, 0) >= units for sku, units in needed.items())]

    [result] = allocate([demands_of_it], free=free, warehouses=[LEEDS, GHENT])

    if able:
        assert result.short == {}
        assert {take.warehouse for take in result.takes} == {able[0]}


@given(free_maps, demands)
def test_who_comes_later_changes_nothing_for_who_came_first(free, wanted):
    orders = [[Demand(i * 10 + j, sku, quantity) for j, (sku, quantity) in enumerate(lines)] for i, lines in enumerate(wanted)]

    alone = allocate(orders[:1], free=deepcopy(free), warehouses=[LEEDS, GHENT])
    among_others = allocate(orders, free=deepcopy(free), warehouses=[LEEDS, GHENT])

    assert alone[0] == among_others[0]


def test_who_wants_nothing_gets_nothing():
    assert allocate([[]], free={7: {LEEDS: 1}}, warehouses=[LEEDS]) == [Allocation((), {})]


def test_one_warehouse_that_can_fill_it_all_is_preferred():
    free = {7: {LEEDS: 2, GHENT: 5}, 8: {GHENT: 1}}

    [result] = allocate([[Demand(1, 7, 3), Demand(2, 8, 1)]], free=free, warehouses=[LEEDS, GHENT])

    assert result.takes == (Take(1, 7, GHENT, 3), Take(2, 8, GHENT, 1))
    assert result.short == {}


def test_two_lines_of_one_sku_draw_on_the_same_stock():
    [result] = allocate([[Demand(1, 7, 1), Demand(2, 7, 1)]], free={7: {LEEDS: 1}}, warehouses=[LEEDS])

    assert result.takes == (Take(1, 7, LEEDS, 1),)
    assert result.short == {2: 1}


def test_who_comes_first_is_served_first():
    first, second = allocate([[Demand(1, 7, 3)], [Demand(2, 7, 3)]], free={7: {LEEDS: 4}}, warehouses=[LEEDS])

    assert first.short == {}
    assert second.short == {2: 2}
