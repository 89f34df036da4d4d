"""When something can be there, and why then."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.availability import availability_of
from inventory.models import Lane, PurchaseOrder, Reservation, StockLevel, VendorItem, Warehouse
from inventory.pegging import supply_changed
from inventory.promising import Shelf, Supply, bought, promise
from inventory.purchasing.ordering import order_from_vendor
from inventory.sourcing import change_rules
from oms.core.errors import Invalid
from tests import cast

TODAY = date(2026, 3, 2)
LEEDS, GHENT = 1, 2


def coming(days, units, *, pegged=0, warehouse=LEEDS):
    return Supply("purchase", days, warehouse, TODAY + timedelta(days=days), units, pegged, f"PO-{days}", "Potteries")


def ask(shelves, units, *, parts=((7, 1),), lead_days=None):
    answer = promise(parts, units, shelves=shelves, warehouses=[LEEDS, GHENT], today=TODAY)
    return bought(answer, today=TODAY, lead_days=lead_days or {})


def test_what_is_there_can_leave_today():
    answer = ask({7: [Shelf(LEEDS, 2, []), Shelf(GHENT, 5, [])]}, 5)

    assert (answer.on, answer.reason, answer.warehouse) == (TODAY, "now", GHENT)


def test_what_no_warehouse_has_alone_leaves_from_several():
    answer = ask({7: [Shelf(LEEDS, 2, []), Shelf(GHENT, 5, [])]}, 7)

    assert (answer.on, answer.reason, answer.warehouse) == (TODAY, "now", None)


def test_what_is_pegged_to_others_is_not_promised_again():
    first, second = coming(3, 10, pegged=8), coming(6, 10)

    answer = ask({7: [Shelf(LEEDS, 1, [first, second])]}, 5)

    assert (answer.on, answer.reason, answer.now) == (second.on, "coming", 1)
    assert answer.supply.number == "PO-6"


def test_what_safety_lacks_is_filled_before_anything_is_promised():
    answer = ask({7: [Shelf(LEEDS, -4, [coming(3, 5), coming(8, 5)])]}, 3)

    assert answer.on == TODAY + timedelta(days=8)


def test_the_second_line_is_told_what_the_first_has_left():
    shelves = {7: [Shelf(LEEDS, 3, [coming(4, 4)])]}

    assert [ask(shelves, 2).on, ask(shelves, 2).on, ask(shelves, 4).on] == [TODAY, TODAY + timedelta(days=4), None]


def test_a_kit_can_leave_when_its_last_component_can():
    shelves = {7: [Shelf(LEEDS, 8, [])], 8: [Shelf(LEEDS, 1, [coming(5, 9)])]}

    answer = ask(shelves, 2, parts=((7, 4), (8, 1)))

    assert (answer.on, answer.lacking) == (TODAY + timedelta(days=5), 8)


def test_what_is_nowhere_can_be_bought_or_is_never_there():
    assert ask({}, 1, lead_days={7: 12}).on == TODAY + timedelta(days=12)
    assert ask({}, 1).reason == "never"


def test_only_what_is_short_is_bought():
    there = promise(((7, 1),), 1, shelves={7: [Shelf(LEEDS, 2, [])]}, warehouses=[LEEDS], today=TODAY)
    short = promise(((7, 1), (8, 1)), 3, shelves={7: [Shelf(LEEDS, 9, [])], 8: [Shelf(LEEDS, 1, [coming(5, 1)])]}, warehouses=[LEEDS], today=TODAY)

    assert bought(there, today=TODAY, lead_days={7: 2}) is there
    assert (short.reason, short.on, short.wanting) == ("short", TODAY + timedelta(days=5), (8,))
    assert [bought(short, today=TODAY, lead_days={8: days}).on for days in (2, 9)] == [TODAY + timedelta(days=5), TODAY + timedelta(days=9)]


# --- with stock, purchases and lanes ---


def told(*lines, **where):
    return availability_of(list(lines), **where)


def test_every_line_has_a_day_and_a_sentence(house):
    VendorItem.objects.create(vendor=house.vendor, sku=house.chair)
    VendorItem.objects.create(vendor=house.vendor, sku=house.lamp, lead_time_days=3)
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 6)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=date(2030, 5, 4))
    today = timezone.localdate()

    mug, many, lamp, chair, more = told(("mug", 4), ("MUG", 40), ("LAMP", 9), ("CHAIR", 6), ("CHAIR", 1))

    assert (mug.code, mug.ships_on, mug.reason) == ("now", today, "4 free in Leeds.")
    assert (many.code, many.ships_on, many.reason) == ("now", today, "40 free, from several warehouses.")
    assert (lamp.code, lamp.ships_on, lamp.free) == ("buy", today + timedelta(days=3), 5)
    assert lamp.reason.startswith("5 free now; the rest of LAMP is not on order yet")
    assert (chair.code, chair.ships_on) == ("coming", date(2030, 5, 4))
    assert chair.reason == f"CHAIR comes with {purchase.number} from Potteries Ltd, expected 4 May."
    assert more.code == "buy"


def test_what_is_kept_for_safety_is_not_promised(house):
    StockLevel.objects.filter(sku=house.lamp).update(safety=4)

    [lamp] = told(("LAMP", 2))

    assert (lamp.free, lamp.code) == (1, "never")


def test_who_waits_already_goes_before_who_asks_now(house):
    house.place(("CHAIR", 4))
    cast.run_line("screen", "reserve", "peg")
    order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor="user:manager")
    supply_changed([house.chair.pk])
    cast.run_line("peg")

    one, two = told(("CHAIR", 1), ("CHAIR", 1))

    assert (one.code, two.code) == ("coming", "never")


def test_the_road_to_the_customer_is_counted(house):
    Lane.objects.create(warehouse=house.leeds, country="GB", transit_days=2)
    Lane.objects.create(warehouse=house.ghent, country="BE", transit_days=1)

    [there] = told(("MUG", 3), country="GB", postcode="LS1")
    [abroad] = told(("MUG", 3), country="BE")
    [nowhere] = told(("MUG", 3), country="FR")

    assert there.arrives_on == there.ships_on + timedelta(days=2)
    assert abroad.reason == "3 free in Ghent."
    assert nowhere.code == "never"


def test_a_kit_says_which_component_it_waits_for(house):
    cast.kit(house, "PATIO", CHAIR=2, MUG=1)
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 6)], actor="user:manager")

    [patio] = told(("PATIO", 2))

    assert patio.reason.startswith(f"CHAIR comes with {purchase.number}")


@pytest.mark.parametrize(("lines", "why"), [([("NOSUCH", 1)], "no SKU NOSUCH"), ([("MUG", 0)], "between 1 and"), ([("MUG", 10**7)], "between 1 and")])
def test_what_cannot_be_asked_is_refused(house, lines, why):
    with pytest.raises(Invalid, match=why):
        told(*lines)


def queries_of(*lines):
    with CaptureQueriesContext(connection) as captured:
        told(*lines, country="GB")
    return len(captured)


def test_fifty_skus_take_as_many_queries_as_one(house):
    assert queries_of(("MUG", 1)) == queries_of(*[("MUG", 1), ("LAMP", 1)] * 2) == 6
    assert queries_of(("CHAIR", 3)) == queries_of(*[("MUG", 1), ("LAMP", 2), ("CHAIR", 3)] * 16) == 7


def test_at_most_ten_queries_tell_everything(house):
    Warehouse.objects.filter(pk=house.leeds.pk).update(daily_capacity=9)
    cast.kit(house, "PATIO", CHAIR=2, MUG=1)

    assert queries_of(("PATIO", 2), *[("MUG", 40), ("LAMP", 90)] * 16) == 10


def test_what_is_expected_today_is_not_there_yet(house):
    today = timezone.localdate()
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 6)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=today)

    [chair] = told(("CHAIR", 6))

    assert (chair.code, chair.free, chair.ships_on) == ("coming", 0, today + timedelta(days=1))
    assert chair.reason.startswith(f"CHAIR comes with {purchase.number} from ")


def test_how_long_buying_takes_is_told_of_each_sku_that_lacks_and_asked_of_no_other(house):
    VendorItem.objects.create(vendor=house.vendor, sku=house.chair, lead_time_days=9)
    VendorItem.objects.create(vendor=house.vendor, sku=house.lamp, lead_time_days=3)
    today = timezone.localdate()

    mug, chair, lamp = told(("MUG", 4), ("CHAIR", 1), ("LAMP", 9))

    assert (mug.code, mug.ships_on) == ("now", today)
    assert (chair.code, chair.ships_on) == ("buy", today + timedelta(days=9))
    assert (lamp.code, lamp.ships_on) == ("buy", today + timedelta(days=3))


def test_a_kit_names_the_component_that_nothing_brings(house):
    VendorItem.objects.create(vendor=house.vendor, sku=house.lamp, lead_time_days=3)
    cast.kit(house, "PATIO", LAMP=9, CHAIR=1)

    [patio] = told(("PATIO", 1))

    assert (patio.code, patio.ships_on) == ("never", None)
    assert patio.reason == "0 free; nothing brings CHAIR: it has no vendor and is not on order."


# --- as the rules say ---


def in_force(*policies, **amounts):
    change_rules([(policy, 10 * n, True, amounts.get(policy)) for n, policy in enumerate(policies)], actor="user:manager")


def test_a_kit_that_several_warehouses_make_together_is_there_today():
    shelves = {7: [Shelf(LEEDS, 8, []), Shelf(GHENT, 4, [])], 8: [Shelf(LEEDS, 2, []), Shelf(GHENT, 9, [])]}

    answer = ask(shelves, 3, parts=((7, 4), (8, 1)))

    assert (answer.on, answer.reason, answer.warehouse) == (TODAY, "now", None)
    assert [shelf.now for sku in (7, 8) for shelf in shelves[sku]] == [0, 0, 0, 8]


def test_what_must_be_bought_takes_what_is_there_so_that_nobody_is_told_of_it_again():
    shelves = {7: [Shelf(LEEDS, 3, [coming(20, 2)])]}

    first, second = ask(shelves, 9, lead_days={7: 5}), ask(shelves, 1, lead_days={7: 5})

    assert (first.reason, first.on, first.now) == ("buy", TODAY + timedelta(days=20), 3)
    assert (second.reason, second.on, second.now) == ("buy", TODAY + timedelta(days=5), 0)


def test_what_is_ordered_for_another_component_makes_nobody_wait():
    shelves = {7: [Shelf(LEEDS, 0, [])], 8: [Shelf(LEEDS, 5, [coming(60, 9)])]}

    answer = ask(shelves, 1, parts=((7, 1), (8, 1)), lead_days={7: 4})

    assert (answer.reason, answer.on, answer.lacking) == ("buy", TODAY + timedelta(days=4), 7)


def test_where_nothing_is_split_a_line_waits_for_one_warehouse(house):
    in_force("never_split")

    [many] = told(("MUG", 40))

    assert (many.free, many.code) == (40, "never")
    assert many.reason == "There is enough of it, but not together in one warehouse, and no more of it is on order."


def test_where_a_manager_lets_every_warehouse_serve_everybody_lanes_only_tell_the_days(house):
    Lane.objects.create(warehouse=house.leeds, country="GB", transit_days=2)
    change_rules([("serves", 10, False, None)], actor="user:manager")

    [mug] = told(("MUG", 30), country="FR")

    assert (mug.code, mug.reason) == ("now", "30 free in Leeds.")


def test_a_warehouse_that_has_enough_for_today_promises_tomorrow(house):
    Warehouse.objects.filter(pk=house.leeds.pk).update(daily_capacity=1)
    house.place(("LAMP", 1))
    cast.run_line("screen", "reserve")
    today = timezone.localdate()

    lamp, mug = told(("LAMP", 2), ("MUG", 2))

    assert (lamp.code, lamp.ships_on) == ("coming", today + timedelta(days=1))
    assert lamp.reason.startswith("2 free in Leeds, which takes on no more orders today: it leaves on ")
    assert (mug.code, mug.reason) == ("now", "2 free in Ghent.")


def test_an_order_of_two_lines_is_one_of_what_a_warehouse_takes_on_in_a_day(house):
    Warehouse.objects.filter(pk=house.leeds.pk).update(daily_capacity=2)
    house.place(("LAMP", 1), ("MUG", 1))
    cast.run_line("screen", "reserve")
    assert Reservation.objects.filter(warehouse=house.leeds, state="firm").count() == 2

    [lamp] = told(("LAMP", 2))
    house.place(("LAMP", 1))
    cast.run_line("screen", "reserve")
    [after] = told(("LAMP", 2))

    assert (lamp.code, after.code) == ("now", "coming")
