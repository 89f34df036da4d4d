"""What people and the other apps ask of customers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError as NumberError
from stdnum.gb import vat as gb_vat

from customers.models import Address, Channel, Customer, CustomerGroup
from customers.states import CustomerKind, PaymentMethod
from oms.core import bulk
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one

# What people may change of a customer as it is typed → its most letters.
PLAIN = {"name": 200, "kind": 10, "language": 10, "note": 4000, "preferred_carrier": 30, "delivery_window": 60, "tax_exemption": 100}
MOST_TAGS = 20
# Greece numbers its companies as EL, not by its country code.
_EU_PREFIXES = {"EL", *(country.upper() for country in eu_vat.MEMBER_STATES)} - {"GR"}


@dataclass(frozen=True)
class AddressDraft:
    """An address as somebody gave it. `country`: ISO 3166-1, two letters."""

    lines: str
    city: str
    country: str
    name: str = ""
    region: str = ""
    postcode: str = ""

    def frozen(self, name: str) -> dict[str, str]:
        """Give the copy that an order keeps, for whom it is."""
        return asdict(self) | {"name": self.name or name}


def draft_of(address: Address) -> AddressDraft:
    """Give one of a customer's addresses as an order is asked for with it."""
    return AddressDraft(
        lines=address.lines, city=address.city, country=address.country, name=address.name, region=address.region, postcode=address.postcode
    )


@dataclass(frozen=True)
class CustomerDraft:
    """A customer as somebody gave it. `phone` in any form that is usual in the address's country."""

    name: str
    kind: str = CustomerKind.PERSON
    email: str = ""
    phone: str = ""
    language: str = "en"
    vat_number: str = ""
    external_reference: str = ""
    payment_method: str = PaymentMethod.BANK_TRANSFER
    address: AddressDraft | None = None


def register_customer(draft: CustomerDraft, *, channel: Channel | None, actor: str) -> Customer:
    """Register a customer, with one address for bills and deliveries where it is known.

    Raises Invalid for a name that is missing, and an e-mail, telephone or VAT number that cannot be one. Records
    `customer.registered`.
    """
    name = draft.name.strip()
    if not name:
        raise Invalid(_("A customer needs a name."), pointer="/name")
    country = draft.address.country if draft.address else "GB"
    with transaction.atomic():
        customer = Customer(
            kind=draft.kind,
            name=name,
            email=checked_email(draft.email),
            language=draft.language,
            vat_number=checked_vat_number(draft.vat_number),
            external_reference=draft.external_reference.strip(),
            payment_method=draft.payment_method,
            channel=channel,
            currency=channel.currency if channel else "GBP",
        )
        customer.phone = checked_phone(draft.phone, country=country)
        customer.save()
        if draft.address:
            Address.objects.create(customer=customer, is_billing=True, is_delivery=True, **asdict(draft.address))
        record([fact("customer.registered", "customer", customer.pk, actor=actor, name=customer.name)])
    return customer


def known_or_registered(draft: CustomerDraft, *, channel: Channel | None, actor: str) -> Customer:
    """Give the channel's customer with the draft's external reference, as they are; register the draft where there is none.

    Two at once with the same reference: the later one fails on the constraint `customer_reference_once`. Raises and records as
    `register_customer` does.
    """
    reference = draft.external_reference.strip()
    known = Customer.objects.filter(channel=channel, external_reference=reference).first() if reference else None
    return known.kept if known else register_customer(draft, channel=channel, actor=actor)


def change_customer(pk: int, changes: Mapping[str, str], *, actor: str) -> Customer:
    """Change what people may change of a customer: the columns in PLAIN, email, phone, VAT number, tags (words with commas between), group (its
    code) and is_do_not_call (1 or nothing).

    Locks the customer. Raises Invalid as `register_customer` does, NotFound. Records `customer.changed` with the columns' names.
    """
    refuse_card_numbers(changes)
    with transaction.atomic():
        try:
            customer = lock_one(Customer.objects.all(), pk)
        except Customer.DoesNotExist:
            raise NotFound(_("There is no such customer.")) from None
        for column, value in changes.items():
            value = value.strip()
            if column == "phone":
                customer.phone = checked_phone(value, country="GB")
            elif column == "email":
                customer.email = checked_email(value)
            elif column == "vat_number":
                customer.vat_number = checked_vat_number(value)
            elif column == "name" and not value:
                raise Invalid(_("A customer needs a name."), pointer="/name")
            elif column == "tags":
                customer.tags = checked_tags(value)
            elif column == "is_do_not_call":
                customer.is_do_not_call = value == "1"
            elif column == "group":
                customer.group = _group(value)
            elif column == "kind" and value not in CustomerKind.values:
                raise Invalid(_("A customer is a person or a company."), pointer="/kind")
            elif column in PLAIN:
                setattr(customer, column, value[: PLAIN[column]])
            else:
                raise Invalid(_("%(column)s cannot be changed here.") % {"column": column}, pointer=f"/{column}")
        customer.save(update_fields=sorted(changes))
        record([fact("customer.changed", "customer", pk, actor=actor, changed=sorted(changes))])
    return customer


