"""What a storefront reads after it has placed an order."""

import threading
import time

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from orders.models import Order
from tests.api.storefront import Storefront, order_of
from tests.cast import run_line


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def test_placing_costs_twelve_statements_with_all_that_belongs_to_it(house, shop):
    """The key and its channel, begin, the idempotency key, customer, addresses, SKUs with prices, taxes; order, lines, event, answer, commit."""
    with CaptureQueriesContext(connection) as captured:
        answer = shop.place(order_of(house))

    assert answer.status_code == 201
    # In a test the request's BEGIN and COMMIT are a savepoint's: the same number.
    assert len(captured) == 12, [query["sql"][:80] for query in captured]


def test_a_new_customer_is_registered_with_the_order(house, shop):
    address = {"lines": ["1 High St"], "city": "Leeds", "country": "GB"}
    bo = {"name": "Bo", "external_reference": "B-1", "email": "bo@mail.example", "address": address}

    first = shop.place(order_of(house) | {"customer": bo}).json()
    second = shop.place(order_of(house) | {"customer": bo}).json()

    assert first["customer"] == second["customer"] == Customer.objects.get(name="Bo").number
    assert first["ship_to"]["name"] == "Bo"
    assert Customer.objects.get(name="Bo").channel == house.web


def test_a_new_customer_of_a_refused_order_is_not_kept(house, shop):
    answer = shop.place(order_of(house, ("NOPE", 1)) | {"customer": {"name": "Bo", "address": {"lines": ["x"], "city": "y", "country": "GB"}}})

    assert answer.status_code == 422
    assert not Customer.objects.filter(name="Bo").exists()


def test_a_whole_order_has_its_shipments_and_invoices(house, shop):
    number = shop.place(order_of(house, ("MUG", 2)), Prefer="wait").json()["number"]
    run_line("invoice_pdf")

    with CaptureQueriesContext(connection) as captured:
        order = shop.send("get", f"/orders/{number}").json()
    [shipment], [invoice] = order["shipments"], order["invoices"]
    pdf = shop.send("get", invoice["pdf"].removeprefix("/api/v1"), Accept="application/pdf")

    assert order["waits_for"] == "It waits to be picked and packed. (The warehouse)"
    assert (shipment["state"], shipment["warehouse"], shipment["lines"]) == ("planned", "leeds", [{"sku": "MUG", "quantity": 2}])
    assert (invoice["state"], invoice["total"], invoice["paid"]) == ("issued", "11.88", "0.00")
    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert len(captured) <= 9
    stranger = Storefront(house.phone).send("get", invoice["pdf"].removeprefix("/api/v1"))
    assert stranger.status_code == 404


def test_a_cancelled_order_may_be_cancelled_again(house, shop, prove):
    number = shop.place(order_of(house), Prefer="wait").json()["number"]

    first = shop.send("post", f"/orders/{number}/cancel", {"reason": "changed my mind"})
    again = shop.send("post", f"/orders/{number}/cancel")

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert first.json() == again.json()
    run_line()
    prove()


def test_orders_are_found_by_what_is_known_of_them(house, shop):
    first = shop.place(order_of(house, external_reference="W-1")).json()
    second = shop.place(order_of(house, external_reference="W-2"), Prefer="wait").json()

    def found(query: str) -> list[str]:
        return [order["number"] for order in shop.send("get", f"/orders?{query}").json()["data"]]

    assert found("") == [second["number"], first["number"]]
    assert found("external_reference=W-1") == [first["number"]]
    assert found("state=placed") == [first["number"]]
    assert found(f"customer={house.anna.number}&limit=1") == [second["number"]]
    assert found("customer=C-9999") == []
    assert found(f"placed_after={first['placed_at']}") == [second["number"]]
    assert found(f"placed_before={second['placed_at'].replace('Z', '+00:00')}") == [first["number"]]


@pytest.mark.django_db(transaction=True)
def test_the_feed_skips_nothing_while_orders_come_in(real_house):
    """Four writers, whose transactions overlap and end in another order than they began, and one reader."""
    shop = Storefront(real_house.web)
    numbers: list[str] = []

    def write(seed: int) -> None:
        for turn in range(12):
            with transaction.atomic():
                order = real_house.place(("MUG", 1))
                time.sleep(0.001 * ((seed * 7 + turn * 5) % 11))
            numbers.append(order.number)
        connections.close_all()

    seen: list[int] = []
    told: list[str] = []
    cursor = ""

    def read() -> bool:
        nonlocal cursor
        page = shop.send("get", f"/events?after={cursor}&limit=7").json()
        seen.extend(event["id"] for event in page["data"])
        told.extend(event["order"] for event in page["data"] if event["kind"] == "order.placed")
        cursor = page["next_cursor"]
        return bool(page["has_more"])

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        read()
    # A transaction anywhere in the cluster, another test's too, holds the feed back for as long as it runs.
    end = time.monotonic() + 60
    while len(told) < 48 and time.monotonic() < end:
        read()

    assert len(seen) == len(set(seen))
    assert sorted(told) == sorted(numbers)
    assert Order.objects.count() == 48
    call_command("check_invariants")


def test_the_feed_of_another_channel_is_empty(house):
    house.place(("MUG", 1))

    assert Storefront(house.phone).send("get", "/events").json()["data"] == []
