"""Why this warehouse: the trace of a sourcing decision, told to people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import SourcingDecision

MOST_SHOWN = 50
Step = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """One choice of warehouses: `steps` in plain sentences, the last of them what came of it."""

    made_at: datetime
    steps: tuple[str, ...]

    @property
    def outcome(self) -> str:
        return self.steps[-1] if self.steps else ""


def decisions_of(order_id: int) -> list[Decision]:
    """Give the decisions made for an order, the latest first. One query."""
    rows = SourcingDecision.objects.filter(order_id=order_id).order_by("-id")[:MOST_SHOWN]
    return [Decision(row.made_at, tuple(sentence for step in row.trace if (sentence := told(step)))) for row in rows]


def told(step: Step) -> str:
    """Tell one step of a trace in a sentence; nothing for what says nothing."""
    teller = _TELLERS.get(str(step.get("step")))
    return teller(step) if teller else ""


def _filter(step: Step) -> str:
    dropped = [_("%(place)s %(reason)s") % {"place": place, "reason": _reason(why)} for place, why, *_more in step.get("dropped", ())]
    kept = list(step.get("kept", ()))
    if not dropped:
        return _passed(str(step["step"])) % {"kept": _list(kept)}
    if not kept:
        return _("Left out: %(dropped)s. No warehouse is left.") % {"dropped": "; ".join(dropped)}
    return _("Left out: %(dropped)s. Kept: %(kept)s.") % {"dropped": "; ".join(dropped), "kept": _list(kept)}


def _passed(policy: str) -> str:
    return {
        "serves": _("Serves the destination: %(kept)s."),
        "carries": _("Has some of it: %(kept)s."),
        "capacity": _("Has capacity left today: %(kept)s."),
    }.get(policy, _("Kept: %(kept)s."))


def _reason(why: str) -> str:
    return {
        "does_not_serve": _("does not serve the destination"),
        "has_none": _("has none of it"),
        "no_capacity": _("takes on no more orders today"),
        "already_elsewhere": _("would split the order"),
    }.get(why, why)


def _sort(step: Step) -> str:
    figure = {
        "distance": lambda n: _("%(n)s km") % {"n": n},
        "cost": lambda n: f"{n} {settings.BOOKS_CURRENCY}",
        "promise": lambda n: ngettext("%(n)s day", "%(n)s days", _number(n)) % {"n": n},
        "balance": lambda n: ngettext("%(n)s unit", "%(n)s units", _number(n)) % {"n": n},
    }[step["step"]]
    title = {
        "distance": _("The nearest first: %(order)s."),
        "cost": _("The cheapest freight first: %(order)s."),
        "promise": _("The soonest there first, those that have everything before others: %(order)s."),
        "balance": _("The one with most stock first: %(order)s."),
    }[step["step"]]
    order = [f"{place} ({figure(_plain(n))})" if n else _("%(place)s (no lane)") % {"place": place} for place, n in step.get("order", ())]
    return title % {"order": ", ".join(order) or "–"}


def _split(step: Step) -> str:
    sentences = []
    for place, _why, *figures in step.get("dropped", ()):
        facts = {"place": place, "value": figures[0] if figures else "", "amount": step.get("amount", ""), "currency": settings.BOOKS_CURRENCY}
        sentences.append(
            _("No part from %(place)s: it would be worth %(value)s, less than the %(amount)s %(currency)s that a part must be.") % facts
            if figures
            else _("No part from %(place)s: it would be worth too little.") % facts
        )
    return " ".join(sentences)


def _whole(step: Step) -> str:
    return _("Everything from %(place)s.") % {"place": _chosen(step)}


def _part(step: Step) -> str:
    chosen = step.get("chosen") or ()
    return _("A part from %(place)s; the rest waits.") % {"place": _chosen(step)} if chosen else _("No warehouse has any of it: it waits.")


def _parts(step: Step) -> str:
    return _("In parts: %(places)s.") % {"places": _chosen(step)}


def _never(step: Step) -> str:
    if "kept" in step:
        return _filter(step)
    return _("No warehouse has all of it, and orders are never split: it waits.")


def _complete(step: Step) -> str:
    if "kept" in step:
        return _filter(step)
    if step.get("chosen"):
        return _("The customer takes one delivery: what %(place)s has is kept for it there until the rest has come.") % {"place": _chosen(step)}
    return _("The customer takes one delivery, and no warehouse has any of it: it waits.")


def _chosen(step: Step) -> str:
    names = []
    for chosen in step.get("chosen", ()):
        place, units = (chosen, None) if isinstance(chosen, str) else chosen
        names.append(
            place
            if units is None
            else ngettext("%(place)s (%(units)d unit)", "%(place)s (%(units)d units)", units) % {"place": place, "units": units}
        )
    return _list(names)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "–"


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 2


def _plain(figure: str) -> str:
    """Write a figure without the digits that nobody pays."""
    return figure[:-2] if figure.endswith("00") and "." in figure and len(figure.partition(".")[2]) == 4 else figure


_TELLERS: dict[str, Callable[[Step], str]] = {
    "serves": _filter,
    "carries": _filter,
    "capacity": _filter,
    "distance": _sort,
    "cost": _sort,
    "promise": _sort,
    "balance": _sort,
    "split_value": _split,
    "whole": _whole,
    "part": _part,
    "parts": _parts,
    "never_split": _never,
    "ship_complete": _complete,
}


def shown(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """Show decisions as AnsweredDecision says."""
    return [{"made_at": one.made_at, "steps": list(one.steps)} for one in decisions]
