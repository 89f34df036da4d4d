"""How a customer is reached and what is agreed with them, on their own page."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from accounting.models import Invoice
from customers.agreeing import add_note, add_payment_preference, consents_of, make_default_payment, note_consent, remove_payment_preference
from customers.models import Address, Customer, CustomerGroup, Note, PaymentPreference
from customers.reaching import (
    ContactDraft,
    add_email,
    add_telephone,
    make_main_email,
    make_main_telephone,
    remove_part,
    save_address,
    save_contact,
)
from customers.services import AddressDraft, change_customer
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Event
from tests import cast

CLERK = "user:clerk"
CARD = "4111 1111 1111 1111"


@pytest.fixture
def anna(house):
    return house.anna


def again(customer):
    return Customer.objects.get(pk=customer.pk)


# --- telephones and e-mails ---


def test_a_further_number_can_become_the_main_one_and_the_main_one_is_kept(anna):
    add_telephone(anna.pk, "07700 900123", label="mobile", actor=CLERK)
    add_telephone(anna.pk, "+44 7700 900123", actor=CLERK)
    add_telephone(anna.pk, "0113 496 0001", actor=CLERK)
    [mobile] = anna.telephones.all()

    make_main_telephone(anna.pk, mobile.pk, actor=CLERK)

    assert again(anna).phone == "+447700900123"
    assert list(anna.telephones.values_list("number", flat=True)) == ["+441134960001"]
    assert Event.objects.filter(kind="customer.changed", subject_id=anna.pk).count() == 4


def test_a_further_email_can_become_the_main_one_and_is_there_once_however_it_is_written(anna):
    add_email(anna.pk, "bills@field.example", label="invoices", actor=CLERK)
    add_email(anna.pk, "Bills@Field.example", actor=CLERK)
    add_email(anna.pk, "ANNA@field.example", actor=CLERK)
    [bills] = anna.emails.all()

    make_main_email(anna.pk, bills.pk, actor=CLERK)

    assert (again(anna).email, list(anna.emails.values_list("address", flat=True))) == ("bills@field.example", ["anna@field.example"])
    with pytest.raises(NotFound):
        make_main_email(anna.pk, bills.pk, actor=CLERK)


def test_the_first_number_of_somebody_who_has_none_is_the_main_one(house):
    new = Customer.objects.create(name="New")
    add_telephone(new.pk, "0113 496 0555", actor=CLERK)
    add_email(new.pk, "new@mail.example", actor=CLERK)
    assert (again(new).phone, again(new).email) == ("+441134960555", "new@mail.example")


# --- contacts and addresses ---


def test_a_contact_is_added_changed_and_removed_twice(anna):
    row = save_contact(anna.pk, ContactDraft("Jo", "Buyer", "jo@field.example", "0113 496 0100"), actor=CLERK)
    save_contact(anna.pk, ContactDraft("Jo Dale", "Head buyer", phone="040 669690", country="DE"), contact=row.pk, actor=CLERK)
    row.refresh_from_db()
    assert (row.name, row.role, row.email, row.phone) == ("Jo Dale", "Head buyer", "", "+4940669690")

    remove_part(anna.pk, "contact", row.pk, actor=CLERK)
    remove_part(anna.pk, "contact", row.pk, actor=CLERK)
    assert not anna.contacts.exists()


def test_a_new_address_takes_over_bills_or_deliveries_where_that_is_said(anna):
    row = save_address(anna.pk, AddressDraft("1 Quay", "Hull", "gb", postcode="HU1 1AA"), is_billing=False, is_delivery=True, actor=CLERK)

    assert [(a.city, a.is_billing, a.is_delivery) for a in anna.addresses.order_by("id")] == [("Leeds", True, False), ("Hull", False, True)]
    with pytest.raises(Conflict):
        remove_part(anna.pk, "address", row.pk, actor=CLERK)
    leeds = anna.addresses.get(city="Leeds")
    save_address(anna.pk, AddressDraft("7 Mill Lane", "Leeds", "GB"), is_billing=True, is_delivery=True, address=leeds.pk, actor=CLERK)
    remove_part(anna.pk, "address", row.pk, actor=CLERK)
    assert Address.objects.get().is_delivery


def test_an_address_of_somebody_else_is_never_touched(house, anna):
    other = cast.regulars(house, 1)[0]
    theirs = other.addresses.get()
    with pytest.raises(NotFound):
        save_address(anna.pk, AddressDraft("1 Quay", "Hull", "GB"), is_billing=True, is_delivery=True, address=theirs.pk, actor=CLERK)
    remove_part(anna.pk, "address", theirs.pk, actor=CLERK)
    assert other.addresses.get().city == "Leeds"


@pytest.mark.parametrize("wrong", [("", "Hull", "GB"), ("1 Quay", " ", "GB"), ("1 Quay", "Hull", "Britain"), (CARD, "Hull", "GB")])
def test_an_address_that_is_none_is_refused_and_nothing_changes(anna, wrong):
    with pytest.raises(Invalid):
        save_address(anna.pk, AddressDraft(*wrong), is_billing=True, is_delivery=True, actor=CLERK)
    assert Address.objects.get(is_billing=True).city == "Leeds"


# --- ways to pay ---


def test_a_customer_pays_by_their_default_and_another_takes_over_when_it_goes(anna):
    account = add_payment_preference(anna.pk, "account", actor=CLERK)
    card = add_payment_preference(anna.pk, "card", token="tok_1Gx", label="Visa, ends in 4242", is_default=True, actor=CLERK)
    assert again(anna).payment_method == "card"

    remove_payment_preference(anna.pk, card.pk, actor=CLERK)
    assert (again(anna).payment_method, PaymentPreference.objects.get().is_default) == ("account", True)
    with pytest.raises(NotFound):
        make_default_payment(anna.pk, card.pk, actor=CLERK)
    make_default_payment(anna.pk, account.pk, actor=CLERK)


def test_a_card_number_is_refused_in_every_field_and_by_the_database_itself(anna):
    for act in (
        lambda: add_payment_preference(anna.pk, "card", token=CARD, actor=CLERK),
        lambda: add_payment_preference(anna.pk, "card", label=CARD, actor=CLERK),
        lambda: add_note(anna.pk, f"pays with {CARD}", actor=CLERK),
        lambda: change_customer(anna.pk, {"note": CARD}, actor=CLERK),
        lambda: save_contact(anna.pk, ContactDraft("Jo", note=CARD), actor=CLERK),
        lambda: add_telephone(anna.pk, "07700 900123", label=CARD, actor=CLERK),
    ):
        with pytest.raises(Invalid, match="card number"):
            act()
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentPreference.objects.create(customer=anna, method="card", token="4111-1111-1111-1111")


# --- consent and notes ---


def test_the_latest_word_on_offers_counts_and_the_earlier_ones_stay(anna):
    note_consent(anna.pk, "email", is_given=True, source="fair in Leeds", given_on=date(2026, 3, 1), actor=CLERK)
    note_consent(anna.pk, "email", is_given=False, source="by telephone", actor=CLERK)
    note_consent(anna.pk, "post", is_given=True, source="form", actor=CLERK)

    assert {channel: row.is_given for channel, row in consents_of(anna).items()} == {"email": False, "post": True}
    assert anna.consents.count() == 3
    for wrong in ({"source": ""}, {"channel": "pigeon"}, {"given_on": timezone.localdate() + timedelta(days=1)}):
        with pytest.raises(Invalid):
            note_consent(anna.pk, **{"channel": "sms", "is_given": True, "source": "x", **wrong}, actor=CLERK)


# --- what is changed by the form ---


def test_the_form_keeps_tags_group_carrier_window_and_exemption(house, anna):
    CustomerGroup.objects.create(code="trade", name="Trade")
    typed = {"tags": " Garden, garden ,gifts", "group": "trade", "preferred_carrier": "van", "delivery_window": "before 10", "tax_exemption": "EX-1"}

    change_customer(anna.pk, {**typed, "is_do_not_call": "1", "kind": "company"}, actor=CLERK)

    changed = again(anna)
    assert (changed.tags, changed.group.code, changed.is_do_not_call, changed.kind) == (["garden", "gifts"], "trade", True, "company")
    assert (changed.preferred_carrier, changed.delivery_window, changed.tax_exemption) == ("van", "before 10", "EX-1")
    for wrong in ({"group": "none"}, {"tags": "x" * 31}, {"kind": "club"}, {"open_balance": "0"}):
        with pytest.raises(Invalid):
            change_customer(anna.pk, wrong, actor=CLERK)


# --- the page ---


@pytest.fixture
def clerk(house):
    browser = Client()
    browser.force_login(cast.person("clara", "clerk"))
    return browser


def test_the_profile_shows_habits_debts_and_what_colleagues_wrote(house, anna, clerk):
    for _ in range(3):
        house.place(("MUG", 4))
    house.place(("LAMP", 1))
    cast.run_line("screen", "reserve", "invoice")
    due_on = date_format(Invoice.objects.earliest("due_on").due_on, "j M")
    add_note(anna.pk, "Ring twice", is_pinned=True, actor=CLERK)
    add_note(anna.pk, "Broken lamp", kind="complaint", actor=CLERK)

    page = clerk.get(f"/customers/{anna.number}/").content.decode()

    for shown in (f"due {due_on}", "Ring twice", "1 complaint", "Volume by year", "Complaint: Broken lamp", "Mail:"):
        assert shown in page
    assert page.index(">MUG</a>") < page.index(">LAMP</a>")


def test_what_a_profile_costs_does_not_grow_with_what_the_customer_did(house, anna, clerk):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(f"/customers/{anna.number}/").status_code == 200
        return len(captured)

    def live():
        house.place(("MUG", 1), ("LAMP", 1))
        cast.run_line("screen", "reserve", "invoice")
        add_note(anna.pk, "x", is_pinned=True, actor=CLERK)
        add_telephone(anna.pk, f"07700 9001{Note.objects.count():02d}", actor=CLERK)
        save_contact(anna.pk, ContactDraft("Jo"), actor=CLERK)
        add_payment_preference(anna.pk, "account", actor=CLERK)

    live()
    before = queries()
    for _ in range(4):
        live()

    assert queries() == before <= 36


def test_each_part_is_added_and_taken_away_on_the_page(anna, clerk):
    url = f"/customers/{anna.number}"
    for what, typed in (
        ("telephone", {"number": "07700 900123", "label": "mobile"}),
        ("email", {"address": "bills@field.example"}),
        ("contact", {"name": "Jo"}),
        ("address", {"lines": "1 Quay", "city": "Hull"}),
        ("payment", {"method": "account"}),
        ("note", {"text": "Broken", "kind": "complaint"}),
        ("consent", {"channel": "email", "is_given": "1", "source": "form"}),
    ):
        assert clerk.post(f"{url}/{what}/add", typed).status_code == 302
    complaint = anna.notes.get()
    for what, row, action in (
        ("telephone", anna.telephones.get(), "main"),
        ("email", anna.emails.get(), "remove"),
        ("contact", anna.contacts.get(), "remove"),
        ("address", anna.addresses.get(city="Hull"), "remove"),
        ("payment", anna.payment_preferences.get(), "remove"),
        ("note", complaint, "pin"),
        ("note", complaint, "settle"),
    ):
        assert clerk.post(f"{url}/{what}/{row.pk}/{action}").status_code == 302
    assert (again(anna).phone, anna.emails.count(), anna.contacts.count(), anna.addresses.count()) == ("+447700900123", 0, 0, 1)
    complaint.refresh_from_db()
    assert complaint.is_pinned and complaint.settled_by == "user:clara"
    assert clerk.post(f"{url}/moon/add").status_code == 404
    assert clerk.post(f"{url}/note/1/eat").status_code == 404


def test_a_mistake_is_said_on_the_page_and_nothing_is_written(anna, clerk):
    answer = clerk.post(f"/customers/{anna.number}/telephone/add", {"number": "hello"}, follow=True)

    assert "hello is not a telephone number" in answer.content.decode()
    assert not anna.telephones.exists()
