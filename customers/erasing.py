"""Erasing a person on their request: everywhere but on the documents that the law keeps.

Regulation (EU) 2016/679 (GDPR) and its UK counterpart, article 17: erased without undue delay, but for what a legal obligation keeps, 17(3)(b):
issued invoices and the books, for as long as tax law asks for them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from customers.models import Address, Consent, Contact, Customer, CustomerMerge, Email, Note, PaymentPreference, Telephone
from customers.services import lock_customers
from oms.core.errors import Conflict, NotFound
from oms.core.events import fact, record


@dataclass(frozen=True)
class Person:
    """Who is erased: the rows that stand for them, and the words by which they are known: names, numbers, e-mails, streets."""

    pks: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Eraser:
    """An app that knows something of customers. `against`: sentences that speak against erasing now. `lock`: what it locks before customers.
    `known`: further words it knows them by. `erase`: does it, in the caller's transaction, and says how much of what.
    """

    erase: Callable[[Person], Mapping[str, int]]
    against: Callable[[Sequence[int]], Sequence[str]] = field(default=lambda pks: ())
    lock: Callable[[Sequence[int]], object] = field(default=lambda pks: None)
    known: Callable[[Sequence[int]], Sequence[str]] = field(default=lambda pks: ())


@dataclass(frozen=True)
class Preview:
    """What erasing would come to. `against`: why it cannot be done yet; `rows`: what goes, by what it is called."""

    customer: Customer
    against: Sequence[str]
    rows: Mapping[str, int]


_OWN = {"telephones": Telephone, "e-mails": Email, "contacts": Contact, "addresses": Address, "ways to pay": PaymentPreference}
_OWN |= {"consents": Consent, "notes": Note}


def preview_erasure(pk: int, *, erasers: Sequence[Eraser]) -> Preview:
    """Say what erasing would take away and what speaks against it. Changes nothing. Raises NotFound."""
    customer = Customer.objects.filter(pk=pk).first()
    if customer is None:
        raise NotFound(_("There is no such customer."))
    pks = _rows_of(pk)
    against = [sentence for eraser in erasers for sentence in eraser.against(pks)]
    return Preview(customer, against, {name: model.objects.filter(customer__in=pks).count() for name, model in _OWN.items()})


def erase_customer(pk: int, *, erasers: Sequence[Eraser], actor: str) -> Mapping[str, int]:
    """Erase what is known of a person: name, numbers, addresses, notes, consents, mails, copies on orders, labels. Give how much of what.

    Issued invoices and the books stay as they are, as the law asks; an entry on the blocklist stays for as long as somebody keeps it there. What was
    merged into them goes with them, and cannot be parted any more. Locks their orders, then them. Erasing twice changes nothing. Raises NotFound,
    and Conflict while something is open: deliver, collect or cancel it first. Records `customer.erased`, with nothing personal in it.
    """
    with transaction.atomic():
        pks = _rows_of(pk)
        for eraser in erasers:
            eraser.lock(pks)
        customers = lock_customers(set(pks))
        if pk not in customers:
            raise NotFound(_("There is no such customer."))
        against = [sentence for eraser in erasers for sentence in eraser.against(pks)]
        if against:
            raise Conflict(" ".join(against))
        person = Person(tuple(pks), tuple(_words(pks, erasers)))
        gone: dict[str, int] = {}
        for eraser in erasers:
            gone |= eraser.erase(person)
        for name, model in _OWN.items():
            gone[name] = model.objects.filter(customer__in=pks).delete()[0]
        names = _name_words(pks)
        for customer in customers.values():
            _blank(customer)
        _forget_words(names)
        CustomerMerge.objects.filter(Q(kept__in=pks) | Q(gone__in=pks)).update(moved={}, added={}, flags=[], left={})
        record([fact("customer.erased", "customer", one, actor=actor) for one in pks])
    return gone


def _rows_of(pk: int) -> list[int]:
    """Give the customer's row and those that were merged into it."""
    pks = [pk]
    while more := list(Customer.objects.filter(merged_into__in=pks).exclude(pk__in=pks).values_list("pk", flat=True)):
        pks += more
    return pks


def _words(pks: Sequence[int], erasers: Sequence[Eraser]) -> list[str]:
    words: list[str] = []
    for row in Customer.objects.filter(pk__in=pks):
        words += [row.name, row.email, row.phone, row.vat_number, row.external_reference]
    for model, columns in ((Telephone, ["number"]), (Email, ["address"]), (Contact, ["name", "email", "phone"]), (Address, ["name", "lines"])):
        words += [word for values in model.objects.filter(customer__in=pks).values_list(*columns) for word in values]
    words += [word for eraser in erasers for word in eraser.known(pks)]
    return list(dict.fromkeys(word.strip() for text in words for word in [text, *text.splitlines()] if len(word.strip()) > 2))


def _name_words(pks: Sequence[int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT key FROM customers_searchkey WHERE kind = 'w' AND customer_id = ANY(%s)", [list(pks)])
        return [word for (word,) in cursor.fetchall()]


def _forget_words(words: Sequence[str]) -> None:
    """Take out of the dictionary what nobody's name has any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_nameword known WHERE word = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM customers_searchkey k WHERE k.kind = 'w' AND k.key = known.word)",
            [list(words)],
        )


def _blank(customer: Customer) -> None:
    customer.name = _("Erased %(number)s") % {"number": customer.number}
    for column in ("email", "phone", "vat_number", "external_reference", "note", "preferred_carrier", "delivery_window", "tax_exemption"):
        setattr(customer, column, "")
    customer.tags, customer.is_do_not_call = [], True
    customer.save()
