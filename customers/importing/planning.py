"""What becomes of each row of a file of customers: decided on rows that were read before, with nothing written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from customers.agreeing import MOST_PREFERENCES
from customers.importing.reading import ADDRESS, CONTACT, DELIVERY, Row
from customers.models import Address, Channel, Consent, Contact, Customer, CustomerGroup, PaymentPreference
from customers.reaching import MOST_PARTS
from customers.services import checked_phone
from customers.states import ConsentChannel
from customers.terms import Terms, terms_of
from oms.core.errors import Invalid
from oms.core.fates import CHANGED, NEW, REFUSED, SAME
from oms.core.sheets import Wrong

# A column of the file → the customer's own.
PLAIN = {
    "reference": "external_reference",
    **{name: name for name in ("name", "kind", "email", "language", "vat_number", "tags", "terms_days", "credit_limit", "invoice_policy")},
    **{name: name for name in ("ship_policy", "accepts_part_deliveries", "preferred_carrier", "delivery_window", "tax_exemption")},
    **{name: name for name in ("is_do_not_call", "note")},
}
FIELDS = sorted({*PLAIN.values(), "payment_method", "group", "phone", "terms_changed_at"})
Reference = tuple[int | None, str]


@dataclass
class Known:
    """What is there of those whom a file names. `consents`: the latest word by channel; `notes`: what is written, as `plainly` has it; `erased`: who
    was erased on their request.
    `may_set_terms`: whoever brings the file may agree on terms and credit limits.
    """

    customers: Mapping[int, Customer]
    references: Mapping[Reference, int]
    addresses: Mapping[int, Sequence[Address]]
    telephones: Mapping[int, set[str]]
    emails: Mapping[int, set[str]]
    channels: Mapping[str, Channel]
    groups: Mapping[str, CustomerGroup]
    contacts: Mapping[int, Sequence[Contact]]
    consents: Mapping[int, Mapping[str, Consent]]
    notes: Mapping[int, set[str]]
    preferences: Mapping[int, Sequence[PaymentPreference]]
    erased: set[int]
    may_set_terms: bool


@dataclass
class Plan:
    """What becomes of a row: its fate, the columns that differ, the reason it is refused for, or a remark; and the rows that are to be written."""

    row: int
    called: str
    fate: str = SAME
    changed: list[str] = field(default_factory=list)
    reason: str = ""
    customer: Customer | None = None
    new_addresses: list[Address] = field(default_factory=list)
    changed_addresses: list[Address] = field(default_factory=list)
    telephones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    terms_before: Terms | None = None
    contact: Contact | None = None
    consents: list[Consent] = field(default_factory=list)
    note: str = ""
    preference: PaymentPreference | None = None
    preference_before: PaymentPreference | None = None


def plan_rows(rows: Iterable[Row], known: Known) -> list[Plan]:
    """Say what becomes of each row. The customers in `known` are changed in memory as their rows say."""
    seen: dict[object, int] = {}
    return [_plan(row, known, seen) for row in rows]


def channel_of(values: Mapping[str, Any], channels: Mapping[str, Channel]) -> Channel | None:
    """Give the channel that a row names. Raises Wrong."""
    code = values.get("channel", "")
    if code and code not in channels:
        raise Wrong(_("there is no channel “%(code)s”") % {"code": code})
    return channels.get(code)


def _plan(row: Row, known: Known, seen: dict[object, int]) -> Plan:
    plan = Plan(row.number, row.called)
    try:
        if row.reason:
            raise Wrong(row.reason)
        customer = _meant(row.values, known)
        if customer is not None and customer.merged_into_id is not None:
            plan.customer, plan.reason = customer, _("it was merged into another, who is left as they are")
            return plan
        channel = channel_of(row.values, known.channels)
        is_new = customer is None
        plan.customer = customer = customer or Customer(channel=channel, currency=channel.currency if channel else settings.BOOKS_CURRENCY)
        _once(row, customer, channel, seen)
        _check(row.values, customer, channel, known)
        if is_new and "name" not in row.values:
            raise Wrong(_("it is new and has no name"))
        _take_over(plan, row.values, known)
        plan.fate = NEW if is_new else CHANGED if plan.changed else SAME
    except Wrong as error:
        plan.fate, plan.reason = REFUSED, str(error)
    except Invalid as error:
        plan.fate, plan.reason = REFUSED, error.sentence
    return plan


def _meant(values: Mapping[str, Any], known: Known) -> Customer | None:
    """Give the customer that a row means: whose number it is, or else whose reference; None for a new one."""
    if "number" not in values:
        channel = channel_of(values, known.channels)
        pk = known.references.get((channel.pk if channel else None, values["reference"]))
        return None if pk is None else known.customers[pk]
    if values["number"] not in known.customers:
        raise Wrong(_("there is no customer with that number"))
    if values["number"] in known.erased:
        raise Wrong(_("they were erased on their request: leave the row out"))
    return known.customers[values["number"]]


def _once(row: Row, customer: Customer, channel: Channel | None, seen: dict[object, int]) -> None:
    keys: list[object] = [customer.pk] if customer.pk else []
    if "reference" in row.values:
        keys.append((customer.channel_id if customer.pk else channel and channel.pk, row.values["reference"]))
    for key in keys:
        if key in seen:
            raise Wrong(_("row %(row)d is of the same customer") % {"row": seen[key]})
    seen.update(dict.fromkeys(keys, row.number))


def _check(values: Mapping[str, Any], customer: Customer, channel: Channel | None, known: Known) -> None:
    """Refuse what cannot be changed from a file."""
    owner = known.references.get((customer.channel_id, values.get("reference", "")))
    if owner is not None and owner != customer.pk:
        raise Wrong(_("its reference belongs to %(number)s") % {"number": known.customers[owner].number})
    if values.get("group") and values["group"] not in known.groups:
        raise Wrong(_("there is no customer group “%(code)s”") % {"code": values["group"]})
    if customer.pk is None:
        customer.currency = values.get("currency", customer.currency)
        return
    if channel is not None and channel.pk != customer.channel_id:
        raise Wrong(_("its channel cannot be changed"))
    if values.get("currency", customer.currency) != customer.currency:
        raise Wrong(_("its currency cannot be changed"))


def _take_over(plan: Plan, values: Mapping[str, Any], known: Known) -> None:
    customer = plan.customer
    assert customer is not None
    before = terms_of(customer)
    _plan_payment(plan, values, known.preferences.get(customer.pk, ()))
    for column, name in [*PLAIN.items(), ("payment_method", "payment_method")]:
        if column in values and getattr(customer, name) != values[column]:
            setattr(customer, name, values[column])
            plan.changed.append(column)
    if terms_of(customer) != before:
        if not known.may_set_terms:
            raise Wrong(_("you may not change terms_days or credit_limit: leave both columns out"))
        plan.terms_before = before
    if "group" in values and customer.group_id != known.groups[values["group"]].pk:
        customer.group = known.groups[values["group"]]
        plan.changed.append("group")
    country = _plan_addresses(plan, values, known.addresses.get(customer.pk, ()))
    _plan_reach(plan, values, known, country)
    _plan_contact(plan, values, known.contacts.get(customer.pk, ()), country)
    _plan_consents(plan, values, known.consents.get(customer.pk, {}))
    if "pinned_note" in values and plainly(values["pinned_note"]) not in known.notes.get(customer.pk, ()):
        plan.note = values["pinned_note"]
        plan.changed.append("pinned_note")


def plainly(text: str) -> str:
    """Give a note as it is compared: a file carries no letters that cannot be printed, and breaks its lines as it likes."""
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())


def _plan_payment(plan: Plan, values: Mapping[str, Any], there: Sequence[PaymentPreference]) -> None:
    """Have who has ways to pay of their own pay by the one that the file names: by the first of that kind, or by a new one."""
    method = values.get("payment_method")
    default = next((row for row in there if row.is_default), None)
    if method is None or default is None or default.method == method:
        return
    if len(there) >= MOST_PREFERENCES and all(row.method != method for row in there):
        raise Wrong(_("it has %(most)d ways to pay already: remove one first") % {"most": MOST_PREFERENCES})
    plan.preference_before = default
    plan.preference = next((row for row in there if row.method == method), PaymentPreference(method=method))


def _plan_contact(plan: Plan, values: Mapping[str, Any], there: Sequence[Contact], country: str) -> None:
    """Add the contact that the file names, or change the one of that name."""
    if "contact_name" not in values:
        return
    name = plainly(values["contact_name"]).lower()
    contact = next((row for row in there if plainly(row.name).lower() == name), None)
    if contact is None and len(there) >= MOST_PARTS:
        raise Wrong(_("it has %(most)d contacts already: remove one first") % {"most": MOST_PARTS})
    given = {column.removeprefix("contact_"): values[column] for column in CONTACT if column in values}
    if "phone" in given:
        given["phone"] = checked_phone(given["phone"], country=country)
    if contact is not None:
        given.pop("name")
    contact = contact or Contact()
    changed = [name for name, value in given.items() if getattr(contact, name) != value]
    for name in changed:
        setattr(contact, name, given[name])
    if changed:
        plan.contact = contact
        plan.changed += [f"contact_{name}" for name in changed]


def _plan_consents(plan: Plan, values: Mapping[str, Any], there: Mapping[str, Consent]) -> None:
    """Note what they said of offers, where it is later than what is known: an old list never undoes what somebody has said since."""
    left = []
    for channel in ConsentChannel.values:
        column = f"consent_{channel}"
        if column not in values:
            continue
        said = Consent(channel=channel, is_given=values[column], source=values[f"{column}_source"], given_on=values[f"{column}_on"])
        known = there.get(channel)
        if known is None or known.given_on < said.given_on:
            plan.consents.append(said)
            plan.changed.append(column)
        elif (known.is_given, known.source, known.given_on) != (said.is_given, said.source, said.given_on):
            left.append(column)
    if left:
        plan.reason = _("%(columns)s: what is known is as late or later, and is left") % {"columns": ", ".join(left)}


def _plan_reach(plan: Plan, values: Mapping[str, Any], known: Known, country: str) -> None:
    """Take numbers as somebody in `country` dials them. Further numbers and e-mails are added, none is taken away."""
    customer = plan.customer
    assert customer is not None
    phone = checked_phone(values.get("phone", ""), country=country)
    if phone and phone != customer.phone:
        customer.phone = phone
        plan.changed.append("phone")
    for number in dict.fromkeys(checked_phone(part, country=country) for part in values.get("telephones", ())):
        if number not in known.telephones.get(customer.pk, ()) and number != customer.phone:
            plan.telephones.append(number)
    have = known.emails.get(customer.pk, set()) | {customer.email.lower()}
    for address in values.get("emails", ()):
        if address.lower() not in have:
            plan.emails.append(address)
            have = have | {address.lower()}
    if plan.telephones and not customer.phone:
        customer.phone, *plan.telephones = plan.telephones
        plan.changed.append("telephones")
    if plan.emails and not customer.email:
        customer.email, *plan.emails = plan.emails
        plan.changed.append("emails")
    plan.changed += ["telephones"] * (bool(plan.telephones) and "telephones" not in plan.changed)
    plan.changed += ["emails"] * (bool(plan.emails) and "emails" not in plan.changed)


def _plan_addresses(plan: Plan, values: Mapping[str, Any], there: Sequence[Address]) -> str:
    """Take over where bills and goods go; where goods go nowhere else they go with the bills. Give the country the customer is in."""
    billing = next((row for row in there if row.is_billing), None)
    delivery = next((row for row in there if row.is_delivery), None)
    given, elsewhere = _place(values, ADDRESS), _place(values, DELIVERY)
    if given:
        if billing is None:
            billing = Address(is_billing=True, is_delivery=delivery is None and not elsewhere, country="")
        _put(plan, billing, given, "")
    if elsewhere and not (delivery in (None, billing) and billing is not None and _is_at(billing, elsewhere)):
        if delivery is None or delivery is billing:
            if billing is not None and billing.is_delivery:
                billing.is_delivery = False
                if billing not in plan.changed_addresses:
                    plan.changed_addresses.append(billing)
            delivery = Address(is_delivery=True, is_billing=billing is None, country=billing.country if billing else "")
        _put(plan, delivery, elsewhere, "delivery_")
    return billing.country if billing else delivery.country if delivery else "GB"


def _place(values: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    fields = ("lines", "city", "region", "postcode", "country")
    return {name: values[column] for name, column in zip(fields, columns, strict=True) if column in values}


def _is_at(address: Address, place: Mapping[str, str]) -> bool:
    return all(getattr(address, name) == value for name, value in place.items())


def _put(plan: Plan, address: Address, place: Mapping[str, str], prefix: str) -> None:
    changed = [name for name, value in place.items() if getattr(address, name) != value]
    for name in changed:
        setattr(address, name, place[name])
    if not (address.lines and address.city and address.country):
        raise Wrong(_("an address needs a street, a city and a country"))
    plan.changed += [prefix + ("street" if name == "lines" else name) for name in changed]
    if address.pk is None:
        plan.new_addresses.append(address)
    elif changed and address not in plan.changed_addresses:
        plan.changed_addresses.append(address)
