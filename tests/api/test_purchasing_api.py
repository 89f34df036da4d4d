"""Purchasing over REST: the same as on the desk, and a repeat changes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import PurchaseNeed, PurchaseOrder, ReorderRule, VendorItem, VendorPrice
from inventory.purchasing.ordering import order_from_vendor
from tests import cast
from tests.api.storefront import Storefront


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def priced(house, sku, *prices):
    item = VendorItem.objects.create(vendor=house.vendor, sku=sku, pack_size=2)
    VendorPrice.objects.bulk_create([VendorPrice(item=item, from_quantity=units, unit_price=Decimal(price)) for units, price in prices])


def order(house, shop, *, key="k", **changes):
    body = {"vendor": house.vendor.number, "warehouse": "leeds", "lines": [{"sku": "chair", "quantity": 3}]} | changes
    return shop.send("post", "/purchase-orders", body, key=key)


def test_vendors_say_what_they_promise_and_what_they_keep(house, shop):
    priced(house, house.chair, (1, "20"), (6, "15"))

    [vendor] = shop.send("get", "/vendors").json()["data"]
    whole = shop.send("get", f"/vendors/{house.vendor.number}").json()

    assert (vendor["name"], vendor["lead_time"]["promised_days"], vendor["lead_time"]["observed_days"]) == ("Potteries Ltd", 14, None)
    assert whole["items"][0]["prices"] == [{"from_quantity": 1, "unit_price": "20.0000"}, {"from_quantity": 6, "unit_price": "15.0000"}]
    assert shop.send("get", "/vendors/V-9").status_code == 404


def test_needs_are_listed_with_advice_and_approved_once(house, shop, prove):
    priced(house, house.chair, (1, "20"), (6, "15"))
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")

    [need] = shop.send("get", "/purchase-needs").json()["data"]
    assert (need["sku"], need["quantity"], need["unit_price"], need["next_break"]["more"], need["next_break"]["saves"]) == (
        "CHAIR", 4, "20.0000", 2, "30.00",
    )  # fmt: skip
    body = {"needs": [{"id": need["id"], "quantity": 6}]}
    first = shop.send("post", "/purchase-needs/approve", body, key="a")
    again = shop.send("post", "/purchase-needs/approve", body, key="a")
    other = shop.send("post", "/purchase-needs/approve", body, key="b")

    assert first.json() == again.json() == other.json() == {"purchase_orders": [PurchaseOrder.objects.get().number]}
    assert PurchaseOrder.objects.get().lines.get().quantity == 6
    assert [one["state"] for one in shop.send("get", "/purchase-needs?state=ordered").json()["data"]] == ["ordered"]
    prove()


def test_needs_are_rejected_and_listed_with_the_same_queries_whatever_their_number(house, shop):
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")
    with CaptureQueriesContext(connection) as few:
        shop.send("get", "/purchase-needs")
    cast.reorder(house, house.lamp, point=20, target=40)
    cast.reorder(house, house.mug, point=90, target=400)
    cast.run_line("replenish")
    with CaptureQueriesContext(connection) as more:
        rows = shop.send("get", "/purchase-needs").json()["data"]

    assert (len(rows), len(few)) == (3, len(more))
    answer = shop.send("post", "/purchase-needs/reject", {"needs": [row["id"] for row in rows]}, key="r")
    assert answer.json() == {"rejected": 3}
    assert not PurchaseNeed.objects.filter(state="proposed").exists()


def test_an_order_is_made_confirmed_changed_and_called_off(house, shop, prove):
    made = order(house, shop, approve=True)
    assert made.status_code == 201
    number, version = made.json()["number"], made.json()["version"]
    assert made["Location"] == f"/api/v1/purchase-orders/{number}"
    assert order(house, shop, approve=True).json() == made.json()
    assert PurchaseOrder.objects.count() == 1

    day = (timezone.localdate() + timedelta(days=20)).isoformat()
    said = {"lines": [{"sku": "CHAIR", "quantity": 2, "expected_on": day}], "vendor_reference": "AB 1", "version": version}
    confirmed = shop.send("post", f"/purchase-orders/{number}/acknowledgement", said, key="ack").json()
    assert (confirmed["state"], confirmed["lines"][0]["acknowledged"], confirmed["lines"][0]["expected_on"]) == ("acknowledged", 2, day)

    stale = shop.send("post", f"/purchase-orders/{number}/change", {"version": version, "lines": [{"sku": "CHAIR", "quantity": 9}]}, key="c1")
    assert (stale.status_code, stale.json()["data"]["version"]) == (409, confirmed["version"])
    body = {"version": confirmed["version"], "lines": [{"sku": "CHAIR", "quantity": 9}]}
    changed = shop.send("post", f"/purchase-orders/{number}/change", body, key="c2").json()
    assert (changed["revision"], changed["lines"][0]["quantity"], changed["lines"][0]["acknowledged"]) == (2, 9, None)

    cancelled = shop.send("post", f"/purchase-orders/{number}/cancel", {"reason": "no"}, key="x").json()
    assert cancelled["state"] == "cancelled"
    assert shop.send("get", f"/purchase-orders/{number}").json()["state"] == "cancelled"
    assert shop.send("get", "/purchase-orders?state=cancelled").json()["data"][0]["number"] == number
    prove()


def test_an_order_is_made_longer_once_and_not_once_something_has_come(house, shop):
    made = order(house, shop, approve=True).json()
    number, body = made["number"], {"version": made["version"], "add": [{"sku": "lamp", "quantity": 4, "unit_cost": "8.50"}]}

    longer, again = (shop.send("post", f"/purchase-orders/{number}/change", body, key="l") for _ in range(2))

    assert again["Idempotent-Replayed"] == "true" and again.json() == longer.json()
    assert (longer.json()["revision"], [(line["sku"], line["quantity"]) for line in longer.json()["lines"]][-1]) == (2, ("LAMP", 4))
    version = longer.json()["version"]
    for added, where in (({"sku": "LAMP", "quantity": 1}, "/add/0/sku"), ({"sku": "NOPE", "quantity": 1}, "/add/0/sku")):
        wrong = shop.send("post", f"/purchase-orders/{number}/change", {"version": version, "add": [added]}, key=added["sku"])
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, where)
    shop.send("post", f"/purchase-orders/{number}/receipts", {"lines": [{"sku": "LAMP", "quantity": 1}]}, key="r")
    version = shop.send("get", f"/purchase-orders/{number}").json()["version"]
    late = shop.send("post", f"/purchase-orders/{number}/change", {"version": version, "add": [{"sku": "MUG", "quantity": 1}]}, key="m")
    assert late.status_code == 409 and "make another order" in late.json()["detail"]


def test_a_draft_is_approved_later_and_one_in_part_received_is_closed(house, shop):
    number = order(house, shop).json()["number"]
    assert shop.send("post", f"/purchase-orders/{number}/close", {}, key="z").status_code == 409

    approved = shop.send("post", f"/purchase-orders/{number}/approve", {}, key="y").json()

    assert approved["state"] == "sent"


@pytest.mark.parametrize(
    "wrong",
    [
        {"vendor": "V-9"},
        {"vendor": 7},
        {"warehouse": "nowhere"},
        {"lines": []},
        {"lines": [{"sku": "NOTHING", "quantity": 1}]},
        {"lines": [{"sku": "CHAIR", "quantity": 0}]},
        {"lines": [{"sku": "CHAIR", "quantity": -1}]},
        {"lines": [{"sku": "CHAIR", "quantity": 1.5}]},
        {"lines": [{"sku": "CHAIR", "quantity": 10**15}]},
        {"lines": [{"sku": "CHAIR", "quantity": 1, "unit_cost": "-1"}]},
        {"lines": [{"sku": "CHAIR", "quantity": 1, "unit_cost": "NaN"}]},
        {"lines": [{"sku": "CHAIR", "quantity": 1}, {"sku": "chair", "quantity": 2}]},
        {"expected_on": "yesterday"},
        {"state": "sent"},
    ],
)
def test_nonsense_makes_no_order(house, shop, wrong):
    answer = order(house, shop, **wrong)

    assert answer.status_code in (404, 422)
    assert not PurchaseOrder.objects.exists()


def test_a_reorder_rule_is_set_and_told(house, shop):
    body = {"vendor": house.vendor.number, "point": 5, "target": 9, "safety": 2}
    for _repeat in range(2):
        answer = shop.send("put", "/reorder-rules/leeds/MUG", body)

    assert answer.json()["reason"] == "Set by hand: at 5 or fewer, buy up to 9; 2 are kept for safety."
    assert ReorderRule.objects.count() == 1
    assert shop.send("get", "/reorder-rules?sku=mug").json()["data"] == [answer.json()]
    assert shop.send("put", "/reorder-rules/leeds/MUG", body | {"target": 5}).status_code == 422
    assert shop.send("put", "/reorder-rules/leeds/NOTHING", body).status_code == 404
    assert shop.send("put", "/reorder-rules/leeds/MUG", body | {"service_level": "1"}).status_code == 422


def test_purchase_orders_are_listed_with_the_same_queries_whatever_their_number(house, shop):
    counts = []
    for size in (2, 9):
        for _ in range(size):
            order_from_vendor(house.vendor, house.leeds, [(house.chair, 2), (house.lamp, 1)], actor="user:manager")
        with CaptureQueriesContext(connection) as captured:
            shop.send("get", "/purchase-orders")
        counts.append(len(captured))

    assert counts[0] == counts[1]
