"""Quotations: what an order would be, offered until a day, and placed exactly so when it is accepted."""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Sku
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from orders.models import Order, OrderCharge, OrderLine, Quotation
from orders.placing import OrderDraft, place_as_quoted, quote
from orders.states import QuotationState

USUAL_DAYS = 14
MOST_DAYS = 365


def make_quotation(draft: OrderDraft, *, days: int = USUAL_DAYS, actor: str) -> Quotation:
    """Price `draft` as an order would be, freeze it, and offer it for `days`. A station makes its PDF and sends it.

    Holds no stock and uses up no promotion. Raises what placing would raise, and Invalid for days out of bounds. Not safe to repeat. Records
    `quotation.made`.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(_("A quotation is good for 1 to %(most)d days.") % {"most": MOST_DAYS}, pointer="/days")
    with transaction.atomic():
        priced = quote(draft, actor=actor)
        if priced.codes:
            raise Invalid(" ".join(priced.codes.values()), pointer="/codes")
        order = priced.order
        if order.customer_id is None:
            raise Invalid(_("Say whom it is for: a quotation needs a customer."), pointer="/customer")
        order.basket = ""
        quotation = Quotation.objects.create(
            customer=order.customer,
            channel=order.channel,
            valid_until=timezone.localdate() + timedelta(days=days),
            public_token=secrets.token_urlsafe(18),
            currency=order.currency,
            language=order.language,
            email=order.email,
            net_total=order.net_total,
            tax_total=order.tax_total,
            total=order.total,
            frozen=_frozen([order, *order.placed_lines, *priced.charges]),
            approvals=list(priced.approvals),
            created_by=actor,
            created_at=timezone.now(),
        )
        record([_fact("quotation.made", quotation, actor, total=str(quotation.total), currency=quotation.currency)])
    return quotation


def accept_quotation(pk: int, *, actor: str) -> Order:
    """Place the order that a quotation offers, at exactly its prices. Locks the quotation.

    Accepting it again gives the same order. Raises NotFound; Conflict once it is over, declined or withdrawn, and where something on it is no longer
    sold. Records `quotation.accepted` and `order.placed`.
    """
    with transaction.atomic():
        quotation = _locked(pk)
        if quotation.order is not None:
            return quotation.order
        _check_open(quotation)
        order, lines, charges = offered(quotation)
        gone = Sku.objects.filter(pk__in=[line.sku_id for line in lines], is_active=False).values_list("code", flat=True)
        if gone:
            raise Conflict(_("%(codes)s is no longer sold: ask for a new quotation.") % {"codes": ", ".join(gone)})
        customer = quotation.customer.kept
        order.customer, order.channel = customer, quotation.channel
        order.public_token, order.placed_at, order.placed_by = secrets.token_urlsafe(18), timezone.now(), actor
        place_as_quoted(order, lines, charges, approvals=quotation.approvals, actor=actor)
        quotation.accept()
        quotation.order = order
        _decide(quotation, actor)
        record([_fact("quotation.accepted", quotation, actor, order_id=order.pk, order=order.number)])
    return order


def decline_quotation(pk: int, *, actor: str) -> Quotation:
    """Note that the customer does not want it. Locks it. Declining it twice changes nothing. Raises Conflict. Records `quotation.declined`."""
    return _close(pk, QuotationState.DECLINED, "quotation.declined", actor)


def withdraw_quotation(pk: int, *, actor: str) -> Quotation:
    """Offer it no more. Locks it. Withdrawing it twice changes nothing. Raises Conflict. Records `quotation.withdrawn`."""
    return _close(pk, QuotationState.WITHDRAWN, "quotation.withdrawn", actor)


def offered(quotation: Quotation) -> tuple[Order, list[OrderLine], list[OrderCharge]]:
    """Give what a quotation offers as rows that are not saved: the order, its lines and its charges."""
    rows = [kept.object for kept in serializers.deserialize("python", quotation.frozen, handle_forward_references=True)]
    return (
        next(row for row in rows if isinstance(row, Order)),
        [row for row in rows if isinstance(row, OrderLine)],
        [row for row in rows if isinstance(row, OrderCharge)],
    )


def _frozen(rows: Sequence[Any]) -> list[dict[str, Any]]:
    frozen: list[dict[str, Any]] = json.loads(json.dumps(serializers.serialize("python", rows), cls=DjangoJSONEncoder))
    for row in frozen:
        row["pk"] = None
        row["fields"].pop("order", None)
    return frozen


def _close(pk: int, state: str, kind: str, actor: str) -> Quotation:
    with transaction.atomic():
        quotation = _locked(pk)
        if quotation.state == state:
            return quotation
        if quotation.state != QuotationState.OPEN:
            raise _closed(quotation)
        quotation.decline() if state == QuotationState.DECLINED else quotation.withdraw()
        _decide(quotation, actor)
        record([_fact(kind, quotation, actor)])
    return quotation


def _locked(pk: int) -> Quotation:
    try:
        return lock_one(Quotation.objects.all(), pk)
    except Quotation.DoesNotExist:
        raise NotFound(_("There is no such quotation.")) from None


def _check_open(quotation: Quotation) -> None:
    if quotation.is_expired:
        raise Conflict(
            _("%(number)s was good until %(day)s: ask for a new one.") % {"number": quotation.number, "day": quotation.valid_until.isoformat()}
        )
    if quotation.state != QuotationState.OPEN:
        raise _closed(quotation)


def _closed(quotation: Quotation) -> BusinessError:
    return Conflict(_("%(number)s is %(state)s.") % {"number": quotation.number, "state": quotation.get_state_display().lower()})


def _decide(quotation: Quotation, actor: str) -> None:
    quotation.decided_by, quotation.decided_at = actor, timezone.now()
    quotation.save(update_fields=["state", "order", "decided_by", "decided_at"])


def _fact(kind: str, quotation: Quotation, actor: str, *, order_id: int | None = None, **facts: str) -> Any:
    return fact(kind, "quotation", quotation.pk, order_id=order_id, actor=actor, number=quotation.number, **facts)
