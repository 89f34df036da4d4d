"""Two customers who are one: proposed, merged with everything that is theirs, and parted again."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.test import Client

from accounting.models import Invoice, Payment
from accounting.paying import record_payment
from customers.agreeing import add_note, add_payment_preference
from customers.duplicates import duplicates_of, proposals, say_not_the_same
from customers.looking_up import find_customers
from customers.merging import merge_customers, preview_merge, undo_merge
from customers.models import Address, Customer, CustomerMerge, Email, Telephone
from customers.reaching import ContactDraft, save_contact
from customers.services import CustomerDraft, known_or_registered
from inventory.models import PriceList
from oms.core.errors import Conflict, Invalid
from oms.core.models import Event
from oms.desk.merging import KEEPERS
from orders.models import Order, PriceAssignment, StandingOrder
from orders.standing import StandingDraft, set_up_standing_order
from tests import cast
from tests.faults.crowd import together

D = Decimal
MANAGER = "user:manager"


@pytest.fixture
def twin(house):
    """Anna again, as somebody else typed her: with a telephone and an address of her own."""
    twin = Customer.objects.create(
        name="Ana Field", email="anna.f@mail.example", phone="+447700900123", channel=house.phone, external_reference="W-7"
    )
    Address.objects.create(customer=twin, lines="9 Mill Lane", city="Leeds", postcode="LS2 7AA", country="GB", is_billing=True, is_delivery=True)
    return twin


def trade(house, customer, *lines, paid="0"):
    order = house.place(*lines, customer_id=customer.pk)
    cast.run_line("screen", "reserve", "invoice")
    if D(paid):
        record_payment(order.pk, amount=D(paid), method="bank_transfer", reference=f"B{order.pk}", actor="user:accountant")
    return order


def merged(house, twin):
    return merge_customers(house.anna.pk, twin.pk, keepers=KEEPERS, actor=MANAGER)


def again(customer):
    return Customer.objects.get(pk=customer.pk)


def figures(customer):
    row = again(customer)
    return row.open_balance, row.orders_count, row.orders_total


# --- merging ---


def test_everything_goes_over_and_nothing_is_lost(house, twin, prove):
    trade(house, house.anna, ("MUG", 2))
    order = trade(house, twin, ("LAMP", 1), paid="10")
    add_note(twin.pk, "Ring twice", is_pinned=True, actor=MANAGER)
    add_payment_preference(twin.pk, "account", actor=MANAGER)
    save_contact(twin.pk, ContactDraft("Jo"), actor=MANAGER)
    standing = set_up_standing_order(twin.pk, StandingDraft({"MUG": 1}, order.placed_at.date()), channel=house.phone, actor=MANAGER)
    before = [figures(house.anna), figures(twin)]

    merged(house, twin)

    anna = again(house.anna)
    assert figures(anna) == tuple(map(sum, zip(*before, strict=True)))
    assert figures(twin) == (0, 0, 0)
    assert set(Order.objects.values_list("customer", flat=True)) == set(Invoice.objects.values_list("customer", flat=True)) == {anna.pk}
    assert Payment.objects.get().customer_id == StandingOrder.objects.get(pk=standing.pk).customer_id == anna.pk
    assert (anna.notes.get().text, anna.contacts.get().name, anna.payment_preferences.get().is_default) == ("Ring twice", "Jo", False)
    addresses = [(address.lines, address.is_billing, address.is_delivery) for address in anna.addresses.order_by("id")]
    assert addresses == [("7 Mill Lane", True, True), ("9 Mill Lane", False, False)]
    assert (anna.telephones.get().number, anna.emails.get().address) == ("+447700900123", "anna.f@mail.example")
    assert Event.objects.filter(kind="customer.merged").count() == 2
    prove()


def test_who_was_merged_is_found_as_the_other_by_anything_they_were_found_by(house, twin):
    merged(house, twin)

    assert [found.pk for found in find_customers("07700 900123")] == [house.anna.pk]
    assert [found.pk for found in find_customers("anna.f@")] == [house.anna.pk]
    assert again(twin).kept == house.anna
    assert known_or_registered(CustomerDraft("Ana", external_reference="W-7"), channel=house.phone, actor="key:x") == house.anna


def test_an_order_for_who_was_merged_is_the_others_from_the_start(house, twin, prove):
    merged(house, twin)

    order = house.place(("MUG", 1), customer_id=twin.pk, channel=house.phone)

    assert order.customer_id == house.anna.pk
    cast.run_line("screen")
    assert figures(house.anna)[1] == 1
    prove()


def test_an_order_that_came_in_the_same_moment_is_moved_by_the_screening(house, twin, prove):
    order = house.place(("MUG", 1), customer_id=twin.pk)
    merge = merged(house, twin)
    Order.objects.filter(pk=order.pk).update(customer=twin)  # As if it had been committed just after the merge looked.
    CustomerMerge.objects.filter(pk=merge.pk).update(moved={})

    cast.run_line("screen", "reserve", "invoice")

    assert Order.objects.get(pk=order.pk).customer_id == Invoice.objects.get().customer_id == house.anna.pk
    assert figures(twin) == (0, 0, 0) and figures(house.anna)[1] == 1
    prove()


def test_what_both_have_stays_and_is_told(house, twin):
    for customer in (house.anna, twin):
        Telephone.objects.create(customer=customer, number="+441134960099")
    price_list = PriceList.objects.create(name="Trade")
    for customer in (house.anna, twin):
        PriceAssignment.objects.create(price_list=price_list, customer=customer)

    preview = preview_merge(house.anna.pk, twin.pk, keepers=KEEPERS)
    merge = merged(house, twin)

    assert (preview.stays["customers.telephone"], preview.stays["orders.priceassignment"], preview.moves["customers.address"]) == (1, 1, 1)
    assert set(merge.left) == {"customers.telephone", "orders.priceassignment"}
    assert PriceAssignment.objects.filter(customer=house.anna).count() == 1


# --- parting again ---


def test_undoing_moves_back_exactly_what_was_moved_and_what_came_since_stays(house, twin, prove):
    trade(house, house.anna, ("MUG", 2))
    theirs = trade(house, twin, ("LAMP", 1))
    add_payment_preference(twin.pk, "account", actor=MANAGER)
    before = [figures(house.anna), figures(twin)]
    merge = merged(house, twin)
    since = trade(house, house.anna, ("MUG", 1))
    record_payment(theirs.pk, amount=D("34.80"), method="cash", reference="1", actor="user:accountant")

    undo_merge(merge.pk, keepers=KEEPERS, actor=MANAGER)
    undo_merge(merge.pk, keepers=KEEPERS, actor=MANAGER)

    assert figures(twin) == (D(0), before[1][1], before[1][2])
    assert figures(house.anna) == (before[0][0] + since.total, before[0][1] + 1, before[0][2] + since.total)
    assert Order.objects.get(pk=theirs.pk).customer_id == twin.pk
    twin_again = again(twin)
    assert (twin_again.kept, twin_again.addresses.get().is_billing, twin_again.payment_preferences.get().is_default) == (twin_again, True, True)
    assert not Telephone.objects.exists() and not Email.objects.exists()
    assert [found.pk for found in find_customers("07700 900123")] == [twin.pk]
    prove()


def test_a_merge_can_be_made_again_after_it_was_undone_but_not_twice_at_once(house, twin, prove):
    merge = merged(house, twin)
    with pytest.raises(Conflict):
        merged(house, twin)
    with pytest.raises(Conflict):
        merge_customers(twin.pk, house.anna.pk, keepers=KEEPERS, actor=MANAGER)
    undo_merge(merge.pk, keepers=KEEPERS, actor=MANAGER)
    assert merged(house, twin).pk != merge.pk
    with pytest.raises(Invalid):
        merge_customers(house.anna.pk, house.anna.pk, keepers=KEEPERS, actor=MANAGER)
    prove()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_merge_two_at_once_one_does_while_orders_keep_coming(real_house, prove):
    house = real_house
    twin = Customer.objects.create(name="Ana Field", phone="+447700900123", channel=house.web)
    Address.objects.create(customer=twin, lines="9 Mill Lane", city="Leeds", country="GB", is_delivery=True)

    def act(i):
        if i % 3:
            return house.place(("MUG", 1), customer_id=twin.pk if i % 2 else house.anna.pk)
        kept, gone = (house.anna.pk, twin.pk) if i % 2 else (twin.pk, house.anna.pk)
        return merge_customers(kept, gone, keepers=KEEPERS, actor=MANAGER)

    results = together(18, act)
    cast.run_line("screen", "reserve", "invoice")

    assert sum(isinstance(result, CustomerMerge) for result in results) == 1
    assert len(set(Order.objects.values_list("customer", flat=True))) == 1
    assert Order.objects.count() == 12
    prove()


# --- what the database refuses ---


def test_an_invoice_goes_to_another_customer_only_in_a_merge(house, twin):
    trade(house, house.anna, ("MUG", 1))
    with pytest.raises(InternalError, match="only when two customers are merged"), transaction.atomic():
        Invoice.objects.update(customer=twin)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerMerge.objects.create(kept=twin, gone=twin, merged_by="x")


# --- who may be one ---


def test_who_shares_a_number_and_a_name_is_proposed_with_the_reasons(house, twin):
    Customer.objects.filter(pk=twin.pk).update(phone=house.anna.phone)

    [found] = proposals()

    assert ({found.kept.pk, found.gone.pk}, found.why) == ({house.anna.pk, twin.pk}, ["same telephone", "same postcode", "names alike"])
    assert duplicates_of(twin.pk)[0].score == found.score >= 60
    say_not_the_same(twin.pk, house.anna.pk, actor=MANAGER)
    say_not_the_same(house.anna.pk, twin.pk, actor=MANAGER)
    assert proposals() == []


def test_a_switchboard_and_a_common_postcode_propose_nobody(house):
    for number in range(12):
        customer = Customer.objects.create(name=f"{'abcdefghijkl'[number] * 6} Trading", phone="+441134960700")
        Address.objects.create(customer=customer, lines="1 Mall", city="Leeds", postcode="LS1 1AA", country="GB")
    assert proposals() == []


def test_the_pages_propose_show_merge_and_part(house, twin):
    Customer.objects.filter(pk=twin.pk).update(phone=house.anna.phone)
    browser = Client()
    browser.force_login(cast.person("mona", "manager"))
    assert "same telephone" in browser.get("/customers/duplicates/").content.decode()
    both = {"kept": house.anna.number, "gone": twin.number}
    assert "What moves" in browser.get("/customers/duplicates/merge", both).content.decode()
    assert "May be the same as" in browser.get(f"/customers/{twin.number}/").content.decode()

    assert browser.post("/customers/duplicates/merge", both)["Location"] == f"/customers/{house.anna.number}/"
    assert browser.get(f"/customers/{twin.number}/")["Location"] == f"/customers/{house.anna.number}/"
    assert "was merged into this customer" in browser.get(f"/customers/{house.anna.number}/").content.decode()
    merge = CustomerMerge.objects.get()
    assert browser.post(f"/customers/duplicates/{merge.pk}/undo").status_code == 302
    assert browser.post("/customers/duplicates/apart", {"one": house.anna.number, "other": twin.number}).status_code == 302
    assert "Nobody looks like somebody else" in browser.get("/customers/duplicates/").content.decode()


def test_proposing_costs_the_same_however_many_there_are(house, twin):
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as captured:
            proposals()
        return len(captured)

    before = queries()
    for customer in cast.regulars(house, 30):
        Customer.objects.filter(pk=customer.pk).update(phone="+441134960001")
    assert queries() == before
