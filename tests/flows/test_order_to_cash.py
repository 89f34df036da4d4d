"""An order from the call to the cash, in every way there is, and what can happen on the way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting.models import Invoice, JournalEntry, Payment
from accounting.paying import record_payment
from customers.models import Customer
from inventory.models import PurchaseNeed, StockLevel, StockMovement
from inventory.purchasing.needs import approve_needs
from inventory.purchasing.receiving import receive_goods
from oms.core import stations
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.models import Event, Message, Trouble
from orders.blockers import blocker_of
from orders.cancelling import cancel_order
from orders.holding import place_hold, release_hold
from orders.models import Order
from shipping.carriers.base import TrackingUpdate
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Carrier, Shipment, TrackingEvent
from shipping.tracking import keep_update, mark_delivered
from tests import cast

INSIDE = ("screen", "reserve", "backorders", "replenish", "invoice", "plan", "track", "post_stock", "complete", "credit", "void")


def line():
    cast.run_line(*INSIDE)


def pay(order, amount=None, reference="R1"):
    order = Order.objects.get(pk=order.pk)
    return record_payment(order.pk, amount=order.balance if amount is None else amount, method="card", reference=reference, actor="user:test")


def send_everything():
    for shipment in Shipment.objects.filter(state__in=["planned", "picking"]):
        pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book", "hand_over")
    for shipment in Shipment.objects.filter(state="booked"):
        dispatch_shipment(shipment.pk, actor="user:test")
        mark_delivered(shipment.pk, actor="user:test")
    cast.run_line("hand_over", *INSIDE)


def again(order):
    return Order.objects.get(pk=order.pk)


@pytest.mark.parametrize("invoicing", ["on_allocation", "on_shipment"])
@pytest.mark.parametrize("shipping", ["prepaid", "on_terms"])
def test_an_order_travels_from_placed_to_completed(house, prove, invoicing, shipping):
    house.web.invoice_policy, house.web.ship_policy = invoicing, shipping
    house.web.save()

    order = house.place(("MUG", 40), ("LAMP", 2))
    line()
    if shipping == "prepaid":
        assert again(order).state == "allocated"
        assert "It ships when it is paid" in blocker_of(again(order)).sentence
        pay(order)
        line()
    send_everything()
    if shipping == "on_terms":
        assert again(order).state == "delivered"
        pay(order)
        line()

    order = again(order)
    assert (order.state, order.payment_status, order.fulfilment_status) == ("completed", "paid", "delivered")
    assert order.total == order.invoiced_total == order.paid_total == Decimal("307.20")
    assert Shipment.objects.filter(order=order).count() == 2
    assert set(Invoice.objects.filter(order=order).values_list("state", flat=True)) == {"paid"}
    assert sum(StockMovement.objects.filter(order_id=order.pk).values_list("quantity", flat=True)) == -42
    assert [mail.kind for mail in Message.objects.filter(order_id=order.pk).order_by("id")][:2] in (
        ["order_confirmation", "shipped"],
        ["order_confirmation", "invoice"],
    )
    assert blocker_of(order) is None
    prove()


def test_part_of_an_order_goes_on_and_the_rest_follows(house, prove):
    order = house.place(("MUG", 60))
    line()

    [row] = again(order).lines.all()
    assert (row.reserved, row.backordered, row.planned, row.invoiced) == (50, 10, 50, 50)
    assert again(order).state == "fulfilling"
    send_everything()
    assert again(order).fulfilment_status == "partly_shipped"

    house.stock(house.mug, 25)
    line()
    send_everything()
    pay(order)
    line()

    assert again(order).state == "completed"
    assert Invoice.objects.filter(order=order).count() == 2
    assert sum(Invoice.objects.filter(order=order).values_list("total", flat=True)) == order.total
    prove()


def test_an_order_to_be_shipped_whole_waits_in_one_warehouse_and_keeps_what_it_has(house, prove):
    order = house.place(("MUG", 60), accepts_part_deliveries=False)
    line()

    [row] = again(order).lines.all()
    assert (again(order).state, row.reserved, row.backordered, row.planned, row.invoiced) == ("backordered", 30, 30, 0, 0)
    assert "It waits for 30 units: 30 × MUG" in blocker_of(again(order)).sentence

    house.stock(house.mug, 30)
    line()

    [row] = again(order).lines.all()
    assert (again(order).state, row.reserved, row.backordered, row.planned) == ("fulfilling", 60, 0, 60)
    prove()


def test_backorders_are_filled_first_come_and_newcomers_do_not_overtake(house, prove):
    first = house.place(("CHAIR", 3))
    second = house.place(("CHAIR", 3))
    line()
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")
    [need] = PurchaseNeed.objects.all()
    [purchase] = approve_needs([need.pk], actor="user:manager")
    newcomer = house.place(("CHAIR", 1))

    receive_goods(purchase.pk, {purchase.lines.get().pk: 4}, key="k1", actor="user:warehouse")
    cast.run_line("screen", "reserve", "backorders")

    reserved = [again(order).lines.get().reserved for order in (first, second, newcomer)]
    assert reserved == [3, 1, 0]
    prove()


def test_receiving_by_a_double_click_takes_the_goods_in_once(house, prove):
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")
    [purchase] = approve_needs([PurchaseNeed.objects.get().pk], actor="user:manager")
    wanted = {purchase.lines.get().pk: 3}

    first = receive_goods(purchase.pk, wanted, key="same", actor="user:warehouse")
    repeat = receive_goods(purchase.pk, wanted, key="same", actor="user:warehouse")

    assert first == repeat
    assert StockLevel.objects.get(sku=house.chair).on_hand == 3
    with pytest.raises(Conflict, match="still expects 1 of CHAIR, not 2"):
        receive_goods(purchase.pk, {purchase.lines.get().pk: 2}, key="other", actor="user:warehouse")
    for nothing in ({}, {purchase.lines.get().pk: 0}, {purchase.lines.get().pk: -1}, {999_999: 1}):
        with pytest.raises(BusinessError):
            receive_goods(purchase.pk, nothing, key="bad", actor="user:warehouse")
    assert StockLevel.objects.get(sku=house.chair).on_hand == 3
    prove()


@pytest.mark.parametrize("reached", ["placed", "reserve", "invoice", "plan", "packed", "paid"])
def test_cancelling_frees_the_stock_and_takes_everything_back(house, prove, reached):
    order = house.place(("MUG", 5))
    if reached != "placed":
        cast.run_line("screen", "reserve")
    if reached in ("invoice", "plan", "packed", "paid"):
        cast.run_line("invoice")
    if reached in ("plan", "packed"):
        cast.run_line("plan")
    if reached == "packed":
        pack_shipment(Shipment.objects.get().pk, actor="user:test")
        cast.run_line("book")
    if reached == "paid":
        pay(order)

    cancel_order(order.pk, actor="user:clerk", reason="changed their mind")
    cancel_order(order.pk, actor="user:clerk")
    line()

    assert again(order).state == "cancelled"
    assert sum(StockLevel.objects.values_list("reserved", flat=True)) == 0
    assert Event.objects.filter(kind="order.cancelled").count() == 1
    assert set(Shipment.objects.values_list("state", flat=True)) <= {"voided"}
    if reached in ("invoice", "plan", "packed", "paid"):
        assert sorted(Invoice.objects.values_list("kind", "state")) == [("credit_note", "issued"), ("invoice", "credited")]
    if reached == "paid":
        assert Payment.objects.get().unallocated == order.total
    assert Customer.objects.get(pk=house.anna.pk).open_balance == 0
    prove()


def test_what_has_left_cannot_be_cancelled(house, prove):
    order = house.place(("MUG", 5))
    line()
    send_everything()

    with pytest.raises(Conflict, match="Arrange a return instead"):
        cancel_order(order.pk, actor="user:clerk")

    assert again(order).state == "delivered"
    prove()


def test_an_order_over_the_credit_limit_is_held_until_it_is_released(house, prove):
    house.anna.credit_limit = Decimal(100)
    house.anna.save()
    within, over = house.place(("MUG", 10)), house.place(("MUG", 10))

    line()

    assert (again(within).state, again(over).state) == ("fulfilling", "placed")
    assert "18.80 GBP over the credit limit of 100.00" in blocker_of(again(over)).sentence
    release_hold(over.holds.get().pk, actor="user:accountant")
    release_hold(over.holds.get().pk, actor="user:accountant")
    line()
    assert again(over).state == "fulfilling"
    assert again(over).open_holds == 0
    prove()


def test_an_order_held_for_its_credit_before_it_was_screened_is_screened_all_the_same(house, prove):
    house.anna.credit_limit = Decimal(10)
    house.anna.save()
    order = house.place(("MUG", 10))
    hold = place_hold(order.pk, kind="credit", reason="asked the bank", actor="user:accountant")

    line()

    assert not Trouble.objects.exists()
    assert [row.reason for row in again(order).holds.all()] == ["asked the bank"]
    release_hold(hold.pk, actor="user:accountant")
    line()
    assert again(order).state == "fulfilling"
    prove()


def test_a_hold_stops_an_order_wherever_it_is(house, prove):
    order = house.place(("MUG", 5))
    cast.run_line("screen", "reserve")
    hold = place_hold(order.pk, reason="check the address", actor="user:clerk")
    line()

    assert again(order).state == "allocated"
    assert Invoice.objects.count() == Shipment.objects.count() == 0
    release_hold(hold.pk, actor="user:clerk")
    line()
    assert again(order).state == "fulfilling"
    prove()


def test_payments_are_recorded_once_and_never_beyond_what_is_owed(house, prove):
    order = house.place(("MUG", 10))
    line()

    pay(order, Decimal("9.40"), "A")
    pay(order, Decimal("9.40"), "A")
    with pytest.raises(Conflict, match="recorded already"):
        pay(order, Decimal("9.50"), "A")
    for wrong in ("-1", "0", "0.001", "NaN", "1e30", "50.01"):
        with pytest.raises(Invalid):
            pay(order, Decimal(wrong), f"W{wrong}")
    assert (again(order).paid_total, again(order).payment_status) == (Decimal("9.40"), "partly_paid")
    pay(order, Decimal("50"), "B")

    assert again(order).payment_status == "paid"
    assert Payment.objects.count() == 2
    prove()


def test_the_moving_average_is_exact_to_the_last_cent(house, prove):
    from inventory.adjusting import adjust_stock
    from inventory.moving import Move, move_stock

    place = (house.chair.pk, house.leeds.pk)
    move_stock([Move(*place, 3, "receipt", "receipt", 1, value=Decimal("10.00"))], actor="user:test")
    for _ in range(3):
        adjust_stock(house.chair, house.leeds, quantity=-1, kind="scrap", note="broken", actor="user:test")
    cast.run_line("post_stock")

    values = list(StockMovement.objects.filter(sku=house.chair).order_by("id").values_list("value", flat=True))
    assert values == [Decimal("10.00"), Decimal("-3.33"), Decimal("-3.34"), Decimal("-3.33")]
    assert StockLevel.objects.get(sku=house.chair).value == 0


def test_news_from_the_carrier_in_any_order_and_twice_ends_the_same(house, prove):
    order = house.place(("MUG", 5))
    line()
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")
    shipment = Shipment.objects.get()
    start = timezone.now()
    news = [
        TrackingUpdate(event_id=f"e{i}", tracking_number=shipment.tracking_number, status=status, occurred_at=start + timedelta(minutes=i))
        for i, status in enumerate(["collected", "in_transit", "exception", "in_transit", "delivered"])
    ]

    for update in (news[4], news[2], news[0], news[2], news[3], news[1], news[4]):
        keep_update(Carrier.objects.get(), update)
        cast.run_line("track")
    line()

    assert TrackingEvent.objects.count() == 5
    assert Shipment.objects.get().state == "delivered"
    assert again(order).state == "delivered"
    prove()


def test_one_bad_order_never_stops_the_line(house, prove, monkeypatch):
    from orders import screening

    orders = [house.place(("MUG", 1)) for _ in range(5)]
    plain = screening._objections

    def objections(order, cases):
        if order.pk == orders[2].pk:
            raise ValueError("a strange order")
        return plain(order, cases)

    monkeypatch.setattr(screening, "_objections", objections)
    cast.run_line("screen")

    assert [again(order).screened_at is not None for order in orders] == [True, True, False, True, True]
    trouble = Trouble.objects.get()
    assert (trouble.station, trouble.label, trouble.attempts) == ("screen", orders[2].number, 1)
    assert "a strange order" in trouble.error
    assert trouble.due_at > timezone.now()
    assert "a strange order" in blocker_of(again(orders[2])).sentence

    monkeypatch.setattr(screening, "_objections", plain)
    cast.run_line("screen")
    assert again(orders[2]).screened_at is None
    stations.retry(trouble)
    line()
    assert again(orders[2]).state == "fulfilling"
    assert not Trouble.objects.exists()
    prove()


@pytest.mark.parametrize("name", ["screen", "reserve", "invoice", "plan", "post_stock"])
def test_a_station_needs_the_same_statements_for_five_orders_and_for_fifty(house, name):
    counts = []
    for size in (5, 50):
        for _ in range(size):
            house.place(("MUG", 1), ("CHAIR", 1))
        before = INSIDE[: INSIDE.index(name)] if name != "post_stock" else ("screen", "reserve", "invoice", "plan")
        cast.run_line(*[station for station in before if station in ("screen", "reserve", "invoice", "plan")] or ("expire",))
        if name == "post_stock":
            house.stock(house.mug, size)
        with CaptureQueriesContext(connection) as captured:
            assert stations.run_batch(stations.named(name)) > 0
        counts.append(len(captured))
        line()

    assert counts[0] == counts[1]


def test_repeating_every_station_changes_nothing(house, prove):
    house.place(("MUG", 5))
    line()
    before = (Invoice.objects.count(), Shipment.objects.count(), JournalEntry.objects.count(), Event.objects.count())

    for _ in range(3):
        line()

    assert before == (Invoice.objects.count(), Shipment.objects.count(), JournalEntry.objects.count(), Event.objects.count())
    prove()
