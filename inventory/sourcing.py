"""What decides which warehouse an order is filled from: the rules and lanes that managers keep, as the allocation takes them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.allocation import Lane as Way
from inventory.allocation import Place, Rule
from inventory.models import Backorder, PegsDue, SourcingRule, Warehouse
from inventory.states import ReservationState, SourcingPolicy
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record, wake
from oms.core.locks import lock, take_turn
from oms.core.reading import read

MOST_AMOUNT = 1_000_000
MOST_POSITION = 10_000
MOST_CAPACITY = 1_000_000


_PLACES = """
    SELECT place.id, place.name, place.daily_capacity, EXISTS (SELECT FROM inventory_lane any_lane WHERE any_lane.warehouse_id = place.id),
        lane.country, lane.postcode_prefix, lane.km, lane.cost, lane.transit_days
    FROM inventory_warehouse place
    LEFT JOIN inventory_lane lane ON lane.warehouse_id = place.id AND lane.country = ANY(%s)
    WHERE place.is_active AND place.kind = 'warehouse' ORDER BY place.rank, place.id, lane.country, lane.postcode_prefix
"""


def places_serving(countries: Iterable[str], *, in_turn: bool = False) -> list[Place]:
    """Give the warehouses that orders are filled from, the best first, with their lanes. One query, two where any has a capacity.

    `in_turn`: with capacities it waits for its turn, so that two batches never both count the last order of a day. Taken before any stock
    level; who only looks waits for nobody.
    """
    found: dict[int, tuple[str, int | None, bool]] = {}
    lanes: dict[int, list[Way]] = defaultdict(list)
    for pk, name, capacity, has_lanes, country, prefix, km, cost, days in read(_PLACES, [sorted(set(countries))]):
        found[pk] = (name, capacity, has_lanes)
        if country is not None:
            lanes[pk].append(Way(country, prefix, km, cost, days))
    limited = [pk for pk, (_name, capacity, _has_lanes) in found.items() if capacity is not None]
    if limited and in_turn:
        take_turn("capacity")
    taken = _taken_today(limited)
    return [
        Place(
            pk,
            name,
            # One whose lanes all lead elsewhere has lanes still: it does not serve everywhere.
            tuple(lanes[pk]) or (_NOWHERE if has_lanes else ()),
            None if capacity is None else max(capacity - taken.get(pk, 0), 0),
        )
        for pk, (name, capacity, has_lanes) in found.items()
    ]


_NOWHERE = (Way("", "", 0, 0, 0),)  # type: ignore[arg-type]


# Not count(DISTINCT …), which sorts them all.
_TAKEN = """
    SELECT warehouse_id, count(*) FROM (
        SELECT DISTINCT warehouse_id, order_id FROM inventory_reservation
        WHERE warehouse_id = ANY(%s::bigint[]) AND created_at >= %s AND state = ANY(%s)
    ) taken GROUP BY warehouse_id
