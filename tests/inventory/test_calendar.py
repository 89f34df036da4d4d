"""What can be promised in the weeks to come."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.calendar import promise_calendar
from inventory.models import PurchaseOrder, StockLevel
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import order_from_vendor
from tests import cast

MONDAY = date(2030, 3, 4)


def order(house, sku, units, *, on, warehouse=None):
    purchase = order_from_vendor(house.vendor, warehouse or house.leeds, [(sku, units)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=on)
    supply_changed([sku.pk])
    return purchase


def by_week(calendar):
    return {place.warehouse: [week.to_promise for week in place.weeks] for place in calendar.places}


def test_weeks_end_on_sunday_and_the_first_begins_today(house):
    calendar = promise_calendar(house.mug, 3, today=MONDAY + timedelta(days=2))

    assert calendar.weeks == (
        (date(2030, 3, 6), date(2030, 3, 10)),
        (date(2030, 3, 11), date(2030, 3, 17)),
        (date(2030, 3, 18), date(2030, 3, 24)),
    )
    assert by_week(calendar) == {"Leeds": [30, 30, 30], "Ghent": [20, 20, 20]}
    assert (calendar.now, calendar.total) == (50, (50, 50, 50))


def test_what_comes_counts_from_its_week_on_where_it_comes(house):
    order(house, house.lamp, 10, on=MONDAY + timedelta(days=6))
    order(house, house.lamp, 7, on=MONDAY + timedelta(days=7), warehouse=house.ghent)
    StockLevel.objects.filter(sku=house.lamp).update(safety=2)

    calendar = promise_calendar(house.lamp, 3, today=MONDAY)

    assert by_week(calendar) == {"Leeds": [13, 13, 13], "Ghent": [0, 7, 7]}
    assert (calendar.now, calendar.total) == (3, (13, 20, 20))
    leeds, ghent = calendar.places
    assert (leeds.now, leeds.weeks[0].coming, ghent.weeks[1].arrivals[0].source) == (3, 10, "Potteries Ltd")


def test_what_somebody_waits_for_is_not_promised_again(house):
    order(house, house.chair, 6, on=MONDAY + timedelta(days=3))
    house.place(("CHAIR", 4))
    cast.run_line("screen", "reserve", "peg")

    calendar = promise_calendar(house.chair, 2, today=MONDAY)

    leeds = calendar.places[0]
    assert [week.to_promise for week in leeds.weeks] == [2, 2]
    assert (leeds.weeks[0].coming, leeds.weeks[0].pegged) == (6, 4)


@pytest.mark.parametrize("late", [0, 30])
def test_what_is_expected_today_or_overdue_counts_from_tomorrow(house, late):
    order(house, house.chair, 5, on=MONDAY - timedelta(days=late))

    calendar = promise_calendar(house.chair, 1, today=MONDAY)

    assert (calendar.now, calendar.total) == (0, (5,))


def test_of_a_kit_as_many_as_its_components_make(house):
    kit = cast.kit(house, "TEASET", MUG=4, LAMP=1)
    order(house, house.lamp, 5, on=MONDAY + timedelta(days=8))

    calendar = promise_calendar(kit, 2, today=MONDAY)

    assert by_week(calendar) == {"Leeds": [5, 7], "Ghent": [0, 0]}


def test_a_calendar_costs_the_same_for_one_week_and_for_many(house):
    counts = []
    for weeks in (1, 26):
        with CaptureQueriesContext(connection) as captured:
            promise_calendar(house.mug, weeks)
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 8
    assert len(promise_calendar(house.mug, 10**9).weeks) == 26
    assert promise_calendar(house.chair, 1).is_empty
