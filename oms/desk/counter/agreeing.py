"""A second person agrees to a price at the till, by their own name and password: to the lines as they are priced then, and to nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.contrib.auth import authenticate
from django.core import signing
from django.utils.translation import gettext as _

from oms.core.access import may
from oms.core.errors import Invalid, NotAllowed
from oms.core.models import User
from orders.models import Order
from orders.models.holds import RELEASED_WITH
from orders.states import HoldKind

GOOD_FOR = timedelta(hours=12)
MAY_AGREE = RELEASED_WITH[HoldKind.PRICE]
_SALT = "counter.agreed"


@dataclass(frozen=True)
class Agreement:
    """Who has agreed, and to what: see `_terms`."""

    username: str
    terms: str

    def is_to(self, order: Order) -> bool:
        """Say whether it is this order that was agreed to: the same units at the same prices, and the same total."""
        return self.terms == _terms(order)


def agree(order: Order, *, key: UUID, username: str, password: str, giver: User) -> str:
    """Give a second person's agreement to selling `order` as it is priced, signed: good for the sale `key` alone, for GOOD_FOR.

    Raises Invalid where name and password do not go together, NotAllowed for who gives the price and for who may not agree to it.
    """
    person = authenticate(username=username, password=password)
    if not isinstance(person, User):
        raise Invalid(_("That name and password do not go together: who agrees types their own."), pointer="/approver")
    if person.pk == giver.pk:
        raise NotAllowed(_("The price is yours: a second person must agree to it."), pointer="/approver")
    refuse_who_may_not(person)
    return signing.dumps({"key": key.hex, "by": person.username, "terms": _terms(order)}, salt=_SALT)


def agreement_in(text: str, *, key: UUID) -> Agreement | None:
    """Read what `agree` has signed for the sale `key`; None where it is too old, another sale's, or nobody's."""
    try:
        said = signing.loads(text, salt=_SALT, max_age=GOOD_FOR) if text else {}
    except signing.BadSignature:
        return None
    return Agreement(said["by"], said["terms"]) if said.get("key") == key.hex else None


def refuse_who_may_not(person: User) -> None:
    """Raise NotAllowed for who may not agree to prices, or not any more."""
    if not may(person, MAY_AGREE):
        raise NotAllowed(_("%(who)s may not agree to prices: ask somebody who may.") % {"who": person.username}, pointer="/approver")


def _terms(order: Order) -> str:
    """Give what is agreed to, as one short word: what each line is, and costs, and what all comes to."""
    lines = [f"{line.sku.code} {line.quantity} {line.net.normalize():f}" for line in order.placed_lines]
    return sha256("\n".join([*lines, f"{order.total.normalize():f}"]).encode()).hexdigest()
