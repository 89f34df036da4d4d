"""The page of the sourcing rules: edited, simulated and put in force; lanes and capacities beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from inventory.coverage import coverage
from inventory.sourcing import RuleChange, all_rules, change_rules, set_capacity, version_of
from inventory.states import SourcingPolicy
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import Invalid
from oms.core.money import round_amount
from orders.models import SourcingSimulation
from orders.simulating import MOST_DAYS, ask_for_simulation, put_in_force

USUAL_DAYS = 30
# The pipeline: first all that leave warehouses out, then all that sort them, then what splits. A step moves among its like.
STAGES = [
    ("filter", lambda: _("Leave out"), ("serves", "carries", "capacity")),
    ("sort", lambda: _("Then sort"), ("distance", "cost", "promise", "balance")),
    ("split", lambda: _("Then split"), ("split_value", "never_split")),
]


@dataclass(frozen=True)
class RuleRow:
    """A step as the page shows it. `number`: its place among those in force, 0 where it is off."""

    policy: str
    title: str
    says: str
    is_active: bool
    amount: str
    asks_amount: bool
    stage: str
    number: int
    can_rise: bool
    can_sink: bool
    is_moved: str


@staff_may("inventory.view_stocklevel")
def sourcing(request: HttpRequest) -> HttpResponse:
    """Show the steps in their order, as they are or as somebody is about to have them; what was simulated; lanes, coverage and capacities."""
    saved = _staged(all_rules())
    edited = _from_form(request.GET, saved) if "policy" in request.GET else saved
    moved = request.GET.get("moved", "")
    served = coverage()
    context = {
        "rows": _rows(edited, moved),
        "is_edited": version_of(edited) != version_of(saved),
        "version": version_of(all_rules()),
        "days": USUAL_DAYS,
        "most_days": MOST_DAYS,
        "coverage": served,
        "simulations": SourcingSimulation.objects.order_by("-id")[:8],
        "currency": settings.BOOKS_CURRENCY,
        "may_change": may(request.user, "inventory.change_sourcingrule"),
        "may_change_lanes": may(request.user, "inventory.change_lane") and request.user.is_staff,
    }
    return render(request, "orders/sourcing.html", context)


@require_POST
@staff_may("inventory.change_sourcingrule")
def edit(request: HttpRequest) -> HttpResponse:
    """Move a step up or down in the form; nothing is in force before it is said so."""
    move = request.POST.get("move", "")
    rules = _moved(_from_form(request.POST, all_rules()), move)
    query = [("policy", rule.policy) for rule in rules] + [("on", rule.policy) for rule in rules if rule.is_active]
    query += [("amount", f"{rule.amount:f}") for rule in rules if rule.amount is not None] + [("moved", move[:40])]
    return redirect(f"{reverse('sourcing')}?{urlencode(query)}")


@require_POST
@staff_may("inventory.change_sourcingrule")
def change(request: HttpRequest) -> HttpResponse:
    """Put the edited rules in force."""
    rules = _from_form(request.POST, all_rules())
    change_rules(rules, actor=actor_of(request.user), seen=request.POST.get("version", "")[:40])
    messages.success(request, _("These rules are in force. What waits is looked at again."))
    return redirect("sourcing")


@require_POST
@staff_may("inventory.change_sourcingrule")
def simulate(request: HttpRequest) -> HttpResponse:
    """Ask for a simulation of the edited rules, and go where it is shown."""
    days = request.POST.get("days", "").strip()
    if not (days.isascii() and days.isdigit() and len(days) < 5):
        raise Invalid(_("Replay between 1 and %(most)d days.") % {"most": MOST_DAYS}, pointer="/days")
    simulation = ask_for_simulation(_from_form(request.POST, all_rules()), days=int(days), actor=actor_of(request.user))
    return redirect("simulation", simulation.pk)


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("inventory.view_stocklevel")
def simulation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a simulation: how far it is, then what would have been, beside today's rules. To htmx the part that changes alone."""
    found = get_object_or_404(SourcingSimulation, pk=pk) if pk < 2**63 else None
    if found is None:
        raise Http404
    context = {
        "simulation": found,
        "rules": _told(found.rules),
        "today": _told(found.today),
        "comparison": _comparison(found),
        "may_change": may(request.user, "inventory.change_sourcingrule"),
        "is_fragment": bool(request.htmx) and not request.htmx.history_restore_request,
    }
    return render(request, "orders/_simulation.html" if context["is_fragment"] else "orders/simulation.html", context)


