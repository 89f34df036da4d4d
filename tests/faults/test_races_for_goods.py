"""Goods that come in or go from house to house while many hands are at them: each unit once. Each guard has its twin."""

import pytest
from django.utils import timezone

from inventory import transferring
from inventory.models import Receipt, StockLevel, StockMovement, Transfer
from inventory.purchasing import receiving
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from inventory.transferring import cancel_transfer, plan_transfer, receive_transfer, send_transfer
from oms.core.errors import BusinessError
from tests import cast
from tests.faults.crowd import deadlocks, patiently, together, without

pytestmark = pytest.mark.django_db(transaction=True)


def units(sku, place=None) -> int:
    levels = StockLevel.objects.filter(sku=sku, **({"warehouse": place} if place else {}))
    return sum(levels.values_list("on_hand", flat=True))


@pytest.fixture
def unguarded(request):
    """The tables of purchases, transfers and stock without their own checks."""
    put_back = without(
        "inventory_purchaseorder", "inventory_purchaseorderline", "inventory_transfer", "inventory_transferline", "inventory_stocklevel"
    )
    yield
    put_back()


def order_of_chairs(house, quantity: int):
    purchase = order_from_vendor(house.vendor, house.leeds, [(house.chair, quantity)], actor="user:manager")
    return purchase.pk, purchase.lines.get().pk


# --- receiving --------------------------------------------------------------------------------------------------------


def test_two_hundred_clicks_on_one_receipt_take_its_goods_in_once(real_house, prove):
    purchase, line = order_of_chairs(real_house, 100)
    before = deadlocks()

    results = together(200, lambda i: patiently(lambda: receive_goods(purchase, {line: 10}, key="the form", actor="user:warehouse")))

    assert {type(result) for result in results} == {Receipt}
    assert {result.pk for result in results} == {Receipt.objects.get().pk}
    assert units(real_house.chair) == 10
    assert deadlocks() == before
    prove()


def test_without_the_lock_and_the_key_the_goods_would_come_in_again_and_again(real_house, monkeypatch):
    purchase, line = order_of_chairs(real_house, 100)
    monkeypatch.setattr(receiving, "known_receipt", lambda order, key: None)

    together(20, lambda i: receive_goods(purchase, {line: 5}, key="the form" if i % 2 else f"f{i}", actor="user:warehouse"))

    assert units(real_house.chair) > 10


def test_two_hundred_hands_take_in_what_is_ordered_and_what_is_tolerated_and_not_one_more(real_house, prove):
    real_house.vendor.over_receipt_percent = 10
    real_house.vendor.save()
    purchase, line = order_of_chairs(real_house, 100)
    before = deadlocks()

    results = together(200, lambda i: patiently(lambda: receive_goods(purchase, {line: 1 + i % 3}, key=f"r{i // 2}", actor=f"user:{i}")))

    came = units(real_house.chair)
    assert 100 <= came <= 110
    assert sum(StockMovement.objects.filter(sku=real_house.chair).values_list("quantity", flat=True)) == came
    assert any(isinstance(result, BusinessError) for result in results)
    assert deadlocks() == before
    prove()


def test_without_the_lock_more_would_come_in_than_the_vendor_may_send(real_house, monkeypatch, unguarded):
    purchase, line = order_of_chairs(real_house, 10)
    for name in ("lock", "lock_one"):
        monkeypatch.setattr(receiving, name, list if name == "lock" else lambda rows, pk: rows.get(pk=pk))

    together(40, lambda i: receive_goods(purchase, {line: 9}, key=f"r{i}", actor=f"user:{i}"))

    assert sum(StockMovement.objects.filter(sku=real_house.chair).values_list("quantity", flat=True)) > 10


def test_a_receipt_taken_back_by_many_while_its_chairs_are_sold_is_taken_back_once_or_not_at_all(real_house, prove):
    purchase, line = order_of_chairs(real_house, 10)
    receipt = receive_goods(purchase, {line: 10}, key="wrong", actor="user:warehouse")
    orders = [real_house.place(("CHAIR", 1)) for _ in range(4)]
    cast.run_line("screen")

    def act(i):
        if i % 5:
            return reverse_receipt(receipt.pk, actor=f"user:{i}")
        return cast.run_line("reserve", "backorders")

    together(40, act)

    assert len(orders) == 4
    assert units(real_house.chair) in (0, 10)
    assert Receipt.objects.count() == (2 if units(real_house.chair) == 0 else 1)
    prove()


# --- from one warehouse to another --------------------------------------------------------------------------------------


def on_the_road(house, quantity: int):
    transfer = plan_transfer("leeds", "ghent", [("MUG", quantity)], expected_on=timezone.localdate(), actor="user:manager")
    return transfer.pk, transfer.lines.get().pk


def test_a_transfer_sent_and_called_off_by_many_at_once_does_one_of_both_once(real_house, prove):
    transfer, _ = on_the_road(real_house, 25)

    together(40, lambda i: (cancel_transfer if i % 4 == 0 else send_transfer)(transfer, actor=f"user:{i}"))

    gone = {"sent": 25, "cancelled": 0}[Transfer.objects.get().state]
    assert units(real_house.mug, real_house.leeds) == 30 - gone
    assert units(real_house.mug) == 50
    prove()


def received_by_many(house, count: int) -> int:
    """A transfer of twenty, of which so many receive seven. Give how many units there are of it in the end, wherever they lie."""
    transfer, line = on_the_road(house, 20)
    send_transfer(transfer, actor="user:test")
    together(count, lambda i: patiently(lambda: receive_transfer(transfer, {line: 7}, actor=f"user:{i}")))
    return units(house.mug, house.ghent) - 20


def test_a_transfer_received_by_two_hundred_hands_brings_no_more_than_was_sent(real_house, prove):
    before = deadlocks()

    assert received_by_many(real_house, 200) == 14
    assert units(real_house.mug) == 50
    assert deadlocks() == before
    prove()


def test_without_the_lock_a_transfer_would_bring_more_than_was_sent(real_house, monkeypatch, unguarded):
    real_house.stock(real_house.mug, 500)
    send_transfer(on_the_road(real_house, 400)[0], actor="user:test")
    monkeypatch.setattr(transferring, "lock", list)
    monkeypatch.setattr(transferring, "lock_one", lambda rows, pk: rows.get(pk=pk))

    assert received_by_many(real_house, 40) > 20


def test_the_same_form_sent_two_hundred_times_receives_once(real_house, prove):
    transfer, line = on_the_road(real_house, 20)
    send_transfer(transfer, actor="user:test")

    together(200, lambda i: patiently(lambda: receive_transfer(transfer, {line: 2}, key="the form", actor="user:warehouse")))

    assert units(real_house.mug, real_house.ghent) == 22
    prove()
