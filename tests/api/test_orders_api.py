"""The REST API as a storefront uses it, and abuses it."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting.models import Invoice, Payment
from customers.models import ApiKey, Customer, Scope
from oms.core.models import Event, StoredResponse
from orders.models import Order, OrderLine
from tests.api.storefront import Storefront, order_of


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def nothing_written():
    return not (
        Order.objects.exists() or OrderLine.objects.exists() or StoredResponse.objects.exists() or Event.objects.filter(subject="order").exists()
    )


def test_placing_answers_with_the_order_and_costs_few_statements(house, shop):
    shop.place(order_of(house))

    with CaptureQueriesContext(connection) as captured:
        answer = shop.place(order_of(house))

    assert answer.status_code == 201
    body = answer.json()
    assert answer["Location"] == f"/api/v1/orders/{body['number']}"
    assert body["total"] == "106.08"
    assert [line["quantity"] for line in body["lines"]] == [2, 1, 1]
    assert len(captured) <= 12


def test_who_prefers_to_wait_is_told_what_is_reserved(house, shop, prove):
    answer = shop.place(order_of(house), Prefer="wait")

    body = answer.json()
    assert (body["state"], body["lines"][0]["reserved"], body["lines"][2]["backordered"]) == ("fulfilling", 2, 1)
    assert answer["Preference-Applied"] == "wait"
    assert Invoice.objects.count() == 1
    prove()


def test_a_repeat_is_answered_word_for_word_and_places_nothing(house, shop):
    first = shop.place(order_of(house), key="k1")
    repeat = shop.place(order_of(house), key="k1")

    assert (repeat.status_code, repeat.content) == (201, first.content)
    assert repeat["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(house, shop):
    shop.place(order_of(house), key="k1")

    answer = shop.place(order_of(house, note="another"), key="k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_the_same_key_of_another_storefront_is_another_key(house, shop):
    other = Storefront(house.web)

    assert shop.place(order_of(house), key="k1").status_code == other.place(order_of(house), key="k1").status_code == 201
    assert Order.objects.count() == 2


def test_a_request_without_a_key_is_refused(house, shop):
    for key in ("", " ", "x" * 256, "ключ"):
        answer = shop.send("post", "/orders", order_of(house), **({"Idempotency_Key": key} if key.isascii() else {}))
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert nothing_written()


BAD_ORDERS = {
    "an unknown SKU": lambda b: b | {"lines": [{"sku": "NOPE", "quantity": 1}]},
    "quantity 0": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 0}]},
    "quantity -1": lambda b: b | {"lines": [{"sku": "MUG", "quantity": -1}]},
    "quantity 1e9": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 10**9}]},
    "quantity beyond bigint": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 10**30}]},
    "quantity 1.5": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 1.5}]},
    "quantity as text": lambda b: b | {"lines": [{"sku": "MUG", "quantity": "3"}]},
    "quantity true": lambda b: b | {"lines": [{"sku": "MUG", "quantity": True}]},
    "quantity null": lambda b: b | {"lines": [{"sku": "MUG", "quantity": None}]},
    "a price sent by the client": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 1, "unit_price": "0.01"}]},
    "a total sent by the client": lambda b: b | {"total": "0.01"},
    "a discount": lambda b: b | {"discount": 100},
    "a state": lambda b: b | {"state": "completed"},
    "an unknown field": lambda b: b | {"colour": "red"},
    "no lines": lambda b: b | {"lines": []},
    "lines that are no list": lambda b: b | {"lines": {"sku": "MUG"}},
    "too many lines": lambda b: b | {"lines": [{"sku": "MUG", "quantity": 1}] * 1001},
    "no customer": lambda b: {"lines": b["lines"]},
    "an unknown customer": lambda b: b | {"customer": "C-999999"},
    "a customer that is no number": lambda b: b | {"customer": "' OR 1=1 --"},
    "a NUL in a text": lambda b: b | {"note": "a\x00b"},
    "a telephone that is none": lambda b: b | {"phone": "hello"},
    "an e-mail that is none": lambda b: b | {"email": "hello"},
    "a country of three letters": lambda b: b | {"ship_to": {"lines": ["x"], "city": "y", "country": "GBR"}},
    "a payment method that is none": lambda b: b | {"payment_method": "gold"},
    "a note that is too long": lambda b: b | {"note": "x" * 2001},
}


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_a_bad_order_is_refused_with_a_reason_and_nothing_is_written(house, shop, name):
    answer = shop.place(BAD_ORDERS[name](order_of(house)))

    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"] and problem["code"] and problem["status"] == answer.status_code
    assert nothing_written()


BAD_BODIES = {
    "no JSON": b"{",
    "a list": b"[]",
    "NaN": b'{"customer": NaN}',
    "Infinity": b'{"customer": -Infinity}',
    "no UTF-8": b'{"customer": "\xff"}',
    "half a character": b'{"customer": "\\ud800"}',
    "a name twice": b'{"customer": 1, "customer": 2}',
    "too deep": b'{"a":' * 50 + b"1" + b"}" * 50,
    "a number of a thousand digits": b'{"customer": ' + b"9" * 1000 + b"}",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_no_json_object_is_refused(house, shop, name):
    answer = shop.send("post", "/orders", raw=BAD_BODIES[name], key="k")

    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert nothing_written()


def test_a_body_of_two_megabytes_is_refused_before_it_is_read(house, shop):
    answer = shop.send("post", "/orders", raw=b'{"note": "' + b"x" * 2_000_000 + b'"}', key="k")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert nothing_written()


def test_another_content_type_is_refused(house, shop):
    answer = shop.send("post", "/orders", raw=b"customer=C-1001", key="k", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 415
    assert nothing_written()


def test_a_customer_of_another_channel_is_as_unknown_as_none(house, shop):
    stranger = Customer.objects.create(name="Stranger", channel=house.phone)

    foreign = shop.place(order_of(house) | {"customer": stranger.number})
    missing = shop.place(order_of(house) | {"customer": "C-999999"})

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["code"] == missing.json()["code"]
    assert shop.send("get", f"/customers/{stranger.number}").status_code == 404
    assert nothing_written()


def test_an_order_of_another_channel_is_as_unknown_as_none(house, shop):
    order = house.place(("MUG", 1), channel=house.phone)

    for method, path in (("get", ""), ("post", "/cancel")):
        assert shop.send(method, f"/orders/{order.number}{path}", {}).status_code == 404
    assert shop.send("get", "/orders").json()["data"] == []
    assert shop.send("get", "/events").json()["data"] == []
    assert Order.objects.get().state == "placed"


def test_a_wrong_revoked_or_expired_key_opens_nothing(house, shop):
    good = shop.readable
    for wrong in ("", "tl_", "tl_x_y", good + "x", good[:-1], "x" * 5000, "tl_é_x"):
        try:
            answer = shop.send("get", "/orders", Authorization=f"Bearer {wrong}")
        except UnicodeEncodeError:
            continue
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="throughline"')
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert shop.send("get", "/orders").status_code == 401
    ApiKey.objects.update(expires_at=None, revoked_at=timezone.now())
    assert shop.place(order_of(house)).status_code == 401
    assert nothing_written()


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "/orders", "orders:read"),
        ("post", "/orders", "orders:write"),
        ("get", "/orders/SO-1001", "orders:read"),
        ("post", "/orders/SO-1001/cancel", "orders:write"),
        ("post", "/orders/SO-1001/payments", "payments:write"),
        ("get", "/events", "orders:read"),
        ("get", "/stock", "stock:read"),
        ("get", "/stock/MUG", "stock:read"),
        ("get", "/customers", "customers:read"),
        ("post", "/customers", "customers:write"),
        ("get", "/customers/C-1001", "customers:read"),
        ("patch", "/customers/C-1001", "customers:write"),
    ],
)
def test_a_key_does_only_what_its_scopes_say(house, method, path, scope):
    without = Storefront(house.web, [other for other in Scope.values if other != scope])
    having = Storefront(house.web, [scope])

    assert without.send(method, path, {}, key="k").status_code == 403
    assert having.send(method, path, {}, key="k").status_code != 403
    assert Client().generic(method.upper(), f"/api/v1{path}", "{}", content_type="application/json").status_code == 401


def test_orders_are_listed_by_a_cursor_that_skips_none_while_more_come_in(house, shop):
    placed = {house.place(("MUG", 1)).number for _ in range(7)}
    seen, cursor = [], ""

    while cursor is not None:
        page = shop.send("get", f"/orders?limit=2&cursor={cursor}").json()
        seen += [order["number"] for order in page["data"]]
        cursor = page["next_cursor"]
        house.place(("MUG", 1))

    assert len(seen) == len(set(seen))
    assert placed <= set(seen)
    for bad in ("limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=abc", "state=nope"):
        assert shop.send("get", f"/orders?{bad}").status_code == 422


def test_lists_need_the_same_statements_for_two_and_for_forty(house, shop):
    counts = []
    for size in (2, 40):
        for _ in range(size):
            house.place(("MUG", 1), ("LAMP", 1))
        with CaptureQueriesContext(connection) as captured:
            shop.send("get", "/orders?limit=100")
            shop.send("get", "/stock")
            shop.send("get", "/customers")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_payment_that_the_storefront_took_is_recorded_once(house, shop, prove):
    number = shop.place(order_of(house), Prefer="wait").json()["number"]
    payment = {"amount": "106.08", "method": "card", "reference": "psp-1"}

    first = shop.send("post", f"/orders/{number}/payments", payment, key="p1")
    repeat = shop.send("post", f"/orders/{number}/payments", payment, key="p1")
    for amount in ("-1", "0", "NaN", "Infinity", "1e30", 5.5, True, "0.001"):
        wrong = shop.send("post", f"/orders/{number}/payments", payment | {"amount": amount, "reference": str(amount)}, key=uuid.uuid4().hex)
        assert 400 <= wrong.status_code < 500, amount

    assert (first.status_code, first.content) == (201, repeat.content)
    assert Payment.objects.count() == 1
    prove()


def test_stock_and_customers_are_read_and_written(house, shop):
    assert shop.send("get", "/stock?sku=mug,LAMP").json()["data"][1]["free"] == 50
    assert shop.send("get", "/stock/nope").status_code == 404
    made = shop.send(
        "post", "/customers", {"name": "Ben", "phone": "0113 496 0002", "address": {"lines": ["1 High St"], "city": "Leeds", "country": "GB"}}
    )
    assert (made.status_code, made.json()["phone"]) == (201, "+441134960002")
    changed = shop.send("patch", f"/customers/{made.json()['number']}", {"email": "ben@mail.example"})
    assert changed.json()["email"] == "ben@mail.example"
    assert shop.send("patch", f"/customers/{made.json()['number']}", {"credit_limit": "1000000"}).status_code == 422
    assert shop.send("post", "/customers", {"name": "x", "vat_number": "DE123456789"}).status_code == 422
    assert shop.send("get", "/customers?search=ben").json()["data"][0]["name"] == "Ben"


def test_an_address_that_does_not_exist_is_a_problem_too(house, shop):
    assert shop.send("get", "/nothing").json()["code"] == "not_found"
    assert shop.send("delete", "/orders").status_code in (403, 405)


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_twenty_at_once_places_one_order(real_house, prove):
    shop = Storefront(real_house.web)
    body = order_of(real_house)
    barrier = threading.Barrier(20, timeout=30)

    def send(_):
        try:
            barrier.wait()
            return Storefront.send(shop, "post", "/orders", body, key="same")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))

    placed = {answer.content for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert all(answer.json()["code"] == "idempotency_key_in_flight" for answer in answers if answer.status_code == 409)
    assert len(placed) == 1
    assert Order.objects.count() == 1
    assert shop.send("post", "/orders", body, key="same").content in placed
    prove()


@pytest.mark.django_db(transaction=True)
def test_the_feed_shows_nothing_that_a_slower_neighbour_could_come_before(real_house):
    shop = Storefront(real_house.web)
    started, done = threading.Event(), threading.Event()

    def slow():
        from django.db import transaction

        with transaction.atomic():
            real_house.place(("MUG", 1))
            started.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert started.wait(20)
    quick = real_house.place(("MUG", 1))
    before = shop.send("get", "/events").json()
    done.set()
    thread.join()
    wanted = {Order.objects.get(pk=pk).number for pk in Order.objects.values_list("pk", flat=True)}
    seen = [event["order"] for event in before["data"] if event["kind"] == "order.placed"]
    # A transaction anywhere in the cluster, another test's too, holds the feed back for as long as it runs.
    cursor, end = before["next_cursor"], time.monotonic() + 60
    while set(seen) != wanted and time.monotonic() < end:
        page = shop.send("get", f"/events?after={cursor}").json()
        seen += [event["order"] for event in page["data"] if event["kind"] == "order.placed"]
        cursor = page["next_cursor"]

    assert sorted(seen) == sorted(wanted)
    assert quick.number in seen
