"""The phone form: drafts that save themselves, and lines however they are written."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, PaymentPreference
from inventory.models import Barcode, LostDemand, Price, Reservation, Sku, Substitute
from oms.core.models import Message
from orders.models import CustomerPart, DeliveryOption, Draft, LostSale, Order, Quotation
from shipping.models import Carrier, Shipment
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


# --- what is known of the caller ---


def last_order(house, *lines):
    return house.place(*lines, channel=house.phone)


def changed(desk, house, *lines, **changes):
    return desk.post(f"{ADDRESS}change", form(house, *lines, **changes)).content.decode()


def test_the_last_order_is_repeated_and_what_changed_is_marked(house, desk):
    last_order(house, ("MUG", 12), ("LAMP", 1), ("CHAIR", 2))
    Price.objects.filter(sku=house.mug).update(unit_price=Decimal("5.25"))
    Sku.objects.filter(pk=house.chair.pk).update(is_active=False)
    bench = Sku.objects.create(code="BENCH", name="Garden bench", weight_grams=1, cost=Decimal(30))
    Substitute.objects.create(sku=house.chair, substitute=bench)

    page = changed(desk, house, action="repeat")

    assert Draft.objects.get().lines == ["12 × MUG", "1 × LAMP"]
    assert "was 4.95 the last time" in page and "was 29.00" not in page
    assert "No longer sold." in page and "BENCH Garden bench" in page


def test_a_substitute_is_offered_for_what_is_not_there_and_takes_its_place(house, desk):
    Substitute.objects.create(sku=house.chair, substitute=house.lamp)

    assert "swap:1:LAMP" in changed(desk, house, ("MUG", 1), ("CHAIR", 3))
    desk.post(f"{ADDRESS}change", form(house, ("MUG", 1), ("CHAIR", 3), version="1", action="swap:1:LAMP"))

    assert Draft.objects.get().lines == ["1 × MUG", "3 × LAMP"]


def test_favourites_come_with_what_they_usually_take_and_are_picked_by_a_digit(house, desk):
    for units in (6, 12, 12):
        last_order(house, ("MUG", units))

    page = changed(desk, house, action="offer:favourites")
    assert 'value="take:12:MUG"' in page and 'data-digit="1"' in page
    changed(desk, house, action="take:12:MUG", version="1", offering="favourites")

    assert Draft.objects.get().lines == ["12 × MUG"]


def test_what_is_usually_bought_with_it_is_offered(house, desk):
    for _ in range(2):
        last_order(house, ("MUG", 4), ("LAMP", 2))
    last_order(house, ("MUG", 1), ("CHAIR", 1))

    page = changed(desk, house, ("MUG", 1))

    assert 'value="take:2:LAMP"' in page and "take:1:CHAIR" not in page


def test_the_customers_own_part_numbers_are_read_before_ours(house, desk):
    CustomerPart.objects.create(customer=house.anna, code="K-77", sku=house.mug)
    CustomerPart.objects.create(customer=house.anna, code="LAMP", sku=house.chair)

    assert entered(desk, "3 k-77", "1 lamp", customer=house.anna.number) == [("3", "MUG"), ("1", "CHAIR")]
    assert "their K-77" in desk.get(f"/orders/phone/skus?q=2+k-7&customer={house.anna.number}").content.decode()
    assert "K-77" not in desk.get("/orders/phone/skus?q=2+k-7").content.decode()


def test_a_caller_is_found_by_the_number_of_an_order(house, desk):
    order = last_order(house, ("MUG", 1))

    assert f"ordered {order.number}" in desk.get(f"/orders/phone/customers?q={order.number.lower()}").content.decode()
    Order.objects.update(external_reference="WEB-77")
    for text in (order.number, order.number.removeprefix("SO-"), " WEB-77"):
        page = changed(desk, house, customer="", caller=text, action="find", version=str(getattr(Draft.objects.first(), "version", 0)))
        assert f'name="customer" value="{house.anna.number}"' in page


def test_the_same_order_of_a_short_while_ago_is_pointed_at(house, desk):
    order = last_order(house, ("MUG", 2), ("LAMP", 1))

    assert order.number in changed(desk, house, ("LAMP", 5), ("MUG", 1)).partition('id="duplicate"')[2]
    assert 'id="duplicate"' not in changed(desk, house, ("MUG", 1), version="1")


# --- what it comes to ---


def test_a_discount_and_a_code_are_taken_off_with_their_reasons(house, desk):
    page = changed(desk, house, action="add", entry="10 mug 10%", codes="nosuch")

    assert Draft.objects.get().typed["lines"] == [{"sku": "MUG", "quantity": "10", "discount": "10"}]
    assert "10% off by" in page and "£53.46" in page
    assert "NOSUCH" in page.partition('id="codes"')[2]


def test_only_who_may_sees_the_margin(house, desk):
    boss = at_desk(cast.person("boss", "manager"))

    assert "Margin" not in changed(desk, house, ("MUG", 2))
    page = boss.post("/orders/phone/00000000-0000-0000-0000-000000000009/change", form(house, ("MUG", 2))).content.decode()
    assert "Margin" in page and ">5.70<" in page


def test_ways_of_delivery_show_price_and_day_and_are_charged(house, desk):
    DeliveryOption.objects.create(code="parcel", name="Parcel", price=Decimal("4.00"), days=2, up_to_grams=5000)
    DeliveryOption.objects.create(code="express", name="Express", price=Decimal("9.00"), days=1, free_from=Decimal(100))
    DeliveryOption.objects.create(code="abroad", name="Abroad", price=Decimal("19.00"), days=5, countries=["DE"])

    page = changed(desk, house, ("MUG", 2))
    assert "Parcel · £4.00" in page and "Express · £9.00" in page and "Abroad" not in page
    assert "£16.68" in changed(desk, house, ("MUG", 2), version="1", delivery="parcel")
    page = changed(desk, house, ("CHAIR", 3), version="2", delivery="express")
    assert "Parcel" not in page and "Express · free" in page
    desk.post(ADDRESS, form(house, ("MUG", 2), version="3", delivery="parcel"))

    order = Order.objects.get()
    assert (str(order.charges.get()), order.total, order.delivery) == ("Parcel", Decimal("16.68"), "Parcel")


def test_a_way_of_delivery_that_takes_it_no_more_is_said_and_nothing_is_ordered_without_it(house, desk):
    DeliveryOption.objects.create(code="parcel", name="Parcel", price=Decimal("4.00"), days=2, up_to_grams=1000)
    DeliveryOption.objects.create(code="pallet", name="Pallet", price=Decimal("49.00"), days=4)

    page = changed(desk, house, ("CHAIR", 9), delivery="parcel")
    assert "does not take so much" in page and "Pallet · £49.00" in page
    refused = desk.post(ADDRESS, form(house, ("CHAIR", 9), version="1", delivery="parcel"))

    assert (refused.status_code, Order.objects.count()) == (422, 0)
    assert "Parcel does not go there or does not take so much: choose another. What there is: Pallet (pallet)." in refused.content.decode()


def test_the_carrier_of_the_way_chosen_takes_it_else_the_one_the_customer_likes(house, desk):
    Carrier.objects.create(code="bike", name="Bike", rank=20)
    Carrier.objects.create(code="truck", name="Truck", rank=30)
    DeliveryOption.objects.create(code="express", name="Express", carrier="bike", price=0, days=1)
    Customer.objects.update(preferred_carrier="truck", delivery_window="before 10")
    house.stock(house.mug, 10)

    assert "It comes by: Express." in desk.post(f"{ADDRESS}read-back", form(house, ("MUG", 2), delivery="express")).content.decode()
    desk.post(ADDRESS, form(house, ("MUG", 2), delivery="express"))
    house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan")

    planned = Shipment.objects.order_by("id").values_list("carrier__code", "order__delivery", "order__carrier", "order__delivery_window")
    assert list(planned) == [("bike", "Express", "bike", "before 10"), ("truck", "", "truck", "before 10")]
    assert "Express · with bike" in desk.get(f"/orders/{Order.objects.earliest('id').number}/").content.decode()


def test_credit_that_is_exceeded_is_seen_before_it_is_ordered(house, desk):
    Customer.objects.update(credit_limit=Decimal(10))

    page = changed(desk, house, ("MUG", 2))

    assert "Credit left after it" in page and '<dd class="waits">-£1.88</dd>' in page


def test_a_payment_link_goes_by_mail_or_as_a_text_message(house, desk, settings):
    settings.SMS_GATEWAY = "sms.example"
    for key, by in ((11, "email"), (12, "sms")):
        desk.post(f"/orders/phone/{uuid.UUID(int=key)}/", form(house, ("MUG", 1), payment_method="payment_link", link_by=by))

    assert sorted(Message.objects.filter(kind__startswith="payment_link").values_list("kind", "recipient")) == [
        ("payment_link", "anna@field.example"),
        ("payment_link_sms", "441134960001@sms.example"),
    ]


def test_a_link_that_cannot_be_sent_is_no_order(house, desk):
    Customer.objects.update(email="")

    answer = desk.post(ADDRESS, form(house, ("MUG", 1), payment_method="payment_link"))

    assert "No e-mail is known to send the payment link to" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_terminals_reference_is_kept_and_a_preference_is_followed(house, desk):
    PaymentPreference.objects.create(customer=house.anna, method="cash_on_delivery", is_default=True)

    assert "As usual: Cash on delivery" in changed(desk, house, ("MUG", 1))
    desk.post(ADDRESS, form(house, ("MUG", 1), version="1"))
    desk.post(f"/orders/phone/{uuid.UUID(int=8)}/", form(house, ("MUG", 1), payment_method="card", payment_reference=" T-0042 "))

    assert list(Order.objects.order_by("pk").values_list("payment_method", "payment_reference")) == [("cash_on_delivery", ""), ("card", "T-0042")]


@pytest.mark.parametrize(("language", "direction", "word"), [("en", "ltr", "read your order back"), ("de", "ltr", "vorlesen"), ("ar", "rtl", "طلبك")])
def test_the_order_is_read_back_in_the_customers_language(house, desk, language, direction, word):
    Customer.objects.update(language=language)

    page = desk.post(f"{ADDRESS}read-back", form(house, ("MUG", 2))).content.decode()

    assert f'lang="{language}" dir="{direction}"' in page and word in page
    for fact in ("Blue mug", "7 Mill Lane", "anna@field.example"):
        assert fact in page


# --- when nothing is ordered ---


def test_a_call_that_came_to_nothing_is_noted_with_what_was_wanted(house, desk, prove):
    desk.post(f"{ADDRESS}change", form(house, ("LAMP", 2), ("CHAIR", 4)))

    lost = form(
        house, ("LAMP", 2), ("CHAIR", 4), version="1", unmatched="5 flux capacitor", unmatched_quantity="1", reason="stock", lost_note="by Friday"
    )
    answer = desk.post(f"{ADDRESS}lose", lost, follow=True)
    desk.post(f"{ADDRESS}lose", lost)

    assert "Noted: nothing was ordered." in answer.content.decode()
    sale = LostSale.objects.get()
    assert (sale.customer, sale.reason, sale.note, sale.noted_by, sale.draft.state) == (house.anna, "stock", "by Friday", "user:anna", "abandoned")
    assert [(line.sku and line.sku.code, line.text, line.quantity) for line in sale.lines.all()] == [
        ("LAMP", "", 2), ("CHAIR", "", 4), (None, "flux capacitor", 5),
    ]  # fmt: skip
    assert sorted(LostDemand.objects.values_list("sku__code", "units")) == [("CHAIR", 4), ("LAMP", 2)]
    assert not Reservation.objects.filter(state="soft").exists()
    prove()


def test_what_was_too_dear_is_no_demand_and_a_reason_is_needed(house, desk):
    desk.post(f"{ADDRESS}lose", form(house, ("LAMP", 2), reason="nonsense"))
    assert not LostSale.objects.exists()

    desk.post(f"{ADDRESS}lose", form(house, ("LAMP", 2), reason="price", version="1"))

    assert LostSale.objects.get().reason == "price"
    assert not LostDemand.objects.exists()


# --- what it costs ---


def test_a_long_call_takes_as_many_queries_as_a_short_one(house, desk):
    skus = Sku.objects.bulk_create(Sku(code=f"A{i}", name=f"Article {i}", weight_grams=1, cost=Decimal(1)) for i in range(60))
    Price.objects.bulk_create(Price(sku=sku, unit_price=Decimal(2)) for sku in skus)
    changed(desk, house)
    counts = []
    for size in (3, 60):
        pasted = "\n".join(f"A{i}\t{i + 1}" for i in range(size))
        with CaptureQueriesContext(connection) as captured:
            changed(desk, house, action="add", entry=pasted, version=str(1 + len(counts)))
        counts.append(len(captured))

    assert len(Draft.objects.get().lines) == 60
    assert counts[0] == counts[1]


def test_a_list_of_a_thousand_lines_is_taken_whole(house, desk):
    Sku.objects.bulk_create(Sku(code=f"A{i}", name=f"Article {i}", weight_grams=1, cost=Decimal(1)) for i in range(1000))

    changed(desk, house, action="add", entry="\n".join(f"2 x A{i}" for i in range(1000)))

    assert len(Draft.objects.get().lines) == 1000


def test_a_call_is_quoted_instead_of_placed_once_and_frees_its_stock(house, desk):
    desk.post(f"{ADDRESS}change", form(house, ("LAMP", 2)))

    answer = desk.post(f"{ADDRESS}quote", form(house, ("LAMP", 2), version="1"))
    again = desk.post(f"{ADDRESS}quote", form(house, ("LAMP", 2), version="1"))

    quotation = Quotation.objects.get()
    assert answer["Location"] == f"/orders/quotations/{quotation.number}/"
    assert again["Location"] == "/orders/quotations/"
    assert (Order.objects.count(), Draft.objects.get().state) == (0, "abandoned")
    assert not Reservation.objects.filter(state="soft").exists()


def test_a_call_with_nothing_in_it_is_not_quoted(house, desk):
    assert desk.post(f"{ADDRESS}quote", form(house)).status_code == 422
    assert not Quotation.objects.exists()


def test_a_line_that_still_stands_in_its_field_is_seen_before_it_is_quoted(house, desk):
    answer = desk.post(f"{ADDRESS}quote", form(house, ("LAMP", 2), entry="3 mug"))

    assert answer.status_code == 422
    assert "A line still stood in its field" in answer.content.decode()
    assert not Quotation.objects.exists()


def test_a_quotation_of_what_a_colleague_has_taken_over_is_refused_on_the_form(house, desk):
    desk.post(f"{ADDRESS}change", form(house, ("LAMP", 2)))
    Draft.objects.update(owner=cast.person("ben", "clerk"))

    answer = desk.post(f"{ADDRESS}quote", form(house, ("LAMP", 2), version="1"))

    assert (answer.status_code, Quotation.objects.count()) == (409, 0)
    assert "ben has had this order" in answer.content.decode()
