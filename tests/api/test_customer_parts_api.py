"""How a customer is reached and what is agreed with them, over REST: added once, listed, taken away."""

import pytest

from customers.agreeing import add_note
from customers.models import Customer
from customers.reaching import ContactDraft, save_contact
from oms.core.models import Event
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


def data(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def told():
    return Event.objects.filter(kind="customer.changed").count()


@pytest.mark.parametrize(
    ("what", "body", "changed", "answered"),
    [
        ("telephones", {"number": "0113 496 0002"}, {"number": "0113 496 0003", "label": "office"}, {"number": "+441134960003", "label": "office"}),
        (
            "emails",
            {"address": "a@field.example"},
            {"address": "b@field.example", "label": "bills"},
            {"address": "b@field.example", "label": "bills"},
        ),
        ("contacts", {"name": "Jo", "role": "Buyer"}, {"name": "Jo Dale", "email": "jo@field.example"}, {"name": "Jo Dale", "role": ""}),
        (
            "addresses",
            {"lines": ["1 Wharf"], "city": "Hull", "country": "GB"},
            {"lines": ["2 Wharf"], "city": "York", "country": "GB", "is_delivery": True},
            {"lines": ["2 Wharf"], "city": "York", "is_billing": False, "is_delivery": True},
        ),
    ],
)
def test_a_part_is_changed_and_a_repeat_changes_nothing_more(house, what, body, changed, answered):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}/{what}"
    part = shop.send("post", path, body, key="k").json()["data"][-1]["id"]

    first, again = (data(shop.send("put", f"{path}/{part}", changed)) for _ in range(2))

    assert first == again == data(shop.send("get", path))
    assert answered.items() <= next(row for row in first if row["id"] == part).items()
    assert shop.send("put", f"{path}/999999", changed).status_code == 404
    assert shop.send("put", f"{path}/{part}", {**changed, "colour": "red"}).status_code == 422


def test_what_colleagues_noted_of_a_contact_stays_when_a_storefront_changes_it(house):
    contact = save_contact(house.anna.pk, ContactDraft("Jo", note="Only in the mornings"), actor="user:x")

    Storefront(house.web).send("put", f"/customers/{house.anna.number}/contacts/{contact.pk}", {"name": "Jo Dale"})

    assert list(house.anna.contacts.values_list("name", "note")) == [("Jo Dale", "Only in the mornings")]


def test_what_they_have_already_is_no_other_number_or_e_mail(house):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}"
    [phone] = shop.send("post", f"{path}/telephones", {"number": "0113 496 0002"}, key="1").json()["data"]
    shop.send("post", f"{path}/telephones", {"number": "0113 496 0003"}, key="2")
    [email] = shop.send("post", f"{path}/emails", {"address": "a@field.example"}, key="3").json()["data"]

    for number in ("0113 496 0001", "0113 496 0003"):
        assert shop.send("put", f"{path}/telephones/{phone['id']}", {"number": number}).status_code == 409
    assert shop.send("put", f"{path}/emails/{email['id']}", {"address": "ANNA@field.example"}).status_code == 409
    assert sorted(house.anna.telephones.values_list("number", flat=True)) == ["+441134960002", "+441134960003"]
    assert house.anna.emails.get().address == "a@field.example"


def test_a_number_and_an_e_mail_are_made_the_main_ones_once(house):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}"
    shop.send("post", f"{path}/telephones", {"number": "0113 496 0002"}, key="1")
    shop.send("post", f"{path}/emails", {"address": "a@field.example"}, key="2")
    before = told()

    phones = [data(shop.send("put", f"{path}/telephones/main", {"number": "0113 496 0002"})) for _ in range(2)]
    emails = [data(shop.send("put", f"{path}/emails/main", {"address": "A@field.example"})) for _ in range(2)]

    assert [row["number"] for row in phones[0]] == ["+441134960001"] and phones[0] == phones[1]
    assert [row["address"] for row in emails[0]] == ["anna@field.example"] and emails[0] == emails[1]
    anna = Customer.objects.get(pk=house.anna.pk)
    assert (anna.phone, anna.email, told() - before) == ("+441134960002", "a@field.example", 2)
    assert shop.send("put", f"{path}/telephones/main", {"number": "0113 496 0009"}).status_code == 404
    assert shop.send("put", f"{path}/emails/main", {"address": "z@field.example"}).status_code == 404


def test_bills_and_deliveries_go_to_an_address_that_is_made_the_main_one(house):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}/addresses"
    new = shop.send("post", path, {"lines": ["1 Wharf"], "city": "Hull", "country": "GB"}, key="k").json()["data"][-1]["id"]

    def goes(body):
        return {(row["city"], row["is_billing"], row["is_delivery"]) for row in data(shop.send("put", f"{path}/{new}/main", body))}

    assert goes({"is_delivery": True}) == {("Leeds", True, False), ("Hull", False, True)}
    before = told()
    assert goes({"is_delivery": True}) == {("Leeds", True, False), ("Hull", False, True)} and told() == before
    assert goes({}) == goes({}) == {("Leeds", False, False), ("Hull", True, True)}
    assert shop.send("put", f"{path}/{new}/main", {"is_billing": False}).status_code == 422
    assert shop.send("put", f"{path}/999999/main", {}).status_code == 404


def test_pinned_notes_are_listed_added_and_taken_down_but_never_unwritten(house):
    shop, path = Storefront(house.web), f"/customers/{house.anna.number}/pinned-notes"
    add_note(house.anna.pk, "Between us", actor="user:clara")

    first, again = (shop.send("post", path, {"text": "Ring twice", "kind": "complaint"}, key="k") for _ in range(2))
    assert (first.status_code, first.content, again["Idempotent-Replayed"]) == (201, again.content, "true")
    [note] = data(shop.send("get", path))
    assert (note["text"], note["kind"], note["author"]) == ("Ring twice", "complaint", f"key:{shop.key.prefix}")
    assert shop.send("post", path, {"text": CARD}, key="card").status_code == 422
    assert [shop.send("delete", f"{path}/{note['id']}").status_code for _ in range(2)] == [204, 204]

    assert data(shop.send("get", path)) == []
    assert set(house.anna.notes.values_list("text", "is_pinned")) == {("Between us", False), ("Ring twice", False)}
    usual = Storefront(house.web, ["customers:read", "customers:write"])
    assert usual.send("get", path).status_code == 403
