"""What a storefront is promised: a day for every line, and stock held while its customer makes up their mind."""

import pytest
from django.utils import timezone

from inventory.models import Reservation, StockLevel
from tests.api.storefront import Storefront, order_of
from tests.cast import run_line


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def free(sku):
    return sum(level.free for level in StockLevel.objects.filter(sku=sku))


def hold(shop, basket, *lines, **more):
    return shop.send("put", f"/baskets/{basket}", {"lines": [{"sku": sku, "quantity": units} for sku, units in lines]} | more)


def test_every_line_is_told_a_day_and_why(house, shop):
    answer = shop.send("get", "/availability?sku=mug,CHAIR&quantity=4,1&country=GB&postcode=LS1")

    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "sku": "MUG", "quantity": 4, "free": 4, "ships_on": timezone.localdate().isoformat(),
                "arrives_on": timezone.localdate().isoformat(), "code": "now", "reason": "4 free in Leeds.",
            },
            {
                "sku": "CHAIR", "quantity": 1, "free": 0, "ships_on": None, "arrives_on": None, "code": "never",
                "reason": "0 free; nothing brings CHAIR: it has no vendor and is not on order.",
            },
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("", "sku"),
        ("sku=NOSUCH", "NOSUCH"),
        ("sku=MUG&quantity=x", "quantity"),
        ("sku=MUG&quantity=1,2", "quantity"),
        ("sku=MUG&quantity=0", "between 1"),
        ("sku=MUG&country=Britain", "two letters"),
        ("sku=MUG&sku=LAMP", "sku"),
        ("sku=" + ",".join(["MUG"] * 101), "100"),
        ("colour=red", "colour"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_what_to_do(shop, query, part):
    answer = shop.send("get", f"/availability?{query}")

    assert answer.status_code == 422
    assert part in answer.content.decode()


def test_a_basket_holds_stock_until_an_order_takes_it_up(house, shop, prove):
    answer = hold(shop, "b-7", ("LAMP", 5), ("CHAIR", 1), minutes=10)

    assert answer.status_code == 200
    assert [line["held"] for line in answer.json()["lines"]] == [5, 0]
    assert free(house.lamp) == 0

    other = shop.place(order_of(house, ("LAMP", 1))).json()["number"]
    mine = shop.place(order_of(house, ("LAMP", 5), basket="b-7")).json()["number"]
    run_line("screen", "reserve")

    [line] = shop.send("get", f"/orders/{mine}").json()["lines"]
    assert (line["reserved"], line["promised_on"]) == (5, timezone.localdate().isoformat())
    assert shop.send("get", f"/orders/{other}").json()["lines"][0]["backordered"] == 1
    prove()


def test_letting_go_frees_the_stock_at_once_and_may_be_repeated(house, shop, prove):
    hold(shop, "b-7", ("LAMP", 5))

    assert [shop.send("delete", "/baskets/b-7").status_code for _ in range(2)] == [204, 204]
    assert free(house.lamp) == 5
    prove()


def test_nobody_takes_up_or_lets_go_of_anothers_basket(house, shop, prove):
    hold(shop, "b-7", ("LAMP", 5))
    stranger = Storefront(house.phone)

    stranger.send("delete", "/baskets/b-7")
    stranger.place(order_of(house, ("LAMP", 5), basket="b-7"))
    run_line("screen", "reserve")

    assert list(Reservation.objects.values_list("state", "quantity")) == [("soft", 5)]
    prove()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": [{"sku": "NOSUCH", "quantity": 1}]},
        {"lines": [{"sku": "LAMP", "quantity": 0}]},
        {"lines": [{"sku": "LAMP", "quantity": 1}], "minutes": 1000},
        {"lines": [{"sku": "LAMP", "quantity": 1}], "until": "tomorrow"},
        {"lines": [{"sku": "LAMP", "quantity": 1}], "country": "x1"},
    ],
)
def test_a_basket_of_nonsense_holds_nothing(house, shop, body):
    answer = shop.send("put", "/baskets/b-7", body)

    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Reservation.objects.exists()
