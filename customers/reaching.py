"""How a customer is reached: their telephones, e-mails, contacts and addresses. Each change is told as `customer.changed`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Address, Contact, Customer, Email, Telephone
from customers.services import AddressDraft, checked_country, checked_email, checked_phone
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one

MOST_PARTS = 200


@dataclass(frozen=True)
class ContactDraft:
    """Somebody to speak to there. `phone` in any form that is usual in `country`."""

    name: str
    role: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    country: str = "GB"


@contextmanager
def changing(pk: int, what: str, *, actor: str) -> Iterator[Customer]:
    """Lock a customer for a change of `what`, and tell of it when it is made. Raises NotFound."""
    with transaction.atomic():
        try:
            customer = lock_one(Customer.objects.all(), pk)
        except Customer.DoesNotExist:
            raise NotFound(_("There is no such customer.")) from None
        yield customer
        record([fact("customer.changed", "customer", pk, actor=actor, changed=[what])])


def add_telephone(pk: int, number: str, *, label: str = "", country: str = "GB", actor: str) -> None:
    """Add a telephone number; the first is the main one. One they have already is left as it is. Raises Invalid."""
    number = _needed(checked_phone(number, country=country), _("Say which number."), "/number")
    refuse_card_numbers({"label": label})
    with changing(pk, "telephone", actor=actor) as customer:
        if not customer.phone:
            customer.phone = number
            customer.save(update_fields=["phone"])
        elif number != customer.phone:
            _within_bounds(customer.telephones.count())
            Telephone.objects.get_or_create(customer=customer, number=number, defaults={"label": label.strip()[:40]})


def change_telephone(pk: int, telephone: int, number: str, *, label: str = "", country: str = "GB", actor: str) -> None:
    """Change a further number, and what it is. Raises Invalid, NotFound, and Conflict for one that they have already."""
    number = _needed(checked_phone(number, country=country), _("Say which number."), "/number")
    refuse_card_numbers({"label": label})
    with changing(pk, "telephone", actor=actor) as customer:
        row = _part(customer.telephones, telephone)
        if number == customer.phone or customer.telephones.filter(number=number).exclude(pk=row.pk).exists():
            raise Conflict(_("They have that number already."), pointer="/number")
        row.number, row.label = number, label.strip()[:40]
        row.save()


def have_main_telephone(pk: int, number: str, *, country: str = "GB", actor: str) -> None:
    """Have one of their numbers be the main one; the one that was is kept beside it. Safe to repeat. Raises Invalid, NotFound."""
    number = _needed(checked_phone(number, country=country), _("Say which number."), "/number")
    if Customer.objects.filter(pk=pk, phone=number).exists():
        return
    row = Telephone.objects.filter(customer=pk, number=number).first()
    if row is None:
        raise NotFound(_("They have no such number: add it first."), pointer="/number")
    make_main_telephone(pk, row.pk, actor=actor)


def make_main_telephone(pk: int, telephone: int, *, actor: str) -> None:
    """Have a further number be the main one; the one that was is kept beside it. Raises NotFound."""
    with changing(pk, "telephone", actor=actor) as customer:
        row = _part(customer.telephones, telephone)
        before, customer.phone = customer.phone, row.number
        row.delete()
        if before:
            Telephone.objects.get_or_create(customer=customer, number=before)
        customer.save(update_fields=["phone"])


def add_email(pk: int, address: str, *, label: str = "", actor: str) -> None:
    """Add an e-mail; the first is the main one. One they have already is left as it is. Raises Invalid."""
    address = _needed(checked_email(address), _("Say which e-mail."), "/address")
    refuse_card_numbers({"label": label})
    with changing(pk, "e-mail", actor=actor) as customer:
        if not customer.email:
            customer.email = address
            customer.save(update_fields=["email"])
        elif address.lower() != customer.email.lower() and not customer.emails.filter(address__iexact=address).exists():
            _within_bounds(customer.emails.count())
            Email.objects.create(customer=customer, address=address, label=label.strip()[:40])


def change_email(pk: int, email: int, address: str, *, label: str = "", actor: str) -> None:
    """Change a further e-mail, and what it is for. Raises Invalid, NotFound, and Conflict for one that they have already."""
    address = _needed(checked_email(address), _("Say which e-mail."), "/address")
    refuse_card_numbers({"label": label})
    with changing(pk, "e-mail", actor=actor) as customer:
        row = _part(customer.emails, email)
        if address.lower() == customer.email.lower() or customer.emails.filter(address__iexact=address).exclude(pk=row.pk).exists():
            raise Conflict(_("They have that e-mail already."), pointer="/address")
        row.address, row.label = address, label.strip()[:40]
        row.save()


def have_main_email(pk: int, address: str, *, actor: str) -> None:
    """Have one of their e-mails be the main one; the one that was is kept beside it. Safe to repeat. Raises Invalid, NotFound."""
    address = _needed(checked_email(address), _("Say which e-mail."), "/address")
    if Customer.objects.filter(pk=pk, email__iexact=address).exists():
        return
    row = Email.objects.filter(customer=pk, address__iexact=address).first()
    if row is None:
        raise NotFound(_("They have no such e-mail: add it first."), pointer="/address")
    make_main_email(pk, row.pk, actor=actor)


def make_main_email(pk: int, email: int, *, actor: str) -> None:
    """Have a further e-mail be the main one; the one that was is kept beside it. Raises NotFound."""
    with changing(pk, "e-mail", actor=actor) as customer:
        row = _part(customer.emails, email)
        before, customer.email = customer.email, row.address
        row.delete()
        if before:
            Email.objects.create(customer=customer, address=before)
        customer.save(update_fields=["email"])


def save_contact(pk: int, draft: ContactDraft, *, contact: int | None = None, actor: str) -> Contact:
    """Add a contact, or change the one given. Raises Invalid, NotFound."""
    name = _needed(draft.name.strip(), _("A contact needs a name."), "/name")
    refuse_card_numbers({"name": name, "role": draft.role, "note": draft.note})
    with changing(pk, "contact", actor=actor) as customer:
        row = _part(customer.contacts, contact) if contact else Contact(customer=customer)
        if contact is None:
            _within_bounds(customer.contacts.count())
        row.name, row.role, row.note = name[:200], draft.role.strip()[:100], draft.note.strip()[:200]
        row.email, row.phone = checked_email(draft.email), checked_phone(draft.phone, country=draft.country)
        row.save()
    return row


def save_address(pk: int, draft: AddressDraft, *, is_billing: bool, is_delivery: bool, address: int | None = None, actor: str) -> Address:
    """Add an address, or change the one given. It takes over as the one for bills or deliveries where that is said, and where there is none yet.

    Orders keep the copy they were placed with. Raises Invalid, NotFound.
    """
    given = AddressDraft(**{name: value.strip() for name, value in asdict(draft).items()} | {"country": checked_country(draft.country)})
    if not given.lines or not given.city:
        raise Invalid(_("An address needs a street and a town."), pointer="/lines")
    refuse_card_numbers(asdict(given))
    with changing(pk, "address", actor=actor) as customer:
        row = _part(customer.addresses, address) if address else Address(customer=customer)
        others = customer.addresses.exclude(pk=row.pk)
        if address is None:
            _within_bounds(others.count())
        is_billing = is_billing or not others.filter(is_billing=True).exists()
        is_delivery = is_delivery or not others.filter(is_delivery=True).exists()
        if is_billing:
            others.filter(is_billing=True).update(is_billing=False)
        if is_delivery:
            others.filter(is_delivery=True).update(is_delivery=False)
        for name, value in asdict(given).items():
            setattr(row, name, value)
        row.is_billing, row.is_delivery = is_billing, is_delivery
        row.save()
    return row


def have_main_address(pk: int, address: int, *, is_billing: bool = True, is_delivery: bool = True, actor: str) -> None:
    """Have bills, deliveries or both go to one of their addresses. Safe to repeat. Raises Invalid, NotFound."""
    wanted = {name: True for name, goes in (("is_billing", is_billing), ("is_delivery", is_delivery)) if goes}
    if not wanted:
        raise Invalid(_("Say what goes there: bills, deliveries or both."), pointer="/is_billing")
    if Address.objects.filter(pk=address, customer=pk, **wanted).exists():
        return
    with changing(pk, "address", actor=actor) as customer:
        row = _part(customer.addresses, address)
        for name in wanted:
            customer.addresses.exclude(pk=row.pk).filter(**{name: True}).update(**{name: False})
        customer.addresses.filter(pk=row.pk).update(**wanted)


def remove_part(pk: int, what: str, part: int, *, actor: str) -> None:
    """Remove a further telephone or e-mail, a contact or an address. Removing what is gone changes nothing.

    Raises Conflict for the address that bills or deliveries go to while there is another: choose that one first.
    """
    with changing(pk, what, actor=actor) as customer:
        rows = _PARTS[what](customer)
        row = rows.filter(pk=part).first()
        if row is None:
            return
        if isinstance(row, Address) and (row.is_billing or row.is_delivery) and rows.count() > 1:
            raise Conflict(_("Bills or deliveries go to this address: have them go to another first."))
        try:
            with transaction.atomic():
                row.delete()
        except IntegrityError:
            raise Conflict(_("Something still refers to it: it cannot go.")) from None


_PARTS: dict[str, Callable] = {
    "telephone": lambda customer: customer.telephones,
    "e-mail": lambda customer: customer.emails,
    "contact": lambda customer: customer.contacts,
    "address": lambda customer: customer.addresses,
}


def _part(rows, pk: int):
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("That is gone by now: look at the customer again."))
    return row


def _needed(value: str, sentence: str, pointer: str) -> str:
    if not value:
        raise Invalid(sentence, pointer=pointer)
    return value


def _within_bounds(count: int) -> None:
    if count >= MOST_PARTS:
        raise Conflict(_("A customer has at most %(most)d of them: remove one first.") % {"most": MOST_PARTS})
