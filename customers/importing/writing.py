"""Writing customers from a file: planned row by row beside what is there, shown, and written in a few statements once it is confirmed."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.importing.planning import FIELDS, Known, Plan, channel_of, plainly, plan_rows
from customers.importing.reading import ADDRESS, Row, read_rows
from customers.models import Address, Channel, Consent, Contact, Customer, CustomerGroup, Email, Note, PaymentPreference, Telephone
from customers.services import lock_customers
from customers.terms import terms_changed
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.events import fact, record
from oms.core.fates import CHANGED, NEW, REFUSED, SAME, Counted
from oms.core.locks import take_turn
from oms.core.models import Event
from oms.core.readable import human_number
from oms.core.reading import read
from oms.core.sheets import Wrong

R = TypeVar("R", Contact, Consent, Note, PaymentPreference)
MOST_SHOWN = 100
PROGRESS_ROWS = 10_000
# Each customer whose name or number changes has their search keys made anew: a statement stays short.
AT_ONCE = 2_000
_PLACE = ("is_billing", "is_delivery", "lines", *ADDRESS[1:])


@dataclass(frozen=True)
class Fate:
    """What becomes of a row: new, changed (`columns`), same or refused (`reason`). `number`: the customer's, once there is one; `like`: somebody
    who has the same telephone or e-mail as a new one."""

    row: int
    called: str
    fate: str
    columns: Sequence[str] = ()
    reason: str = ""
    number: str = ""
    like: str = ""


@dataclass
class Report(Counted):
    """What an import did, or would have done. One refused row is enough for nothing to be written."""

    fates: list[Fate] = field(default_factory=list)
    fingerprint: str = ""
    is_written: bool = False

    @property
    def rows(self) -> int:
        return len(self.fates)

    @property
    def shown(self) -> list[Fate]:
        """The rows to look at: the refused ones where there are any, else those that change something, up to MOST_SHOWN."""
        wanted = (REFUSED,) if self.refused else (NEW, CHANGED) if self.new or self.changed else (SAME,)
        return [fate for fate in self.fates if fate.fate in wanted][:MOST_SHOWN]

    @property
    def are_all_shown(self) -> bool:
        return len(self.shown) == self.rows


def check_customers(file: BinaryIO, *, may_set_terms: bool, progress: Callable[[int], None] | None = None) -> Report:
    """Say what would become of each row of a file. Writes nothing. Raises Invalid for what is no such file."""
    rows = _read(file, progress)
    return _report(rows, _planned(rows, is_locked=False, may_set_terms=may_set_terms))


def import_customers(
    file: BinaryIO, *, confirmed: str | None = None, actor: str, may_set_terms: bool, progress: Callable[[int], None] | None = None
) -> Report:
    """Add and change the customers that `file` names: all of them or, with one bad row, none. The same file again changes nothing.

    `may_set_terms`: without it a row that would change terms or a credit limit is refused. `confirmed`: the fingerprint of the report that somebody
    has looked at; where it would do something else by now, nothing is written. Imports take turns. Locks the customers. A handful of statements, and
    one for each AT_ONCE customers that change. Raises Invalid for what is no such file, and Conflict where somebody else registers one of them at the
    same time. Records `customer.registered`, `customer.changed`, `customer.terms_changed`, `customer.imported`.
    """
    rows = _read(file, progress)
    with transaction.atomic():
        take_turn("customer-import")
        plans = _planned(rows, is_locked=True, may_set_terms=may_set_terms)
        report = _report(rows, plans)
        if report.refused or confirmed not in (None, report.fingerprint):
            return report
        try:
            with transaction.atomic():
                _write(plans, actor=actor)
        except IntegrityError:
            raise Conflict(_("Somebody has registered one of them in this moment: check the file again.")) from None
        report.is_written = True
        if report.new or report.changed:
            record([fact("customer.imported", "customer", 0, actor=actor, new=report.new, changed=report.changed, rows=report.rows)])
    return report


def _read(file: BinaryIO, progress: Callable[[int], None] | None) -> list[Row]:
    rows = []
    for row in read_rows(file):
        rows.append(row)
        if progress is not None and len(rows) % PROGRESS_ROWS == 0:
            progress(len(rows))
    return rows


def _planned(rows: Sequence[Row], *, is_locked: bool, may_set_terms: bool) -> list[Plan]:
    return plan_rows(rows, _known(rows, is_locked=is_locked, may_set_terms=may_set_terms))


def _known(rows: Sequence[Row], *, is_locked: bool, may_set_terms: bool) -> Known:
    channels = {channel.code: channel for channel in Channel.objects.all()}
    references = _references(rows, channels)
    pks = {row.values["number"] for row in rows if "number" in row.values} | set(references.values())
    customers = lock_customers(pks) if is_locked else Customer.objects.in_bulk(pks)
    addresses: dict[int, list[Address]] = defaultdict(list)
    for address in Address.objects.filter(customer__in=pks).order_by("id"):
        addresses[address.customer_id].append(address)
    telephones: dict[int, set[str]] = defaultdict(set)
    for pk, number in Telephone.objects.filter(customer__in=pks).values_list("customer", "number"):
        telephones[pk].add(number)
    emails: dict[int, set[str]] = defaultdict(set)
    for pk, email in Email.objects.filter(customer__in=pks).values_list("customer", "address"):
        emails[pk].add(email.lower())
    return Known(
        customers=customers,
        references=references,
        addresses=addresses,
        telephones=telephones,
        emails=emails,
        channels=channels,
        groups={group.code: group for group in CustomerGroup.objects.all()},
        contacts=_by_customer(Contact.objects.filter(customer__in=pks).order_by("id")),
        consents={
            pk: {row.channel: row for row in rows}
            for pk, rows in _by_customer(
                Consent.objects.filter(customer__in=pks).order_by("customer", "channel", "-id").distinct("customer", "channel")
            ).items()
        },
        notes={pk: {plainly(row.text) for row in rows} for pk, rows in _by_customer(Note.objects.filter(customer__in=pks)).items()},
        preferences=_by_customer(PaymentPreference.objects.filter(customer__in=pks).order_by("id")),
        may_set_terms=may_set_terms,
        erased=set(Event.objects.filter(kind="customer.erased", subject="customer", subject_id__in=pks).values_list("subject_id", flat=True)),
    )


def _by_customer(rows: Iterable[R]) -> dict[int, list[R]]:
    found: dict[int, list[R]] = defaultdict(list)
    for row in rows:
        found[row.customer_id].append(row)
    return found


def _references(rows: Sequence[Row], channels: dict[str, Channel]) -> dict[tuple[int | None, str], int]:
    """Give whose the references in the file are. Where a row names a customer by number, its reference may be in any channel."""
    wanted: dict[int | None, set[str]] = {channel.pk: set() for channel in channels.values()} | {None: set()}
    for row in rows:
        if "reference" in row.values:
            for channel in wanted if "number" in row.values else [_channel_or_none(row, channels)]:
                wanted[channel].add(row.values["reference"])
    owners: dict[tuple[int | None, str], int] = {}
    for channel, references in wanted.items():
        found = Customer.objects.filter(channel=channel, external_reference__in=references).values_list("external_reference", "pk")
        owners |= {(channel, reference): pk for reference, pk in found}
    return owners


def _channel_or_none(row: Row, channels: dict[str, Channel]) -> int | None:
    try:
        channel = channel_of(row.values, channels)
    except Wrong:
        return None
    return channel.pk if channel else None


def _write(plans: Iterable[Plan], *, actor: str) -> None:
    new = [plan for plan in plans if plan.fate == NEW]
    changed = [plan for plan in plans if plan.fate == CHANGED]
    bulk.insert_all(_customers(new))
    facts = [
        terms_changed(plan.customer, plan.terms_before, reason=_("from a file"), actor=actor)
        for plan in changed
        if plan.customer is not None and plan.terms_before is not None
    ]
    altered = _customers(changed)
    for start in range(0, len(altered), AT_ONCE):
        bulk.save_all(altered[start : start + AT_ONCE], *FIELDS)
    for plan in (*new, *changed):
        for address in plan.new_addresses:
            address.customer = plan.customer  # type: ignore[assignment]
    bulk.save_all([address for plan in changed for address in plan.changed_addresses], *_PLACE)
    bulk.insert_all([address for plan in (*new, *changed) for address in plan.new_addresses])
    bulk.insert_all([Telephone(customer=plan.customer, number=number) for plan in (*new, *changed) for number in plan.telephones])
    bulk.insert_all([Email(customer=plan.customer, address=address) for plan in (*new, *changed) for address in plan.emails])
    _write_agreed([*new, *changed], actor=actor)
    facts += [fact("customer.registered", "customer", customer.pk, actor=actor, name=customer.name) for customer in _customers(new)]
    facts += [fact("customer.changed", "customer", plan.customer.pk, actor=actor, changed=sorted(plan.changed)) for plan in changed if plan.customer]
    record(facts)


def _write_agreed(plans: Sequence[Plan], *, actor: str) -> None:
    """Write contacts, consents, notes and ways to pay. The default way to pay gives way first: there is one at a time."""
    now = timezone.now()
    contacts, notes, consents, preferences = [], [], [], []
    for plan in plans:
        if plan.contact is not None:
            contacts.append(plan.contact)
        consents += plan.consents
        if plan.preference is not None:
            preferences.append(plan.preference)
        if plan.note:
            notes.append(Note(customer=plan.customer, text=plan.note, is_pinned=True, author=actor, created_at=now))
        for row in (plan.contact, plan.preference, *plan.consents):
            if row is not None and row.pk is None:
                row.customer = plan.customer  # type: ignore[assignment]
    for consent in consents:
        consent.noted_by, consent.noted_at = actor, now
    bulk.save_all([row for row in contacts if row.pk], "role", "email", "phone")
    bulk.insert_all([row for row in contacts if not row.pk])
    bulk.insert_all(consents)
    bulk.insert_all(notes)
    before = [plan.preference_before for plan in plans if plan.preference_before is not None]
    for row in before:
        row.is_default = False
    bulk.save_all(before, "is_default")
    for row in preferences:
        row.is_default = True
    bulk.save_all([row for row in preferences if row.pk], "is_default")
    bulk.insert_all([row for row in preferences if not row.pk])


def _customers(plans: Iterable[Plan]) -> list[Customer]:
    return [plan.customer for plan in plans if plan.customer is not None]


def _report(rows: Sequence[Row], plans: Sequence[Plan]) -> Report:
    like = _like([plan.customer for plan in plans if plan.fate == NEW and plan.customer])
    fates = []
    for plan in plans:
        customer = plan.customer
        number = customer.number if customer is not None and customer.pk else ""
        columns = plan.changed if plan.fate == CHANGED else ()
        likely = next((like[key] for key in _keys(customer) if key in like), 0) if customer is not None and plan.fate == NEW else 0
        fates.append(
            Fate(plan.row, plan.called, plan.fate, columns, plan.reason, number, human_number(Customer.NUMBER_PREFIX, likely) if likely else "")
        )
    print_of = hashlib.sha256()
    for row, fate in zip(rows, fates, strict=True):
        print_of.update(repr((row.values, fate.fate, fate.number, fate.columns)).encode())
    return Report(fates, print_of.hexdigest())


def _like(customers: Sequence[Customer]) -> dict[tuple[str, str], int]:
    """Give who has the telephones and e-mails of those who are new already: key → customer. One query."""
    keys = sorted({key for customer in customers for key in _keys(customer)})
    if not keys:
        return {}
    rows = read(
        "SELECT k.kind, k.key, min(k.customer_id) FROM customers_searchkey k"
        " JOIN unnest(%s::text[], %s::text[]) AS wanted(kind, key) ON wanted.kind = k.kind AND wanted.key = k.key GROUP BY 1, 2",
        [[kind for kind, _key in keys], [key for _kind, key in keys]],
    )
    return {(kind, key): pk for kind, key, pk in rows}


def _keys(customer: Customer) -> list[tuple[str, str]]:
    keys = [("p", customer.phone.lstrip("+")), ("e", customer.email.lower())]
    return [key for key in keys if key[1]]
