"""The blocklist: telephone numbers, e-mails and addresses whose orders a person looks at first."""

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import BlockedKey
from customers.services import checked_email, checked_phone
from customers.states import BlockedKind
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record

Key = tuple[str, str]
"""(kind, key): what is compared. Two ways to write the same number, e-mail or address have the same key."""


def email_key(email: str) -> Key:
    return BlockedKind.EMAIL, email.strip().lower()


def phone_key(phone: str) -> Key:
    """`phone` in E.164."""
    return BlockedKind.PHONE, phone.strip()


def address_key(address: Mapping[str, str]) -> Key:
    """Of an address as an order freezes it: country, postcode and street, whatever their case, blanks and punctuation."""
    told = [address.get("country", ""), address.get("postcode", ""), address.get("lines", "")]
    return BlockedKind.ADDRESS, "|".join("".join(filter(str.isalnum, part)).upper() for part in told)[:300]


def keys_of(*, email: str, phone: str, addresses: Iterable[Mapping[str, str]]) -> list[Key]:
    """Give the keys that an order could be on the blocklist with."""
    keys = [address_key(address) for address in addresses if address.get("lines")]
    return [*([email_key(email)] if email else []), *([phone_key(phone)] if phone else []), *dict.fromkeys(keys)]


def blocked_reasons(keys: Iterable[Key]) -> dict[Key, str]:
    """Give for those of `keys` that are on the blocklist why. One query, whatever their number; none for none."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = BlockedKey.objects.filter(lifted_at__isnull=True, key__in={key for _kind, key in wanted}).order_by()
    return {(kind, key): reason for kind, key, reason in rows.values_list("kind", "key", "reason") if (kind, key) in wanted}


def block(kind: str, *, typed: str = "", address: Mapping[str, str] | None = None, country: str = "GB", reason: str, actor: str) -> BlockedKey:
    """Put a number or e-mail (`typed`) or an `address` on the blocklist. Orders that come with it are held.

    Raises Invalid for what cannot be one and without a reason, Conflict where it is blocked already. Records `blocklist.added`.
    """
    reason, shown = reason.strip(), typed.strip()
    if kind == BlockedKind.EMAIL:
        key = email_key(checked_email(shown))
    elif kind == BlockedKind.PHONE:
        key = phone_key(checked_phone(shown, country=country))
    elif kind == BlockedKind.ADDRESS and address:
        key = address_key(address) if address.get("lines") else (kind, "")
        shown = ", ".join(filter(None, [*address.get("lines", "").splitlines(), address.get("postcode", ""), address.get("country", "")]))
    else:
        raise Invalid(_("Say whether it is a telephone number, an e-mail or an address."), pointer="/kind")
    if not key[1]:
        raise Invalid(_("Say what is to be blocked."), pointer="/typed")
    if not reason:
        raise Invalid(_("Say why: whoever looks at a held order reads it."), pointer="/reason")
    try:
        with transaction.atomic():
            row = BlockedKey.objects.create(kind=kind, key=key[1], shown=shown[:300], reason=reason[:300], placed_by=actor)
            record([fact("blocklist.added", "blocklist", row.pk, actor=actor, what=kind, reason=row.reason)])
    except IntegrityError:
        raise Conflict(_("%(shown)s is on the blocklist already.") % {"shown": shown}) from None
    return row


def lift(pk: int, *, actor: str) -> BlockedKey:
    """Take a row off the blocklist. Orders it holds go on by themselves. Safe to repeat. Raises NotFound. Records `blocklist.lifted`."""
    with transaction.atomic():
        lifted = BlockedKey.objects.filter(pk=pk, lifted_at__isnull=True).update(lifted_at=timezone.now(), lifted_by=actor)
        row = BlockedKey.objects.filter(pk=pk).first()
        if row is None:
            raise NotFound(_("There is no such row on the blocklist."))
        if lifted:
            record([fact("blocklist.lifted", "blocklist", pk, actor=actor, what=row.kind)])
    return row
