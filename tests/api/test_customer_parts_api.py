"""How a customer is reached and what is agreed with them, over REST: added once, listed, taken away."""

import pytest

from customers.models import Customer
from tests.api.storefront import Storefront

CARD = "4111 1111 1111 1111"
ADDED = [
    ("telephones", {"number": "0113 496 0002", "label": "office"}, {"number": "+441134960002", "label": "office"}),
    ("emails", {"address": "a@field.example"}, {"address": "a@field.example", "label": ""}),
    ("contacts", {"name": "Jo", "role": "Buyer", "phone": "030 901820", "country": "DE"}, {"name": "Jo", "phone": "+4930901820"}),
    (
        "addresses",
        {"lines": ["1 Wharf", "Gate 2"], "city": "Hull", "country": "GB", "is_delivery": True},
        {"lines": ["1 Wharf", "Gate 2"], "is_delivery": True},
    ),
    ("payment-preferences", {"method": "account", "token": "tok_1", "label": "Visa"}, {"method": "account", "label": "Visa", "is_default": True}),
    ("consents", {"channel": "email", "is_given": True, "source": "web form"}, {"channel": "email", "is_given": True, "source": "web form"}),
]


@pytest.mark.parametrize(("what", "body", "answered"), ADDED, ids=[what for what, _, _ in ADDED])
def test_a_part_is_added_once_listed_and_taken_away(house, what, body, answered):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}/{what}"
    before = shop.send("get", path).json()["data"]

    first = shop.send("post", path, body, key="k1")
    again = shop.send("post", path, body, key="k1")

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.content == again.content
    listed = shop.send("get", path).json()["data"]
    assert listed == first.json()["data"]
    [added] = [row for row in listed if row["id"] not in {one["id"] for one in before}]
    assert answered.items() <= added.items() and "token" not in added
    if what in ("consents", "addresses"):
        return
    assert [shop.send("delete", f"{path}/{added['id']}").status_code for _ in range(2)] == [204, 204]
    assert shop.send("get", path).json()["data"] == before


def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_changes(house):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}"
    [address] = shop.send("get", f"{path}/addresses").json()["data"]
    shop.send("post", f"{path}/addresses", {"lines": ["1 Wharf"], "city": "Hull", "country": "GB"}, key="a")

    assert shop.send("post", f"{path}/telephones", {"number": "12"}, key="k").json()["status"] == 422
    assert shop.send("post", f"{path}/payment-preferences", {"method": "card", "token": CARD}, key="k").status_code == 422
    assert shop.send("post", f"{path}/telephones", {"number": "0113 496 0002"}).status_code == 400
    assert shop.send("post", f"{path}/consents", {"channel": "email", "is_given": True, "source": "x", "colour": 1}, key="k").status_code == 422
    assert shop.send("delete", f"{path}/addresses/{address['id']}").status_code == 409
    anna = Customer.objects.get(pk=house.anna.pk)
    assert (anna.telephones.count(), anna.payment_preferences.count(), anna.consents.count(), anna.addresses.count()) == (0, 0, 0, 2)
