"""Paying on a gateway's page: begun by the customer, settled by the station SETTLE from what the gateway tells, or says when asked.

Locks: the order, then its checkout. No call to a gateway is made inside a transaction.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.gateways.base import CheckoutRequest, GatewayError, GatewayNews, GatewayRefused, HostedCheckout, Outcome
from accounting.gateways.registry import gateway_named, gateway_set_up
from accounting.models import Checkout, Payment, PaymentNotice
from accounting.paying import record_money_taken
from accounting.states import Attention, CheckoutState
from customers.states import PaymentMethod
from oms.core.errors import BusinessError, Conflict, NotFound
from oms.core.events import fact, record, wake
from oms.core.locks import lock_one
from oms.core.money import round_amount
from oms.core.stations import TryLater, hurry
from orders.holding import lock_order
from orders.models import Order
from orders.states import OrderState

ACTOR = "station:settle"
FIRST_LOOK = timedelta(minutes=1)
RAREST_LOOK = timedelta(hours=1)
NEVER_OPENED = timedelta(minutes=5)
GIVEN_UP = timedelta(days=3)


class NotNow(BusinessError):
    """The gateway cannot be reached, or will not have it: pay in another way, or later."""

    code = "gateway_away"
    status = 503


def begin_payment(order_pk: int, *, return_url: str) -> str:
    """Open a checkout over what is owed on an order, or take up the one that is open; give the page on which it is paid, empty where it is paid.

    Pressed twice, even at once, it is one checkout: a row first, one for an order and amount, whose reference the gateway knows a repeat by.
    Makes calls. Raises Conflict where nothing is owed, NotNow where the gateway does not answer or refuses.
    """
    for _attempt in range(2):
        hosted = _hosted(order_pk, return_url)
        if hosted.outcome == Outcome.OPEN:
            return hosted.page_url
        if hosted.outcome == Outcome.PAID:
            return ""
    raise NotNow(_("This cannot be paid online. Please transfer it."))


def _hosted(order_pk: int, return_url: str) -> HostedCheckout:
    """Give the gateway's side of the open checkout over what is owed; one that is over by now is settled, and makes room for another."""
    checkout, is_new = _take_up(order_pk)
    try:
        hosted = None if is_new else gateway_named(checkout.gateway).look_up(checkout.reference)
        if hosted is None:
            hosted = gateway_named(checkout.gateway).open(_request(checkout, return_url))
    except GatewayRefused as refusal:
        _close(checkout)
        raise NotNow(_("This cannot be paid online. Please transfer it.")) from refusal
    except GatewayError as error:
        raise NotNow(_("The payment page cannot be reached at the moment. Please try again in a few minutes, or transfer it.")) from error
    if hosted.outcome == Outcome.OPEN:
        Checkout.objects.filter(pk=checkout.pk).update(page_url=hosted.page_url)
    else:
        settle_checkouts([(checkout, Asked(hosted))])
    return hosted


def _take_up(order_pk: int) -> tuple[Checkout, bool]:
    """Give the open checkout over what is owed on an order, and whether it has just been made."""
    with transaction.atomic():
        order = lock_order(order_pk)
        amount = round_amount(order.balance, order.currency)
        if order.state == OrderState.CANCELLED or amount <= 0:
            raise Conflict(_("Nothing is left to pay."))
        if not gateway_set_up():
            raise NotNow(_("This cannot be paid online. Please transfer it."))
        found = Checkout.objects.filter(order=order, amount=amount, state=CheckoutState.OPEN).select_related("order").first()
        if found is not None:
            return found, False
        now = timezone.now()
        return Checkout.objects.create(
            order=order,
            gateway=gateway_set_up(),
            reference=f"{order.number}-{secrets.token_hex(6)}",
            amount=amount,
            currency=order.currency,
            created_at=now,
            due_at=now + FIRST_LOOK,
        ), True


def _request(checkout: Checkout, return_url: str) -> CheckoutRequest:
    return CheckoutRequest(
        reference=checkout.reference,
        amount=round_amount(checkout.amount, checkout.currency),
        currency=checkout.currency,
        title=f"{settings.COMPANY['name']}: {checkout.order.number}",
        return_url=return_url,
        language=checkout.order.language,
    )


def _close(checkout: Checkout) -> None:
    with transaction.atomic():
        locked = lock_one(Checkout.objects.all(), checkout.pk)
        if locked.state == CheckoutState.OPEN:
            locked.expire()
            locked.due_at = None
            locked.save(update_fields=["state", "due_at"])


