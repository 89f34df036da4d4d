"""The order page and the orders list."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting.paying import record_payment
from orders.cancelling import cancel_order
from orders.models import Order
from tests import cast


def desk_of(role):
    client = Client()
    client.force_login(cast.person(f"{role}-1", role))
    return client


@pytest.fixture
def order(house):
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    return order


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_order_page_costs_the_same_for_a_small_order_and_a_large_one(house, order):
    large = house.place(("MUG", 40), ("LAMP", 2), ("LAMP", 1))
    cast.run_line("screen", "reserve", "invoice", "plan")
    for number in range(3):
        record_payment(large.pk, amount=Decimal(1), method="card", reference=f"r{number}", actor="user:test")
    assert large.shipments.count() == 2
    client = desk_of("manager")

    assert queries(client, f"/orders/{order.number}/") == queries(client, f"/orders/{large.number}/") <= 24


@pytest.mark.parametrize(("role", "sees"), [("warehouse", False), ("clerk", True), ("accountant", True)])
def test_who_may_not_see_invoices_sees_the_order_without_them(order, role, sees):
    page = desk_of(role).get(f"/orders/{order.number}/").content.decode()

    assert ("<h2>Invoices</h2>" in page, "<h2>Payments</h2>" in page) == (sees, sees)


@pytest.mark.parametrize(
    ("role", "can", "cannot"),
    [
        ("clerk", ["Cancel the order", "Hold"], ["Record the payment"]),
        ("warehouse", [], ["Cancel the order", "Record the payment", "Why it must wait"]),
        ("accountant", ["Record the payment", "Why it must wait"], ["Cancel the order"]),
    ],
)
def test_only_buttons_that_one_may_press_are_shown(order, role, can, cannot):
    page = desk_of(role).get(f"/orders/{order.number}/").content.decode()

    assert all(button in page for button in can)
    assert not any(button in page for button in cannot)


def test_a_closed_order_offers_nothing_to_do(order):
    cancel_order(order.pk, actor="user:test")

    page = desk_of("manager").get(f"/orders/{order.number}/").content.decode()

    assert "Cancel the order" not in page and "Why it must wait" not in page


def test_an_order_is_held_and_released_from_its_page(order):
    client = desk_of("clerk")

    client.post(f"/orders/{order.number}/hold", {"reason": "Ask about the address"})
    page = client.get(f"/orders/{order.number}/").content.decode()
    assert "Ask about the address" in page and "Release" in page

    client.post(re.search(r'action="(/orders/holds/\d+/release)"', page)[1])
    assert Order.objects.get(pk=order.pk).open_holds == 0


# --- the list -----------------------------------------------------------------------------------------------------------


def numbers(client, **query):
    return set(re.findall(r'data-href="/orders/(SO-\d+)/"', client.get("/orders/", query).content.decode()))


def test_orders_are_filtered_by_what_people_ask_for(house):
    web, phone = house.place(("MUG", 1)), house.place(("CHAIR", 1), channel=house.phone)
    cast.run_line("screen", "reserve")
    client = desk_of("clerk")

    assert numbers(client) == {web.number, phone.number}
    assert numbers(client, state="waiting") == {phone.number}
    assert numbers(client, state="allocated") == {web.number}
    assert numbers(client, channel=house.phone.pk) == {phone.number}
    assert numbers(client, payment_status="paid") == set()
    assert numbers(client, state="open", q="anna") == {web.number, phone.number}


def test_days_are_whole_days_here(house):
    late = house.place(("MUG", 1), placed_at=timezone.make_aware(datetime(2026, 3, 1, 23, 59)))
    early = house.place(("MUG", 1), placed_at=timezone.make_aware(datetime(2026, 3, 2, 0, 0)))
    client = desk_of("clerk")

    assert numbers(client, since="2026-03-01", until="2026-03-01") == {late.number}
    assert numbers(client, since="2026-03-02") >= {early.number}
    assert late.number not in numbers(client, since="2026-03-02")


@pytest.mark.parametrize(
    "nonsense", [{"state": "lost"}, {"channel": "x"}, {"since": "yesterday"}, {"until": "9999-12-31"}, {"since": "0001-01-01"}, {"q": "\x00"}]
)
def test_a_filter_that_means_nothing_filters_nothing(house, nonsense):
    order = house.place(("MUG", 1))

    assert numbers(desk_of("clerk"), **nonsense) == {order.number}


def test_htmx_gets_the_rows_alone_under_a_short_address(house):
    house.place(("MUG", 1))
    client = desk_of("clerk")

    rows = client.get("/orders/", {"q": "anna", "state": "", "channel": ""}, headers={"HX-Request": "true"})
    whole = client.get("/orders/", {"q": "anna"}, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert "<html" not in rows.content.decode() and rows["HX-Push-Url"] == "/orders/?q=anna"
    assert "<html" in whole.content.decode() and 'class="bar"' in whole.content.decode()
    assert "HX-Request" in rows["Vary"]


def test_a_cursor_of_another_list_is_refused_with_a_sentence(house):
    answer = desk_of("clerk").get("/orders/", {"after": "zzz"})

    assert answer.status_code == 422
    assert "start again without one" in answer.content.decode()
