"""Stock that is gone although it was reserved: whoever came last waits again, in the open, and nobody ships what is not there."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.baskets import hold_stock
from inventory.models import Backorder, PurchaseOrder, Reservation, Shortfall, StockLevel, StockMovement
from inventory.pegging import supply_changed
from inventory.purchasing.ordering import order_from_vendor
from inventory.shortfalls import settle_shortfall
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event, Trouble
from orders.cancelling import cancel_order
from orders.holding import place_hold, release_hold
from orders.models import Order, OrderLine
from shipping import losses
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment, start_picking
from shipping.losses import correct_stock, write_off
from shipping.models import Shipment, ShipmentLine
from tests import cast
from tests.faults.crowd import elsewhere, together

WHO = "user:warehouse"


def lose(house, units, *, sku=None, place=None, **more):
    asked = {"kind": "damage", "note": "The shelf fell", "actor": WHO} | more
    return write_off(sku or house.mug, place or house.leeds, units=units, **asked)


def everything():
    return (
        list(StockLevel.objects.order_by("id").values()),
        list(Reservation.objects.order_by("id").values()),
        list(OrderLine.objects.order_by("id").values()),
        list(ShipmentLine.objects.order_by("id").values()),
        [StockMovement.objects.count(), Event.objects.count(), Shortfall.objects.count()],
    )


def line_of(order):
    return OrderLine.objects.get(order=order)


def shipment_of(order):
    return Shipment.objects.exclude(state="voided").get(order=order)


@pytest.fixture
def chairs(house):
    """Three orders that have ten chairs between them, all there are: three, three and four."""
    house.stock(house.chair, 10)
    orders = [house.place(("CHAIR", units)) for units in (3, 3, 4)]
    cast.run_line("screen", "reserve")
    return orders


def test_the_newest_order_loses_first_and_its_promise_slips_in_the_open(house, chairs, prove):
    first, second, third = chairs

    movement = lose(house, 5, sku=house.chair)
    cast.run_line("backorders", "peg")

    assert (movement.kind, movement.quantity) == ("damage", -5)
    assert [line_of(order).reserved for order in chairs] == [3, 2, 0]
    assert [line_of(order).backordered for order in chairs] == [0, 1, 4]
    assert [Order.objects.get(pk=order.pk).state for order in chairs] == ["allocated", "allocated", "backordered"]
    rows = [(row.order_id, row.quantity, row.reason, row.promised_on, row.actor) for row in Shortfall.objects.all()]
    today = timezone.localdate()
    assert rows == [(third.pk, 4, "The shelf fell", today, WHO), (second.pk, 1, "The shelf fell", today, WHO)]
    assert [(event.order_id, event.data["units"]) for event in Event.objects.filter(kind="order.shortfall").order_by("id")] == [
        (second.pk, 1),
        (third.pk, 4),
    ]
    assert {row.promised_on for row in Backorder.objects.all()} == {today}
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, 9)], actor="user:manager")
    PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=today + timedelta(days=9))
    supply_changed([house.chair.pk])
    cast.run_line("peg")
    assert {slip.order_id for slip in Event.objects.filter(kind="promise.slipped")} == {second.pk, third.pk}
    prove()


def test_what_is_free_goes_before_anybody_loses_anything(house, chairs, prove):
    house.stock(house.chair, 2)

    lose(house, 2, sku=house.chair)

    assert not Shortfall.objects.exists()
    assert [line_of(order).reserved for order in chairs] == [3, 3, 4]
    prove()


def test_another_warehouse_makes_up_for_it_at_once(house, prove):
    order = house.place(("MUG", 30))
    cast.run_line("screen", "reserve", "invoice", "plan")

    lose(house, 10)
    cast.run_line("backorders", "invoice", "plan")

    assert (line_of(order).reserved, line_of(order).planned, line_of(order).backordered) == (30, 30, 0)
    parts = {row.warehouse.code: sum(line.quantity for line in row.lines.all()) for row in Shipment.objects.filter(order=order)}
    assert parts == {"leeds": 20, "ghent": 10}
    assert Shortfall.objects.get().settled_at is None
    prove()


def test_goods_come_out_of_shipments_that_nobody_has_packed_and_an_empty_one_is_voided(house, chairs, prove):
    cast.run_line("invoice", "plan")
    first, second, third = chairs
    start_picking([shipment_of(third).pk], actor=WHO)
    weight = shipment_of(first).weight_grams

    lose(house, 4, sku=house.chair)

    assert [line_of(order).planned for order in chairs] == [2, 0, 4]  # who is being picked loses last
    assert [row.state for row in Shipment.objects.order_by("order")] == ["planned", "voided", "picking"]
    assert shipment_of(first).weight_grams == weight - house.chair.weight_grams
    assert [Order.objects.get(pk=order.pk).state for order in chairs] == ["fulfilling", "backordered", "fulfilling"]
    assert Order.objects.get(pk=second.pk).fulfilment_step == ""
    house.stock(house.chair, 4)
    cast.run_line("backorders", "invoice", "plan")
    assert [line_of(order).planned for order in chairs] == [3, 3, 4]
    assert Order.objects.get(pk=second.pk).state == "fulfilling"
    prove()


def test_what_is_packed_stays_and_the_sentence_says_where(house, chairs, prove):
    cast.run_line("invoice", "plan")
    for order in chairs:
        pack_shipment(shipment_of(order).pk, actor=WHO)
    before = everything()

    with pytest.raises(Conflict, match=shipment_of(chairs[2]).number):
        lose(house, 1, sku=house.chair)

    assert everything() == before
    prove()


def test_an_order_to_be_shipped_complete_takes_back_what_is_not_packed_and_goes_when_all_is_there(house, prove):
    house.anna.accepts_part_deliveries = False
    house.anna.save()
    order = house.place(("MUG", 4), ("LAMP", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")

    lose(house, 4, sku=house.lamp)

    lamp = OrderLine.objects.get(order=order, sku=house.lamp)
    mug = OrderLine.objects.get(order=order, sku=house.mug)
    assert (lamp.reserved, lamp.backordered, lamp.planned) == (1, 1, 0)
    assert (mug.reserved, mug.backordered, mug.planned) == (4, 0, 0)
    assert (Order.objects.get(pk=order.pk).state, Shipment.objects.get().state) == ("backordered", "voided")
    cast.run_line("plan", "backorders")
    assert Order.objects.get(pk=order.pk).state == "backordered"
    house.stock(house.lamp, 1)
    cast.run_line("backorders", "invoice", "plan")
    shipment = shipment_of(order)
    assert dict(shipment.lines.values_list("sku__code").annotate(Sum("quantity")).order_by()) == {"LAMP": 2, "MUG": 4}
    pack_shipment(shipment.pk, actor=WHO)
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor=WHO)
    assert Order.objects.get(pk=order.pk).state == "shipped"
    assert not Trouble.objects.exists()
    prove()


def test_a_kit_is_freed_whole_and_its_other_components_go_to_whoever_waits(house, prove):
    cast.kit(house, "TEASET", MUG=4, LAMP=1)
    kits = house.place(("TEASET", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    lose(house, 22)
    assert line_of(kits).reserved == 2
    assert not Shortfall.objects.exists()

    lose(house, 1)

    line = line_of(kits)
    assert (line.reserved, line.backordered, line.planned) == (1, 1, 1)
    row = Shortfall.objects.get()
    assert (row.sku, row.quantity) == (house.mug, 1)
    held = {(one.sku.code, one.quantity) for one in Reservation.objects.filter(state="firm")}
    assert held == {("MUG", 4), ("LAMP", 1)}
    assert StockLevel.objects.get(sku=house.mug, warehouse=house.leeds).free == 3  # the other three of its four are there for whoever comes
    house.stock(house.mug, 1)
    cast.run_line("backorders", "plan")
    assert (line_of(kits).reserved, line_of(kits).planned) == (2, 2)
    prove()


def test_what_a_basket_holds_is_let_go_before_an_order_loses_anything(house, chairs, prove):
    house.stock(house.chair, 2)
    hold_stock("web:b", [("CHAIR", 2)], actor="key:shop")

    lose(house, 1, sku=house.chair)

    assert not Shortfall.objects.exists()
    assert Reservation.objects.get(state="soft").quantity == 1
    lose(house, 1, sku=house.chair)
    assert not Reservation.objects.filter(state="soft").exists()
    prove()


def test_a_hold_does_not_keep_goods_from_getting_lost(house, chairs, prove):
    hold = place_hold(chairs[2].pk, reason="Asked to wait", actor="user:clerk")

    lose(house, 4, sku=house.chair)

    assert Order.objects.get(pk=chairs[2].pk).state == "backordered"
    release_hold(hold.pk, actor="user:clerk")
    house.stock(house.chair, 4)
    cast.run_line("backorders")
    assert Order.objects.get(pk=chairs[2].pk).state == "allocated"
    prove()


@pytest.mark.parametrize(
    ("units", "changes", "error", "why"),
    [
        (31, {}, Conflict, "Only 30 of MUG lie in Leeds"),
        (0, {}, Invalid, "by how many units"),
        (10**10, {}, Invalid, "by how many units"),
        (1, {"note": " "}, Invalid, "Say why"),
        (1, {"kind": "issue"}, Invalid, "of that kind"),
    ],
)
def test_a_write_off_that_makes_no_sense_is_refused(house, units, changes, error, why):
    house.place(("MUG", 20))
    cast.run_line("screen", "reserve")
    before = everything()

    with pytest.raises(error, match=why):
        lose(house, units, **changes)

    assert everything() == before


def test_a_second_press_writes_off_nothing_more(house, chairs, prove):
    first = lose(house, 5, sku=house.chair, key="one")
    before = everything()

    assert lose(house, 5, sku=house.chair, key="one") == first
    assert everything() == before
    more = correct_stock(house.chair, house.leeds, quantity=3, kind="count", note="Found", key="two", actor=WHO)
    assert correct_stock(house.chair, house.leeds, quantity=3, kind="count", note="Found", key="two", actor=WHO) == more
    assert StockLevel.objects.get(sku=house.chair).on_hand == 8
    prove()


def test_a_shortfall_is_shown_until_somebody_has_dealt_with_it(house, chairs):
    lose(house, 1, sku=house.chair)
    row = Shortfall.objects.get()

    settle_shortfall(row.pk, actor="user:clerk")
    settled = settle_shortfall(row.pk, actor="user:somebody")

    assert settled.settled_by == "user:clerk" and settled.settled_at >= row.created_at


def test_losing_costs_the_same_statements_for_two_orders_and_for_thirty(house):
    counts = []
    for size in (2, 30):
        house.stock(house.chair, size)
        for _ in range(size):
            house.place(("CHAIR", 1))
        cast.run_line("screen", "reserve", "invoice", "plan")
        with CaptureQueriesContext(connection) as captured:
            lose(house, size, sku=house.chair)
        counts.append(len(captured))
        cast.run_line("backorders")

    assert Shortfall.objects.count() == 2 + 28
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_allocation_and_losses_at_once_end_with_what_is_there(real_house, prove):
    customers = cast.regulars(real_house, 24)

    def act(i):
        if i % 4 == 3:
            return lose(real_house, 6, place=(real_house.leeds, real_house.ghent)[i % 8 == 3])
        real_house.place(("MUG", 3), customer_id=customers[i].pk)
        return cast.run_line("screen", "reserve", "plan", "backorders")

    got = together(24, act)

    gone = [one for one in got if isinstance(one, StockMovement)]
    assert all(one is None or isinstance(one, StockMovement | Conflict) for one in got)
    assert len(gone) >= 4
    assert sum(StockLevel.objects.filter(sku=real_house.mug).values_list("on_hand", flat=True)) == 50 - 6 * len(gone)
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_loss_chosen_without_looking_again_under_the_lock_goes_wrong(real_house, monkeypatch):
    """The twin: what was chosen before the lock is taken back although its order was cancelled in between."""
    real_house.stock(real_house.chair, 2)
    order = real_house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve")
    seen = {}
    plain_choose, plain_lock = losses._choose, losses.lock

    def choose_once(bundles, short, **more):
        if "chosen" not in seen:
            seen["chosen"] = plain_choose(bundles, dict(short))
        short.clear()
        return seen["chosen"]

    def lock_late(rows):
        if rows.model is Order:
            monkeypatch.setattr(losses, "lock", plain_lock)
            elsewhere(lambda: cancel_order(order.pk, actor="user:clerk"))
        return plain_lock(rows)

    monkeypatch.setattr(losses, "lock", lock_late)
    monkeypatch.setattr(losses, "_short", lambda levels, losing, short=losses._short: {(real_house.chair.pk, real_house.leeds.pk): 2})
    monkeypatch.setattr(losses, "_choose", choose_once)

    with pytest.raises(DatabaseError):
        lose(real_house, 2, sku=real_house.chair)


@pytest.mark.django_db(transaction=True)
def test_a_loss_looks_again_under_the_lock(real_house, prove, monkeypatch):
    real_house.stock(real_house.chair, 4)
    first, second = real_house.place(("CHAIR", 2)), real_house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve")
    plain_lock = losses.lock

    def lock_late(rows):
        if rows.model is Order:
            monkeypatch.setattr(losses, "lock", plain_lock)
            elsewhere(lambda: cancel_order(second.pk, actor="user:clerk"))
        return plain_lock(rows)

    monkeypatch.setattr(losses, "lock", lock_late)
    lose(real_house, 3, sku=real_house.chair)

    assert (line_of(first).reserved, line_of(first).backordered) == (1, 1)
    assert [row.order_id for row in Shortfall.objects.all()] == [first.pk]
    prove()