def checked_tags(text: str) -> list[str]:
    """Give the words of `text` that commas stand between, each once. Raises Invalid."""
    tags = list(dict.fromkeys(filter(None, (" ".join(tag.split()).lower() for tag in text.split(",")))))
    if len(tags) > MOST_TAGS or any(len(tag) > 30 for tag in tags):
        raise Invalid(_("At most %(most)d tags, of 30 letters each.") % {"most": MOST_TAGS}, pointer="/tags")
    return tags


def _group(code: str) -> CustomerGroup | None:
    group = CustomerGroup.objects.filter(code=code).first() if code else None
    if code and group is None:
        raise Invalid(_("There is no customer group %(code)s.") % {"code": code[:30]}, pointer="/group")
    return group


def checked_country(text: str, *, pointer: str = "/country") -> str:
    """Give `text` as a country code of two letters. Raises Invalid, at `pointer`."""
    text = text.strip().upper()
    if len(text) != 2 or not text.isalpha() or not text.isascii():
        raise Invalid(_("A country is written with two letters: GB, DE, SA."), pointer=pointer)
    return text


def checked_email(text: str) -> str:
    """Give `text` as an e-mail address, or empty. Raises Invalid."""
    text = text.strip()
    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise Invalid(_("%(text)s is not an e-mail address.") % {"text": text}, pointer="/email") from None
    return text


def checked_phone(text: str, *, country: str) -> str:
    """Give `text` in E.164, read as somebody in `country` would dial it; empty stays empty. Raises Invalid."""
    text = text.strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Invalid(
            _("%(text)s is not a telephone number. Write it with its country code: +44 113 496 0000.") % {"text": text},
            pointer="/phone",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def checked_vat_number(text: str) -> str:
    """Give `text` as a VAT number in its compact form, or empty. EU and UK numbers are checked by their check digits. Raises Invalid."""
    text = "".join(text.split()).upper()
    try:
        if text[:2] in _EU_PREFIXES:
            return eu_vat.validate(text)
        if text[:2] == "GB":
            return f"GB{gb_vat.validate(text)}"
    except NumberError:
        raise Invalid(_("%(text)s is not a VAT number: a digit must be wrong.") % {"text": text}, pointer="/vat_number") from None
    return text


def lock_customers(pks: set[int]) -> dict[int, Customer]:
    """Lock customers, by key, and give them as they are now. Taken after orders and before stock and number series."""
    return {customer.pk: customer for customer in lock(Customer.objects.filter(pk__in=pks))}


def add_to_balances(owed: Mapping[int, Decimal]) -> None:
    """Add to what customers owe: `owed` is customer → amount, below zero when it was paid or credited. Told by accounting.

    Locks the customers. One statement more than the lock, whatever their number.
    """
    customers = lock_customers({pk for pk, amount in owed.items() if amount})
    for customer in customers.values():
        customer.open_balance += owed[customer.pk]
    bulk.save_all(list(customers.values()), "open_balance")


@dataclass(frozen=True)
class Bought:
    """An order that a customer has placed, for their history."""

    customer_id: int
    total: Decimal
    placed_at: datetime


def note_orders(customers: Mapping[int, Customer], bought: list[Bought]) -> None:
    """Add orders to the history of `customers`, which the caller has locked. Told by orders."""
    touched = {}
    for order in bought:
        customer = touched[order.customer_id] = customers[order.customer_id]
        customer.orders_count += 1
        customer.orders_total += order.total
        customer.first_order_at = min(filter(None, [customer.first_order_at, order.placed_at]))
        customer.last_order_at = max(filter(None, [customer.last_order_at, order.placed_at]))
    bulk.save_all(list(touched.values()), "orders_count", "orders_total", "first_order_at", "last_order_at")
