"""Customers into a file, with the columns that an import takes: brought back as it is, it changes nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from customers.importing.planning import PLAIN
from customers.importing.reading import COLUMNS
from customers.models import Address, Customer, Email, Telephone
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
    """Give `customers` as the rows of a file with these columns, by number. Read in pages: four queries for each."""
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
    for customer in customers:
        values = _values(customer, addresses[customer.pk]) | {
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


def _place(address: Address, prefix: str) -> dict[str, str]:
    place = {"street": address.lines, "city": address.city, "region": address.region, "postcode": address.postcode, "country": address.country}
    return {prefix + name: value for name, value in place.items()}
