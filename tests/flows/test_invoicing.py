"""Invoices in parts: charges once, every cent once, in whatever parts the goods go."""

from decimal import Decimal

import pytest

from accounting.invoicing import raise_invoices
from accounting.models import Invoice, InvoiceLine, JournalEntry
from accounting.paying import record_payment
from inventory.models import Price
from oms.core.locks import lock
from orders.models import Order
from orders.placing import ChargeDraft
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast

pytestmark = pytest.mark.usefixtures("plain_labels")
INSIDE = ("screen", "reserve", "backorders", "invoice", "plan", "post_stock", "complete")


def line():
    cast.run_line(*INSIDE)


def send(shipment):
    pack_shipment(shipment.pk, actor="user:warehouse")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:warehouse")
    line()


@pytest.mark.parametrize("unit_price", ["0.01", "0.33", "4.95", "33.3333"])
@pytest.mark.parametrize("on_shipment", [False, True], ids=["on allocation", "on shipment"])
def test_an_order_that_goes_in_four_parts_is_invoiced_to_the_last_cent(house, prove, unit_price, on_shipment):
    Price.objects.filter(sku=house.chair).update(unit_price=Decimal(unit_price))
    if on_shipment:
        cast.on_shipment(house.web)
    order = house.place(("CHAIR", 7), charges=[ChargeDraft("Carriage", Decimal("4.99"))])
    line()

    for units in (1, 3, 1, 2):
        house.stock(house.chair, units)
        line()
        send(Shipment.objects.latest("id"))

    order = Order.objects.get()
    invoices = Invoice.objects.order_by("id")
    assert [sum(row.quantity for row in invoice.lines.filter(charge=None)) for invoice in invoices] == [1, 3, 1, 2]
    assert sum(invoice.total for invoice in invoices) == order.invoiced_total == order.total
    assert sum(invoice.tax_total for invoice in invoices) == order.tax_total
    assert [row.invoice.number for row in InvoiceLine.objects.exclude(charge=None)] == ["INV-000001"]
    assert JournalEntry.objects.filter(source="invoice").count() == 4
    prove()


def test_one_payment_is_put_against_the_oldest_invoice_first_and_waits_for_the_next(house, prove):
    order = house.place(("LAMP", 8))
    line()
    assert Order.objects.get().invoiced_total == Decimal("174.00")

    record_payment(order.pk, amount=Decimal("200.00"), method="card", reference="A", actor="user:test")
    assert [invoice.state for invoice in Invoice.objects.all()] == ["paid"]
    house.stock(house.lamp, 3)
    line()

    first, second = Invoice.objects.order_by("id")
    assert (first.state, first.paid, second.state, second.paid) == ("paid", Decimal("174.00"), "partly_paid", Decimal("26.00"))
    assert Order.objects.get().payment_status == "partly_paid"
    prove()


def test_raising_the_same_invoice_again_raises_nothing(house, prove):
    house.place(("MUG", 1))
    line()
    before = Invoice.objects.values().get()

    raise_invoices(lock(Order.objects.all()))

    assert Invoice.objects.values().get() == before
    prove()


def test_an_invoice_that_cannot_be_posted_is_not_there_at_all(house, monkeypatch, prove):
    house.place(("MUG", 1))
    cast.run_line("screen", "reserve")

    def refuses(*args, **kwargs):
        raise RuntimeError("the books are away")

    monkeypatch.setattr("accounting.invoicing.post", refuses)
    cast.run_line("invoice")

    assert not Invoice.objects.exists()
    assert Order.objects.get().invoiced_total == 0
    assert Order.objects.get().lines.get().invoiced == 0
    prove()
