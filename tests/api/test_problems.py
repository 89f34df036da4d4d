"""Whatever goes wrong is a problem+json, says what to do, and writes nothing."""

import json

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import Payment
from customers.models import Customer
from oms.core.api import idempotency
from oms.core.models import Event, StoredResponse
from orders import api, placing
from orders.models import Order, OrderLine
from tests.api.storefront import Storefront, order_of

WRITTEN = (Order, OrderLine, Customer, Payment, Event, StoredResponse)


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def counted() -> list[int]:
    return [model.objects.count() for model in WRITTEN]


def is_problem(answer) -> bool:
    body = answer.json()
    return (
        answer["Content-Type"] == "application/problem+json"
        and body["status"] == answer.status_code
        and bool(body["type"] and body["title"] and body["code"] and body["detail"])
    )


def test_every_mistake_is_pointed_at(house, shop):
    answer = shop.place({"customer": {"name": "", "a/b": 1}, "lines": [{"sku": "MUG", "quantity": 1}, {"sku": 7, "quantity": "3"}], "phone": None})

    assert answer.status_code == 422
    found = {(mistake["pointer"], mistake["code"]) for mistake in answer.json()["errors"]}
    assert found == {
        ("/customer/a~1b", "unknown_field"),
        ("/lines/1/sku", "invalid"),
        ("/lines/1/quantity", "invalid"),
        ("/phone", "null"),
    }


def test_a_mistake_that_only_the_house_can_see_is_pointed_at_too(house, shop):
    unknown = shop.place(order_of(house, ("MUG", 1), ("NOPE", 1))).json()
    phone = shop.place(order_of(house) | {"customer": {"name": "Bo", "phone": "x"}}).json()

    assert unknown["errors"][0]["pointer"] == "/lines/1/sku"
    assert unknown["data"] == {"sku": "NOPE"}
    assert phone["errors"][0]["pointer"] == "/customer/phone"


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda shop: shop.send("get", "/orders", Accept="text/html"), 406),
        (lambda shop: shop.send("put", "/orders", {}), 405),
        (lambda shop: shop.send("get", "/orders/"), 404),
        (lambda shop: shop.send("get", "/orders/SO-1"), 404),
        (lambda shop: shop.send("get", "/orders/SO-99999999999999999999"), 404),
        (lambda shop: shop.send("get", "/orders/%00"), 404),
        (lambda shop: shop.send("get", "/stock/%00"), 404),
        (lambda shop: shop.send("get", "/orders?_connector=OR"), 422),
        (lambda shop: shop.send("get", "/orders?state=placed&state=shipped"), 422),
        (lambda shop: shop.send("get", "/orders?placed_after=yesterday"), 422),
        (lambda shop: shop.send("get", "/orders?placed_after=0001-01-01T00:00:00%2B14:00"), 422),
        (lambda shop: shop.send("get", "/orders?external_reference=%00"), 422),
        (lambda shop: shop.send("get", "/stock?sku=" + ",".join(map(str, range(101)))), 422),
        (lambda shop: shop.send("get", "/events?after=x-y"), 422),
        (lambda shop: shop.send("post", "/orders", raw=b"<order/>", key="k", content_type="application/xml"), 415),
        (lambda shop: shop.send("post", "/orders", {}, key="k", Transfer_Encoding="chunked"), 411),
        (lambda shop: shop.send("get", "/orders", Host="evil.example"), 400),
        (lambda shop: shop.send("get", "/orders", Authorization="Basic YTpi"), 401),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(house, shop, send, status):
    before = counted()

    answer = send(shop)

    assert answer.status_code == status, answer.content
    assert is_problem(answer)
    assert counted() == before


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("away"), 503, "unavailable"),
        (IntegrityError("a check of ours"), 500, "server_error"),
        (ZeroDivisionError(), 500, "server_error"),
    ],
)
def test_a_mistake_of_ours_is_a_problem_as_well(house, shop, monkeypatch, error, status, code):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(api, "place_order", fail)

    answer = shop.place(order_of(house))

    assert (answer.status_code, answer.json()["code"], is_problem(answer)) == (status, code, True)
    assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert b"Traceback" not in answer.content
    assert not StoredResponse.objects.exists()


def test_who_loses_a_race_for_a_reference_is_told_which(house, shop, monkeypatch):
    shop.place(order_of(house, external_reference="W-1"))
    known = shop.place(order_of(house, external_reference="W-1"))
    monkeypatch.setattr(placing, "_taken_references", lambda drafts, channels: frozenset())
    raced = shop.place(order_of(house, external_reference="W-1"))

    assert (known.status_code, known.json()["errors"][0]["pointer"]) == (409, "/external_reference")
    assert (raced.status_code, raced.json()["data"]) == (409, {"constraint": "order_reference_once"})
    assert Order.objects.count() == 1


