"""What is still to be paid on an order, by when and how, as its customer is told."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.gateways.registry import gateway_set_up
from accounting.models import Invoice
from customers.states import PaymentMethod
from oms.core.money import ZERO
from orders.models import Order
from orders.states import FulfilmentStatus, OrderState

_AGREED = {
    PaymentMethod.ACCOUNT: gettext_lazy("It is on account."),
    PaymentMethod.CARD: gettext_lazy("You wanted to pay by card."),
    PaymentMethod.CASH: gettext_lazy("You wanted to pay in cash."),
}


@dataclass(frozen=True)
class Part:
    """So much of it, and by when: what is open on an invoice."""

    number: str
    amount: Decimal
    due_on: date
    is_late: bool


@dataclass(frozen=True)
class Owed:
    """What a customer still has to pay.

    `words`: by when and how, in sentences. `parts`: the invoices that are open, where they are to be paid by different days or some of the order
    is not invoiced yet, which is `not_invoiced`. `bank`: where to transfer it; empty where somebody else takes it. `is_payable_online`: there is a
    payment gateway that takes it.
    """

    amount: Decimal
    words: list[str]
    parts: list[Part]
    not_invoiced: Decimal
    bank: str
    is_payable_online: bool = False


def owed_on(order: Order, invoices: list[Invoice]) -> Owed | None:
    """Give what is owed on an order, in the language that is active; None where nothing is. `invoices`: all of the order's."""
    if order.state == OrderState.CANCELLED or order.balance <= 0:
        return None
    if order.payment_method == PaymentMethod.CASH_ON_DELIVERY:
        return Owed(order.balance, [_by_driver(order)], [], ZERO, "")
    today = timezone.localdate()
    parts = [Part(invoice.number, invoice.open_amount, invoice.due_on, invoice.due_on < today) for invoice in invoices if invoice.open_amount > 0]
    not_invoiced = max(order.balance - sum((part.amount for part in parts), ZERO), ZERO)
    in_parts = order.may_ship and (len({part.due_on for part in parts}) > 1 or bool(parts and not_invoiced))
    words = [_by_when(order, parts) if not in_parts else "", str(_AGREED.get(PaymentMethod(order.payment_method), ""))]
    return Owed(
        order.balance, [said for said in words if said], parts if in_parts else [], not_invoiced, settings.COMPANY["bank"], bool(gateway_set_up())
    )


def _by_driver(order: Order) -> str:
    if order.fulfilment_status == FulfilmentStatus.DELIVERED:
        return _("Cash on delivery: what you gave the driver is noted here as soon as we have it.")
    return _("Cash on delivery: you pay the driver who brings it.")


def _by_when(order: Order, parts: list[Part]) -> str:
    if not order.may_ship:
        return _("We send it once it is paid.")
    if parts:
        day = date_format(parts[0].due_on, "j F Y")
        return _("It was due on %(day)s.") % {"day": day} if parts[0].is_late else _("Please pay by %(day)s.") % {"day": day}
    if order.terms_days:
        return _("To be paid %(days)s days after the invoice.") % {"days": order.terms_days}
    return _("To be paid once you have the invoice.")
