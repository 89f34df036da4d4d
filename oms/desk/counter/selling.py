"""Selling over the counter: placed, paid, taken away and invoiced, all of it or nothing.

Accounting and shipping do not know each other; this is the one place where both act in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounting.drawers import Tendered, lock_drawer, take_payment
from accounting.invoicing import raise_invoices
from accounting.models import Till
from customers.models import Channel, Customer
from customers.services import AddressDraft, CustomerDraft, known_or_registered
from customers.states import PaymentMethod
from oms.core.access import actor_of
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Conflict
from oms.core.models import User
from oms.core.money import round_amount
from oms.desk.counter.agreeing import Agreement, refuse_who_may_not
from orders.holding import lock_order, release_hold
from orders.models import Hold, Order
from orders.placing import LineDraft, OrderDraft, place_order
from orders.progress import complete_orders
from orders.reserving import reserve_at_counter
from orders.screening import screen_orders
from orders.states import ScreeningKind
from shipping.taking_away import hand_over

WALK_IN = "walk-in"


@dataclass(frozen=True)
class Sale:
    """What somebody buys at a till and how they pay. `customer_id`: None is whoever walked in. `codes`: of promotions, as typed.

    `told`: what they were told it comes to, where they were told. `agreement`: a second person's, to prices that the clerk may not give alone.
    """

    lines: Sequence[LineDraft]
    tendered: Tendered
    customer_id: int | None = None
    codes: Sequence[str] = ()
    told: Decimal | None = None
    agreement: Agreement | None = None


def take_away(till_pk: int, sale: Sale, *, actor: str) -> Order:
    """Sell `sale` at a till: the order is placed, paid, reserved, handed over and invoiced, and is completed when this returns.

    The payment is what is due; what was given above it is change. Locks the till's drawer, the order, its customer, the stock levels and, last,
    the invoice series. Raises what is wrong with the lines, the codes or the payment, and Conflict where the drawer is not open, something is not
    there, it comes to something else than they were told, a second person has not agreed, or the customer may not buy: then nothing is written.
    Not safe to repeat: see `sell_basket`.
    """
    refuse_card_numbers({"reference": sale.tendered.reference})
    with transaction.atomic():
        session = lock_drawer(till_pk)
        placed = place_order(_draft(session.till, sale), actor=actor)
        _let_go_as_agreed(placed, sale.agreement)
        order = lock_order(placed.pk)
        _refuse_another_total(order, sale.told)
        take_payment(session, order.pk, amount=order.total, order_number=order.number, tendered=sale.tendered, actor=actor)
        order = lock_order(order.pk)
        screen_orders([order], kinds=[ScreeningKind.BLOCKED])
        _refuse_if_held(order)
        place = session.till.warehouse_id
        reservations = reserve_at_counter(order, warehouse_id=place, actor=actor)
        hand_over(order, reservations, warehouse_id=place, actor=actor)
        order = lock_order(order.pk)
        raise_invoices([order])
        complete_orders([order])
    return order


def sale_draft(till: Till, lines: Sequence[LineDraft], customer_id: int | None, codes: Sequence[str] = ()) -> OrderDraft:
    """Word what is bought at a till as an order: its goods go no farther than the counter, where tax is due on them."""
    place = till.warehouse
    return OrderDraft(
        channel=till.channel,
        customer_id=customer_id,
        lines=lines,
        codes=codes,
        ship_to=AddressDraft(lines=place.lines, city=place.city, postcode=place.postcode, country=place.country),
        accepts_part_deliveries=False,
    )


def walk_in(channel: Channel) -> Customer:
    """Give the channel's customer whom nobody asked for a name, registered the first time."""
    draft = CustomerDraft(name=_("Walk-in"), external_reference=WALK_IN, payment_method=PaymentMethod.CASH)
    try:
        with transaction.atomic():
            return known_or_registered(draft, channel=channel, actor="counter")
    except IntegrityError:  # another till was first, a moment ago
        return Customer.objects.get(channel=channel, external_reference=WALK_IN)


def known_walk_in(channel: Channel) -> int | None:
    """Give the key of the channel's walk-in customer, once somebody has walked in."""
    return Customer.objects.filter(channel=channel, external_reference=WALK_IN).values_list("pk", flat=True).first()


def _draft(till: Till, sale: Sale) -> OrderDraft:
    customer = sale.customer_id or walk_in(till.channel).pk
    draft = sale_draft(till, sale.lines, customer, sale.codes)
    return replace(draft, payment_method=sale.tendered.method)


def _let_go_as_agreed(placed: Order, agreement: Agreement | None) -> None:
    """Let go what only a second person holds, if they have agreed to just this; the hold keeps who it was. Raises Conflict, NotAllowed."""
    hold = Hold.objects.filter(order=placed, released_at__isnull=True).first() if placed.open_holds else None
    if hold is None:
        return
    if agreement is None or not agreement.is_to(placed):
        raise Conflict(
            _("A second person must agree first: %(reason)s. They type their name and password beside the total.") % {"reason": hold.reason},
            pointer="/approver",
        )
    person = User.objects.get(username=agreement.username)
    refuse_who_may_not(person)
    release_hold(hold.pk, actor=actor_of(person))


def _refuse_if_held(order: Order) -> None:
    if order.open_holds:
        reasons = "; ".join(Hold.objects.filter(order=order, released_at__isnull=True).values_list("reason", flat=True))
        raise Conflict(_("It cannot be sold here: %(reasons)s") % {"reasons": reasons})


def _refuse_another_total(order: Order, told: Decimal | None) -> None:
    if told is not None and told != order.total:
        now, before = (round_amount(amount, order.currency) for amount in (order.total, told))
        raise Conflict(
            _("It comes to %(now)s %(currency)s now, not %(before)s: tell the customer, then take the payment.")
            % {"now": now, "before": before, "currency": order.currency}
        )
