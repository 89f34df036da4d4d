"""What is looked for in every order: the rules that managers keep."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from oms.core.locks import lock, take_turn
from orders.holding import look_again
from orders.models import ScreeningRule
from orders.models.screening import FIGURES
from orders.states import ScreeningKind

MOST_AMOUNT = 10_000_000
MOST_COUNT = 10_000
MOST_FACTOR = 1_000

# What is looked for until a manager says otherwise, and the figures that the rest starts from: kind, on, amount, count, factor.
USUAL: list[tuple[ScreeningKind, bool, int | None, int | None, int | None]] = [
    (ScreeningKind.CREDIT, True, None, None, None),
    (ScreeningKind.BLOCKED, True, None, None, None),
    (ScreeningKind.FIRST_ORDER, False, 2_000, None, None),
    (ScreeningKind.ADDRESS, False, 1_000, None, None),
    (ScreeningKind.MANY_ORDERS, False, None, 5, None),
    (ScreeningKind.UNUSUAL, False, None, 3, 5),
]


@dataclass(frozen=True)
class RuleChange:
    """A rule as somebody wants it. What a kind does not ask for is left out."""

    kind: str
    is_active: bool
    amount: Decimal | None = None
    count: int | None = None
    factor: Decimal | None = None


def set_up_rules() -> None:
    """Make the rules that are not there yet, as they usually are. Safe to repeat."""
    rows = [
        ScreeningRule(kind=kind, is_active=is_active, amount=amount, count=count, factor=factor) for kind, is_active, amount, count, factor in USUAL
    ]
    ScreeningRule.objects.bulk_create(rows, ignore_conflicts=True)


def all_rules() -> list[RuleChange]:
    """Give every rule, those in force and those switched off. One query."""
    return [RuleChange(rule.kind, rule.is_active, rule.amount, rule.count, rule.factor) for rule in ScreeningRule.objects.all()]


def version_of(rules: Iterable[RuleChange]) -> str:
    """Give what tells one set of rules from another: sent back with a change, so that nobody writes over what somebody else has just changed."""
    told = [[rule.kind, rule.is_active, *(None if n is None else f"{Decimal(n).normalize():f}" for n in _figures(rule))] for rule in rules]
    return hashlib.sha256(json.dumps(sorted(told)).encode()).hexdigest()[:16]


def change_rules(changes: Sequence[RuleChange], *, actor: str, seen: str = "") -> None:
    """Set the rules that `changes` name; the others stay. Orders that are held are looked at again under them.

    `seen`: the version of the rules that this is a change of; Conflict where they are others by now. Locks the rules. Safe to repeat. Raises
    Invalid for an unknown kind, and a figure that is missing or out of bounds. Records `screening.changed`.
    """
    for number, change in enumerate(changes):
        _check(change, f"/rules/{number}")
    with transaction.atomic():
        take_turn("screening rules")
        if seen and seen != version_of(all_rules()):
            raise Conflict(_("Somebody has changed the rules in the meantime: look at them again."))
        known = {rule.kind: rule for rule in lock(ScreeningRule.objects.all())}
        for change in changes:
            rule = known.get(change.kind) or ScreeningRule(kind=change.kind)
            rule.is_active = change.is_active
            for column in FIGURES[change.kind]:
                setattr(rule, column, getattr(change, column))
            rule.save()
        look_again()
        active = ", ".join(rule.kind for rule in ScreeningRule.objects.filter(is_active=True))
        record([fact("screening.changed", "screening", 0, actor=actor, rules=active)])


def _figures(rule: RuleChange) -> list[Decimal | int | None]:
    return [rule.amount, rule.count, rule.factor]


def _check(change: RuleChange, pointer: str) -> None:
    if change.kind not in ScreeningKind.values:
        raise Invalid(_("There is no rule %(kind)s.") % {"kind": change.kind[:40]}, pointer=f"{pointer}/kind")
    asked = FIGURES[change.kind]
    if "amount" in asked:
        _between(change.amount, 0, MOST_AMOUNT, change, _("the amount"), f"{pointer}/amount")
    if "count" in asked:
        _between(change.count, 1, MOST_COUNT, change, _("the number of orders"), f"{pointer}/count")
    if "factor" in asked:
        _between(change.factor, Decimal("1.01"), MOST_FACTOR, change, _("how many times what is usual"), f"{pointer}/factor")


def _between(figure: Decimal | int | None, least: Decimal | int, most: int, change: RuleChange, what: str, pointer: str) -> None:
    facts = {"rule": ScreeningKind(change.kind).label, "what": what, "least": least, "most": most}
    if figure is None:
        if change.is_active:
            raise Invalid(_("“%(rule)s” needs %(what)s.") % facts, pointer=pointer)
    elif not Decimal(figure).is_finite() or not least <= figure <= most:
        raise Invalid(_("“%(rule)s”: %(what)s lies between %(least)s and %(most)d.") % facts, pointer=pointer)
