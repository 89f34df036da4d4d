"""Which warehouse an order is filled from: the rules in force, and what they leave behind."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from inventory.models import Backorder, Lane, PurchaseOrder, Reservation, SourcingDecision, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import order_from_vendor
from inventory.sourcing import change_rules
from oms.core.locks import lock
from orders.models import Order, OrderLine
from orders.reserving import fill_backorders
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast


def in_force(*policies, **amounts):
    change_rules([(policy, 10 * n, True, amounts.get(policy)) for n, policy in enumerate(policies)], actor="user:manager")


def taken(order):
    rows = Reservation.objects.filter(order_id=order.pk, state="firm").order_by("warehouse_id")
    return [(row.warehouse.name, row.quantity) for row in rows.select_related("warehouse")]


def line_of(order):
    return OrderLine.objects.get(order=order)


def reserve():
    cast.run_line("screen", "reserve", "backorders", "peg")


def test_what_was_refused_as_too_small_a_part_stays_refused(house, prove):
    in_force("split_value", split_value=Decimal(60))
    order = house.place(("MUG", 35))

    reserve()

    assert taken(order) == [("Leeds", 30)]
    assert line_of(order).backordered == 5
    assert line_of(order).promised_on is None
    assert Backorder.objects.get().only_from == [house.leeds.pk]
    prove()


def test_what_was_too_little_to_be_a_part_goes_by_itself_once_the_rest_has_left(house, prove, plain_labels):
    in_force("split_value", split_value=Decimal(60))
    order = house.place(("MUG", 35))
    reserve()
    cast.run_line("invoice", "plan")
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:test")

    Backorder.objects.update(tried_at=timezone.now() - timedelta(hours=2))
    cast.run_line("backorders")

    assert taken(order) == [("Ghent", 5)]
    prove()


def test_what_is_too_little_to_be_a_part_is_promised_where_the_rest_is(house, prove):
    in_force("split_value", split_value=Decimal(60))
    house.place(("MUG", 35))
    in_ghent = order_from_vendor(house.vendor, house.ghent, [(house.mug, 9)], actor="user:manager")
    in_leeds = order_from_vendor(house.vendor, house.leeds, [(house.mug, 9)], actor="user:manager")
    day = timezone.localdate() + timedelta(days=6)
    PurchaseOrder.objects.filter(pk=in_ghent.pk).update(expected_on=timezone.localdate())
    PurchaseOrder.objects.filter(pk=in_leeds.pk).update(expected_on=day)

    reserve()

    waiting = Backorder.objects.get()
    assert (waiting.promised_on, waiting.expected_on) == (day, day)
    assert [peg.purchase_line.order_id for peg in waiting.pegs.all()] == [in_leeds.pk]
    prove()


def test_both_parts_that_are_worth_enough_are_sent(house, prove):
    in_force("split_value", split_value=Decimal(60))
    order = house.place(("MUG", 45))

    reserve()

    assert taken(order) == [("Leeds", 30), ("Ghent", 15)]
    prove()


def complete(house, *lines):
    return house.place(*lines, accepts_part_deliveries=False)


def test_an_order_that_ships_complete_waits_in_one_warehouse(house, prove):
    order = complete(house, ("MUG", 40))

    reserve()

    assert taken(order) == [("Leeds", 30)]
    assert (Order.objects.get(pk=order.pk).state, line_of(order).backordered) == ("backordered", 10)
    prove()


def test_it_goes_over_to_the_warehouse_that_has_it_all(house, prove):
    order = complete(house, ("MUG", 40))
    reserve()

    house.stock(house.mug, 25, warehouse=house.ghent)
    reserve()

    assert taken(order) == [("Ghent", 40)]
    assert (Order.objects.get(pk=order.pk).state, line_of(order).backordered) == ("allocated", 0)
    assert not Backorder.objects.exists()
    prove()


def test_two_lines_that_ship_complete_leave_from_one_warehouse_on_one_day(house, prove):
    Lane.objects.create(warehouse=house.leeds, country="GB")
    order = complete(house, ("LAMP", 5), ("CHAIR", 2))
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 2)], actor="user:manager")
    day = timezone.localdate() + timedelta(days=6)
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=day)

    reserve()

    assert set(OrderLine.objects.filter(order=order).values_list("promised_on", flat=True)) == {day}
    house.stock(house.chair, 2)
    reserve()
    assert taken(order) == [("Leeds", 5), ("Leeds", 2)]
    prove()


def test_nobody_waits_for_what_comes_to_a_warehouse_that_does_not_serve_them(house, prove):
    Lane.objects.create(warehouse=house.ghent, country="BE")
    order = house.place(("CHAIR", 2))
    purchase = order_from_vendor(house.vendor, house.ghent, [(house.chair, 9)], actor="user:manager")
    supply_changed([house.chair.pk])

    reserve()

    waiting = Backorder.objects.get(order_id=order.pk)
    assert (waiting.country, waiting.pegs.count(), waiting.expected_on) == ("GB", 0, None)

    PurchaseOrder.objects.filter(pk=purchase.pk).update(warehouse=house.leeds, expected_on=timezone.localdate())
    supply_changed([house.chair.pk])
    cast.run_line("peg")

    waiting = Backorder.objects.get(order_id=order.pk)
    assert (waiting.pegs.get().quantity, waiting.expected_on) == (2, timezone.localdate())
    prove()


def test_a_full_warehouse_takes_the_order_on_tomorrow(house, prove):
    Warehouse.objects.filter(pk=house.leeds.pk).update(daily_capacity=1)
    first, second = house.place(("LAMP", 1)), house.place(("LAMP", 1))

    reserve()

    assert (taken(first), taken(second)) == ([("Leeds", 1)], [])
    assert line_of(second).promised_on == timezone.localdate() + timedelta(days=1)
    Reservation.objects.update(created_at=timezone.now() - timedelta(days=1))
    Backorder.objects.update(tried_at=None)
    reserve()
    assert taken(second) == [("Leeds", 1)]
    prove()


def test_who_waits_and_gets_nothing_again_leaves_no_new_decision(house):
    house.place(("CHAIR", 1), ("MUG", 1))
    reserve()
    before = SourcingDecision.objects.count()

    for _ in range(3):
        Backorder.objects.update(tried_at=None)
        cast.run_line("backorders")

    assert SourcingDecision.objects.count() == before == 1


@pytest.mark.parametrize("policy", ["serves", "carries"])
def test_rules_are_in_force_from_the_first_day(house, policy):
    house.place(("MUG", 1))

    reserve()

    assert policy in [step["step"] for step in SourcingDecision.objects.get().trace]


def test_a_kit_does_not_overtake_who_has_waited_longer_for_what_comes_after_the_batch_was_claimed(house, prove):
    """A kit that lacks a chair stands in the queue for its mug; the chairs come when the batch is claimed already, without the older order."""
    cast.kit(house, "SET", CHAIR=1, MUG=1)
    older, kit = house.place(("CHAIR", 1)), house.place(("SET", 1))
    cast.run_line("screen", "reserve")
    with transaction.atomic():
        claimed = lock(Order.objects.filter(pk=kit.pk))
        house.stock(house.chair, 1)
        fill_backorders(claimed)

    assert OrderLine.objects.get(order=kit).reserved == 0
    cast.run_line("backorders")
    assert [OrderLine.objects.get(order=order).reserved for order in (older, kit)] == [1, 0]
    prove()
