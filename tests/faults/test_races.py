"""Many at once, on real connections. Each guard has a twin without it, which must break what the guard keeps."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction

from accounting.invoicing import raise_invoices
from accounting.models import Invoice, Payment
from accounting.paying import record_payment
from inventory import reserving
from inventory.models import PurchaseNeed, Reservation, StockLevel
from inventory.purchasing.needs import approve_needs
from inventory.purchasing.receiving import receive_goods
from oms.core import numbering, stations
from oms.core.errors import BusinessError
from oms.core.locks import lock
from oms.core.models import NumberSeries
from orders.cancelling import cancel_order
from orders.models import Order
from orders.reserving import reserve_orders
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast
from tests.faults.crowd import Rolled, deadlocks, together

pytestmark = pytest.mark.django_db(transaction=True)


def place_and_reserve(house):
    def act(i):
        order = house.place(("MUG", 1))
        with transaction.atomic():
            reserve_orders(lock(Order.objects.filter(pk=order.pk)))
        return order

    return act


def test_two_hundred_orders_for_fifty_mugs_reserve_exactly_fifty(real_house, prove):
    before = deadlocks()

    results = together(200, place_and_reserve(real_house))

    assert all(isinstance(result, Order) for result in results)
    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 50
    assert sorted(StockLevel.objects.filter(sku=real_house.mug).values_list("on_hand", "reserved")) == [(20, 20), (30, 30)]
    assert Order.objects.filter(state="allocated").count() == 50
    assert Order.objects.filter(state="backordered").count() == 150
    assert deadlocks() == before
    prove()


def test_without_the_lock_and_the_check_they_would_reserve_more(real_house, monkeypatch):
    monkeypatch.setattr(reserving, "lock", list)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_stocklevel DROP CONSTRAINT reserved_within_on_hand")
    try:
        together(200, place_and_reserve(real_house))

        assert sum(Reservation.objects.values_list("quantity", flat=True)) > 50
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE inventory_stocklevel SET reserved = 0")
            cursor.execute("ALTER TABLE inventory_stocklevel ADD CONSTRAINT reserved_within_on_hand CHECK (reserved >= 0 AND reserved <= on_hand)")


def invoice_or_roll_back(orders):
    def act(i):
        with transaction.atomic():
            raise_invoices(lock(Order.objects.filter(pk=orders[i])))
            if i % 3 == 0:
                raise Rolled

    return act


def allocated(house, count):
    house.stock(house.mug, count)
    orders = [house.place(("MUG", 1), customer_id=customer.pk).pk for customer in cast.regulars(house, count)]
    cast.run_line("screen", "reserve")
    return orders


def test_two_hundred_invoices_with_rollbacks_are_numbered_without_a_gap(real_house, prove):
    orders = allocated(real_house, 200)

    together(200, invoice_or_roll_back(orders))

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-{i:06d}" for i in range(1, 134)]
    cast.run_line("invoice")
    assert Invoice.objects.count() == 200
    prove()


def test_with_a_counter_that_does_not_roll_back_there_would_be_gaps(real_house, monkeypatch):
    orders = allocated(real_house, 60)
    guard = threading.Lock()
    given = iter(range(1, 1000))

    def careless(series, count):
        with guard:
            return [f"INV-{next(given):06d}" for _ in range(count)]

    monkeypatch.setattr("accounting.invoicing.take_numbers", careless)
    together(60, invoice_or_roll_back(orders))

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert len(numbers) == 40
    assert numbers != [f"INV-{i:06d}" for i in range(1, 41)]


def test_the_same_order_is_invoiced_once_however_often_it_is_asked(real_house, prove):
    [order] = allocated(real_house, 1)

    together(30, lambda i: stations.run_batch(stations.named("invoice"), only=[order]))

    assert Invoice.objects.count() == 1
    assert NumberSeries.objects.get(code="invoice").next_value == 2
    prove()


def test_the_same_payment_recorded_thirty_times_is_one(real_house, prove):
    order = real_house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")

    together(
        30,
        lambda i: record_payment(order.pk, amount=Decimal("11.88"), method="card", reference="same", actor="user:test"),
    )

    assert Payment.objects.count() == 1
    assert Order.objects.get().paid_total == Decimal("11.88")
    prove()


def test_goods_received_by_thirty_hands_never_exceed_what_was_ordered(real_house, prove):
    cast.reorder(real_house, real_house.chair, point=2, target=100)
    cast.run_line("replenish")
    [purchase] = approve_needs([PurchaseNeed.objects.get().pk], actor="user:manager")
    line = purchase.lines.get().pk

    results = together(30, lambda i: receive_goods(purchase.pk, {line: 10}, key=f"key-{i // 2}", actor="user:warehouse"))

    assert StockLevel.objects.get(sku=real_house.chair).on_hand == 100
    assert sum(isinstance(result, BusinessError) for result in results) == 10
    prove()


@pytest.mark.parametrize("turn", range(6))
def test_cancelling_and_dispatching_at_once_has_one_winner(real_house, prove, turn):
    order = real_house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")
    acts = [
        lambda: cancel_order(order.pk, actor="user:clerk"),
        lambda: dispatch_shipment(shipment.pk, actor="user:warehouse"),
        lambda: dispatch_shipment(shipment.pk, actor="user:warehouse"),
    ]

    together(3, lambda i: acts[(i + turn) % 3]())
    cast.run_line("credit", "void", "post_stock")

    pair = (Order.objects.get().state, Shipment.objects.get().state)
    assert pair in [("cancelled", "voided"), ("shipped", "dispatched")]
    assert StockLevel.objects.get(sku=real_house.mug, warehouse=real_house.leeds).on_hand == (30 if pair[0] == "cancelled" else 28)
    prove()


def test_orders_with_their_lines_in_any_order_never_deadlock(real_house, prove):
    for sku in (real_house.mug, real_house.lamp, real_house.chair):
        real_house.stock(sku, 500)
    before = deadlocks()

    def act(i):
        codes = ["MUG", "LAMP", "CHAIR"]
        order = real_house.place(*[(codes[(i + shift) % 3], 1) for shift in range(3)])
        with transaction.atomic():
            reserve_orders(lock(Order.objects.filter(pk=order.pk)))
        return order

    results = together(60, act)

    assert all(isinstance(result, Order) for result in results)
    assert Order.objects.filter(state="allocated").count() == 60
    assert deadlocks() == before
    prove()


def test_numbers_of_two_series_do_not_wait_for_each_other(real_house):
    taken = threading.Event()
    done = threading.Event()

    def hold_one():
        with transaction.atomic():
            numbering.take_numbers("invoice", 1)
            taken.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=hold_one)
    thread.start()
    assert taken.wait(20)
    with transaction.atomic():
        assert numbering.take_numbers("credit_note", 2) == ["CN-000001", "CN-000002"]
    done.set()
    thread.join()
