"""Why a line costs what it does: kept with the line as it was priced, worded when somebody reads it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from oms.core.money import round_amount
from orders.pricing import Approval, Concern, Explanation, Refused, Source, Why


def kept(why: Explanation, *, by: str) -> dict[str, Any]:
    """Give what a line keeps of `why`; `by`: who placed the order, whose doing a person's price and discount are."""
    reason: dict[str, Any] = {"from": why.source.name.lower()}
    if why.list_name:
        reason["list"] = why.list_name
    if why.from_quantity > 1:
        reason["from_quantity"] = why.from_quantity
    if why.source == Source.AGREED:
        reason["by"] = by
    if why.offs:
        reason["off"] = [
            {"amount": str(amount), "promotion": promotion.name, "code": promotion.code}
            if promotion
            else {"amount": str(amount), "percent": _plain(percent), "by": by}
            for amount, promotion, percent in why.offs
            if amount
        ]
    return reason


def sentence(reason: Mapping[str, Any] | None) -> str:
    """Word what a line has kept; nothing for a line that is older than reasons are."""
    if not reason:
        return ""
    return "; ".join([_price(reason), *(_off(off) for off in reason.get("off", ()))])


def told(reason: Mapping[str, Any] | None) -> str:
    """Word it for the customer: who of us did it is ours."""
    if not reason:
        return ""
    return sentence({**reason, "by": "", "off": [{**off, "by": ""} for off in reason.get("off", ())]})


def is_plain(reason: Mapping[str, Any] | None) -> bool:
    """Say whether there is nothing to tell: what everybody pays for one unit, and nothing off."""
    return not reason or reason == {"from": "everybody"}


def _price(reason: Mapping[str, Any]) -> str:
    facts = {"list": reason.get("list", ""), "who": _who(reason.get("by", "")), "quantity": reason.get("from_quantity", 1)}
    said = {
        "agreed": _("Price agreed by %(who)s") if facts["who"] else _("Price as agreed"),
        "contract": _("Contract price, %(list)s"),
        "group": _("Price of their group, %(list)s"),
        "channel": _("Price of the channel, %(list)s"),
        "everybody": _("List price"),
    }[reason["from"]] % facts
    return said + _(", from %(quantity)s units on") % facts if facts["quantity"] > 1 else said


def _off(off: Mapping[str, Any]) -> str:
    facts = {"percent": "", "promotion": "", "code": "", **off, "who": _who(off.get("by", ""))}
    if facts["percent"]:
        return (_("%(percent)s%% off by %(who)s: −%(amount)s") if facts["who"] else _("%(percent)s%% off: −%(amount)s")) % facts
    if facts["code"]:
        return _("%(promotion)s, code %(code)s: −%(amount)s") % facts
    return _("%(promotion)s: −%(amount)s") % facts


_REFUSALS = {
    Why.NOT_YET: gettext_noop("%(promotion)s has not begun yet."),
    Why.EXPIRED: gettext_noop("%(promotion)s is over."),
    Why.NOT_FOR_YOU: gettext_noop("%(promotion)s is not for this customer or channel."),
    Why.NOT_FIRST: gettext_noop("%(promotion)s is for a first order only."),
    Why.HAD: gettext_noop("%(promotion)s has been used as often as each customer may."),
    Why.USED_UP: gettext_noop("%(promotion)s is used up."),
    Why.NO_GOODS: gettext_noop("%(promotion)s is not for these goods at these prices."),
    Why.MINIMUM: gettext_noop("%(promotion)s needs %(missing)s %(currency)s more."),
    Why.NOTHING: gettext_noop("%(promotion)s takes nothing off: nothing is left to pay."),
    Why.ANOTHER: gettext_noop("Another promotion takes more off than %(promotion)s, and they do not go together."),
}


def refusal(refused: Refused, *, currency: str) -> str:
    """Word why a promotion takes nothing off an order."""
    facts = {"promotion": refused.promotion.name, "missing": _money(refused.missing, currency), "currency": currency}
    return _(_REFUSALS[refused.why]) % facts


def approval(wanted: Approval, *, sku: str, by: str, currency: str) -> str:
    """Word what a second person must agree to, as a hold keeps it."""
    facts = {"sku": sku, "who": _who(by), "currency": currency}
    if wanted.concern == Concern.DISCOUNT:
        facts |= {"given": _plain(wanted.given), "allowed": _plain(wanted.allowed)}
        return _("%(who)s gives %(given)s%% off %(sku)s and may give %(allowed)s%%") % facts
    facts |= {"given": _money(wanted.given, currency), "allowed": _money(wanted.allowed, currency)}
    return _("%(sku)s brings %(given)s %(currency)s and must bring %(allowed)s") % facts


def _money(amount: Decimal, currency: str) -> str:
    return f"{round_amount(amount, currency):f}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _who(actor: str) -> str:
    return actor.removeprefix("user:")
