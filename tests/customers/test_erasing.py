"""A person is erased on their request: gone everywhere but on the documents that the law keeps."""

import uuid

import pytest
from django.db import connection
from django.test import Client

from accounting.models import Invoice
from accounting.paying import record_payment
from customers.agreeing import add_note, note_consent
from customers.erasing import erase_customer, preview_erasure
from customers.looking_up import find_customers
from customers.models import Customer
from customers.reaching import ContactDraft, add_email, add_telephone, save_contact
from oms.core.errors import Conflict, NotFound
from oms.core.models import Event
from oms.desk.erasing import ERASERS
from orders.drafts import Seen, save_draft
from orders.holding import place_hold, release_hold
from orders.models import Hold, LostSale, Order
from orders.phone.call import Call, Row
from orders.phone.losing import lose_call
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from shipping.tracking import mark_delivered
from tests import cast

MANAGER = "user:manager"
KNOWN_BY = ["Anna Field", "anna@field.example", "+441134960001", "441134960001", "7 Mill Lane", "Jo Dale", "bills@field.example", "7700900123"]


@pytest.fixture
def lived(house, plain_labels):
    """Anna has ordered, was held, written to, delivered and has paid; colleagues have noted this and that."""
    add_telephone(house.anna.pk, "07700 900123", actor=MANAGER)
    add_email(house.anna.pk, "bills@field.example", actor=MANAGER)
    save_contact(house.anna.pk, ContactDraft("Jo Dale", "Sister"), actor=MANAGER)
    add_note(house.anna.pk, "Anna Field rings late", actor=MANAGER)
    note_consent(house.anna.pk, "email", is_given=True, source="form", actor=MANAGER)
    order = house.place(("MUG", 1), note="For Anna Field, 7 Mill Lane")
    place_hold(order.pk, reason="Anna Field is to call back", actor="user:clerk")
    release_hold(Hold.objects.get().pk, actor="user:clerk")
    cast.run_line("screen", "reserve", "invoice", "plan", "post_stock", "send")
    lost_call(house)
    return order


def lost_call(house):
    """Anna has called, and ordered nothing."""
    clerk = cast.person("cleo", "clerk")
    call = Call(uuid.uuid4(), Seen(0, uuid.uuid4().hex), customer=house.anna.number, rows=[Row("a vase for Anna Field", "1")])
    save_draft(call.key, call.typed(), customer_id=house.anna.pk, seen=call.seen, person=clerk)
    lose_call(call, reason="stock", note="Anna Field wants it by Friday", person=clerk)


def finished(order):
    shipment = Shipment.objects.get(order=order)
    pack_shipment(shipment.pk, actor="user:warehouse")
    cast.run_line("book")
    dispatch_shipment(shipment.pk, actor="user:warehouse")
    mark_delivered(shipment.pk, actor="user:warehouse")
    record_payment(order.pk, amount=Order.objects.get(pk=order.pk).balance, method="cash", reference="1", actor="user:accountant")
    cast.run_line("complete", "post_stock")


def tables_that_know(words):
    """Give the tables of the whole database in which one of `words` stands anywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in cursor.fetchall()]
        found = set()
        for table in tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE ANY(%s))', [[f"%{word}%" for word in words]])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_nothing_but_the_invoices_knows_them_any_more(house, lived, prove):
    finished(lived)
    assert {"customers_customer", "orders_order", "core_event", "core_message", "customers_searchkey"} <= tables_that_know(KNOWN_BY)

    erase_customer(house.anna.pk, erasers=ERASERS, actor=MANAGER)
    erase_customer(house.anna.pk, erasers=ERASERS, actor=MANAGER)

    assert tables_that_know(KNOWN_BY) == {"accounting_invoice"}
    assert Invoice.objects.get().bill_to["name"] == "Anna Field"
    customer = Customer.objects.get(pk=house.anna.pk)
    assert (customer.name, customer.orders_count) == (f"Erased {customer.number}", 1)
    assert Order.objects.get().ship_to["country"] == "GB"
    assert (LostSale.objects.get().reason, LostSale.objects.get().lines.get().quantity) == ("stock", 1)
    assert bytes(Shipment.objects.get().label.content) == b""
    assert find_customers("anna field") == find_customers("0113 496 0001") == []
    assert Event.objects.filter(kind="customer.erased").count() == 2
    prove()


def test_while_something_is_open_nobody_is_erased_and_it_is_said_why(house, lived):
    before = tables_that_know(KNOWN_BY)

    with pytest.raises(Conflict, match="1 order is open: deliver or cancel it first. 1 invoice is not paid"):
        erase_customer(house.anna.pk, erasers=ERASERS, actor=MANAGER)

    assert tables_that_know(KNOWN_BY) == before
    assert len(preview_erasure(house.anna.pk, erasers=ERASERS).against) == 2
    with pytest.raises(NotFound):
        erase_customer(999_999, erasers=ERASERS, actor=MANAGER)


def test_of_others_nothing_is_taken(house, lived):
    other = Customer.objects.create(name="Anna Fielding", email="other@mail.example")
    finished(lived)

    erase_customer(house.anna.pk, erasers=ERASERS, actor=MANAGER)

    assert Customer.objects.get(pk=other.pk).name == "Anna Fielding"
    assert [found.pk for found in find_customers("anna")] == [other.pk]


def test_the_page_asks_twice(house):
    browser = Client()
    browser.force_login(cast.person("mona", "manager"))
    url = f"/customers/{house.anna.number}/erase/"
    assert "What goes" in browser.get(url).content.decode()
    assert browser.post(url, {"typed": "yes"}).status_code == 422
    assert Customer.objects.get(pk=house.anna.pk).name == "Anna Field"
    assert browser.post(url, {"typed": house.anna.number.lower()}).status_code == 302
    assert Customer.objects.get(pk=house.anna.pk).name == f"Erased {house.anna.number}"
