"""Holds: any number on an order, each with its reason; it goes on when the last is released."""

import pytest

from accounting.models import Invoice
from accounting.paying import record_payment
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from orders.blockers import blocker_of
from orders.holding import place_hold, release_hold
from orders.models import Hold, Order
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from shipping.tracking import mark_delivered
from tests import cast

pytestmark = pytest.mark.usefixtures("plain_labels")
INSIDE = ("screen", "reserve", "backorders", "invoice", "plan", "book", "post_stock", "complete", "credit", "void")


def line():
    cast.run_line(*INSIDE)


def only() -> Order:
    return Order.objects.get()


def hold(kind="manual"):
    return place_hold(only().pk, kind=kind, reason="check it", actor="user:clerk")


def release(row):
    release_hold(row.pk, actor="user:manager")
    line()


def test_an_order_of_a_blocked_customer_is_held_until_a_manager_lets_it_go(house, prove):
    house.anna.is_blocked = True
    house.anna.save()
    house.place(("MUG", 1))
    line()

    assert (only().state, only().open_holds) == ("placed", 1)
    assert "Anna Field is blocked" in blocker_of(only()).sentence
    release(Hold.objects.get(kind="blocked"))
    assert only().state == "fulfilling"
    prove()


def test_the_last_of_several_holds_lets_it_go_on(house, prove):
    house.place(("MUG", 1))
    first, second = hold(), hold("credit")
    line()

    release(first)
    assert (only().state, only().open_holds) == ("placed", 1)
    release(second)

    assert (only().state, only().open_holds) == ("fulfilling", 0)
    prove()


def test_a_hold_stops_a_backorder_and_does_not_stop_who_waits_behind_it(house, prove):
    first, second = house.place(("CHAIR", 2)), house.place(("CHAIR", 2))
    line()
    row = place_hold(first.pk, reason="check it", actor="user:clerk")

    house.stock(house.chair, 2)
    line()
    assert [Order.objects.get(pk=order.pk).state for order in (first, second)] == ["backordered", "fulfilling"]

    house.stock(house.chair, 2)
    release(row)
    assert Order.objects.get(pk=first.pk).state == "fulfilling"
    prove()


def test_a_hold_stops_the_warehouse_at_every_step(house, prove):
    house.place(("MUG", 1))
    line()
    shipment = Shipment.objects.get().pk
    row = hold()
    with pytest.raises(Conflict, match="is on hold"):
        pack_shipment(shipment, actor="user:warehouse")
    release(row)
    pack_shipment(shipment, actor="user:warehouse")
    row = hold()
    line()
    assert Shipment.objects.get().state == "packed"
    release(row)
    row = hold()
    with pytest.raises(Conflict, match="is on hold"):
        dispatch_shipment(shipment, actor="user:warehouse")
    assert Shipment.objects.get().state == "booked"

    release(row)
    dispatch_shipment(shipment, actor="user:warehouse")
    line()

    assert only().state == "shipped"
    prove()


def test_a_delivered_order_that_is_held_is_not_closed_under_the_hold(house, prove):
    order = house.place(("MUG", 1))
    line()
    shipment = Shipment.objects.get().pk
    pack_shipment(shipment, actor="user:warehouse")
    line()
    dispatch_shipment(shipment, actor="user:warehouse")
    mark_delivered(shipment, actor="user:warehouse")
    row = hold()
    record_payment(order.pk, amount=order.total, method="card", reference="A", actor="user:test")
    line()

    assert only().state == "delivered"
    assert "It is on hold" in blocker_of(only()).sentence
    release(row)
    assert only().state == "completed"
    prove()


def test_a_hold_on_what_is_closed_or_without_a_reason_or_a_second_of_its_kind_is_refused(house, prove):
    order = house.place(("MUG", 1))
    hold()
    before = (Order.objects.values().get(), Event.objects.count())

    with pytest.raises(Conflict, match="held for that already"):
        hold()
    with pytest.raises(Invalid, match="Say why"):
        place_hold(order.pk, kind="credit", reason="  ", actor="user:clerk")

    assert (Order.objects.values().get(), Event.objects.count()) == before
    assert Hold.objects.count() == 1
    assert not Invoice.objects.exists()
    prove()
