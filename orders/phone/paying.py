"""How what is ordered on the telephone is paid: no card number is ever asked for, so a link goes to who pays."""

from django.conf import settings
from django.utils.translation import gettext as _

from oms.core import messages
from oms.core.errors import Invalid
from oms.core.models import Message
from oms.core.money import round_amount
from orders.models import Order


def send_payment_link(order: Order, *, by: str) -> None:
    """Queue the link under which an order is paid: by e-mail, or as a text message through the mail gateway of SMS_GATEWAY.

    In the caller's transaction. Raises Invalid where there is nowhere to send it.
    """
    if by == "sms":
        if not settings.SMS_GATEWAY:
            raise Invalid(_("Text messages are not set up (SMS_GATEWAY): send the payment link by e-mail."), pointer="/link_by")
        if not order.phone:
            raise Invalid(_("No telephone number is known to send the payment link to."), pointer="/link_by")
        recipient = f"{order.phone.lstrip('+')}@{settings.SMS_GATEWAY}"
    else:
        recipient = order.email
        if not recipient:
            raise Invalid(_("No e-mail is known to send the payment link to: ask for it, or let them pay otherwise."), pointer="/link_by")
    facts = {
        "number": order.number,
        "token": order.public_token,
        "total": str(round_amount(order.total, order.currency)),
        "currency": order.currency,
        "name": order.customer.name,
    }
    kind = "payment_link_sms" if by == "sms" else "payment_link"
    messages.queue([Message(kind=kind, recipient=recipient, language=order.language, data=facts, order_id=order.pk)])
