"""The phone form: drafts that save themselves, and lines however they are written."""

import uuid

import pytest
from django.test import Client

from customers.models import Customer
from inventory.models import Barcode, Reservation
from orders.models import Draft, Order
from tests import cast

ADDRESS = f"/orders/phone/{uuid.UUID(int=7)}/"
PAGE = "a" * 32


def at_desk(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def anna(house):
    return cast.person("anna", "clerk")


@pytest.fixture
def desk(anna):
    return at_desk(anna)


def form(house, *lines, **changes):
    typed = {"sku": [sku for sku, _units in lines], "quantity": [str(units) for _sku, units in lines]}
    return {"customer": house.anna.number, "page": PAGE, "version": "0"} | typed | changes


def entered(desk, *texts, **changes):
    """Enter texts one after the other, as the page does: each with what the server gave back."""
    for text in texts:
        answer = desk.post(f"{ADDRESS}change", changes | as_form() | {"action": "add", "entry": text})
        assert answer.status_code == 200
    return [tuple(line.split(" × ")) for line in Draft.objects.get().lines]


def as_form():
    draft = Draft.objects.filter(key=uuid.UUID(int=7)).first()
    typed = draft.typed if draft else {"lines": [], "unmatched": []}
    return {
        "page": PAGE,
        "version": str(draft.version if draft else 0),
        "sku": [line["sku"] for line in typed["lines"]],
        "quantity": [line["quantity"] for line in typed["lines"]],
        "unmatched": [line["text"] for line in typed["unmatched"]],
        "unmatched_quantity": [line["quantity"] for line in typed["unmatched"]],
    }


def unmatched():
    return [(line["quantity"], line["text"]) for line in Draft.objects.get().typed["unmatched"]]


# --- drafts ---


def test_looking_at_an_empty_form_saves_nothing(desk):
    assert desk.get("/orders/phone/").status_code == 200
    assert desk.get(ADDRESS).status_code == 200

    assert not Draft.objects.exists()


def test_every_step_is_saved_and_taken_up_on_another_desk(house, desk, anna):
    answer = desk.post(f"{ADDRESS}change", form(house, ("MUG", 2), note="ring twice", action="add", entry="3 lamp"))

    assert (answer.status_code, answer["Draft-Version"]) == (200, "1")
    page = at_desk(anna).get(ADDRESS).content.decode()
    for text in ("Anna Field", "ring twice", "Blue mug", "Desk lamp", 'name="version" value="1"', "£116.28"):
        assert text in page


def test_what_is_only_looked_at_holds_nothing(house, desk):
    desk.post(f"{ADDRESS}change", form(house, ("LAMP", 2)))
    assert Reservation.objects.filter(state="soft").count() == 1
    desk.post(f"{ADDRESS}leave")

    desk.get(ADDRESS)

    assert not Reservation.objects.filter(state="soft").exists()


def test_a_second_window_is_told_and_overwrites_nothing(house, desk):
    desk.post(f"{ADDRESS}change", form(house, ("MUG", 2)))

    for address in ("change", "save", ""):
        answer = desk.post(f"{ADDRESS}{address}", form(house, ("LAMP", 1), page="b" * 32))
        assert answer.status_code == 409
        assert "Another window has saved this order" in answer.content.decode()

    assert Draft.objects.get().lines == ["2 × MUG"]
    assert not Order.objects.exists()
    assert set(Reservation.objects.values_list("sku__code", flat=True)) == {"MUG"}


def test_a_colleague_takes_a_parked_draft_over_and_the_other_sees_it(house, desk):
    ben = at_desk(cast.person("ben", "clerk"))
    parked = desk.post(f"{ADDRESS}park", form(house, ("MUG", 2), park_note="calls back at three"), follow=True)
    assert "Parked. It waits here" in parked.content.decode()

    assert "calls back at three" in ben.get("/orders/phone/drafts?show=parked").content.decode()
    assert "Take it over" in ben.get(ADDRESS).content.decode()
    assert desk.get(f"{ADDRESS}now").status_code == 204
    assert ben.post(f"{ADDRESS}take").status_code == 302

    assert 'value="2"' in ben.get(ADDRESS).content.decode()
    assert "ben has had this order since" in desk.get(f"{ADDRESS}now").content.decode()
    assert desk.post(f"{ADDRESS}change", form(house, ("MUG", 9))).status_code == 409
    assert "Take it over" in desk.get(ADDRESS).content.decode()


def test_a_draft_is_handed_to_a_colleague(house, desk):
    ben = at_desk(cast.person("ben", "clerk"))

    desk.post(f"{ADDRESS}park", form(house, ("MUG", 2), colleague="ben", park_note="knows them"))

    page = ben.get("/orders/phone/drafts").content.decode()
    assert "Anna Field" in page and "from anna" in page and "2 × MUG" in page
    assert "Anna Field" not in desk.get("/orders/phone/drafts").content.decode()


def test_parking_keeps_the_stock_and_leaving_frees_it(house, desk):
    def held():
        return Reservation.objects.filter(state="soft").count()

    desk.post(f"{ADDRESS}change", form(house, ("LAMP", 2)))
    desk.post(f"{ADDRESS}park", form(house, ("LAMP", 2)))
    desk.post(f"{ADDRESS}leave")
    assert held() == 1

    desk.post(f"{ADDRESS}take")
    desk.post(f"{ADDRESS}leave")
    assert held() == 0


def test_a_placed_draft_leads_to_its_order(house, desk):
    desk.post(ADDRESS, form(house, ("MUG", 2)))

    number = Order.objects.get().number
    assert desk.get(ADDRESS)["Location"] == f"/orders/{number}/"
    assert desk.post(f"{ADDRESS}take")["Location"] == f"/orders/{number}/"
    assert number in desk.get(f"{ADDRESS}now").content.decode()
    assert desk.post(f"{ADDRESS}change", form(house, ("MUG", 3))).status_code == 409


def test_two_orders_at_once_are_two_drafts(house, desk):
    other = f"/orders/phone/{uuid.UUID(int=8)}/"
    desk.post(f"{ADDRESS}change", form(house, ("MUG", 2)))
    desk.post(f"{other}change", form(house, ("LAMP", 1)))

    desk.post(ADDRESS, form(house, ("MUG", 2)))

    assert Draft.objects.unfinished().get().lines == ["1 × LAMP"]


@pytest.mark.parametrize(
    ("field", "address"),
    [
        *[(field, address) for field in ("note", "new_name", "caller") for address in ("change", "save", "")],
        *[(field, address) for field in ("entry", "unmatched") for address in ("change", "")],
        ("park_note", "park"),
    ],
)
def test_a_card_number_is_neither_saved_nor_shown_again(house, desk, field, address):
    answer = desk.post(f"{ADDRESS}{address}", form(house, ("MUG", 1), action="add", unmatched_quantity="1") | {field: "4111 1111 1111 1111"})

    page = answer.content.decode()
    assert "looks like a card number (… 1111)" in page
    assert "4111" not in page
    assert "4111" not in str(Draft.objects.values_list("typed", "note"))
    assert not Order.objects.exists()


# --- lines ---


def test_a_line_is_written_in_many_ways(house, desk):
    Barcode.objects.create(code="15901234123454", sku=house.lamp, units=12)
    house.mug.barcode = "5901234123457"
    house.mug.save()

    assert entered(desk, "12 mug") == [("12", "MUG")]
    assert entered(desk, "mug x3", "2×mug", "mug, 4", "5901234123457") == [("22", "MUG")]
    assert entered(desk, "15901234123454", "3 blue", "mug blu") == [("26", "MUG"), ("12", "LAMP")]
    assert unmatched() == []


def test_a_pasted_list_is_added_and_what_means_nothing_stays(house, desk):
    pasted = "SKU\tQty\tPrice\nMUG\t12\t4.95\nlamp;3\n- 2 x CHAIR garden chair\n5 flux capacitor\n\n7 pcs MUG\r\nDear Sirs,\n"

    assert entered(desk, pasted) == [("19", "MUG"), ("3", "LAMP"), ("2", "CHAIR")]
    assert unmatched() == [("5", "flux capacitor"), ("1", "Dear Sirs,")]
    answer = desk.post(ADDRESS, as_form() | {"customer": house.anna.number, "action": "place"})
    assert "Some lines mean no SKU yet" in answer.content.decode()
    resolved = as_form() | {"customer": house.anna.number, "unmatched": ["lamp", ""], "unmatched_quantity": ["5", "1"], "action": "place"}
    desk.post(ADDRESS, resolved)

    assert sorted(Order.objects.get().lines.values_list("sku__code", "quantity")) == [("CHAIR", 2), ("LAMP", 8), ("MUG", 19)]


def test_what_still_stands_in_the_field_is_seen_before_it_is_ordered(house, desk):
    answer = desk.post(ADDRESS, form(house, ("MUG", 1), entry="2 lamp", action="place"))

    assert "A line still stood in its field" in answer.content.decode()
    assert Draft.objects.get().lines == ["1 × MUG", "2 × LAMP"]
    assert not Order.objects.exists()


def test_somebody_new_is_told_their_total_before_they_are_registered(house, desk):
    somebody = {"new_name": "Ben Ode", "new_lines": "1 High St", "new_city": "Leeds", "new_country": "GB", "customer": ""}

    page = desk.post(f"{ADDRESS}change", form(house, ("MUG", 2), **somebody)).content.decode()

    assert "£11.88" in page
    assert list(Customer.objects.values_list("name", flat=True)) == ["Anna Field"]


def test_without_a_script_a_caller_is_found_and_chosen(house, desk):
    page = desk.post(ADDRESS, {"caller": "anna fie", "action": "find", "page": PAGE, "version": "0"}).content.decode()

    assert f'name="customer" value="{house.anna.number}"' in page
