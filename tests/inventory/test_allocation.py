from collections import Counter
from copy import deepcopy
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inventory.allocation import Allocation, Demand, Lane, Place, Rule, Take, Wanted, allocate

LEEDS, GHENT, RIGA = 1, 2, 3
PLACES = [Place(LEEDS, "Leeds"), Place(GHENT, "Ghent")]
FAR = [
    Place(LEEDS, "Leeds", (Lane("GB", "", 300, Decimal(9), 2), Lane("GB", "LS", 5, Decimal(4), 1))),
    Place(GHENT, "Ghent", (Lane("GB", "", 500, Decimal(6), 3), Lane("BE", "", 60, Decimal(5), 1))),
    Place(RIGA, "Riga", (Lane("LV", "", 10, Decimal(3), 1),)),
]
free_maps = st.dictionaries(st.integers(1, 4), st.dictionaries(st.sampled_from([LEEDS, GHENT]), st.integers(0, 12)), max_size=4)
# A line is of one SKU, or of a kit of up to three.
parts = st.dictionaries(st.integers(1, 4), st.integers(1, 3), min_size=1, max_size=3).map(lambda some: tuple(sorted(some.items())))
lines = st.lists(st.tuples(parts, st.integers(1, 9)), min_size=1, max_size=4)
rules = st.lists(
    st.sampled_from(["serves", "carries", "capacity", "distance", "cost", "promise", "balance", "never_split"]).map(Rule)
    | st.integers(0, 60).map(lambda amount: Rule("split_value", Decimal(amount))),
    max_size=4,
)


def line(reference, sku, quantity, value=1):
    return Demand(reference, quantity, ((sku, 1),), Decimal(value))


def order(*demands, country="GB", postcode="LS2 7AA"):
    return Wanted(demands, country, postcode)


def orders_of(wanted):
    return [
        Wanted([Demand(i * 10 + j, quantity, some, Decimal(5)) for j, (some, quantity) in enumerate(lines)], "GB", "LS2")
        for i, lines in enumerate(wanted)
    ]


def spent(results):
    """Give (SKU, warehouse) → units taken."""
    taken = Counter()
    for result in results:
        for take in result.takes:
            for sku, each in take.parts:
                taken[sku, take.warehouse] += each * take.units
    return taken


@given(free_maps, st.lists(lines, min_size=1, max_size=6), rules)
def test_nobody_gets_what_is_not_there_nor_more_than_they_want(free, wanted, rules):
    before = deepcopy(free)
    orders = orders_of(wanted)

    results = allocate(orders, free=free, places=PLACES, rules=rules)

    for one, result in zip(orders, results, strict=True):
        got = Counter()
        for take in result.takes:
            got[take.reference] += take.units
        for demand in one.demands:
            assert got[demand.reference] + result.short.get(demand.reference, 0) == demand.quantity
    taken = spent(results)
    for sku, places in before.items():
        for place, units in places.items():
            assert 0 <= free[sku][place] == units - taken[sku, place]
    assert set(taken) <= {(sku, place) for sku, places in before.items() for place in places}


@given(free_maps, st.lists(lines, min_size=1, max_size=6))
def test_nothing_is_left_lying_that_a_plain_line_still_wants(free, wanted):
    orders = orders_of([[(some[:1], quantity) for some, quantity in lines] for lines in wanted])
    orders = [Wanted([Demand(d.reference, d.quantity, ((d.parts[0][0], 1),)) for d in one.demands]) for one in orders]

    results = allocate(orders, free=free, places=PLACES)

    for one, result in zip(orders, results, strict=True):
        for demand in one.demands:
            if result.short.get(demand.reference):
                assert not any(free.get(demand.parts[0][0], {}).values())


@given(free_maps, lines)
def test_an_order_that_one_warehouse_can_fill_comes_from_one(free, wanted):
    [one] = orders_of([wanted])
    needed = Counter()
    for demand in one.demands:
        for sku, each in demand.parts:
            needed[sku] += each * demand.quantity
    able = [place for place in (LEEDS, GHENT) if all(free.get(sku, {}).get(place, 0) >= units for sku, units in needed.items())]

    [result] = allocate([one], free=free, places=PLACES)

    if able:
        assert result.short == {}
        assert {take.warehouse for take in result.takes} == {able[0]}


