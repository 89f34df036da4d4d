"""The pages: what they say, what they cost, what they do with nonsense."""

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounting.models import Payment
from customers.models import Customer
from inventory.models import Reservation, StockLevel
from oms.core.models import User
from orders.models import Order, OrderLine
from shipping.models import Shipment, TrackingEvent
from tests import cast


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def key_of(page):
    return re.search(r'name="key" value="(\w+)"', page.content.decode())[1]


LISTS = [
    "/",
    "/orders/",
    "/customers/",
    "/stock/",
    "/shipments/",
    "/invoices/",
    "/payments/online/",
    "/purchasing/",
    "/messages/",
    "/trouble/",
    "/ledger/",
    "/ledger/entries/",
]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_for_three_rows_and_for_thirty(house, desk, path):
    counts = []
    for size in (3, 27):
        for _ in range(size):
            house.place(("MUG", 1), ("CHAIR", 1))
        cast.run_line("screen", "reserve", "invoice", "plan", "post_stock")
        desk.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", [path for path in LISTS if path not in ("/", "/ledger/", "/stock/", "/customers/", "/ledger/entries/")])
def test_an_empty_list_says_what_to_do(house, desk, path):
    assert "empty-state" in desk.get(path).content.decode() or "yet" in desk.get(path).content.decode()


def test_asking_whether_anything_happened_costs_one_look_up(house, desk):
    page = desk.get("/").content.decode()
    address = re.search(r'hx-get="(/line/changes[^"]+)"', page)[1].replace("&amp;", "&")

    with CaptureQueriesContext(connection) as captured:
        assert Client().get(address).status_code == 204
    assert len(captured) == 1

    house.place(("MUG", 1))
    changed = Client().get(address)
    assert (changed.status_code, changed["HX-Trigger"]) == (200, "line-changed")
    assert Client().get("/line/changes?seen=1&token=forged").status_code == 403


def test_orders_are_found_by_number_customer_telephone_and_sku(house, desk):
    order = house.place(("MUG", 1), external_reference="WEB-77")
    for text in (order.number, order.number.lower(), "anna", "0113 496 0001", "MUG", "mug", "WEB-77", "anna@field.example"):
        assert order.number in desk.get("/orders/", {"q": text}).content.decode(), text
    for text in ("SO-9999", "nobody", "CHAIR", "%", "' OR 1=1", "\x00"):
        assert order.number not in desk.get("/orders/", {"q": text}).content.decode() or text == "\x00", text


def test_the_order_page_says_what_blocks_it_and_what_can_be_done(house, desk):
    order = house.place(("CHAIR", 2), ("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan", "backorders")

    page = desk.get(f"/orders/{order.number}/").content.decode()

    assert "It waits to be picked and packed." in page
    assert "Cancel the order" in page and "Record the payment" in page
    for sent, word in (("pay", "above zero"), ("hold", "Say why")):
        answer = desk.post(
            f"/orders/{order.number}/{sent}",
            {"amount": "x", "reason": ""},
            headers={"Referer": f"http://testserver/orders/{order.number}/"},
            follow=True,
        )
        assert word in answer.content.decode()
    assert not Payment.objects.exists()
    desk.post(f"/orders/{order.number}/pay", {"amount": "10.00", "method": "card", "reference": "r"})
    assert Payment.objects.get().amount == 10


def phone_order(house, **changes):
    return {"customer": house.anna.number, "sku": ["MUG", "CHAIR"], "quantity": ["2", "1"], "page": "a" * 32} | changes


def call_address(part=""):
    return f"/orders/phone/{uuid.uuid4()}/{part}"


def test_an_order_by_telephone_is_placed_once_however_often_it_is_sent(house, desk, prove):
    form, address = phone_order(house), call_address()

    first, second = desk.post(address, form), desk.post(address, form)

    assert first["Location"] == second["Location"]
    order = Order.objects.get()
    assert (order.channel.kind, order.placed_by, order.state) == ("phone", "user:root", "fulfilling")
    prove()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sku": ["NOPE"], "quantity": ["1"]},
        {"quantity": ["-1", "1"]},
        {"quantity": ["1000000000", "1"]},
        {"quantity": ["two", "1"]},
        {"quantity": ["1.5", "1"]},
        {"sku": [], "quantity": []},
        {"customer": ""},
        {"customer": "C-999999"},
        {"customer": "", "new_name": "Ben"},
        {"customer": "", "new_name": "Ben", "new_lines": "1 High St", "new_city": "Leeds", "new_phone": "hello"},
        {"customer": "", "new_name": "Ben", "new_lines": "1 High St", "new_city": "Leeds", "new_country": "Britain"},
        {"payment_method": "gold"},
    ],
)
def test_a_wrong_phone_order_loses_nothing_and_writes_nothing(house, desk, wrong):
    customers = Customer.objects.count()

    answer = desk.post(call_address(), phone_order(house, note="ring twice", **wrong))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert "ring twice" in page
    for sku in wrong.get("sku", ["MUG", "CHAIR"]):
        assert sku in page
    assert Order.objects.count() == 0
    assert Customer.objects.count() == customers


def test_a_new_caller_is_registered_with_their_order(house, desk, prove):
    caller = {"customer": "", "new_name": "Ben Ode", "new_phone": "0113 496 0002", "new_lines": "1 High St", "new_city": "Leeds", "new_country": "GB"}

    desk.post(call_address(), phone_order(house, **caller))

    assert Order.objects.get().customer.phone == "+441134960002"
    assert Order.objects.get().ship_to["city"] == "Leeds"
    prove()


