"""A call becomes an order, or a quotation: once, however often it is sent."""

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import register_customer
from customers.states import PaymentMethod
from oms.core.access import actor_of
from oms.core.errors import Invalid
from oms.core.models import User
from orders.delivering import delivered_by
from orders.drafts import GivenUp, abandon_draft, lock_draft, note_placed
from orders.models import Order, Quotation
from orders.phone.call import Call
from orders.phone.paying import send_payment_link
from orders.phone.quoting import customer_of, order_draft, phone_channel
from orders.placing import OrderDraft, place_order
from orders.quotations import make_quotation
from orders.states import DraftState


def place_call(call: Call, *, person: User) -> tuple[Order, bool]:
    """Place what a call amounts to, and register somebody new with it; give the order, and whether it is a new one. Locks the draft.

    Sent again, it gives the first order. Raises what `place_order` does, Invalid where somebody or something is missing, Overtaken.
    """
    if call.error:
        raise call.error
    with transaction.atomic():
        draft = lock_draft(call.key, seen=call.seen, person=person)
        if draft.order is not None:
            return draft.order, False
        customer = _caller(call, person)
        order = place_order(_agreed(call, customer, person), actor=actor_of(person))
        note_placed(draft, order, call.typed(), seen=call.seen)
        if order.payment_method == PaymentMethod.PAYMENT_LINK:
            send_payment_link(order, by=call.fields.get("link_by", "email"))
    return order, True


def quote_call(call: Call, *, person: User) -> Quotation:
    """Make a quotation of what a call amounts to, instead of an order: the draft is done with, and its stock free. Locks the draft.

    Raises what `make_quotation` does, Invalid where somebody or something is missing, Overtaken; GivenUp where it was sent before.
    """
    if call.error:
        raise call.error
    with transaction.atomic():
        draft = lock_draft(call.key, seen=call.seen, person=person)
        if draft.order is not None or draft.state == DraftState.ABANDONED:
            raise GivenUp(_("That call is over: look among the quotations and orders."))
        customer = _caller(call, person)
        quotation = make_quotation(replace(_agreed(call, customer, person), basket=""), actor=actor_of(person))
        abandon_draft(call.key, person=person)
    return quotation


def _agreed(call: Call, customer: Customer, person: User) -> OrderDraft:
    draft = order_draft(call, customer, actor=actor_of(person))
    return delivered_by(draft, call.delivery, actor=actor_of(person)) if call.delivery else draft


def _caller(call: Call, person: User) -> Customer:
    """Give whose call it is, registered with it where they are new. Raises Invalid where a line or the caller is missing."""
    if call.unmatched:
        raise Invalid(_("Some lines mean no SKU yet: choose one for each, or take them out."), pointer="/unmatched")
    if not call.rows:
        raise Invalid(_("An order needs at least one line: type a quantity and a code, and press Enter."), pointer="/entry")
    customer = customer_of(call)
    if customer is None and not call.is_new_customer:
        raise Invalid(_("Say who is calling: find the customer, or fill in a new one."), pointer="/caller")
    return customer or register_customer(call.customer_draft(), channel=phone_channel(), actor=actor_of(person))
