"""How the desk shows money, states and time."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency, format_decimal
from django import template
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core.access import may as may_person
from oms.core.money import digits
from oms.core.wording import worded

register = template.Library()

_COLOURS = {
    "green": ("completed", "delivered", "paid", "received", "sent", "ok", "consumed", "closed"),
    "blue": ("placed", "allocated", "fulfilling", "shipped", "booked", "dispatched", "in_transit", "issued", "picking", "packed", "ordered", "firm"),
    "yellow": ("backordered", "planned", "partly_paid", "partly_shipped", "partly_received", "proposed", "approved", "queued", "unpaid", "soft", "draft"),
    "red": ("exception", "lost", "returned", "overdue", "written_off", "trouble", "held", "rejected"),
}
_COLOUR_OF = {state: colour for colour, states in _COLOURS.items() for state in states}


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
def percent(rate: Any) -> str:
    """Write 0.2 as 20 %."""
    return f"{(Decimal(str(rate)) * 100).normalize():f} %"


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
    """Show a state as a word in its colour."""
    return {"label": label or state.replace("_", " ").capitalize(), "colour": _COLOUR_OF.get(str(state), "secondary")}


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """Say whether who looks at the page may."""
    return may_person(context["request"].user, permission)


@register.filter
def happened(event: Any) -> str:
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
