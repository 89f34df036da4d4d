"""Calling an order off: everything that was begun for it is taken back, to the last cent and the last unit."""

from decimal import Decimal

import pytest

from accounting.models import Invoice, JournalLine, Payment, PaymentAllocation
from accounting.paying import record_payment
from customers.models import Customer
from inventory.models import Reservation, StockLevel
from oms.core.errors import Conflict
from oms.core.models import Event
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Hold, Order
from orders.placing import ChargeDraft
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast

pytestmark = pytest.mark.usefixtures("plain_labels")
INSIDE = ("screen", "reserve", "backorders", "invoice", "plan", "post_stock", "complete", "credit", "void")


def cancel(order):
    cancel_order(order.pk, actor="user:clerk", reason="changed their mind")
    cast.run_line(*INSIDE)
    return Order.objects.get(pk=order.pk)


def account(role) -> Decimal:
    lines = JournalLine.objects.filter(account__role=role)
    return sum((line.books_debit - line.books_credit for line in lines), Decimal(0))


def test_what_was_paid_is_the_customers_deposit_again(house, prove):
    order = house.place(("MUG", 10), charges=[ChargeDraft("Carriage", Decimal("4.99"))])
    cast.run_line(*INSIDE)
    record_payment(order.pk, amount=Decimal("20.00"), method="card", reference="A", actor="user:test")
    record_payment(order.pk, amount=Decimal("5.00"), method="card", reference="B", actor="user:test")

    cancel(order)

    invoice, note = Invoice.objects.get(kind="invoice"), Invoice.objects.get(kind="credit_note")
    assert (invoice.state, invoice.paid, note.credits, note.number, note.total) == ("credited", 0, invoice, "CN-000001", invoice.total)
    assert [payment.unallocated for payment in Payment.objects.order_by("id")] == [Decimal("20.00"), Decimal("5.00")]
    assert [a.amount for a in PaymentAllocation.objects.order_by("id")] == [Decimal(20), Decimal(5), Decimal(-20), Decimal(-5)]
    assert account("receivable") == account("freight_income") == account("output_tax") == 0
    assert account("customer_deposits") == Decimal("-25.00")
    assert account("bank_clearing") == Decimal("25.00")
    assert account("revenue") == -account("sales_returns") == Decimal("-49.50")
    assert Customer.objects.get().open_balance == 0
    prove()


def test_a_prepaid_order_that_was_never_invoiced_gives_its_deposit_back(house, prove):
    cast.on_shipment(cast.prepaid(house.web))
    order = house.place(("MUG", 10))
    cast.run_line(*INSIDE)
    record_payment(order.pk, amount=order.total, method="card", reference="A", actor="user:test")
    cast.run_line(*INSIDE)
    assert Order.objects.get().state == "fulfilling"

    cancel(order)

    assert not Invoice.objects.exists()
    assert Payment.objects.get().unallocated == order.total
    assert account("customer_deposits") == -order.total
    prove()


def test_what_is_freed_goes_to_who_waits_for_it(house, prove):
    first, second = house.place(("LAMP", 5)), house.place(("LAMP", 3))
    cast.run_line(*INSIDE)
    assert Order.objects.get(pk=second.pk).state == "backordered"

    cancel(first)

    assert Order.objects.get(pk=second.pk).state == "fulfilling"
    assert Event.objects.get(kind="stock.freed").data == {"units": 5}
    assert StockLevel.objects.get(sku=house.lamp).reserved == 3
    prove()


def test_a_backordered_order_waits_for_nothing_any_more(house, prove):
    order = house.place(("CHAIR", 3), ("LAMP", 7), accepts_part_deliveries=False)
    cast.run_line(*INSIDE)

    cancelled = cancel(order)
    house.stock(house.chair, 10)
    cast.run_line(*INSIDE)

    assert not cancelled.has_backorders
    assert [(line.cancelled, line.reserved, line.backordered) for line in cancelled.lines.all()] == [(3, 0, 0), (7, 0, 0)]
    assert set(Reservation.objects.values_list("state", flat=True)) == {"released"}
    prove()


def test_its_holds_end_with_it(house, prove):
    order = house.place(("MUG", 1))
    place_hold(order.pk, reason="who is that?", actor="user:clerk")

    cancelled = cancel(order)

    assert cancelled.open_holds == 0
    assert Hold.objects.get().released_by == "user:clerk"
    prove()


def test_its_shipments_will_not_go(house, prove):
    order = house.place(("MUG", 40))
    cast.run_line(*INSIDE)
    packed, planned = Shipment.objects.order_by("id")
    pack_shipment(packed.pk, actor="user:warehouse")

    cancel(order)

    for shipment in (packed, planned):
        with pytest.raises(Conflict, match="cannot"):
            pack_shipment(shipment.pk, actor="user:warehouse")
        with pytest.raises(Conflict, match="cannot leave"):
            dispatch_shipment(shipment.pk, actor="user:warehouse")
    assert list(Shipment.objects.values_list("state", flat=True)) == ["voided", "voided"]
    prove()


def test_an_order_of_which_a_part_has_left_is_not_called_off(house, prove):
    order = house.place(("LAMP", 8))
    cast.run_line(*INSIDE)
    shipment = Shipment.objects.get()
    pack_shipment(shipment.pk, actor="user:warehouse")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:warehouse")
    before = (Order.objects.values().get(), list(order.lines.values()), Event.objects.count())

    with pytest.raises(Conflict, match="Arrange a return instead"):
        cancel_order(order.pk, actor="user:clerk")

    assert (Order.objects.values().get(), list(order.lines.values()), Event.objects.count()) == before
    cast.run_line("post_stock")
    prove()


def test_no_payment_is_taken_for_what_was_called_off(house, prove):
    order = house.place(("MUG", 1))
    cancel(order)

    with pytest.raises(Conflict, match="no payment is due"):
        record_payment(order.pk, amount=order.total, method="card", reference="A", actor="user:test")

    assert not Payment.objects.exists()
    prove()