def look_soon(order_pk: int) -> list[int]:
    """Have the open checkouts of an order looked at now, and give them, newest first: its customer has come back from the gateway's page."""
    with transaction.atomic():
        pks = list(Checkout.objects.filter(order=order_pk, state=CheckoutState.OPEN).order_by("-id").values_list("pk", flat=True))
        _look_at(pks)
    return pks


def keep_news(gateway: str, news: GatewayNews) -> PaymentNotice:
    """Keep what a gateway told us and wake station SETTLE. Safe to repeat: the same event's id is kept once.

    What speaks of a checkout that nobody here knows is kept for somebody to look at: after a restore it may be money.
    """
    with transaction.atomic():
        known = Checkout.objects.filter(gateway=gateway, reference=news.reference).first()
        checkout = lock_one(Checkout.objects.all(), known.pk) if known else None
        notice, is_new = _noted(gateway, news, checkout)
        if is_new and checkout is not None:
            _look_at([checkout.pk])
    return notice


def _look_at(pks: list[int]) -> None:
    Checkout.objects.filter(pk__in=pks).update(due_at=timezone.now())
    hurry("settle", pks)
    wake("checkout.told")


def _noted(gateway: str, news: GatewayNews, checkout: Checkout | None) -> tuple[PaymentNotice, bool]:
    charge = news.charge
    return PaymentNotice.objects.get_or_create(
        gateway=gateway,
        event_id=news.event_id,
        defaults={
            "checkout": checkout,
            "reference": news.reference,
            "outcome": str(news.outcome),
            "charge_id": charge.charge_id if charge else "",
            "amount": charge.amount if charge else None,
            "currency": charge.currency if charge else "",
            "occurred_at": news.occurred_at,
            "received_at": timezone.now(),
            "attention": "" if checkout else Attention.UNKNOWN,
        },
    )


# --- the station ---


@dataclass(frozen=True)
class Asked:
    """What a gateway said when it was asked. None: it knows of no such checkout."""

    hosted: HostedCheckout | None


def ask_gateway(checkout: Checkout) -> Asked | None:
    """Ask how a checkout stands, unless what its gateway has told us is all that is needed. Makes calls, writes nothing. Raises TryLater.

    A notice of another amount than was asked for is not believed before the gateway has said the same when asked.
    """
    told = list(PaymentNotice.objects.filter(checkout=checkout, applied_at__isnull=True))
    if told and all(notice.is_as_asked(checkout) for notice in told):
        return None
    try:
        return Asked(gateway_named(checkout.gateway).look_up(checkout.reference))
    except GatewayError as error:
        raise TryLater(error.reason) from error


def settle_checkouts(settled: list[tuple[Checkout, Asked | None]]) -> None:
    """Make payments of what gateways told us of checkouts, or said when asked: each charge is booked once, whoever told of it.

    Nothing that was taken is lost: what is more than was owed, or comes after its order was cancelled, is booked as the customer's deposit and
    shown to somebody. Locks each order and its checkout, one after the other. Records `payment.received`, `payment.in_doubt`.
    """
    for checkout, asked in settled:
        _settle(checkout, asked)


@transaction.atomic
def _settle(stale: Checkout, asked: Asked | None) -> None:
    order = lock_order(stale.order_id)
    checkout = lock_one(Checkout.objects.all(), stale.pk)
    hosted = asked.hosted if asked else None
    _keep_answer(checkout, hosted)
    outcomes = {hosted.outcome} if hosted else set()
    is_waiting = False
    for notice in PaymentNotice.objects.filter(checkout=checkout, applied_at__isnull=True).order_by("id"):
        if asked is None and not notice.is_as_asked(checkout):
            is_waiting = True  # it came while others were being looked at: the gateway is asked about it next
            continue
        outcomes.add(Outcome(notice.outcome))
        if notice.outcome == Outcome.PAID:
            _book(order, checkout, notice, hosted)
        notice.applied_at = timezone.now()
        notice.save(update_fields=["applied_at", "payment", "attention"])
        if notice.attention:
            record([fact("payment.in_doubt", "checkout", checkout.pk, order_id=order.pk, actor=ACTOR, reason=str(notice.get_attention_display()))])
    _move(checkout, outcomes, was_asked=asked is not None, is_known=hosted is not None)
    checkout.due_at = timezone.now() if is_waiting else _next_look(checkout)
    checkout.save(update_fields=["state", "due_at"])


