"""Cash drawers: opened with a float, closed by counting, and never a penny between that nobody can account for."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import posting
from accounting.denominations import denominations
from accounting.ledger import Draft, post
from accounting.models import CashMovement, DrawerSession, Payment, Taking, Till
from accounting.paying import record_payment
from accounting.states import CashKind, DrawerState
from customers.states import PaymentMethod
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.money import ZERO, round_amount
from oms.core.repeats import keep, taken

MOST = Decimal(10) ** 9
MOST_PIECES = 100_000


@dataclass(frozen=True)
class Tendered:
    """How somebody pays at a till: `given` in cash (None: exactly what is due), or the `reference` of the card terminal."""

    method: str
    given: Decimal | None = None
    reference: str = ""


def lock_drawer(till_pk: int) -> DrawerSession:
    """Lock the till's open drawer and give it as it is now. Raises NotFound; Conflict where it is not open."""
    till = Till.objects.filter(pk=till_pk, is_active=True).first()
    if till is None:
        raise NotFound(_("There is no such till."))
    found = lock(DrawerSession.objects.filter(till=till, state=DrawerState.OPEN).select_related("till__warehouse", "till__channel"))
    if not found:
        raise Conflict(_("The drawer of %(till)s is not open: open it with its float first.") % {"till": till.name}, till=till_pk)
    return found[0]


def open_drawer(till_pk: int, *, opening_float: Decimal, actor: str) -> DrawerSession:
    """Open a till's drawer with a float out of the safe. Raises NotFound, Invalid; Conflict where it is open already. Records `drawer.opened`."""
    with transaction.atomic():
        till = Till.objects.select_related("channel").filter(pk=till_pk, is_active=True).first()
        if till is None:
            raise NotFound(_("There is no such till."))
        currency = till.channel.currency
        if not opening_float.is_finite() or not 0 <= opening_float <= MOST or opening_float != round_amount(opening_float, currency):
            raise Invalid(_("A float is an amount of money, in whole cents."), pointer="/float")
        try:
            with transaction.atomic():
                session = DrawerSession.objects.create(
                    till=till,
                    currency=currency,
                    opening_float=opening_float,
                    expected=opening_float,
                    opened_by=actor,
                    opened_at=timezone.now(),
                )
        except IntegrityError:
            raise Conflict(_("The drawer of %(till)s is open already: go on with it.") % {"till": till.name}) from None
        _post(session, session.pk, "opened", "drawer", posting.cash(kind=CashKind.FROM_SAFE, amount=opening_float), actor)
        record([fact("drawer.opened", "drawer", session.pk, actor=actor, till=till.name, float=str(opening_float), currency=currency)])
    return session


def take_payment(session: DrawerSession, order_pk: int, *, amount: Decimal, order_number: str, tendered: Tendered, actor: str) -> Taking:
    """Take what is due on an order at a till whose drawer the caller has locked. What is given above it goes back as change.

    Raises Invalid for a way to pay that a till does not know, a card without the terminal's reference, and cash that is not enough; else as
    `record_payment` does. Records `payment.received`.
    """
    is_cash = tendered.method == PaymentMethod.CASH
    if tendered.method not in (PaymentMethod.CASH, PaymentMethod.CARD):
        raise Invalid(_("At the counter somebody pays in cash or by card."), pointer="/method")
    if not is_cash and not tendered.reference.strip():
        raise Invalid(_("Give the reference on the card terminal's slip."), pointer="/reference")
    given = amount if tendered.given is None or not is_cash else tendered.given
    if not given.is_finite() or given > MOST or given != round_amount(given, session.currency):
        raise Invalid(_("What was given is an amount of money, in whole cents."), pointer="/given")
    if given < amount:
        due, missing = (round_amount(part, session.currency) for part in (amount, amount - given))
        raise Invalid(
            _("%(missing)s %(currency)s are missing: %(due)s is due.") % {"missing": missing, "currency": session.currency, "due": due},
            pointer="/given",
        )
    payment = record_payment(
        order_pk,
        amount=amount,
        method=tendered.method,
        reference=order_number if is_cash else tendered.reference,
        into=posting.CASH_IN_TILLS if is_cash else posting.BANK_CLEARING,
        actor=actor,
    )
    if is_cash:
        _add(session, amount)
    return Taking.objects.create(session=session, payment=payment, cash=amount if is_cash else ZERO, given=given)


