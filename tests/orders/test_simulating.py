"""What other rules would have come to: replayed on paper, and nothing touched."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils import timezone

from inventory.allocation import Demand, Lane, Place, Rule, Wanted
from inventory.models import Lane as LaneRow
from inventory.models import Reservation, StockLevel
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.sourcing import RuleChange, all_rules, change_rules, rules_in_force
from oms.core import stations
from oms.core.errors import Conflict, Invalid
from orders.models import Order, OrderLine, SourcingSimulation
from orders.replaying import Flow, History, Placed, changes, replay, totals
from orders.simulating import ask_for_simulation, history_of, put_in_force, run_simulation
from tests import cast

LEEDS, GHENT, HULL = 1, 2, 3
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LANES = [
    Place(LEEDS, "Leeds", (Lane("GB", "", 300, Decimal(9), 2),)),
    Place(GHENT, "Ghent", (Lane("GB", "", 500, Decimal(6), 3),)),
]


def placed(order_id, units, *, hours=0, sku=7, value=10, complete=False, urgency=5, due=None):
    wanted = Wanted([Demand(order_id * 10, units, ((sku, 1),), Decimal(value))], "GB", "LS1", complete)
    return Placed(order_id, START + timedelta(hours=hours), wanted, {order_id * 10: due} if due else {}, urgency)


def history(*orders, flows=(), free=None, places=LANES, days=10):
    return History(orders, flows, free or {}, places, START.date() + timedelta(days=days))


def rules(*policies, **amounts):
    return [Rule(policy, amounts.get(policy)) for policy in policies]


def test_the_nearest_and_the_cheapest_come_to_different_figures():
    then = history(placed(1, 1), placed(2, 1), free={7: {LEEDS: 9, GHENT: 9}})

    near, cheap = (totals(then, replay(then, rules("serves", policy))) for policy in ("distance", "cost"))

    assert (near.shipments, near.km, near.cost, near.road_days, near.late_days) == (2, 600, Decimal(18), 4, 0)
    assert (cheap.shipments, cheap.km, cheap.cost, cheap.road_days, cheap.late_days) == (2, 1000, Decimal(12), 6, 2)


def test_what_is_split_counts_as_a_shipment_more_and_what_is_not_as_late():
    then = history(placed(1, 8), free={7: {LEEDS: 5, GHENT: 5}}, flows=[Flow(START + timedelta(days=4), 7, LEEDS, 5)])

    split, whole = (totals(then, replay(then, rules(*policies))) for policies in (("distance",), ("distance", "never_split")))

    assert (split.shipments, split.splits, split.late_lines) == (2, 1, 1)
    assert (whole.shipments, whole.splits, whole.late_lines, whole.late_days, whole.unfilled_lines) == (1, 0, 1, 4, 0)


def test_who_is_more_urgent_is_filled_first_then_who_has_waited_longest():
    then = history(
        placed(1, 2), placed(2, 2, hours=1), placed(3, 2, hours=2, urgency=1), flows=[Flow(START + timedelta(days=1), 7, LEEDS, 4)], places=LANES
    )

    fates = replay(then, rules())

    assert {pk: sum(fate.taken.values()) for pk, fate in fates.items()} == {1: 2, 2: 0, 3: 2}
    assert totals(then, fates).unfilled_units == 2


def test_what_ships_complete_goes_to_the_warehouse_that_has_it_all_in_the_end():
    then = history(placed(1, 8, complete=True), free={7: {LEEDS: 5, GHENT: 4}}, flows=[Flow(START + timedelta(days=2), 7, GHENT, 4)])

    fates = replay(then, rules())

    assert fates[1].taken == {GHENT: 8}
    assert totals(then, fates).shipments == 1


def parcels(fate):
    return sorted((day.day, place) for place, day in fate.parcels)


SMALL = rules("distance", "split_value", split_value=Decimal(60))


def test_a_rest_too_small_to_be_a_part_goes_by_itself_the_day_after_the_rest_has_left():
    """5 of 8 leave Leeds on the 2nd, worth 50; 3 worth 30 leave Ghent on the 3rd, arrive on the 6th, and could have been there on the 4th."""
    then = history(placed(1, 8), free={7: {LEEDS: 5, GHENT: 5}})

    fates = replay(then, SMALL)

    assert parcels(fates[1]) == [(2, LEEDS), (3, GHENT)]
    sums = totals(then, fates)
    assert (sums.shipments, sums.splits, sums.unfilled_lines, sums.late_lines, sums.late_days) == (2, 1, 0, 1, 2)


def test_until_then_it_takes_what_comes_to_where_the_rest_lies_and_nothing_else():
    """3 units come to Ghent within the hour and are left there; 2 come to Leeds two hours later and go with the first; the last one waits a day."""
    came = [Flow(START + timedelta(hours=1), 7, GHENT, 3), Flow(START + timedelta(hours=2), 7, LEEDS, 2)]
    then = history(placed(1, 8), free={7: {LEEDS: 5}}, flows=came)

    fates = replay(then, SMALL)

    assert parcels(fates[1]) == [(2, LEEDS), (3, GHENT)]
    assert fates[1].taken == {LEEDS: 7, GHENT: 1}


def test_a_rest_that_found_nothing_is_filled_from_wherever_more_comes():
    """Nothing is left anywhere on the 3rd; 4 come to Ghent on the 6th: before, only what came to Leeds would have done."""
    then = history(placed(1, 8), free={7: {LEEDS: 5}}, flows=[Flow(START + timedelta(days=4), 7, GHENT, 4)])

    fates = replay(then, SMALL)

    assert parcels(fates[1]) == [(2, LEEDS), (6, GHENT)]
    assert totals(then, fates).unfilled_units == 0


def test_of_two_rests_the_more_urgent_goes_first_and_what_is_left_goes_to_the_other():
    """The first waits in Leeds for 3, the urgent one in Ghent for 4; of 5 that come to Hull, neither may have any before the 3rd."""
    places = [*LANES, Place(HULL, "Hull", LANES[0].lanes)]
    came = [Flow(START + timedelta(hours=2), 7, HULL, 5)]
    then = history(placed(1, 8), placed(2, 8, hours=1, urgency=1), free={7: {LEEDS: 5, GHENT: 4}}, flows=came, places=places)

    fates = replay(then, SMALL)

    assert {pk: fate.taken for pk, fate in fates.items()} == {1: {LEEDS: 5, HULL: 1}, 2: {GHENT: 4, HULL: 4}}
    assert totals(then, fates).unfilled_units == 2


def test_the_rest_of_the_last_day_is_still_bound_when_the_days_end():
    then = history(placed(1, 8), free={7: {LEEDS: 5, GHENT: 5}}, days=0)

    assert totals(then, replay(then, SMALL)).unfilled_units == 3


def test_an_order_that_ships_complete_waits_for_its_rest_however_long():
    then = history(placed(1, 8, complete=True), free={7: {LEEDS: 5, GHENT: 5}})

    fates = replay(then, SMALL)

    assert (fates[1].taken, totals(then, fates).unfilled_units) == ({LEEDS: 5}, 3)


def test_a_full_warehouse_takes_them_on_the_day_after():
    places = [Place(LEEDS, "Leeds", LANES[0].lanes, capacity=1)]
    then = history(placed(1, 1), placed(2, 1), placed(3, 1), free={7: {LEEDS: 9}}, places=places, days=2)

    fates = replay(then, rules("capacity"))

    assert sorted(day for fate in fates.values() for _place, day in fate.parcels) == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]


def test_the_orders_that_change_most_are_told():
    then = history(placed(1, 1), placed(2, 8), free={7: {LEEDS: 6, GHENT: 9}})

    count, most = changes(then, replay(then, rules("distance")), replay(then, rules("balance")))

    assert count == 1
    assert (most[0].order_id, most[0].before, most[0].after) == (1, {LEEDS: 1}, {GHENT: 1})


# --- with orders and stock ---


def taken():
    """Give (order, warehouse) → units really reserved or gone."""
    found = Counter()
    for row in Reservation.objects.filter(state__in=["firm", "consumed"]):
        found[row.order_id, row.warehouse_id] += row.line_units
    return dict(found)


def live(house):
    """Have a plain history: orders, a purchase that comes, a transfer that does not matter, backorders filled by age."""
    change_rules([("serves", 10, True, None), ("carries", 20, True, None), ("distance", 30, True, None)], actor="user:manager")
    LaneRow.objects.create(warehouse=house.leeds, country="GB", km=20, cost=4, transit_days=1)
    LaneRow.objects.create(warehouse=house.ghent, country="GB", km=600, cost=9, transit_days=3)
    cast.kit(house, "TEASET", MUG=2, LAMP=1)
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 7), (house.lamp, 4)], actor="user:manager")
    for lines in ([("MUG", 12), ("CHAIR", 2)], [("MUG", 25)], [("TEASET", 3)], [("CHAIR", 4), ("LAMP", 4)], [("CHAIR", 9)]):
        house.place(*lines)
        cast.run_line("screen", "reserve", "backorders", "peg")
    house.place(("MUG", 13), ("LAMP", 2), accepts_part_deliveries=False)
    cast.run_line("screen", "reserve", "backorders", "peg")
    receive_goods(purchase.pk, {line.pk: line.quantity for line in purchase.lines.all()}, key="k1", actor="user:warehouse")
    cast.run_line("backorders", "peg")
    house.place(("CHAIR", 1), ("MUG", 1))
    cast.run_line("screen", "reserve", "backorders", "peg")


def rows_and_stock():
    """Count every table but the simulations, and give every balance."""
    counted = [model for model in apps.get_models() if model is not SourcingSimulation and model._meta.managed]
    counts = {model._meta.label: model._base_manager.count() for model in counted}
    levels = list(StockLevel.objects.order_by("id").values_list("on_hand", "reserved", "value", "version", "freed_at"))
    lines = list(OrderLine.objects.order_by("id").values_list("reserved", "backordered", "planned", "shipped"))
    return counts, levels, lines, list(Order.objects.order_by("id").values_list("state", "version"))


def test_replaying_todays_rules_over_a_plain_history_gives_what_really_happened(house, prove):
    live(house)
    now = timezone.now()

    fates = replay(history_of(now - timedelta(days=1), now), rules_in_force())

    replayed = {(pk, place): units for pk, fate in fates.items() for place, units in fate.taken.items()}
    assert replayed == taken()
    assert {line.pk: line.backordered for line in OrderLine.objects.all()} == {
        line.pk: fates[line.order_id].missing.get(line.pk, 0) for line in OrderLine.objects.all()
    }
    prove()


def test_a_simulation_touches_nothing(house, prove):
    live(house)
    before = rows_and_stock()
    edited = [RuleChange("balance", 10, True), RuleChange("never_split", 20, True)]

    simulation = ask_for_simulation(edited, days=30, actor="user:manager")
    assert rows_and_stock() == before
    run_simulation(SourcingSimulation.objects.get(pk=simulation.pk))
    assert rows_and_stock() == before
    stations.run(stations.named("simulate"), seconds=30)

    done = SourcingSimulation.objects.get(pk=simulation.pk)
    assert (done.state, done.done, done.total) == ("done", 14, 14)
    assert done.result["today"]["orders"] == 7
    assert done.result["changed"] > 0
    after = rows_and_stock()
    assert after[1:] == before[1:]
    assert {label: n - before[0][label] for label, n in after[0].items() if n != before[0][label]} == {"core.Event": 1}
    prove()


def test_rules_are_put_in_force_from_a_simulation_unless_somebody_changed_them_since(house):
    live(house)
    simulation = ask_for_simulation([RuleChange("balance", 10, True), RuleChange("split_value", 20, True, Decimal(15))], days=7, actor="user:manager")
    stations.run(stations.named("simulate"), seconds=30)

    put_in_force(simulation.pk, actor="user:manager")
    put_in_force(simulation.pk, actor="user:manager")

    assert [(rule.policy, rule.amount) for rule in rules_in_force()] == [("balance", None), ("split_value", Decimal(15))]
    assert {rule.policy for rule in all_rules() if not rule.is_active} >= {"serves", "carries", "distance"}

    change_rules([("cost", 10, True, None)], actor="user:anna")
    with pytest.raises(Conflict, match="changed since"):
        put_in_force(simulation.pk, actor="user:manager")
    assert [rule.policy for rule in rules_in_force()] == ["cost"]


@pytest.mark.parametrize("days", [0, 91, -1, 10**9])
def test_days_are_bounded(house, days):
    with pytest.raises(Invalid):
        ask_for_simulation([], days=days, actor="user:manager")

    assert not SourcingSimulation.objects.exists()


def test_so_many_at_once_and_no_more(house):
    for _ in range(5):
        ask_for_simulation([], days=1, actor="user:manager")

    with pytest.raises(Conflict):
        ask_for_simulation([], days=1, actor="user:manager")


def test_days_without_orders_are_simulated_too(house):
    ask_for_simulation([RuleChange("cost", 10, True)], days=1, actor="user:manager")
    stations.run(stations.named("simulate"), seconds=30)

    done = SourcingSimulation.objects.get()
    assert (done.state, done.result["today"]["orders"], done.result["changed"]) == ("done", 0, 0)
