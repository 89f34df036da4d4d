"""Money that comes in."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import posting
from accounting.invoicing import post_allocations
from accounting.ledger import Draft, post
from accounting.models import Invoice, Payment, PaymentAllocation
from customers.services import add_to_balances
from customers.states import PaymentMethod
from oms.core import bulk
from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.money import ZERO, round_amount
from orders.holding import lock_order
from orders.models import Order
from orders.progress import note_paid

MOST = Decimal(10) ** 14


def record_payment(
    order_pk: int,
    *,
    amount: Decimal,
    method: str,
    reference: str,
    received_on: date | None = None,
    into: str = posting.BANK_CLEARING,
    actor: str,
) -> Payment:
    """Record `amount`, in the order's currency, paid on an order; put it against its open invoices, the oldest first.

    `into`: the account it is debited to, by its role. What is left over waits as a deposit for the next invoice.
    Locks the order, its open invoices and the customer. Safe to repeat: the same customer, method and
    reference give the first payment back (Conflict if the amount differs). Raises Invalid for an amount that is not above zero or finer than the
    currency, and for more than is owed; Conflict on a closed order. Records `payment.received`.
    """
    reference = reference.strip()
    if not reference:
        raise Invalid(_("Give the payment's reference, from the bank statement or the card terminal."), pointer="/reference")
    if method not in PaymentMethod.values:
        raise Invalid(_("There is no payment method %(method)s.") % {"method": method}, pointer="/method")
    with transaction.atomic():
        order, known = _locked(order_pk, amount=amount, method=method, reference=reference)
        if known is not None:
            return known
        if not order.is_open:
            raise Conflict(
                _("%(number)s is %(state)s: no payment is due on it.") % {"number": order.number, "state": order.get_state_display().lower()}
            )
        if amount > order.balance:
            raise Invalid(
                _("%(number)s has only %(balance)s %(currency)s left to pay.")
                % {"number": order.number, "balance": round_amount(order.balance, order.currency), "currency": order.currency},
                pointer="/amount",
            )
        return _record(order, amount=amount, method=method, reference=reference, received_on=received_on, into=into, actor=actor)


def record_money_taken(order_pk: int, *, amount: Decimal, method: str, reference: str, received_on: date, actor: str) -> Payment:
    """Record money that is ours already, whatever is owed: as `record_payment`, but nothing of it is too much, and no order too closed.

    What no invoice takes is the customer's deposit. Locks and records as `record_payment` does, and is as safe to repeat. Raises Invalid for an
    amount that is none.
    """
    with transaction.atomic():
        order, known = _locked(order_pk, amount=amount, method=method, reference=reference)
        if known is not None:
            return known
        return _record(order, amount=amount, method=method, reference=reference, received_on=received_on, into=posting.BANK_CLEARING, actor=actor)


def _locked(order_pk: int, *, amount: Decimal, method: str, reference: str) -> tuple[Order, Payment | None]:
    """Lock an order, and give with it the payment that is recorded already under this method and reference. Raises Invalid, Conflict."""
    order = lock_order(order_pk)
    if not amount.is_finite() or not 0 < amount <= MOST or amount != round_amount(amount, order.currency):
        raise Invalid(_("A payment is an amount above zero, in whole cents."), pointer="/amount")
    known = Payment.objects.filter(customer=order.customer_id, method=method, reference=reference).first()
    return order, _repeated(known, order_pk, amount) if known else None


def _record(order: Order, *, amount: Decimal, method: str, reference: str, received_on: date | None, into: str, actor: str) -> Payment:
    payment = Payment.objects.create(
        customer_id=order.customer_id,
        order=order,
        method=method,
        reference=reference,
        currency=order.currency,
        amount=amount,
        received_on=received_on or timezone.localdate(),
        actor=actor,
        created_at=timezone.now(),
    )
    post(
        [
            Draft(
                source="payment",
                source_id=payment.pk,
                event="received",
                currency=payment.currency,
                memo=f"Payment {reference} on {order.number}",
                lines=posting.payment(amount=amount, into=into),
                actor=actor,
                order_id=order.pk,
            )
        ]
    )
    allocated = _put_against_invoices(payment, actor)
    add_to_balances({order.customer_id: -allocated})
    note_paid(order, amount)
    record(
        [
            fact(
                "payment.received",
                "payment",
                payment.pk,
                order_id=order.pk,
                actor=actor,
                amount=str(amount),
                currency=payment.currency,
                method=method,
                reference=reference,
            )
        ]
    )
    return payment


def _repeated(known: Payment, order_pk: int, amount: Decimal) -> Payment:
    if known.order_id == order_pk and known.amount == amount:
        return known
    raise Conflict(
        _("The payment %(reference)s is recorded already, for another amount or order.") % {"reference": known.reference},
        pointer="/reference",
    )


def _put_against_invoices(payment: Payment, actor: str) -> Decimal:
    invoices = lock(Invoice.objects.open().filter(order=payment.order))
    now = timezone.now()
    allocations = []
    for invoice in invoices:
        part = min(payment.unallocated, invoice.open_amount)
        if part > 0:
            invoice.paid += part
            payment.allocated += part
            invoice.follow_payment()
            allocations.append(PaymentAllocation(payment=payment, invoice=invoice, amount=part, created_at=now))
    bulk.save_all(invoices, "state", "paid")
    if allocations:
        payment.save(update_fields=["allocated"])
        bulk.insert_all(allocations)
        post_allocations(allocations, actor=actor)
    return sum((allocation.amount for allocation in allocations), ZERO)