def move_cash(till_pk: int, *, kind: str, amount: Decimal, reason: str, actor: str, key: str = "") -> DrawerSession:
    """Put cash into a till's drawer, or take it out, `amount` above zero either way. Locks the drawer.

    `key`: of the form that asks, which moves it once however often it is sent. Raises Invalid, NotFound; Conflict where it is not open, or
    less is in it. Records `drawer.cash_moved`.
    """
    if kind not in CashKind.values:
        raise Invalid(_("Say where the cash goes."), pointer="/kind")
    if not reason.strip():
        raise Invalid(_("Say what the cash is for."), pointer="/reason")
    with transaction.atomic():
        seen = taken(actor, key)
        if seen is not None:
            return DrawerSession.objects.get(pk=int(seen))
        session = lock_drawer(till_pk)
        if not amount.is_finite() or not 0 < amount <= MOST or amount != round_amount(amount, session.currency):
            raise Invalid(_("Cash is an amount above zero, in whole cents."), pointer="/amount")
        signed = amount if kind == CashKind.FROM_SAFE else -amount
        if session.expected + signed < 0:
            raise Conflict(
                _("Only %(there)s %(currency)s should be in the drawer: take out less.")
                % {"there": round_amount(session.expected, session.currency), "currency": session.currency},
                pointer="/amount",
            )
        movement = CashMovement.objects.create(
            session=session, kind=kind, amount=signed, reason=reason.strip()[:200], actor=actor, moved_at=timezone.now()
        )
        _add(session, signed)
        _post(session, movement.pk, "moved", "cash", posting.cash(kind=kind, amount=signed), actor)
        record(
            [
                fact(
                    "drawer.cash_moved",
                    "drawer",
                    session.pk,
                    actor=actor,
                    till=session.till.name,
                    amount=str(signed),
                    currency=session.currency,
                    reason=movement.reason,
                )
            ]
        )
        keep(actor, key, str(session.pk))
    return session


def close_drawer(session_pk: int, *, pieces: Mapping[Decimal, int], note: str = "", actor: str) -> DrawerSession:
    """Close a drawer by counting it, denomination → pieces; all of it goes to the safe, what is over or short to an account of its own.

    Locks the drawer. One that is counted already is given back as it is. Raises Invalid, NotFound. Records `drawer.counted`.
    """
    with transaction.atomic():
        found = lock(DrawerSession.objects.filter(pk=session_pk).select_related("till"))
        if not found:
            raise NotFound(_("There is no such drawer."))
        session = found[0]
        if not session.is_open:
            return session
        if not set(pieces) <= set(denominations(session.currency)) or not all(0 <= number <= MOST_PIECES for number in pieces.values()):
            raise Invalid(_("Count notes and coins of %(currency)s, in whole pieces.") % {"currency": session.currency}, pointer="/pieces")
        counted = sum((value * number for value, number in pieces.items()), ZERO)
        session.close()
        session.counted, session.difference = counted, counted - session.expected
        session.pieces = {str(value): number for value, number in pieces.items() if number}
        session.note = note.strip()[:300]
        session.closed_by, session.closed_at = actor, timezone.now()
        session.save(update_fields=["state", "counted", "difference", "pieces", "note", "closed_by", "closed_at"])
        lines = posting.drawer_counted(counted=counted, expected=session.expected)
        _post(session, session.pk, "counted", "drawer", lines, actor)
        record(
            [
                fact(
                    "drawer.counted",
                    "drawer",
                    session.pk,
                    actor=actor,
                    till=session.till.name,
                    counted=str(counted),
                    difference=str(session.difference),
                    currency=session.currency,
                )
            ]
        )
    return session


def sold_at(session: DrawerSession) -> dict[str, tuple[int, Decimal]]:
    """Give way to pay → (how many sales, for how much) of a drawer. One query."""
    sold: dict[str, tuple[int, Decimal]] = {}
    for method, amount in Payment.objects.filter(taking__session=session).values_list("method", "amount"):
        count, total = sold.get(method, (0, ZERO))
        sold[method] = (count + 1, total + amount)
    return sold


def _add(session: DrawerSession, amount: Decimal) -> None:
    session.expected += amount
    session.save(update_fields=["expected"])


def _post(session: DrawerSession, source_id: int, event: str, source: str, lines: list[posting.Posting], actor: str) -> None:
    memo = f"{session.till.name}: drawer {event}"
    post([Draft(source=source, source_id=source_id, event=event, currency=session.currency, memo=memo, lines=lines, actor=actor)])
