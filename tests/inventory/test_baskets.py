"""Stock held for a while, and what becomes of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.baskets import hold_stock, let_go
from inventory.models import Reservation, StockLevel
from oms.core import stations
from oms.core.errors import Invalid
from orders.models import OrderLine
from tests import cast
from tests.faults.crowd import together


def hold(*lines, basket="b1", **more):
    return hold_stock(basket, list(lines), actor="user:clerk", **more)


def free(sku):
    return sum(level.free for level in StockLevel.objects.filter(sku=sku))


def run_out(basket="b1"):
    Reservation.objects.filter(basket=basket, state="soft").update(expires_at=timezone.now() - timedelta(seconds=1))


def test_what_a_basket_holds_nobody_else_gets(house, prove):
    held = hold(("LAMP", 4), ("MUG", 2))
    order = house.place(("LAMP", 3))
    cast.run_line("screen", "reserve")

    assert held.units == {0: 4, 1: 2}
    assert timedelta(minutes=14) < held.until - timezone.now() <= timedelta(minutes=15)
    assert OrderLine.objects.get(order=order).backordered == 2
    prove()


def test_holding_again_replaces_what_was_held(house, prove):
    hold(("LAMP", 4))
    held = hold(("LAMP", 5), ("MUG", 1))

    assert held.units == {0: 5, 1: 1}
    assert (free(house.lamp), free(house.mug)) == (0, 49)

    hold(("MUG", 1))
    assert (free(house.lamp), free(house.mug)) == (5, 49)
    prove()


def test_what_is_not_there_is_not_held(house, prove):
    cast.kit(house, "TEASET", MUG=2, LAMP=1)

    held = hold(("TEASET", 4), ("LAMP", 3), ("CHAIR", 1))

    assert held.units == {0: 4, 1: 1, 2: 0}
    assert free(house.lamp) == 0
    prove()


def test_an_order_takes_up_its_basket_before_everybody_else(house, prove):
    hold(("LAMP", 5))
    other = house.place(("LAMP", 2))
    mine = house.place(("LAMP", 5), basket="b1")
    cast.run_line("screen", "reserve")

    assert OrderLine.objects.get(order=mine).reserved == 5
    assert OrderLine.objects.get(order=other).backordered == 2
    assert sorted(Reservation.objects.values_list("state", "quantity")) == [("firm", 5), ("released", 5)]
    prove()


def test_an_order_for_less_than_its_basket_leaves_the_rest_to_others(house, prove):
    hold(("LAMP", 5))
    house.place(("LAMP", 2), basket="b1")
    cast.run_line("screen", "reserve")

    assert free(house.lamp) == 3
    prove()


def test_what_an_order_took_up_does_not_lapse_while_the_order_is_held(house, prove):
    house.anna.is_blocked = True
    house.anna.save()
    hold(("LAMP", 5))
    house.place(("LAMP", 5), basket="b1")
    cast.run_line()

    assert Reservation.objects.get().expires_at is None
    assert free(house.lamp) == 0
    prove()


def test_a_basket_that_ran_out_is_free_for_who_waits(house, prove):
    hold(("LAMP", 5))
    order = house.place(("LAMP", 2))
    cast.run_line("screen", "reserve")
    run_out()

    cast.run_line("lapse", "backorders")

    assert OrderLine.objects.get(order=order).reserved == 2
    assert free(house.lamp) == 3
    prove()


def test_an_order_with_a_basket_that_ran_out_is_served_like_any_other(house, prove):
    hold(("LAMP", 5))
    run_out()
    order = house.place(("LAMP", 5), basket="b1")
    cast.run_line("screen", "reserve", "lapse", "backorders")

    assert OrderLine.objects.get(order=order).reserved == 5
    prove()


def test_leaving_lets_go_of_everything(house, prove):
    hold(("LAMP", 5))

    assert let_go("b1", actor="user:clerk") == 5
    assert let_go("b1", actor="user:clerk") == 0
    assert free(house.lamp) == 5
    prove()


@pytest.mark.parametrize(
    ("lines", "more", "why"),
    [
        ([("NOSUCH", 1)], {}, "no SKU NOSUCH"),
        ([("LAMP", 0)], {}, "between 1 and"),
        ([("LAMP", 1)], {"minutes": 0}, "1 to 120 minutes"),
        ([("LAMP", 1)], {"minutes": 121}, "1 to 120 minutes"),
        ([("LAMP", 1)], {"basket": ""}, "Name the basket"),
        ([("LAMP", 1)], {"basket": "x" * 81}, "Name the basket"),
        ([("LAMP", 1)] * 1001, {}, "at most 1000 lines"),
    ],
)
def test_a_basket_of_nonsense_holds_nothing(house, lines, more, why):
    with pytest.raises(Invalid, match=why):
        hold(*lines, **more)

    assert not Reservation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_who_hold_the_last_units_hold_no_more_than_there_are(real_house, prove):
    held = together(40, lambda i: hold_stock(f"b{i}", [("LAMP", 1)], actor="user:clerk"))

    assert sum(one.units[0] for one in held) == 5
    assert free(real_house.lamp) == 0
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_basket_is_either_taken_up_or_lapsed_when_both_are_tried_at_once(real_house, prove):
    """The moment before it runs out: whoever has the row first has it, and the other finds nothing."""
    for i in range(20):
        hold_stock(f"b{i}", [("MUG", 1)], actor="user:clerk")
    Reservation.objects.filter(state="soft").update(expires_at=timezone.now() + timedelta(milliseconds=150))

    def act(i):
        if i % 2:
            return stations.run(stations.named("lapse"), seconds=2) if i > 30 else [stations.run_batch(stations.named("lapse")) for _ in range(40)]
        return real_house.place(("MUG", 1), basket=f"b{i // 2}")

    together(40, act)
    cast.run_line("screen", "reserve", "backorders")
    run_out_all = Reservation.objects.filter(state="soft", order_id__isnull=True)
    run_out_all.update(expires_at=timezone.now() - timedelta(seconds=1))
    cast.run_line("lapse")

    assert OrderLine.objects.filter(reserved=1).count() == 20
    assert Reservation.objects.filter(state="firm").count() == 20
    assert free(real_house.mug) == 30
    prove()