@given(free_maps, st.lists(lines, min_size=1, max_size=6))
def test_who_comes_later_changes_nothing_for_who_came_first(free, wanted):
    orders = orders_of(wanted)

    alone = allocate(orders[:1], free=deepcopy(free), places=PLACES)
    among_others = allocate(orders, free=deepcopy(free), places=PLACES)

    assert alone[0] == among_others[0]


@given(free_maps, st.lists(lines, min_size=1, max_size=6), st.integers(1, 60))
def test_no_part_of_a_split_order_is_worth_less_than_asked(free, wanted, threshold):
    orders = orders_of(wanted)

    results = allocate(orders, free=free, places=PLACES, rules=[Rule("split_value", Decimal(threshold))])

    for result in results:
        values = Counter()
        for take in result.takes:
            values[take.warehouse] += 5 * take.units
        assert len(values) < 2 or min(values.values()) >= threshold


def test_who_wants_nothing_gets_nothing():
    assert allocate([Wanted(())], free={7: {LEEDS: 1}}, places=PLACES) == [Allocation((), {})]


def test_one_warehouse_that_can_fill_it_all_is_preferred():
    free = {7: {LEEDS: 2, GHENT: 5}, 8: {GHENT: 1}}

    [result] = allocate([order(line(1, 7, 3), line(2, 8, 1))], free=free, places=PLACES)

    assert result.takes == (Take(1, GHENT, 3, ((7, 1),)), Take(2, GHENT, 1, ((8, 1),)))
    assert result.short == {}
    assert result.trace == [{"step": "whole", "chosen": [["Ghent", 4]]}]


def test_two_lines_of_one_sku_draw_on_the_same_stock():
    [result] = allocate([order(line(1, 7, 1), line(2, 7, 1))], free={7: {LEEDS: 1}}, places=PLACES)

    assert result.takes == (Take(1, LEEDS, 1, ((7, 1),)),)
    assert result.short == {2: 1}


def test_a_line_and_a_kit_that_need_the_same_component_are_added_up():
    tea_set = Demand(1, 2, ((7, 4), (8, 1)))
    free = {7: {LEEDS: 9, GHENT: 10}, 8: {LEEDS: 2, GHENT: 2}}

    [result] = allocate([order(tea_set, line(2, 7, 2))], free=free, places=PLACES)

    assert {(take.reference, take.warehouse, take.units) for take in result.takes} == {(1, GHENT, 2), (2, GHENT, 2)}
    assert free == {7: {LEEDS: 9, GHENT: 0}, 8: {LEEDS: 2, GHENT: 0}}


def test_a_kit_is_never_made_of_components_from_two_warehouses():
    [result] = allocate([order(Demand(1, 1, ((7, 1), (8, 1))))], free={7: {LEEDS: 5}, 8: {GHENT: 5}}, places=PLACES)

    assert result.takes == ()
    assert result.short == {1: 1}


def test_who_comes_first_is_served_first():
    first, second = allocate([order(line(1, 7, 3)), order(line(2, 7, 3))], free={7: {LEEDS: 4}}, places=PLACES)

    assert first.short == {}
    assert second.short == {2: 2}


def test_a_warehouse_that_does_not_serve_the_destination_is_left_out_and_says_why():
    [result] = allocate([order(line(1, 7, 1), country="BE")], free={7: {LEEDS: 1, RIGA: 1}}, places=FAR, rules=[Rule("serves")])

    assert result.short == {1: 1}
    assert result.trace[0] == {"step": "serves", "kept": ["Ghent"], "dropped": [["Leeds", "does_not_serve"], ["Riga", "does_not_serve"]]}


def test_the_nearest_and_the_cheapest_are_not_the_same():
    def chosen(*policies, postcode="AB1 2CD"):
        free = {7: {LEEDS: 5, GHENT: 5}}
        [result] = allocate([order(line(1, 7, 1), postcode=postcode)], free=free, places=FAR, rules=[Rule(policy) for policy in policies])
        return result.takes[0].warehouse

    assert chosen("serves", "distance") == LEEDS
    assert chosen("serves", "cost") == GHENT
    assert chosen("serves", "cost", postcode="LS2 7AA") == LEEDS
    assert chosen("promise") == LEEDS


