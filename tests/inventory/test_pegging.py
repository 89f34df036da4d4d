"""Who is filled by what, and who is told when it comes late."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import Backorder, Peg, PegsDue, PurchaseOrder, PurchaseOrderLine
from inventory.pegging import supply_changed
from inventory.promising import Demand, Supply, peg
from inventory.purchasing.ordering import order_from_vendor
from oms.core import stations
from oms.core.models import Event
from orders.cancelling import cancel_order
from orders.models import OrderLine
from tests import cast
from tests.faults.crowd import together

TODAY = date(2026, 3, 2)


def supply(number, days, units):
    return Supply("purchase", number, 1, TODAY + timedelta(days=days), units)


def test_the_first_served_gets_what_comes_first():
    soon, later = supply(1, 3, 5), supply(2, 9, 5)

    first, second, third = peg([Demand(1, 4), Demand(2, 4), Demand(3, 4)], [soon, later])

    assert first.pegs == ((soon, 4),) and first.expected_on == soon.on
    assert second.pegs == ((soon, 1), (later, 3)) and second.expected_on == later.on
    assert third.pegs == ((later, 2),) and third.expected_on is None and third.open == 2


@given(st.lists(st.integers(1, 20)), st.lists(st.integers(1, 20)), st.integers(0, 30))
def test_nothing_is_pegged_twice_and_nothing_lies_idle_while_somebody_waits(wanted, coming, free):
    supplies = [supply(i, i, units) for i, units in enumerate(coming)]

    answers = peg([Demand(i, units) for i, units in enumerate(wanted)], supplies, free={1: free})

    for one in supplies:
        assert sum(units for answer in answers for of, units in answer.pegs if of == one) <= one.units
    pegged = sum(units for answer in answers for _, units in answer.pegs)
    waiting = max(sum(wanted) - free, 0)
    assert pegged == min(waiting, sum(coming))
    assert sum(answer.open for answer in answers) == waiting - pegged


def test_nobody_is_pointed_at_what_comes_where_nobody_serves_them():
    here, there = supply(1, 3, 5), Supply("purchase", 2, 2, TODAY, 5)

    served, other = peg([Demand(1, 4, frozenset({1})), Demand(2, 4, frozenset({2}))], [there, here], free={2: 1})

    assert served.pegs == ((here, 4),)
    assert (other.pegs, other.there) == (((there, 3),), 1)


def test_what_could_not_be_had_although_it_is_there_is_waited_for():
    soon = supply(1, 3, 5)

    [part, plain] = peg([Demand(1, 2), Demand(2, 2, may_take_free=False)], [soon], free={1: 9})

    assert (part.pegs, part.there, part.open) == ((), 2, 0)
    assert plain.pegs == ((soon, 2),)


def order(house, *lines, days=7):
    purchase = order_from_vendor(house.vendor, house.leeds, [(sku, units) for sku, units in lines], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=timezone.localdate() + timedelta(days=days))
    supply_changed([sku.pk for sku, _ in lines])
    return purchase


def pegs():
    return [(one.backorder.order_id, one.purchase_line.order_id, one.quantity) for one in Peg.objects.select_related("backorder", "purchase_line")]


def test_every_waiting_unit_points_at_what_will_bring_it(house, prove):
    later = order(house, (house.chair, 5), days=9)
    soon = order(house, (house.chair, 2), days=3)
    first, second = house.place(("CHAIR", 3)), house.place(("CHAIR", 5))
    cast.run_line("screen", "reserve", "peg")

    assert sorted(pegs()) == sorted([(first.pk, soon.pk, 2), (first.pk, later.pk, 1), (second.pk, later.pk, 4)])
    day = timezone.localdate() + timedelta(days=9)
    assert list(Backorder.objects.values_list("expected_on", flat=True)) == [day, None]
    assert OrderLine.objects.get(order=first).promised_on == day
    prove()


def test_the_more_urgent_order_is_filled_first(house, prove):
    order(house, (house.chair, 2))
    house.place(("CHAIR", 2))
    urgent = house.place(("CHAIR", 2))
    type(urgent).objects.filter(pk=urgent.pk).update(priority=1)
    cast.run_line("screen", "reserve", "peg")

    assert [waiting for waiting, _, _ in pegs()] == [urgent.pk]
    prove()


def test_a_late_vendor_makes_the_promise_slip_in_the_open(house, prove):
    purchase = order(house, (house.chair, 2), days=3)
    mine = house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve", "peg")

    PurchaseOrderLine.objects.filter(order=purchase).update(expected_on=timezone.localdate() + timedelta(days=12))
    supply_changed([house.chair.pk])
    cast.run_line("peg")

    [slip] = Event.objects.filter(kind="promise.slipped")
    assert slip.order_id == mine.pk
    assert slip.data == {
        "promised_on": (timezone.localdate() + timedelta(days=3)).isoformat(),
        "expected_on": (timezone.localdate() + timedelta(days=12)).isoformat(),
    }
    supply_changed([house.chair.pk])
    cast.run_line("peg")
    assert Event.objects.filter(kind="promise.slipped").count() == 1
    prove()


def test_a_cancelled_order_gives_its_pegs_to_the_next(house, prove):
    order(house, (house.chair, 2))
    first, second = house.place(("CHAIR", 2)), house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve", "peg")
    assert [waiting for waiting, _, _ in pegs()] == [first.pk]

    cancel_order(first.pk, actor="user:clerk")
    cast.run_line("peg")

    assert [waiting for waiting, _, _ in pegs()] == [second.pk]
    prove()


@pytest.mark.django_db(transaction=True)
def test_no_change_is_missed_by_a_pegging_that_is_under_way(real_house, prove):
    order(real_house, (real_house.chair, 500))

    def act(i):
        if i % 3:
            real_house.place(("CHAIR", 1 + i % 4))
            cast.run_line("screen", "reserve")
        stations.run(stations.named("peg"), seconds=20)

    together(24, act)
    cast.run_line("screen", "reserve", "peg")

    assert not PegsDue.objects.exists()
    assert sum(Peg.objects.values_list("quantity", flat=True)) == sum(Backorder.objects.values_list("quantity", flat=True)) > 0
    prove()
