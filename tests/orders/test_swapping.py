"""Swapping between two orders, and who is served first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import Backorder, Lane, PurchaseOrder, Reservation
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import order_from_vendor
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Order, OrderLine
from orders.prioritising import set_priority
from orders.swapping import PLACE, STOCK, apply_swap, candidates, preview_swap
from tests import cast

TODAY = timezone.localdate


@pytest.fixture
def unpaid(house):
    """The web channel ships what is paid, so nothing is planned meanwhile."""
    cast.prepaid(house.web)
    return house


def run():
    cast.run_line("screen", "reserve", "backorders", "peg", "plan")


def comes(house, sku, units, *, days):
    purchase = order_from_vendor(house.vendor, house.leeds, [(sku, units)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=TODAY() + timedelta(days=days))
    supply_changed([sku.pk])
    run()
    return purchase


def line_of(order, position=1):
    return OrderLine.objects.select_related("order").get(order=order, position=position)


def counters(order):
    line = line_of(order)
    return line.reserved, line.backordered


def states(*orders):
    return [Order.objects.get(pk=order.pk).state for order in orders]


def swap(first, second, units):
    preview = preview_swap(line_of(first).pk, line_of(second).pk, units=units)
    return apply_swap(line_of(first).pk, line_of(second).pk, units=units, seen=preview.seen, actor="user:manager")


@pytest.fixture
def pair(unpaid):
    """One order has all five lamps, the other waits for three of them, which a purchase brings in a week."""
    has = unpaid.place(("LAMP", 5))
    run()
    waits = unpaid.place(("LAMP", 3))
    run()
    comes(unpaid, unpaid.lamp, 9, days=7)
    return waits, has


def test_both_promises_are_shown_before_anything_is_done(pair):
    waits, has = pair

    preview = preview_swap(line_of(waits).pk, line_of(has).pk, units=2)

    week = TODAY() + timedelta(days=7)
    [mine], [theirs] = preview.for_first, preview.for_second
    assert (preview.kind, preview.warehouses) == (STOCK, ("Leeds",))
    assert (mine.waits, mine.expected, mine.waits_after, mine.expected_after) == (3, week, 1, week)
    assert (theirs.waits, theirs.expected, theirs.waits_after, theirs.expected_after) == (0, None, 2, week)
    assert (mine.is_worse, theirs.is_worse, theirs.will_slip) == (False, True, True)
    assert (counters(waits), counters(has)) == ((0, 3), (5, 0))


def test_what_was_shown_is_what_happens(pair, prove):
    waits, has = pair

    swap(waits, has, 3)
    cast.run_line("peg")

    assert (counters(waits), counters(has)) == ((3, 0), (2, 3))
    assert states(waits, has) == ["allocated", "allocated"]
    waiting = Backorder.objects.get(sku=line_of(has).sku)
    assert (waiting.order_id, waiting.quantity, waiting.expected_on) == (has.pk, 3, TODAY() + timedelta(days=7))
    assert sorted(Event.objects.filter(kind="order.swapped").values_list("order_id", flat=True)) == sorted([waits.pk, has.pk])
    prove()


def test_who_has_given_all_waits_again(pair, prove):
    waits, has = pair
    set_priority(has.pk, 9, actor="user:clerk")
    OrderLine.objects.filter(order=waits).update(quantity=5, backordered=5)
    Backorder.objects.filter(order_id=waits.pk).update(quantity=5)

    swap(waits, has, 5)

    assert (counters(waits), counters(has)) == ((5, 0), (0, 5))
    assert states(waits, has) == ["allocated", "backordered"]


def test_a_second_press_changes_nothing(pair, prove):
    waits, has = pair
    preview = preview_swap(line_of(waits).pk, line_of(has).pk, units=1)
    arguments = {"units": 1, "seen": preview.seen, "actor": "user:manager"}
    apply_swap(line_of(waits).pk, line_of(has).pk, **arguments)

    with pytest.raises(Conflict, match="moved on"):
        apply_swap(line_of(waits).pk, line_of(has).pk, **arguments)

    assert (counters(waits), counters(has)) == ((1, 2), (4, 1))
    prove()


def test_a_swap_is_refused_once_either_order_has_moved_on(pair, prove):
    waits, has = pair
    preview = preview_swap(line_of(waits).pk, line_of(has).pk, units=2)
    cancel_order(has.pk, actor="user:clerk")

    with pytest.raises(Conflict):
        apply_swap(line_of(waits).pk, line_of(has).pk, units=2, seen=preview.seen, actor="user:manager")

    assert counters(waits) == (0, 3)
    prove()


def test_two_that_wait_exchange_their_places(unpaid, prove):
    first, second = unpaid.place(("CHAIR", 2)), unpaid.place(("CHAIR", 2))
    run()
    comes(unpaid, unpaid.chair, 2, days=3)
    comes(unpaid, unpaid.chair, 2, days=20)
    early, late = (TODAY() + timedelta(days=days) for days in (3, 20))

    preview = preview_swap(line_of(second).pk, line_of(first).pk, units=2)

    assert preview.kind == PLACE
    assert [(p.expected, p.expected_after) for p in (*preview.for_first, *preview.for_second)] == [(late, early), (early, late)]

    swap(second, first, 2)
    cast.run_line("peg")
    assert dict(Backorder.objects.values_list("order_id", "expected_on")) == {first.pk: late, second.pk: early}

    unpaid.stock(unpaid.chair, 2)
    run()
    assert (counters(first), counters(second)) == ((0, 2), (2, 0))
    prove()


def test_whoever_needs_it_least_is_named_first(pair, unpaid):
    waits, has = pair
    unpaid.stock(unpaid.lamp, 4)
    run()
    later = unpaid.place(("LAMP", 1))
    set_priority(later.pk, 9, actor="user:clerk")
    run()
    newest = unpaid.place(("LAMP", 50))
    run()

    found = candidates(line_of(newest))

    assert [(one.order.pk, one.kind) for one in found] == [(later.pk, STOCK), (waits.pk, STOCK), (has.pk, STOCK)]


def test_what_stands_in_the_way_is_said(pair, unpaid):
    waits, has = pair
    mugs = unpaid.place(("MUG", 1))
    run()

    def refused(first, second, units, why, error=Invalid):
        before = counters(waits), counters(has)
        with pytest.raises(error, match=why):
            preview_swap(line_of(first).pk, line_of(second).pk, units=units)
        assert (counters(waits), counters(has)) == before

    refused(waits, mugs, 1, "same SKU")
    refused(waits, waits, 1, "two orders")
    refused(waits, has, 4, "waits for 3")
    refused(waits, has, 0, "waits for 3")
    refused(has, waits, 1, "waits for 0")
    place_hold(waits.pk, reason="Asked to wait", actor="user:clerk")
    refused(waits, has, 1, "on hold", Conflict)


def test_nobody_gets_what_lies_where_nobody_serves_them(pair, unpaid):
    waits, has = pair
    Lane.objects.create(warehouse=unpaid.leeds, country="FR")

    with pytest.raises(Conflict, match="not served"):
        preview_swap(line_of(waits).pk, line_of(has).pk, units=1)


def test_what_ships_complete_is_not_split_by_a_swap(unpaid):
    has = unpaid.place(("LAMP", 5))
    run()
    waits = unpaid.place(("LAMP", 2), ("MUG", 20), accepts_part_deliveries=False)
    Reservation.objects.filter(sku=unpaid.mug).delete()
    run()
    Reservation.objects.filter(order_id=waits.pk).update(warehouse=unpaid.ghent)

    with pytest.raises(Conflict, match="ship complete"):
        preview_swap(line_of(waits).pk, line_of(has).pk, units=1)


def test_kits_are_swapped_whole(unpaid, prove):
    cast.kit(unpaid, "TEASET", MUG=4, LAMP=2)
    has = unpaid.place(("TEASET", 2))
    run()
    waits = unpaid.place(("TEASET", 1))
    run()

    swap(waits, has, 1)

    assert (counters(waits), counters(has)) == ((1, 0), (1, 1))
    held = Reservation.objects.filter(order_id=waits.pk, state="firm").order_by("sku_id").values_list("sku__code", "quantity", "line_units")
    assert list(held) == [("MUG", 4, 1), ("LAMP", 2, 0)]
    prove()


# --- priority ---


def test_the_more_urgent_is_filled_first(unpaid, prove):
    first, second = unpaid.place(("CHAIR", 2)), unpaid.place(("CHAIR", 2))
    run()
    set_priority(second.pk, 1, actor="user:clerk")
    set_priority(second.pk, 1, actor="user:clerk")

    unpaid.stock(unpaid.chair, 2)
    run()

    assert (counters(first), counters(second)) == ((0, 2), (2, 0))
    [event] = Event.objects.filter(kind="order.prioritised")
    assert event.data == {"before": 5, "priority": 1}
    prove()


@pytest.mark.parametrize("priority", [0, 10, -1, 10**6])
def test_a_priority_is_a_number_from_one_to_nine(house, priority):
    order = house.place(("MUG", 1))

    with pytest.raises(Invalid):
        set_priority(order.pk, priority, actor="user:clerk")

    assert Order.objects.get(pk=order.pk).priority == 5