"""


def _taken_today(warehouse_ids: list[int]) -> dict[int, int]:
    if not warehouse_ids:
        return {}
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return dict(read(_TAKEN, [warehouse_ids, today, [ReservationState.FIRM, ReservationState.CONSUMED]]))  # type: ignore[arg-type]


def served_from(places: Sequence[Place], rules: Sequence[Rule], country: str, postcode: str) -> frozenset[int] | None:
    """Give the warehouses among `places` that may serve a destination under `rules`; None where any may."""
    if not country or not any(rule.policy == "serves" for rule in rules):
        return None
    return frozenset(place.id for place in places if not place.lanes or place.lane_to(country, postcode))


def rules_in_force() -> list[Rule]:
    """Give the rules in their order. One query."""
    return [Rule(*row) for row in read("SELECT policy, amount FROM inventory_sourcingrule WHERE is_active ORDER BY position, id", [])]


class RuleChange(NamedTuple):
    """A step as somebody wants it. `position`: its place among the others. `amount`: what it asks for, where it asks for anything."""

    policy: str
    position: int
    is_active: bool
    amount: Decimal | None = None


def all_rules() -> list[RuleChange]:
    """Give every step there is, those in force and those switched off, in their order. One query."""
    kept = [RuleChange(rule.policy, rule.position, rule.is_active, rule.amount) for rule in SourcingRule.objects.all()]
    there = {rule.policy for rule in kept}
    last = max((rule.position for rule in kept), default=0)
    missing = [policy for policy in SourcingPolicy.values if policy not in there]
    return kept + [RuleChange(policy, last + 10 * number, False) for number, policy in enumerate(missing, start=1)]


def version_of(rules: Iterable[RuleChange]) -> str:
    """Give what tells one set of rules from another: sent back with a change, so that nobody writes over what somebody else has just changed."""
    told = [[rule.policy, rule.is_active, None if rule.amount is None else f"{rule.amount.normalize():f}"] for rule in rules]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def change_rules(changes: Sequence[tuple[str, int, bool, Decimal | None]], *, actor: str, seen: str = "") -> None:
    """Have exactly `changes` in force, each as a RuleChange: what is not among them is switched off. Orders that wait are looked at again.

    `seen`: the version of the rules that this is a change of; Conflict where they are others by now. Locks the rules, then the backorders by
    primary key. Safe to repeat. Raises Invalid for what makes no sense. Records `sourcing.changed`.
    """
    wanted = [RuleChange(*change) for change in changes]
    checked_rules(wanted)
    with transaction.atomic():
        take_turn("sourcing rules")
        if seen and seen != version_of(all_rules()):
            raise Conflict(_("Somebody has changed the rules in the meantime: look at them again."))
        known = {rule.policy: rule for rule in lock(SourcingRule.objects.all())}
        for policy, position, is_active, amount in wanted:
            rule = known.pop(policy, None) or SourcingRule(policy=policy)
            rule.position, rule.is_active, rule.amount = position, is_active, amount
            rule.save()
        SourcingRule.objects.filter(policy__in=known).update(is_active=False)
        look_again()
        active = ", ".join(rule.policy for rule in SourcingRule.objects.filter(is_active=True))
        record([fact("sourcing.changed", "sourcing", 0, actor=actor, rules=active)])


def look_again() -> None:
    """Have everything that waits looked at again, and pegged anew: who may be served from where has changed. Locks the backorders by primary key."""
    waiting = lock(Backorder.objects.all())
    Backorder.objects.filter(pk__in=[row.pk for row in waiting if row.tried_at]).update(tried_at=None)
    due = sorted({row.sku_id for row in waiting})
    bulk.insert_all([PegsDue(sku_id=sku, created_at=timezone.now()) for sku in due])
    if due:
        wake("supply.changed")


def set_capacity(warehouse_id: int, orders: int | None, *, actor: str) -> Warehouse:
    """Set how many orders a warehouse takes on in a day; None: any number. Safe to repeat. Raises Invalid, NotFound. Records `sourcing.changed`."""
    if orders is not None and not 0 <= orders <= MOST_CAPACITY:
        raise Invalid(_("A warehouse takes on between 0 and %(most)d orders a day.") % {"most": MOST_CAPACITY}, pointer="/daily_capacity")
    with transaction.atomic():
        [warehouse] = lock(Warehouse.objects.stocking().filter(pk=warehouse_id)) or [None]
        if warehouse is None:
            raise NotFound(_("There is no such warehouse."))
        warehouse.daily_capacity = orders
        warehouse.save(update_fields=["daily_capacity"])
        look_again()
        told = _("any number of orders a day") if orders is None else _("%(orders)d orders a day") % {"orders": orders}
        record([fact("capacity.changed", "warehouse", warehouse.pk, actor=actor, warehouse=warehouse.name, capacity=told)])
    return warehouse


def checked_rules(rules: Sequence[RuleChange]) -> list[Rule]:
    """Give those of `rules` that are switched on, in their order, as the allocation takes them.

    Raises Invalid for an unknown or repeated policy, an amount that makes no sense, and two ways to split at once.
    """
    for number, rule in enumerate(rules):
        if rule.policy not in SourcingPolicy.values:
            raise Invalid(_("There is no policy %(policy)s.") % {"policy": str(rule.policy)[:40]}, pointer=f"/rules/{number}/policy")
        if rule.policy in {other.policy for other in rules[:number]}:
            raise Invalid(_("Name each policy once."), pointer=f"/rules/{number}/policy")
        if not 0 <= rule.position <= MOST_POSITION:
            raise Invalid(_("The place of a step is between 0 and %(most)d.") % {"most": MOST_POSITION}, pointer=f"/rules/{number}/position")
        _check_amount(rule, f"/rules/{number}/amount")
    active = sorted((rule for rule in rules if rule.is_active), key=lambda rule: rule.position)
    if {"split_value", "never_split"} <= {rule.policy for rule in active}:
        raise Invalid(_("Orders are split by value or never split: switch one of the two off."), pointer="/rules")
    return [Rule(rule.policy, rule.amount) for rule in active]


def _check_amount(rule: RuleChange, pointer: str) -> None:
    amount = rule.amount
    if rule.policy != SourcingPolicy.SPLIT_VALUE:
        if amount is not None:
            raise Invalid(_("That policy asks for no amount: leave it empty."), pointer=pointer)
    elif amount is None:
        if rule.is_active:
            raise Invalid(_("Say what every part must be worth: an amount above zero."), pointer=pointer)
    elif not amount.is_finite() or not 0 < amount <= MOST_AMOUNT:
        raise Invalid(_("The amount must be above 0 and at most %(most)d.") % {"most": MOST_AMOUNT}, pointer=pointer)
