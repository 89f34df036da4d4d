"""What a basket would cost, and orders with promotion codes, as storefronts ask for them."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Price, PriceList
from orders.models import DeliveryOption, Order, PriceAssignment, Promotion, PromotionCode
from tests.api.storefront import Storefront, order_of
from tests.cast import House


@pytest.fixture
def shop(house: House):
    return Storefront(house.web)


@pytest.fixture
def spring(house: House):
    promotion = Promotion.objects.create(name="Spring", kind="percent", percent=10, needs_code=True)
    PromotionCode.objects.create(promotion=promotion, code="SPRING")
    return promotion


def ask(shop, query):
    return shop.send("get", f"/prices?{query}")


def test_a_basket_is_quoted_with_the_reason_of_every_price(house, shop, spring):
    trade = PriceList.objects.create(name="Field")
    Price.objects.create(sku=house.mug, price_list=trade, from_quantity=10, unit_price=Decimal("4.50"))
    PriceAssignment.objects.create(price_list=trade, customer=house.anna)
    Promotion.objects.create(name="Free units", kind="free_units", buy=2, get=1, percent=100, minimum=100)

    quote = ask(shop, f"sku=mug,LAMP&quantity=12,1&customer={house.anna.number}&code=spring,nope").json()

    assert [line["price_reason"] for line in quote["lines"]] == ["Contract price, Field, from 10 units on", "List price; Spring, code SPRING: −2.90"]
    assert [(line["unit_price"], line["discount"], line["net"], line["tax"]) for line in quote["lines"]] == [
        ("4.5000", "0.00", "54.00", "10.80"),
        ("29.0000", "2.90", "26.10", "5.22"),
    ]
    assert (quote["discount_total"], quote["net_total"], quote["total"]) == ("2.90", "80.10", "96.12")
    assert quote["promotions"] == [{"name": "Spring", "code": "SPRING", "amount": "2.90"}]
    assert quote["not_applied"] == [{"name": "Free units", "reason": "Free units needs 71.00 GBP more."}]
    assert quote["refused_codes"] == [{"name": "NOPE", "reason": "There is no promotion code NOPE."}]
    assert not Order.objects.exists()


def test_how_it_can_be_delivered_is_quoted_and_what_is_chosen_is_charged(house, shop):
    DeliveryOption.objects.create(code="parcel", name="Parcel", price=Decimal("4.00"), days=2, up_to_grams=5000)
    DeliveryOption.objects.create(code="express", name="Express", carrier="van", price=Decimal("9.00"), days=1)
    house.stock(house.mug, 5)
    today = timezone.localdate()

    basket = f"sku=MUG&quantity=2&customer={house.anna.number}"
    ways = shop.send("get", f"/deliveries?{basket}").json()["data"]
    quote, chosen = (ask(shop, f"{basket}{delivery}").json() for delivery in ("", "&delivery=express"))
    placed = shop.place(order_of(house, ("MUG", 2)) | {"delivery": "express"}).json()
    unknown = shop.place(order_of(house, ("MUG", 2)) | {"delivery": "drone"})

    assert [(way["code"], way["price"]) for way in ways] == [("parcel", "4.00"), ("express", "9.00")]
    assert all(way["arrives_on"] > today.isoformat() for way in ways)
    assert (quote["total"], chosen["total"], placed["total"], placed["delivery"]) == ("11.88", "22.68", "22.68", "Express")
    assert Order.objects.get().carrier == "van"
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/delivery")


def test_somebody_new_is_quoted_by_where_they_are(house, shop):
    Promotion.objects.create(name="Welcome", kind="amount", amount=1, is_for_first_orders=True)

    home, abroad, export = (ask(shop, f"sku=MUG&country={country}").json() for country in ("GB", "DE", "SA"))

    assert [quote["total"] for quote in (home, abroad, export)] == ["4.74", "4.70", "3.95"]
    assert home["promotions"] == [{"name": "Welcome", "code": "", "amount": "1.00"}]


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("", 422, "sku"),
        ("sku=NOPE", 422, "/lines/0/sku"),
        ("sku=MUG&quantity=x", 422, "quantity"),
        ("sku=MUG&customer=C-999999", 404, ""),
        ("sku=MUG&customer=x", 404, "customer"),
        ("sku=MUG&country=GBR", 422, "country"),
        ("sku=MUG&colour=red", 422, "colour"),
    ],
)
def test_what_cannot_be_quoted_says_what_is_wrong(house, shop, query, status, where):
    answer = ask(shop, query)

    assert answer.status_code == status, answer.content
    assert where in answer.content.decode()


def test_a_customer_of_another_channel_is_nobody(house):
    assert ask(Storefront(house.phone), f"sku=MUG&customer={house.anna.number}").status_code == 404


def test_a_quote_takes_the_same_statements_for_one_line_and_for_three(house, shop, spring):
    counts = []
    for query in ("sku=MUG", "sku=MUG,LAMP,CHAIR&quantity=3,4,5&code=SPRING"):
        with CaptureQueriesContext(connection) as captured:
            assert ask(shop, query).status_code == 200
        counts.append(len(captured))

    assert counts[1] - counts[0] == 1  # the codes
    assert counts[0] == 5, [query["sql"][:80] for query in captured]


def test_an_order_with_a_code_has_its_discount(house, shop, spring):
    order = shop.place(order_of(house, ("MUG", 10), codes=["spring"])).json()

    assert (order["discount_total"], order["net_total"], order["total"]) == ("4.95", "44.55", "53.46")
    assert order["lines"][0]["price_reason"] == "List price; Spring, code SPRING: −4.95"
    assert shop.send("get", f"/orders/{order['number']}").json()["discount_total"] == "4.95"


def test_an_order_with_a_code_that_is_not_good_is_refused(house, shop, spring):
    unknown = shop.place(order_of(house, codes=["NOPE"]))
    Promotion.objects.update(minimum=1000)
    too_little = shop.place(order_of(house, codes=["spring"]))

    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/codes/0")
    assert (too_little.status_code, too_little.json()["detail"]) == (409, "Spring needs 911.60 GBP more.")
    assert shop.place(order_of(house, codes=["A"] * 11)).status_code == 422
    assert not Order.objects.exists()
