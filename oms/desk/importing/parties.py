"""The customers of an import: known by their number in the file, or one house account a country."""

from collections.abc import Iterable
from dataclasses import asdict

from customers.models import Address, Channel, Customer
from customers.services import AddressDraft
from customers.states import CustomerKind
from oms.core import bulk
from oms.desk.importing.countries import country_code
from oms.desk.importing.reading import Row


class Parties:
    """Customers by what the file calls them, made in bulk when they first come."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.known: dict[str, int] = {}
        self.look_up()

    def look_up(self) -> None:
        """Learn who is there: at the start, and again after a batch that was rolled back."""
        self.known = dict(Customer.objects.filter(channel=self.channel).exclude(external_reference="").values_list("external_reference", "id"))

    def meet(self, rows: Iterable[Row]) -> None:
        """Register who is new among `rows`. Two statements, or none."""
        new = {name: row for row in rows if (name := reference_of(row)) not in self.known}
        if not new:
            return
        customers = bulk.insert_all(
            [
                Customer(
                    kind=CustomerKind.COMPANY if row.customer else CustomerKind.PERSON,
                    name=f"Customer {row.customer}" if row.customer else f"Guest ({row.country or 'United Kingdom'})",
                    external_reference=name,
                    channel=self.channel,
                    currency=self.channel.currency,
                )
                for name, row in new.items()
            ]
        )
        bulk.insert_all(
            [
                Address(customer_id=customer.pk, is_billing=True, is_delivery=True, **asdict(self.address_of(row)))
                for customer, row in zip(customers, new.values(), strict=True)
            ]
        )
        self.known |= {name: customer.pk for name, customer in zip(new, customers, strict=True)}

    def of(self, row: Row) -> int:
        """Give the customer of a row."""
        return self.known[reference_of(row)]

    def address_of(self, row: Row) -> AddressDraft:
        """Give where a row's order goes: the file has no more than the country, and a customer may order from two."""
        return AddressDraft(lines="Address not in the file", city=row.country or "United Kingdom", country=country_code(row.country))


def reference_of(row: Row) -> str:
    """Give what a row's customer is known by."""
    return row.customer or f"guest-{row.country or 'United Kingdom'}"