def _keep_answer(checkout: Checkout, hosted: HostedCheckout | None) -> None:
    """Keep the charges that a gateway spoke of when asked as notices of their own, but for those it has told us of in the same words."""
    for charge in hosted.charges if hosted else ():
        told = PaymentNotice.objects.filter(
            gateway=checkout.gateway, charge_id=charge.charge_id, amount=charge.amount, currency=charge.currency, checkout=checkout
        )
        if not told.exists():
            news = GatewayNews(
                event_id=f"asked:{charge.charge_id}",
                reference=checkout.reference,
                outcome=Outcome.PAID,
                occurred_at=charge.taken_at,
                charge=charge,
            )
            _noted(checkout.gateway, news, checkout)


def _book(order: Order, checkout: Checkout, notice: PaymentNotice, hosted: HostedCheckout | None) -> None:
    """Book what a notice says was taken, in memory but for the payment; or say why not."""
    assert notice.amount is not None
    booked = Payment.objects.filter(notice__gateway=notice.gateway, notice__charge_id=notice.charge_id).first()
    said = {(charge.charge_id, charge.amount, charge.currency) for charge in hosted.charges} if hosted else set()
    if booked is not None:
        is_same = booked.order_id == order.pk and (booked.amount, booked.currency) == (notice.amount, notice.currency)
        notice.attention = "" if is_same else Attention.CONTRADICTION
    elif not notice.is_as_asked(checkout) and (notice.charge_id, notice.amount, notice.currency) not in said:
        notice.attention = Attention.CONTRADICTION
    elif notice.currency != order.currency or notice.amount != round_amount(notice.amount, order.currency):
        notice.attention = Attention.CURRENCY
    else:
        notice.payment = record_money_taken(
            order.pk,
            amount=notice.amount,
            method=PaymentMethod.PAYMENT_LINK,
            reference=notice.charge_id,
            received_on=timezone.localdate(notice.occurred_at),
            actor=ACTOR,
        )
        notice.attention = _attention(Order.objects.get(pk=order.pk), checkout, notice)


def _attention(order: Order, checkout: Checkout, notice: PaymentNotice) -> str:
    if order.state == OrderState.CANCELLED:
        return Attention.CANCELLED
    if order.paid_total > order.total:
        return Attention.TOO_MUCH
    return "" if notice.is_as_asked(checkout) else Attention.OTHER_AMOUNT


def _move(checkout: Checkout, outcomes: set[Outcome], *, was_asked: bool, is_known: bool) -> None:
    age = timezone.now() - checkout.created_at
    if PaymentNotice.objects.filter(checkout=checkout, payment__isnull=False).exists():
        if checkout.state != CheckoutState.PAID:
            checkout.pay()
    elif checkout.state != CheckoutState.OPEN:
        return
    elif Outcome.DECLINED in outcomes:
        checkout.decline()
    elif Outcome.EXPIRED in outcomes or (was_asked and (age > GIVEN_UP or (not is_known and age > NEVER_OPENED))):
        checkout.expire()


def _next_look(checkout: Checkout) -> datetime | None:
    """Give when to ask about a checkout again: the longer nobody has paid, the later. None: it is settled."""
    if checkout.state != CheckoutState.OPEN:
        return None
    now = timezone.now()
    return now + min(max(now - checkout.created_at, FIRST_LOOK), RAREST_LOOK)


# --- people ---


def note_seen(notice_pk: int, *, actor: str) -> PaymentNotice:
    """Note that somebody has dealt with what a gateway told us. Safe to repeat. Raises NotFound. Records `payment.seen_to`."""
    with transaction.atomic():
        try:
            notice = lock_one(PaymentNotice.objects.select_related("checkout"), notice_pk)
        except PaymentNotice.DoesNotExist:
            raise NotFound(_("There is no such payment.")) from None
        if notice.noted_at is None:
            notice.noted_at, notice.noted_by = timezone.now(), actor
            notice.save(update_fields=["noted_at", "noted_by"])
            order_id = notice.checkout.order_id if notice.checkout else None
            record([fact("payment.seen_to", "notice", notice.pk, order_id=order_id, actor=actor, reference=notice.reference)])
    return notice


def owed_back(order: Order) -> Decimal:
    """Give what was paid on an order beyond what it costs; all of it once it is cancelled."""
    return order.paid_total if order.state == OrderState.CANCELLED else max(order.paid_total - order.total, Decimal(0))
