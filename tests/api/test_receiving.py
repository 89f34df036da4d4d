"""Receiving, landed costs, scans and drop shipments over REST: once for every key, whatever comes twice."""

import pytest

from inventory.models import Barcode, LandedCost, PurchaseOrder, Receipt, StockLevel
from inventory.purchasing.ordering import order_from_vendor
from oms.core.readable import human_number
from shipping.models import Shipment
from tests import cast
from tests.api.storefront import Storefront


@pytest.fixture
def shop(house):
    return Storefront(house.web)


@pytest.fixture
def order(house):
    return order_from_vendor(house.vendor, house.leeds, [(house.chair, 10), (house.mug, 4)], actor="user:manager")


def test_goods_are_received_once_for_a_key_listed_and_taken_back(house, shop, order, prove):
    address = f"/purchase-orders/{order.number}/receipts"
    body = {"lines": [{"sku": "chair", "quantity": 6, "note": "batch A"}, {"sku": "MUG", "quantity": 4}]}

    first, again = shop.send("post", address, body, key="a"), shop.send("post", address, body, key="a")

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    assert first.json()["lines"] == [
        {"sku": "CHAIR", "quantity": 6, "value": "114.00", "note": "batch A"},
        {"sku": "MUG", "quantity": 4, "value": "8.40", "note": ""},
    ]
    listed = shop.send("get", address).json()
    assert [row["id"] for row in listed["data"]] == [first.json()["id"]]
    back = shop.send("post", f"{address}/{first.json()['id']}/reversal", {"reason": "another pallet"}, key="b")
    assert back.status_code == 201
    assert (back.json()["reverses"], back.json()["lines"][0]["quantity"]) == (first.json()["id"], -6)
    assert StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).on_hand == 0
    prove()


@pytest.mark.parametrize(
    ("lines", "status", "pointer"),
    [
        ([{"sku": "CHAIR", "quantity": 11}], 409, None),
        ([{"sku": "LAMP", "quantity": 1}], 422, "/lines/0/sku"),
        ([{"sku": "CHAIR", "quantity": 1}, {"sku": "chair", "quantity": 1}], 422, "/lines/1/sku"),
        ([{"sku": "CHAIR", "quantity": 0}], 422, "/lines/0/quantity"),
        ([{"sku": "CHAIR", "quantity": -1}], 422, "/lines/0/quantity"),
        ([{"sku": "CHAIR", "quantity": 10**30}], 422, "/lines/0/quantity"),
        ([{"sku": "CHAIR", "quantity": "2"}], 422, "/lines/0/quantity"),
        ([], 422, "/lines"),
    ],
)  # fmt: skip
def test_a_receipt_that_cannot_be_is_a_problem_and_changes_nothing(shop, order, prove, lines, status, pointer):
    answer = shop.send("post", f"/purchase-orders/{order.number}/receipts", {"lines": lines}, key="a")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert pointer is None or pointer in answer.content.decode()
    assert not Receipt.objects.exists()
    prove()


def test_a_landed_cost_is_spread_once_for_a_key(house, shop, order, prove):
    shop.send("post", f"/purchase-orders/{order.number}/receipts", {"lines": [{"sku": "CHAIR", "quantity": 10}]}, key="a")
    body = {"kind": "freight", "amount": "25.00", "spread_by": "value"}

    answers = [shop.send("post", f"/purchase-orders/{order.number}/landed-costs", body, key="b") for _ in range(2)]
    bad = shop.send("post", f"/purchase-orders/{order.number}/landed-costs", body | {"amount": "-1"}, key="c")

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["amount"] == "25.00"
    assert bad.status_code == 422
    assert LandedCost.objects.count() == 1
    assert str(StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).value) == "215.0000"
    prove()


def test_a_code_is_read(house, shop, order):
    Barcode.objects.create(code="15060123400011", sku=house.mug, units=12)
    house.mug.barcode = "CASE"
    house.mug.save()
    Barcode.objects.create(code="CASE", sku=house.chair)

    read = shop.send("post", "/scans", {"code": "15060123400011", "purchase_order": order.number})
    opened = shop.send("post", "/scans", {"code": order.number})
    nothing = shop.send("post", "/scans", {"code": "]C1"})
    unknown = shop.send("post", "/scans", {"code": "NOTHING"})
    two = shop.send("post", "/scans", {"code": "CASE"})
    chosen = shop.send("post", "/scans", {"code": "CASE", "choose": "CHAIR"})

    assert read.json() == {"kind": "sku", "sku": "MUG", "name": "Blue mug", "units": 12, "note": "", "purchase_order": None}
    assert (opened.json()["kind"], opened.json()["purchase_order"]) == ("purchase_order", order.number)
    assert (nothing.status_code, unknown.status_code, unknown.json()["code"]) == (422, 404, "unknown_code")
    assert (two.status_code, two.json()["code"]) == (409, "ambiguous_code")
    assert [choice["sku"] for choice in two.json()["data"]["choices"]] == ["CHAIR", "MUG"]
    assert chosen.json()["sku"] == "CHAIR"


def test_a_drop_shipment_is_ordered_and_confirmed_once(house, shop, plain_labels, prove):
    order = house.place(("CHAIR", 2), ("MUG", 1))
    cast.run_line("screen", "reserve")
    wish = {"vendor": human_number("V", house.vendor.pk), "skus": ["CHAIR"]}

    ordered = [shop.send("post", f"/orders/{order.number}/drop-shipments", wish, key="a") for _ in range(2)]
    number = ordered[0].json()["purchase_order"]
    shipped = {"lines": [{"sku": "CHAIR", "quantity": 2}], "tracking_number": "T-9"}
    confirmed = [shop.send("post", f"/purchase-orders/{number}/drop-shipments", shipped, key="b") for _ in range(2)]
    refused = shop.send("post", f"/orders/{order.number}/drop-shipments", {"vendor": human_number("V", house.vendor.pk), "skus": ["MUG"]}, key="c")

    assert [answer.status_code for answer in (*ordered, *confirmed)] == [201] * 4
    assert (
        confirmed[0].json() == confirmed[1].json() == {"purchase_order": number, "shipment": Shipment.objects.get().number, "tracking_number": "T-9"}
    )
    assert refused.status_code == 409
    assert PurchaseOrder.objects.count() == 1
    assert order.lines.get(sku=house.chair).shipped == 2
    prove()
