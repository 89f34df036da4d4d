"""Customers into a file, with the columns that an import takes: brought back as it is, it changes nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from customers.importing.planning import PLAIN, plainly
from customers.importing.reading import COLUMNS
from customers.models import Address, Consent, Contact, Customer, Email, Note, Telephone
from oms.core.exports import all_of
from oms.core.models import Event

TERMS = ("terms_days", "credit_limit")


def header_for(*, may_set_terms: bool) -> list[str]:
    """Give the columns of a file: terms and credit limits only for who may agree on them."""
    return [column for column in COLUMNS if may_set_terms or column not in TERMS]


def exportable(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Leave out who was merged into another, and who was erased on their request."""
    erased = Event.objects.filter(kind="customer.erased", subject="customer").values("subject_id")
    return customers.filter(merged_into__isnull=True).exclude(pk__in=erased)


def exported_rows(customers: QuerySet[Customer], header: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Give `customers` as the rows of a file with these columns, by number. Read in pages: seven queries for each."""
    for page in all_of(customers.select_related("channel", "group"), order=("id",)):
        yield from _rows(page, header)


def _rows(customers: Sequence[Any], header: Sequence[str]) -> Iterator[Sequence[Any]]:
    pks = [customer.pk for customer in customers]
    addresses: dict[int, list[Address]] = defaultdict(list)
    for address in Address.objects.filter(customer__in=pks).order_by("id"):
        addresses[address.customer_id].append(address)
    telephones: dict[int, list[str]] = defaultdict(list)
    for pk, number in Telephone.objects.filter(customer__in=pks).order_by("id").values_list("customer", "number"):
        telephones[pk].append(number)
    emails: dict[int, list[str]] = defaultdict(list)
    for pk, email in Email.objects.filter(customer__in=pks).order_by("id").values_list("customer", "address"):
        emails[pk].append(email)
    contacts = {row.customer_id: row for row in Contact.objects.filter(customer__in=pks).order_by("customer", "id").distinct("customer")}
    notes = {row.customer_id: row for row in Note.objects.filter(customer__in=pks, is_pinned=True).order_by("customer", "-id").distinct("customer")}
    consents: dict[int, list[Consent]] = defaultdict(list)
    for consent in Consent.objects.filter(customer__in=pks).order_by("customer", "channel", "-id").distinct("customer", "channel"):
        consents[consent.customer_id].append(consent)
    for customer in customers:
        values = _values(customer, addresses[customer.pk]) | _agreed(contacts.get(customer.pk), notes.get(customer.pk), consents[customer.pk])
        values |= {
            "telephones": "; ".join(telephones[customer.pk]),
            "emails": "; ".join(emails[customer.pk]),
        }
        yield [values.get(column, "") for column in header]


def _values(customer: Customer, addresses: Sequence[Address]) -> dict[str, Any]:
    billing = next((address for address in addresses if address.is_billing), None)
    delivery = next((address for address in addresses if address.is_delivery), None)
    return {
        **{column: getattr(customer, name) for column, name in PLAIN.items()},
        **{column: getattr(customer, column) for column in ("number", "phone", "currency", "payment_method")},
        "channel": customer.channel.code if customer.channel else "",
        "group": customer.group.code if customer.group else "",
        "tags": ", ".join(customer.tags),
        **(_place(billing, "") if billing else {}),
        **(_place(delivery, "delivery_") if delivery and delivery is not billing else {}),
    }


def _agreed(contact: Contact | None, note: Note | None, consents: Sequence[Consent]) -> dict[str, Any]:
    """Give the first contact, the last note that is pinned, and the latest word on offers by each channel."""
    values: dict[str, Any] = {}
    if contact is not None:
        values |= {f"contact_{name}": getattr(contact, name) for name in ("name", "role", "phone", "email")}
    if note is not None:
        values["pinned_note"] = "\n".join(filter(None, (plainly(line) for line in note.text.splitlines())))
    for row in consents:
        column = f"consent_{row.channel}"
        values |= {column: row.is_given, f"{column}_on": row.given_on, f"{column}_source": row.source}
    return values


def _place(address: Address, prefix: str) -> dict[str, str]:
    place = {"street": address.lines, "city": address.city, "region": address.region, "postcode": address.postcode, "country": address.country}
    return {prefix + name: value for name, value in place.items()}