@require_POST
@staff_may("inventory.change_sourcingrule")
def apply_simulation(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the rules of a simulation in force."""
    put_in_force(pk, actor=actor_of(request.user))
    messages.success(request, _("These rules are in force. What waits is looked at again."))
    return redirect("sourcing")


@require_POST
@staff_may("inventory.change_warehouse")
def capacity(request: HttpRequest, pk: int) -> HttpResponse:
    """Set how many orders a warehouse takes on in a day; nothing given: any number."""
    text = request.POST.get("capacity", "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid(_("A capacity is a whole number; leave it empty for any number."), pointer="/capacity")
    warehouse = set_capacity(pk, int(text) if text else None, actor=actor_of(request.user))
    messages.success(request, _("The capacity of %(warehouse)s is changed.") % {"warehouse": warehouse.name})
    return redirect("sourcing")


# --- the form --------------------------------------------------------------------------------------------------------


def _from_form(form: QueryDict, known: Sequence[RuleChange]) -> list[RuleChange]:
    """Give the rules as the form has them, in its order; a policy that it does not name stays as it was, at the end. Raises Invalid."""
    policies = [policy for policy in dict.fromkeys(form.getlist("policy")) if policy in SourcingPolicy.values]
    policies += [rule.policy for rule in known if rule.policy not in policies]
    on = set(form.getlist("on")) if "policy" in form else {rule.policy for rule in known if rule.is_active}
    amount = _amount(form.get("amount", ""))
    split = SourcingPolicy.SPLIT_VALUE
    rules = [RuleChange(policy, 10 * n, policy in on, amount if policy == split else None) for n, policy in enumerate(policies, start=1)]
    return _staged(rules)


def _amount(text: str) -> Decimal | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if len(text) > 20 or not amount.is_finite():
        raise Invalid(_("What every part must be worth is an amount, such as 20.00."), pointer="/amount")
    return amount


def _staged(rules: Sequence[RuleChange]) -> list[RuleChange]:
    """Give `rules` in the order they are worked: what leaves out, what sorts, what splits."""
    ordered = [rule for _name, _title, policies in STAGES for rule in rules if rule.policy in policies]
    return [rule._replace(position=10 * number) for number, rule in enumerate(ordered, start=1)]


def _moved(rules: list[RuleChange], move: str) -> list[RuleChange]:
    """Give `rules` with one of them a place higher or lower among its like: `up:distance`."""
    way, _colon, policy = move.partition(":")
    here = next((n for n, rule in enumerate(rules) if rule.policy == policy), None)
    if here is None or way not in ("up", "down"):
        return rules
    there = here + (-1 if way == "up" else 1)
    if not 0 <= there < len(rules) or _stage_of(rules[there].policy) != _stage_of(policy):
        return rules
    rules[here], rules[there] = rules[there], rules[here]
    return [rule._replace(position=10 * number) for number, rule in enumerate(rules, start=1)]


def _stage_of(policy: str) -> str:
    return next(name for name, _title, policies in STAGES if policy in policies)


def _rows(rules: Sequence[RuleChange], moved: str) -> list[RuleRow]:
    stages = [_stage_of(rule.policy) for rule in rules]
    titles = {name: title() for name, title, _policies in STAGES}
    says = _says()
    way, _colon, policy_moved = moved.partition(":")
    rows, number = [], 0
    for here, rule in enumerate(rules):
        number += rule.is_active
        rows.append(
            RuleRow(
                rule.policy,
                str(SourcingPolicy(rule.policy).label),
                says[rule.policy],
                rule.is_active,
                "" if rule.amount is None else f"{rule.amount.normalize():f}",
                rule.policy == SourcingPolicy.SPLIT_VALUE,
                titles[stages[here]] if here == 0 or stages[here] != stages[here - 1] else "",
                number if rule.is_active else 0,
                here > 0 and stages[here - 1] == stages[here],
                here + 1 < len(rules) and stages[here + 1] == stages[here],
                way if rule.policy == policy_moved else "",
            )
        )
    return rows


def _says() -> dict[str, str]:
    return {
        "serves": _("A warehouse with lanes serves where they lead; one without serves everywhere."),
        "carries": _("One that has none of what is ordered is not asked."),
        "capacity": _("One that has taken on its number of orders today is not asked before tomorrow."),
        "distance": _("By the kilometres of the lane."),
        "cost": _("By what a shipment on the lane costs."),
        "promise": _("By the days on the lane; who lacks something comes last."),
        "balance": _("By what lies there, so that shelves empty evenly."),
        "split_value": _("A part that is worth less waits, instead of going by itself."),
        "never_split": _("Orders that no warehouse can fill alone wait for one that can."),
    }


def _told(kept: Sequence[Sequence[str | None]]) -> list[str]:
    """Give the kept rules of a simulation in words."""
    labels = dict(SourcingPolicy.choices)
    return [f"{labels.get(policy or '', policy)}{f' ({amount} {settings.BOOKS_CURRENCY})' if amount else ''}" for policy, amount in kept]


@dataclass(frozen=True)
class Figure:
    """A figure under today's rules and under the edited ones. `mood`: good, bad or empty; `difference` with its sign."""

    title: str
    today: str
    edited: str
    difference: str
    mood: str


def _comparison(simulation: SourcingSimulation) -> list[Figure]:
    if not simulation.result:
        return []
    before, after = _with_means(simulation.result["today"]), _with_means(simulation.result["edited"])
    titles = [
        ("shipments", _("Shipments")),
        ("splits", _("Splits: shipments beyond the first")),
        ("km", _("Freight distance, km")),
        ("cost", _("Freight cost, %(currency)s") % {"currency": simulation.result["currency"]}),
        ("km_each", _("Distance of a shipment, km")),
        ("cost_each", _("Freight cost of a shipment, %(currency)s") % {"currency": simulation.result["currency"]}),
        ("road_days", _("Days on the road")),
        ("late_lines", _("Late lines")),
        ("late_days", _("Days late, all lines together")),
        ("unfilled_lines", _("Unfilled lines")),
        ("unfilled_units", _("Unfilled units")),
    ]
    return [_figure(title, Decimal(before[name]), Decimal(after[name])) for name, title in titles]


def _with_means(sums: dict[str, Any]) -> dict[str, Any]:
    """Add what a shipment comes to: where more waits, less is sent, and the sums fall for that alone."""
    sent = Decimal(sums["shipments"] or 1)
    return sums | {"km_each": round(Decimal(sums["km"]) / sent), "cost_each": round_amount(Decimal(sums["cost"]) / sent, settings.BOOKS_CURRENCY)}


def _figure(title: str, before: Decimal, after: Decimal) -> Figure:
    difference = after - before
    mood = "" if not difference else "good" if difference < 0 else "bad"
    return Figure(title, f"{before:,f}", f"{after:,f}", f"{difference:+,f}" if difference else "0", mood)
