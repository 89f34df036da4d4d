"""Who takes goods in, when many do at once: each receipt once, and never more than may come."""

import pytest
from django.db import transaction

from inventory.models import PurchaseOrder, Receipt, ReceiptLine, ReceivingScan, StockLevel
from inventory.purchasing import dock, receiving
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from oms.core import stations
from oms.core.errors import Conflict
from oms.core.locks import lock
from orders.cancelling import cancel_order
from orders.models import Order, OrderLine
from orders.reserving import reserve_orders
from shipping.drop_shipping import confirm_drop_shipment, order_drop_shipment
from shipping.models import Shipment
from tests import cast
from tests.faults.crowd import deadlocks, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(real_house):
    return order_from_vendor(real_house.vendor, real_house.leeds, [(real_house.chair, 40)], actor="user:manager")


def chairs(house):
    return StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).on_hand


def receive(order, units, key):
    return receive_goods(order.pk, {order.lines.get().pk: units}, key=key, actor="user:w")


def test_a_double_click_receives_once(real_house, order, prove):
    answers = together(12, lambda i: receive(order, 5, "the form's key"))

    assert len({answer.pk for answer in answers}) == 1
    assert (Receipt.objects.count(), chairs(real_house)) == (1, 5)
    prove()


def test_without_its_lock_a_double_click_is_a_quarrel(real_house, order, monkeypatch):
    """The twin: where nobody waits at the purchase order, the same click is refused by the database instead of answered."""

    def unlocked(pk):
        return PurchaseOrder.objects.select_related("warehouse", "vendor").get(pk=pk)

    monkeypatch.setattr(receiving, "lock_purchase", unlocked)
    monkeypatch.setattr(receiving, "lock", lambda rows: list(rows.order_by("pk")))
    answers = together(12, lambda i: receive(order, 5, f"key {i}"))

    received = order.lines.get().received
    moved = sum(ReceiptLine.objects.values_list("quantity", flat=True))
    assert any(isinstance(answer, Exception) for answer in answers) or received != moved


def test_many_doors_never_take_in_more_than_may_come(real_house, order, prove):
    answers = together(16, lambda i: receive(order, 5, f"door {i}"))

    assert sum(isinstance(answer, Conflict) for answer in answers) == 8
    assert (Receipt.objects.count(), chairs(real_house), order.lines.get().received) == (8, 40, 40)
    prove()


def test_a_scan_that_is_sent_by_a_nervous_scanner_counts_once_and_is_received_once(real_house, order, prove):
    together(12, lambda i: dock.scan_goods(order.pk, "CHAIR", key=f"scan {i % 4}", actor="user:w"))
    assert sum(ReceivingScan.objects.values_list("units", flat=True)) == 4

    together(8, lambda i: dock.confirm(order.pk, key=f"press {i % 2}", actor="user:w"))

    assert (Receipt.objects.count(), chairs(real_house)) == (1, 4)
    prove()


def test_cancelling_receiving_and_allocating_at_once_lose_and_double_nothing(real_house, order, prove):
    orders = [real_house.place(("CHAIR", 2)) for _ in range(12)]
    cast.run_line("screen", "reserve")
    newcomers = [real_house.place(("CHAIR", 1)) for _ in range(4)]
    cast.run_line("screen")
    before = deadlocks()

    def act(i):
        if i % 4 == 0:
            return receive(order, 5, f"receipt {i}")
        if i % 4 == 1:
            return cancel_order(orders[i // 4].pk, actor="user:clerk")
        if i % 4 == 2:
            return stations.run(stations.named("backorders"), seconds=20)
        with transaction.atomic():
            return reserve_orders(lock(Order.objects.filter(pk=newcomers[i // 4].pk)))

    together(16, act)
    cast.run_line("backorders", "peg")

    assert chairs(real_house) == 20
    assert sum(OrderLine.objects.values_list("reserved", flat=True)) == 20
    assert deadlocks() == before
    prove()


def test_taking_back_and_serving_who_waits_never_take_the_same_chair(real_house, order, prove):
    receipts = [receive(order, 4, f"r{i}") for i in range(5)]
    for _ in range(10):
        real_house.place(("CHAIR", 1))
    cast.run_line("screen")

    together(10, lambda i: reverse_receipt(receipts[i // 2].pk, actor="user:w") if i % 2 else stations.run(stations.named("reserve"), seconds=20))

    taken_back = Receipt.objects.filter(reverses__isnull=False).count()
    assert chairs(real_house) == 20 - 4 * taken_back
    assert sum(OrderLine.objects.values_list("reserved", flat=True)) <= chairs(real_house)
    prove()


def test_an_order_is_cancelled_or_shipped_by_its_vendor_and_never_both(real_house, plain_labels, prove):
    orders = [real_house.place(("CHAIR", 1)) for _ in range(8)]
    cast.run_line("screen", "reserve")
    purchases = [order_drop_shipment(one.pk, [one.lines.get().pk], vendor_id=real_house.vendor.pk, actor="user:c") for one in orders]
    real_house.stock(real_house.chair, 8)
    before = deadlocks()

    def act(i):
        purchase = purchases[i % 8]
        if i < 8:
            return cancel_order(orders[i].pk, actor="user:clerk")
        if i < 24:
            return confirm_drop_shipment(purchase.pk, {purchase.lines.get().pk: 1}, key=f"k{i % 8}", actor="user:c")
        return stations.run(stations.named("backorders"), seconds=20)

    together(28, act)

    cancelled = set(Order.objects.filter(state="cancelled").values_list("pk", flat=True))
    shipped = set(Shipment.objects.values_list("order_id", flat=True))
    assert cancelled | shipped == {one.pk for one in orders}
    assert not cancelled & shipped
    assert Shipment.objects.count() == len(shipped)
    assert set(PurchaseOrder.objects.filter(state="cancelled").values_list("drop_ship_order_id", flat=True)) == cancelled
    assert deadlocks() == before
    prove()
