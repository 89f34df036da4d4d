"""What speaks against an order: decided on plain values, so that the screening and the second look never disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core.money import ZERO, round_amount
from orders.states import ScreeningKind


@dataclass(frozen=True)
class Rule:
    """The figures of a rule that is in force; which of them a kind asks for is in orders.models.screening.FIGURES."""

    amount: Decimal | None = None
    count: int | None = None
    factor: Decimal | None = None


@dataclass(frozen=True)
class Case:
    """An order and what is known of who placed it. Amounts with tax, in the order's currency.

    `exposure`: what they owe, and what is ordered, granted and not yet invoiced, without this order. `earlier`, `earlier_total`: orders before
    this one. `within_hour`: of those, how many in the hour before it. `blocked`: why something on it is on the blocklist.
    """

    total: Decimal
    currency: str
    customer: str
    is_on_terms: bool = False
    is_paid: bool = False
    credit_limit: Decimal | None = None
    exposure: Decimal = ZERO
    is_customer_blocked: bool = False
    blocked: Sequence[str] = ()
    bill_to: Mapping[str, str] | None = None
    ship_to: Mapping[str, str] | None = None
    earlier: int = 0
    earlier_total: Decimal = ZERO
    within_hour: int = 0


def objections(case: Case, rules: Mapping[str, Rule]) -> list[tuple[str, str]]:
    """Give (kind, reason) for each of `rules` that speaks against `case`, in the order of their kinds. A rule that is not there says nothing."""
    return [(kind, reason) for kind, decide in _DECISIONS.items() if (rule := rules.get(kind)) and (reason := decide(case, rule))]


def _credit(case: Case, rule: Rule) -> str:
    limit = case.credit_limit
    if limit is None or not case.is_on_terms or case.is_paid or case.exposure + case.total <= limit:
        return ""
    return _("%(over)s over the credit limit of %(limit)s") % {"over": _told(case.exposure + case.total - limit, case), "limit": _told(limit, case)}


def _blocked(case: Case, rule: Rule) -> str:
    customer = [_("%(customer)s is blocked") % {"customer": case.customer}] if case.is_customer_blocked else []
    return "; ".join([*customer, *(_("On the blocklist: %(reason)s") % {"reason": reason} for reason in case.blocked)])


def _first_order(case: Case, rule: Rule) -> str:
    if case.earlier or case.is_paid or rule.amount is None or case.total <= rule.amount:
        return ""
    return _("A first order of %(total)s: above %(limit)s somebody looks at it") % {
        "total": _told(case.total, case),
        "limit": _told(rule.amount, case),
    }


def _address(case: Case, rule: Rule) -> str:
    bill_to, ship_to = case.bill_to or {}, case.ship_to or {}
    if case.total < (rule.amount or ZERO) or _where(bill_to) == _where(ship_to):
        return ""
    return _("The bill goes to %(bill)s, the goods to %(ship)s") % {"bill": _told_place(bill_to), "ship": _told_place(ship_to)}


def _many_orders(case: Case, rule: Rule) -> str:
    if rule.count is None or case.within_hour < rule.count:
        return ""
    return _("%(orders)d orders within an hour: above %(most)d somebody looks at them") % {"orders": case.within_hour + 1, "most": rule.count}


def _unusual(case: Case, rule: Rule) -> str:
    if rule.factor is None or not case.earlier or case.earlier < (rule.count or 1):
        return ""
    usual = case.earlier_total / case.earlier
    if case.total <= rule.factor * usual:
        return ""
    return _("%(total)s is unusual: %(customer)s orders for %(usual)s on average") % {
        "total": _told(case.total, case),
        "customer": case.customer,
        "usual": _told(usual, case),
    }


_DECISIONS = {
    ScreeningKind.CREDIT: _credit,
    ScreeningKind.BLOCKED: _blocked,
    ScreeningKind.FIRST_ORDER: _first_order,
    ScreeningKind.ADDRESS: _address,
    ScreeningKind.MANY_ORDERS: _many_orders,
    ScreeningKind.UNUSUAL: _unusual,
}


def _where(address: Mapping[str, str]) -> tuple[str, str]:
    """Give what tells two addresses apart for this: country and postcode; how a street is written says little."""
    return address.get("country", ""), "".join(filter(str.isalnum, address.get("postcode", ""))).upper()


def _told_place(address: Mapping[str, str]) -> str:
    return " ".join(filter(None, [address.get("postcode", ""), address.get("country", "")])) or "–"


def _told(amount: Decimal, case: Case) -> str:
    return f"{round_amount(amount, case.currency)} {case.currency}"
