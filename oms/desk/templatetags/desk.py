"""How the desk shows money, states and time."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency, format_decimal
from django import template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oms.core import stations
from oms.core.access import may as may_person
from oms.core.models import Event, Message
from oms.core.money import digits
from oms.core.readable import human_number
from oms.core.wording import worded
from orders.models import Order
from shipping.models import Shipment
from shipping.states import BEFORE_DISPATCH, ShipmentState

register = template.Library()

# What a state means to who reads it: the class it is drawn with (static/css/tokens.css). What is not here has just begun, or needs nobody.
_MOODS = {
    "done": ("done", "completed", "delivered", "paid", "received", "sent", "consumed", "closed", "proved", "posted", "accepted"),
    "going": (
        "running",
        "open",
        "placed",
        "allocated",
        "fulfilling",
        "shipped",
        "booked",
        "dispatched",
        "in_transit",
        "issued",
        "picking",
        "packed",
        "ordered",
        "acknowledged",
        "active",
        "firm",
    ),
    "waiting": ("backordered", "planned", "partly_paid", "partly_shipped", "partly_received", "proposed", "approved", "queued", "late", "paused"),
    "bad": ("failed", "exception", "lost", "returned", "overdue", "written_off", "trouble", "held", "rejected", "broken"),
    "ended": ("cancelled", "expired", "voided", "credited", "released", "reversed", "ended", "declined", "withdrawn"),
}
_MOOD_OF = {state: mood for mood, states in _MOODS.items() for state in states}
_MESSAGES = {
    "quotation": gettext_lazy("Quotation"),
    "order_confirmation": gettext_lazy("Order confirmation"),
    "payment_link": gettext_lazy("Payment link"),
    "payment_link_sms": gettext_lazy("Payment link, as a text message"),
    "invoice": gettext_lazy("Invoice"),
    "credit_note": gettext_lazy("Credit note"),
    "shipped": gettext_lazy("Shipping notice"),
    "purchase_order": gettext_lazy("Purchase order"),
    "purchase_change": gettext_lazy("Changed purchase order"),
    "purchase_cancelled": gettext_lazy("Cancelled purchase order"),
}
# How people call a document tells which page shows it.
_PAGES = {"SO": "order", "SH": "shipment", "INV": "invoice", "CN": "invoice", "PO": "purchase_order", "VB": "bill", "C": "customer", "V": "vendor"}
_PAGES |= {"QU": "quotation", "ST": "standing_order", "TR": "transfer", "CT": "count"}


@register.filter
def money(amount: Any, currency: str = "GBP") -> str:
    """Write an amount as people of the page's language do, with the currency's own digits."""
    try:
        value = Decimal(str(amount))
    except (InvalidOperation, ValueError):
        return ""
    return format_currency(value, currency or "GBP", locale=_locale(), currency_digits=True)


@register.filter
def amount(value: Any, currency: str = "GBP") -> str:
    """Write an amount without its currency, for columns that name it above."""
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return ""
    places = digits(currency or "GBP")
    return format_decimal(number, format="#,##0." + "0" * places if places else "#,##0", locale=_locale())


@register.filter
def price(value: Any, currency: str = "GBP") -> str:
    """Write what a unit costs, with as many decimals as it has and no fewer than the currency's: 4.815 is not 4.82 where 144 are bought."""
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return ""
    places = digits(currency or "GBP")
    return format_decimal(number, format="#,##0." + "0" * places + "#" * max(4 - places, 0), locale=_locale())


@register.filter
def percent(rate: Any) -> str:
    """Write 0.2 as 20 %."""
    return f"{(Decimal(str(rate)) * 100).normalize():f} %"


@register.filter
def share(part: Any) -> str:
    """Write 0.873 as 87 %."""
    return f"{round(float(part) * 100)} %"


@register.filter
def ago(instant: datetime | None) -> str:
    """Say how long ago, in the two words that matter."""
    if instant is None:
        return ""
    seconds = max(0, int((timezone.now() - instant).total_seconds()))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(n)d h") % {"n": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


@register.inclusion_tag("components/_status.html")
def status(state: str, label: str = "") -> dict[str, str]:
    """Show a state as a word, with a mark of its own colour and shape."""
    return {"label": label or state.replace("_", " ").capitalize(), "mood": _MOOD_OF.get(str(state), "idle")}


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """Say whether who looks at the page may."""
    return may_person(context["request"].user, permission)


@register.filter
def page_of(label: str) -> str:
    """Give the address of the page of the document that people call `label` (SO-1001, INV-000012); empty where it has none."""
    name = _PAGES.get(label.partition("-")[0])
    return reverse(name, args=[label]) if name and "/" not in label else ""


@register.filter
def station_title(name: str) -> str:
    """Give what people call the station `name`."""
    known = {station.name: station.title for station in stations.line()}
    return str(known.get(name, name))


@register.filter
def order_number(pk: int) -> str:
    """Give the number of the order in row `pk`, for rows that know no more of it."""
    return human_number(Order.NUMBER_PREFIX, pk)


@register.filter
def message_kind(message: Message) -> str:
    """Say what a message is about, where it has no subject yet."""
    return str(_MESSAGES.get(message.kind, message.kind))


@register.filter
def message_state(message: Message) -> str:
    return _("Sent") if message.state == "sent" else _("Queued")


@register.filter
def shipment_news(shipment: Shipment) -> str:
    """Say to the customer how far a shipment has come."""
    if shipment.is_on_the_way or shipment.state == ShipmentState.DELIVERED:
        return _("Delivered") if shipment.state == ShipmentState.DELIVERED else _("On its way")
    return _("Being packed") if shipment.state in BEFORE_DISPATCH else str(shipment.get_state_display())


@register.filter
def happened(event: Event) -> str:
    """Word an event for people."""
    return worded(event)


@register.filter
def who(actor: str) -> str:
    """Name who did it: the person, the key, the station."""
    kind, _colon, name = actor.partition(":")
    if kind == "station":
        return _("the line")
    if kind == "key":
        return _("storefront")
    return name or actor


@register.filter
def minus(left: Any, right: Any) -> Any:
    return left - right


def _locale() -> str:
    return (translation.get_language() or "en").replace("-", "_").split("_")[0]