@pytest.mark.parametrize("where", ["order", "line", "customer", "payment"])
def test_no_column_can_be_set_that_is_not_asked_for(house, shop, where):
    """Mass assignment: every column that the tables have and the shapes do not, with a poisoned value."""
    number = shop.place(order_of(house)).json()["number"]
    before = counted()
    shapes = {
        "order": (
            Order,
            {"email", "phone", "note", "external_reference", "payment_method", "accepts_part_deliveries", "customer", "basket", "delivery"},
        ),
        "line": (OrderLine, {"sku", "quantity"}),
        "customer": (Customer, {"name", "email", "phone", "language", "vat_number"}),
        "payment": (Payment, {"amount", "method", "reference"}),
    }
    model, open_fields = shapes[where]

    for column in {field.name for field in model._meta.fields} - open_fields | {"bill_to_id", "price", "discount"}:
        if (where, column) in {("order", "bill_to"), ("order", "ship_to")}:
            continue
        poison = {column: 1}
        if where == "order":
            answer = shop.place(order_of(house) | poison)
        elif where == "line":
            answer = shop.place(order_of(house) | {"lines": [{"sku": "MUG", "quantity": 1} | poison]})
        elif where == "customer":
            answer = shop.send("patch", f"/customers/{house.anna.number}", poison)
        else:
            body = {"amount": "1.00", "method": "card", "reference": "r"} | poison
            answer = shop.send("post", f"/orders/{number}/payments", body, key=column)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_field"), column

    assert counted() == before


# --- whatever else a client may think of ---

_nasty = st.sampled_from(["", "\x00", "\ud800", "C-1001", "MUG", "mug ", "-1", "1e999", "' OR 1=1", "x" * 3000, "SO-1001", "GB", "٣", "card"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=True) | _nasty | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_order_fields = ("customer", "lines", "ship_to", "bill_to", "email", "phone", "note", "external_reference", "payment_method", "unit_price")
_address = st.fixed_dictionaries({}, optional={name: _values for name in ("name", "lines", "city", "region", "postcode", "country")})
_lines = st.lists(st.fixed_dictionaries({"sku": _values | st.just("MUG"), "quantity": _values | st.just(1)}), max_size=3)
_orders = st.fixed_dictionaries(
    {"customer": st.just("C-1001") | _values, "lines": _lines | _values},
    optional={name: _address | _values for name in _order_fields[2:]},
)
_payments = st.fixed_dictionaries({"amount": _values, "method": st.just("card") | _values, "reference": _values})
_customers = st.fixed_dictionaries(
    {"name": _values}, optional={name: _address | _values for name in ("email", "phone", "language", "vat_number", "address", "kind")}
)
_requests = st.one_of(
    st.tuples(st.just("post"), st.just("/orders"), _orders),
    st.tuples(st.just("post"), st.just("/orders/SO-1001/payments"), _payments),
    st.tuples(st.just("post"), st.just("/orders/SO-1001/cancel"), st.dictionaries(st.just("reason") | st.text(max_size=5), _values, max_size=2)),
    st.tuples(st.just("post"), st.just("/customers"), _customers),
    st.tuples(st.just("patch"), st.just("/customers/C-1001"), _customers),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], database=None)
@given(request=_requests)
def test_no_body_is_too_strange_to_be_answered(house, shop, request):
    method, path, body = request

    answer = shop.send(method, path, raw=json.dumps(body).encode(), key=idempotency.hashlib.sha256(repr(request).encode()).hexdigest())

    assert answer.status_code < 500, (request, answer.content)
    assert answer.status_code < 300 or is_problem(answer)


_CURSORS = ["W10", "MjU2", "WzFd", "WyIxIiwxXQ", "9" * 30, "1-1"]
_parameters = st.sampled_from(["cursor", "limit", "state", "customer", "external_reference", "placed_after", "search", "sku", "after", "format", "x"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    path=st.sampled_from(["/orders", "/customers", "/stock", "/events", "/orders/SO-1001", "/stock/MUG"]),
    query=st.dictionaries(_parameters, st.text(max_size=20) | st.integers() | st.sampled_from(_CURSORS), max_size=3),
)
def test_no_address_is_too_strange_to_be_answered(house, shop, path, query):
    answer = Client(raise_request_exception=False).get(f"/api/v1{path}", query, headers={"Authorization": f"Bearer {shop.readable}"})

    assert answer.status_code < 500, (path, query, answer.content)
    assert answer.status_code < 300 or is_problem(answer)
