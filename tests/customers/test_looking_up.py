"""Customers are found while what is known of them is still being typed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.looking_up import customers_meant, find_customers
from customers.models import Address, Contact, Customer, Email, SearchKey, Telephone

MOST_QUERIES = 12


@pytest.fixture
def people(house):
    """Anna Field is there already. Add some who sound like each other."""
    rows = [
        ("Jörg Müller", "joerg@mueller.example", "+4940669693", "20457", "Hamburg", "DE"),
        ("John Smith", "john.smith@mail.example", "+441134960017", "LS6 1AA", "Leeds", "GB"),
        ("Joan Smythe", "joan@mail.example", "+441614960018", "M1 1AE", "Manchester", "GB"),
        ("Harbour Gifts Ltd", "orders@harbour.example", "+441482960300", "HU1 1AA", "Hull", "GB"),
        ("Sinéad O’Brien", "sinead@obrien.example", "+35312345678", "D02 AF30", "Dublin", "IE"),
    ]
    made = {}
    for name, email, phone, postcode, city, country in rows:
        customer = made[name] = Customer.objects.create(name=name, email=email, phone=phone)
        Address.objects.create(customer=customer, lines="1 High Street", city=city, postcode=postcode, country=country, is_delivery=True)
    return made


def names(text, **options):
    return [found.name for found in find_customers(text, **options)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        # telephone, however it is dialled, from its first digits or its last
        ("0113 496 001", "John Smith"),
        ("+44 113 4960 017", "John Smith"),
        ("0044 161", "Joan Smythe"),
        ("441482", "Harbour Gifts Ltd"),
        ("960300", "Harbour Gifts Ltd"),
        ("040/669", "Jörg Müller"),
        ("00353 1", "Sinéad O’Brien"),
        # names, in any order, without accents, half typed, with a letter too many, too few, wrong, or two swapped
        ("joh", "John Smith"),
        ("smith john", "John Smith"),
        ("muller", "Jörg Müller"),
        ("obrien", "Sinéad O’Brien"),
        ("O'Brien sin", "Sinéad O’Brien"),
        ("jonh smith", "John Smith"),
        ("harbuor", "Harbour Gifts Ltd"),
        ("harbor gifts", "Harbour Gifts Ltd"),
        ("hharbour", "Harbour Gifts Ltd"),
        # e-mail, postcode, number
        ("joan@", "Joan Smythe"),
        ("JOHN.SMITH@mail", "John Smith"),
        ("ls61aa", "John Smith"),
        ("M1 1", "Joan Smythe"),
        ("20457", "Jörg Müller"),
    ],
)
def test_somebody_is_found_by_what_is_typed_so_far(people, typed, first):
    assert names(typed)[0] == first


def test_a_number_finds_its_customer_and_says_why(house, people):
    smith = people["John Smith"]

    assert [(found.number, found.why, found.place) for found in find_customers(smith.number)] == [(smith.number, "number", "LS6 1AA Leeds")]
    assert find_customers("0113496")[0].why == "phone"
    assert find_customers("m1 1ae")[0].why == "postcode"


def test_further_numbers_mails_contacts_and_addresses_are_found_as_well_until_they_are_gone(people):
    harbour = people["Harbour Gifts Ltd"]
    telephone = Telephone.objects.create(customer=harbour, number="+447700900123", label="mobile")
    email = Email.objects.create(customer=harbour, address="Bills@Harbour.example")
    contact = Contact.objects.create(customer=harbour, name="Wilhelmina Quay", email="w@quay.example", phone="+441482960399")
    address = Address.objects.create(customer=harbour, lines="2 Dock", city="Goole", postcode="DN14 5AA")
    typed = ["07700 900", "bills@", "wilhelm", "w@quay", "960399", "dn145"]

    assert [names(text) for text in typed] == [["Harbour Gifts Ltd"]] * len(typed)
    for row in (telephone, email, contact, address):
        row.delete()
    assert [names(text) for text in typed] == [[]] * len(typed)


def test_who_changes_their_name_or_number_is_found_by_the_new_one_only(people):
    Customer.objects.filter(pk=people["John Smith"].pk).update(name="John Carpenter", phone="+441134969999")

    assert (names("carpenter"), names("0113496 9999")) == (["John Carpenter"], ["John Carpenter"])
    assert (names("smith"), names("0113 496 0017")) == (["Joan Smythe"], [])


def test_of_those_found_alike_who_bought_last_comes_first(house):
    for number in range(3):
        Customer.objects.create(name=f"Zed {number}", last_order_at=timezone.now().replace(year=2020 + number) if number else None)

    assert names("zed") == ["Zed 2", "Zed 1", "Zed 0"]
    assert names("zed", limit=1) == ["Zed 2"]


def test_a_storefront_finds_its_own_customers_only(house, people):
    assert names("field", channel=house.web) == ["Anna Field"]
    assert names("field", channel=house.phone) == []
    assert customers_meant("field") == [house.anna.pk]


@pytest.mark.parametrize("text", ["", " ", "a", "1", "%", "_%", "\\", "@", "+", "'; --", "\x00", "x" * 500, "a b c d e f g h"])
def test_too_little_or_nonsense_finds_nobody_and_breaks_nothing(people, text):
    assert names(text) == []


def test_a_row_that_is_deleted_leaves_no_key_behind(house):
    customer = Customer.objects.create(name="Gone Soon", phone="+441134960555", email="gone@soon.example")
    pk = customer.pk
    assert SearchKey.objects.filter(customer=pk).count() == 6

    customer.delete()

    assert not SearchKey.objects.filter(customer=pk).exists()


def test_looking_up_costs_the_same_however_many_there_are(people):
    def queries(text):
        with CaptureQueriesContext(connection) as captured:
            find_customers(text)
        return len(captured)

    before = [queries(text) for text in ("smith", "0113496", "jonh smith", "m1")]
    Customer.objects.bulk_create([Customer(name=f"John Smith {i}", phone=f"+4411349{i:05d}") for i in range(300)])

    assert [queries(text) for text in ("smith", "0113496", "jonh smith", "m1")] == before
    assert max(before) <= MOST_QUERIES
