"""The customer's page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from accounting.models import Invoice
from accounting.paying import record_payment
from oms.core.models import Document
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Order
from tests import cast


def page_of(order, client=None):
    return (client or Client()).get(f"/o/{order.public_token}/").content.decode()


def test_nothing_of_the_desk_stands_on_it_not_even_for_staff(house):
    order = house.place(("MUG", 1))
    client = Client()
    client.force_login(cast.person("boss", "manager"))

    answer = client.get(f"/o/{order.public_token}/")

    page = answer.content.decode()
    for ours in ("Trouble", "Ledger", "csrf", "keys.js", "boss", "Phone order"):
        assert ours not in page, ours
    assert "csrftoken" not in answer.cookies and "sessionid" not in answer.cookies


def test_it_says_in_one_sentence_what_happens(house):
    order = house.place(("MUG", 1))
    assert "We have your order." in page_of(order)

    cast.run_line("screen", "reserve", "invoice", "plan")
    assert "We are getting your order ready." in page_of(order)

    cancel_order(order.pk, actor="user:test")
    assert "This order was cancelled. Nothing will be sent." in page_of(order)


def test_what_is_short_is_said_and_what_is_held_stays_in_the_house(house):
    short = house.place(("CHAIR", 2))
    held = house.place(("MUG", 1))
    cast.run_line("screen", "reserve")
    place_hold(held.pk, reason="Looks like a swindler", actor="user:test")

    assert "We are waiting for stock" in page_of(short) and "2 still to come" in page_of(short)
    assert "swindler" not in page_of(held) and "We are checking a detail" in page_of(held)


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("ar", "rtl")])
def test_it_speaks_the_language_of_the_order(house, language, direction):
    order = house.place(("MUG", 1))
    Order.objects.filter(pk=order.pk).update(language=language)

    assert f'<html lang="{language}" dir="{direction}">' in page_of(order)


def pay(order, amount, reference="R-1"):
    record_payment(order.pk, amount=Decimal(amount), method="bank_transfer", reference=reference, actor="user:test")


def test_it_says_what_is_still_to_be_paid_by_when_and_where_to(house):
    order = house.place(("MUG", 2))  # 9.90 + 20 % tax, 30 days
    page = page_of(order)
    assert "<strong>£11.88</strong> still to be paid" in page and "To be paid 30 days after the invoice." in page
    assert f"<bdi>{settings.COMPANY['bank']}</bdi>" in page and f"<bdi>{order.number}</bdi>" in page

    cast.run_line("screen", "reserve", "invoice")
    pay(order, "5.00")
    page = page_of(order)
    day = date_format(timezone.localdate() + timedelta(days=30), "j F Y")
    assert "<strong>£6.88</strong> still to be paid" in page and "£5.00 of £11.88 is paid." in page and f"Please pay by {day}." in page

    pay(order, "6.88", "R-2")
    page = page_of(order)
    assert "Paid in full" in page and "still to be paid" not in page and settings.COMPANY["bank"] not in page


def test_what_is_invoiced_in_parts_is_due_in_parts(house):
    order = house.place(("MUG", 1), ("CHAIR", 1))
    cast.run_line("screen", "reserve", "invoice")
    invoice = Invoice.objects.get()
    page = page_of(order)
    assert f"<bdi>{invoice.number}</bdi>" in page and "by " + date_format(invoice.due_on, "j F Y") in page
    assert "not invoiced yet" in page and ">59.40<" in page


@pytest.mark.parametrize(
    ("method", "said"),
    [("cash_on_delivery", "you pay the driver who brings it"), ("account", "It is on account."), ("card", "You wanted to pay by card.")],
)
def test_it_says_what_was_agreed(house, method, said):
    order = house.place(("MUG", 1), payment_method=method)
    page = page_of(order)

    assert said in page
    assert (settings.COMPANY["bank"] in page) == (method != "cash_on_delivery")


def test_what_is_paid_first_is_sent_once_it_is_paid(house):
    cast.prepaid(house.web)
    order = house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice")

    assert "We send it once it is paid." in page_of(order)


def test_nothing_is_asked_for_an_order_that_was_cancelled(house):
    order = house.place(("MUG", 1))
    cancel_order(order.pk, actor="user:test")

    assert 'id="payment"' not in page_of(order)


@pytest.mark.parametrize(("language", "said"), [("de", "noch zu zahlen"), ("ar", "المتبقي للدفع")])
def test_it_asks_for_payment_in_the_language_of_the_order(house, language, said):
    order = house.place(("MUG", 1))
    Order.objects.filter(pk=order.pk).update(language=language)

    page = page_of(order)

    assert said in page
    for english in ("still to be paid", "To be paid", "By bank transfer to", "With the reference"):
        assert english not in page


def test_an_invoice_is_handed_out_with_its_own_link_alone(house):
    order, other = house.place(("MUG", 1)), house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice")
    document = Document.objects.create(kind="invoice", name="i.pdf", content=b"%PDF", sha256="0" * 64)
    Invoice.objects.filter(order=order).update(document=document)
    number = Invoice.objects.get(order=order).number

    answer = Client().get(f"/o/{order.public_token}/{number}.pdf")

    assert answer.content == b"%PDF"
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert f"{number}.pdf" in page_of(order)
    assert Client().get(f"/o/{other.public_token}/{number}.pdf").status_code == 404


def test_it_costs_the_same_for_one_line_and_for_three(house):
    costs = []
    for lines in ([("MUG", 1)], [("MUG", 1), ("LAMP", 1), ("CHAIR", 1)]):
        order = house.place(*lines)
        cast.run_line("screen", "reserve", "invoice", "plan")
        with CaptureQueriesContext(connection) as captured:
            page_of(order)
        costs.append(len(captured))

    assert costs[0] == costs[1] <= 10


@pytest.mark.parametrize("token", ["x" * 24, "short", "x" * 200, "%00" * 8])
def test_a_link_that_is_none_tells_nothing(house, token):
    answer = Client().get(f"/o/{token}/")

    assert answer.status_code == 404
    assert "Back to the line" not in answer.content.decode()