def test_a_line_is_entered_in_one_go_and_priced(house, desk):
    page = desk.post(call_address("change"), {"customer": house.anna.number, "action": "add", "entry": "12 mug"}).content.decode()
    assert 'value="12"' in page and "Blue mug" in page and "£71.28" in page
    page = desk.post(call_address("change"), phone_order(house, sku=["MUG"], quantity=["12"], action="add", entry="3 blue mug")).content.decode()
    assert 'value="15"' in page
    assert "means no SKU" in desk.post(call_address("change"), {"action": "add", "entry": "zzz"}).content.decode()


def test_the_warehouse_works_a_shipment_to_its_end(house, desk, prove):
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get()
    page = f"/shipments/{shipment.number}/"

    desk.post("/shipments/pick", {"shipment": shipment.pk})
    for wrong in ({"packages": "0"}, {"packages": "x"}, {"packages": "1", "weight_grams": "-4"}):
        desk.post(f"{page}pack", wrong)
    assert Shipment.objects.get().state == "picking"
    desk.post(f"{page}pack", {"packages": "2", "weight_grams": "900", "tracking_number": "ABC1"})
    cast.run_line("book")
    assert desk.get(f"/documents/{Shipment.objects.get().label_id}/")["Content-Type"] == "application/pdf"
    desk.post(f"{page}dispatch")
    desk.post(f"{page}dispatch")
    desk.post(f"{page}delivered")

    assert Order.objects.get(pk=order.pk).state == "delivered"
    assert "ABC1" in desk.get(page).content.decode()
    cast.run_line("post_stock", "hand_over")
    prove()


def test_stock_is_corrected_with_a_reason_and_never_below_what_is_there(house, desk, prove):
    house.place(("LAMP", 4))
    cast.run_line("screen", "reserve")
    for wrong in (
        {"quantity": "-6", "note": "lost"},
        {"quantity": "0", "note": "x"},
        {"quantity": "x", "note": "x"},
        {"quantity": "5", "note": ""},
        {"quantity": "99999999999", "note": "x"},
    ):
        desk.post("/stock/LAMP/adjust", {"warehouse": "leeds", "kind": "count", **wrong})
    assert StockLevel.objects.get(sku=house.lamp).on_hand == 5

    desk.post("/stock/LAMP/adjust", {"warehouse": "leeds", "kind": "count", "quantity": "-1", "note": "found broken"})

    assert StockLevel.objects.get(sku=house.lamp).on_hand == 4
    page = desk.get("/stock/LAMP/").content.decode()
    assert "found broken" in page and Order.objects.get().number in page
    prove()


def test_the_customers_page_shows_where_the_order_stands_and_nothing_of_the_house(house):
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")

    answer = Client().get(f"/o/{order.public_token}/")

    page = answer.content.decode()
    assert "Blue mug" in page and order.number in page
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "no-referrer")
    for secret in ("anna@field.example", "7 Mill Lane", "user:anna", "2.10"):
        assert secret not in page
    assert Client().get("/o/" + "x" * 24 + "/").status_code == 404


def test_tracking_that_the_carrier_did_not_sign_is_refused(house):
    answer = Client().post("/shipping/webhooks/sandbox/", b'{"data": {}}', content_type="application/json", headers={"webhook-id": "1"})

    assert answer.status_code == 401
    assert not TrackingEvent.objects.exists()


def test_every_page_forbids_scripts_from_elsewhere(house, desk):
    policy = desk.get("/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy and "unsafe-eval" not in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("language", ["de", "ar"])
def test_pages_are_served_in_other_languages_and_directions(house, desk, language):
    order = house.place(("MUG", 1))
    for path in ("/", "/orders/", f"/orders/{order.number}/", "/orders/phone/"):
        page = desk.get(path, headers={"Accept-Language": language}).content.decode()
        assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page


def test_ready_tells_the_truth(db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["parts"]["redis"]["ok"] is False
    assert Client().get("/healthz").status_code == 200


def held():
    return sum(Reservation.objects.filter(state="soft").values_list("quantity", flat=True))


def test_stock_is_held_while_they_talk_and_free_when_they_hang_up(house, desk, prove):
    call, address = phone_order(house, sku=["LAMP", "CHAIR"], quantity=["7", "1"]), call_address()

    page = desk.post(f"{address}change", call).content.decode()

    assert held() == 5
    assert "What is there is held for this call until" in page
    assert "0 free; nothing brings CHAIR" in page
    assert desk.post(f"{address}change", call | {"quantity": ["2", "1"]}).status_code == 200
    assert held() == 2
    assert desk.post(f"{address}leave").status_code == 204
    assert held() == 0
    prove()


def test_an_order_by_telephone_takes_up_what_was_held_for_it(house, desk, prove):
    form, address = phone_order(house, sku=["LAMP"], quantity=["5"]), call_address()
    desk.post(f"{address}change", form)
    other = house.place(("LAMP", 1))

    desk.post(address, form)
    cast.run_line("screen", "reserve")

    mine = Order.objects.exclude(pk=other.pk).get()
    assert [OrderLine.objects.get(order=order).reserved for order in (mine, other)] == [5, 0]
    assert held() == 0
    prove()