def test_the_fullest_warehouse_goes_first_to_keep_the_balance():
    [result] = allocate([order(line(1, 7, 2))], free={7: {LEEDS: 5, GHENT: 9}}, places=PLACES, rules=[Rule("balance")])

    assert result.takes[0].warehouse == GHENT
    assert result.trace[0] == {"step": "balance", "order": [["Ghent", "9"], ["Leeds", "5"]]}


def test_a_warehouse_takes_on_no_more_orders_than_it_can():
    places = [Place(LEEDS, "Leeds", capacity=1), Place(GHENT, "Ghent")]

    results = allocate([order(line(i, 7, 1)) for i in range(3)], free={7: {LEEDS: 9, GHENT: 9}}, places=places, rules=[Rule("capacity")])

    assert [result.takes[0].warehouse for result in results] == [LEEDS, GHENT, GHENT]


def test_an_order_that_is_never_split_waits_for_one_warehouse():
    [result] = allocate([order(line(1, 7, 6))], free={7: {LEEDS: 5, GHENT: 5}}, places=PLACES, rules=[Rule("never_split")])

    assert result.takes == ()
    assert result.short == {1: 6}


def test_a_part_that_is_worth_too_little_is_not_sent():
    free = {7: {LEEDS: 5, GHENT: 1}}

    [result] = allocate([order(line(1, 7, 6, value=10))], free=free, places=PLACES, rules=[Rule("split_value", Decimal(20))])

    assert result.takes == (Take(1, LEEDS, 5, ((7, 1),)),)
    assert result.short == {1: 1}
    assert free == {7: {LEEDS: 0, GHENT: 1}}
    assert result.trace == [
        {"step": "split_value", "dropped": [["Ghent", "part_too_small", "10.00"]], "amount": "20.00"},
        {"step": "part", "chosen": [["Leeds", 5]]},
    ]


def test_what_was_refused_as_too_small_is_not_sent_a_moment_later_by_itself():
    free = {7: {LEEDS: 0, GHENT: 1}}
    rest = Wanted([line(1, 7, 1, value=10)], "GB", "LS2 7AA", already={LEEDS: Decimal(50)})
    worth_it = Wanted([line(1, 7, 1, value=20)], "GB", "LS2 7AA", already={LEEDS: Decimal(50)})

    [refused], [sent] = [allocate([one], free=free, places=PLACES, rules=[Rule("split_value", Decimal(20))]) for one in (rest, worth_it)]

    assert (refused.takes, refused.short) == ((), {1: 1})
    assert sent.takes == (Take(1, GHENT, 1, ((7, 1),)),)


def test_what_is_still_to_come_is_taken_where_the_rest_was():
    rest = Wanted([line(1, 7, 1, value=1)], already={GHENT: Decimal(50)})

    [result] = allocate([rest], free={7: {LEEDS: 9, GHENT: 9}}, places=PLACES, rules=[Rule("split_value", Decimal(20))])

    assert result.takes == (Take(1, GHENT, 1, ((7, 1),)),)


def test_an_order_that_ships_complete_keeps_to_one_warehouse_and_what_it_gets_there():
    free = {7: {LEEDS: 4, GHENT: 5}}

    [result] = allocate([Wanted([line(1, 7, 8)], ships_complete=True)], free=free, places=PLACES)

    assert result.takes == (Take(1, GHENT, 5, ((7, 1),)),)
    assert result.short == {1: 3}
    assert result.trace == [{"step": "ship_complete", "chosen": [["Ghent", 5]]}]


def test_a_warehouse_that_has_none_of_it_is_left_out_and_says_why():
    [result] = allocate([order(line(1, 7, 1))], free={7: {GHENT: 1}}, places=PLACES, rules=[Rule("carries")])

    assert result.trace[0] == {"step": "carries", "kept": ["Ghent"], "dropped": [["Leeds", "has_none"]]}


def test_the_longest_postcode_that_fits_is_the_lane():
    assert FAR[0].lane_to("GB", "ls2 7aa").km == 5
    assert FAR[0].lane_to("GB", "AB1").km == 300
    assert FAR[0].lane_to("FR", "75001") is None
