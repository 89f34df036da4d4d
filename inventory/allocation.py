"""Who gets which stock from where. Pure: plain values in, plain values out; nothing is saved or locked here.

An order's warehouses are chosen by a pipeline of small policies: filter (who may serve it) → sort (who first) → allocate (whole from one,
else from as few as can) → split (only where every part is worth it). Orders are served in the order given, so that who came first is served
first. Each choice tells why, step by step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

Free = dict[int, dict[int, int]]
"""SKU → warehouse → free units."""


@dataclass(frozen=True)
class Demand:
    """What one order line still wants. `reference`: the line's id. `parts`: (SKU, units in one of the line): one pair, but for a kit.

    `unit_value`: what one unit is sold for.
    """

    reference: int
    quantity: int
    parts: tuple[tuple[int, int], ...]
    unit_value: Decimal = Decimal(0)


@dataclass(frozen=True)
class Lane:
    """A way to customers: `days` on the road, `km`, `cost` of a shipment. An empty `prefix` is the whole country."""

    country: str
    prefix: str
    km: int
    cost: Decimal
    days: int

    @cached_property
    def start(self) -> str:
        """What a postcode it leads to begins with, as postcodes are compared."""
        return _compact(self.prefix)


@dataclass(frozen=True)
class Place:
    """A warehouse as the policies see it. Without lanes it serves everywhere. `capacity`: orders it can still take today; None: any number."""

    id: int
    name: str
    lanes: tuple[Lane, ...] = ()
    capacity: int | None = None

    def lane_to(self, country: str, postcode: str) -> Lane | None:
        """Give the lane to a destination: the one with the longest postcode that fits."""
        postcode = _compact(postcode)
        fitting = [lane for lane in self.lanes if lane.country == country and postcode.startswith(lane.start)]
        return max(fitting, key=lambda lane: len(lane.start), default=None)


def _compact(postcode: str) -> str:
    return postcode.replace(" ", "").upper()


@dataclass(frozen=True)
class Rule:
    """A step of the pipeline, by the name of its policy. `amount`: what it asks for, where it asks for anything."""

    policy: str
    amount: Decimal | None = None


@dataclass(frozen=True)
class Wanted:
    """What an order still wants, and where it goes.

    `ships_complete`: its customer takes one delivery and no parts. `already`: warehouse → what the order has reserved there is sold for.
    """

    demands: Sequence[Demand]
    country: str = ""
    postcode: str = ""
    ships_complete: bool = False
    already: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """So many units of the line `reference` from a warehouse, each made of `parts`."""

    reference: int
    warehouse: int
    units: int
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Allocation:
    """What an order gets, per line what is missing, and `trace`: what each step said.

    `only_from`: the warehouses that what is missing must come from, because any other would split the order; None where any will do.
    """

    takes: tuple[Take, ...]
    short: Mapping[int, int]
    trace: list[dict[str, Any]] = field(default_factory=list, compare=False)
    only_from: tuple[int, ...] | None = field(default=None, compare=False)


def allocate(orders: Sequence[Wanted], *, free: Free, places: Sequence[Place], rules: Sequence[Rule] = ()) -> list[Allocation]:
    """Allocate `orders`, first come first served, from `free`, which is used up on the way. `places`: the best first, where no rule says else."""
    used: dict[int, int] = {}
    return [allocate_one(order, free=free, places=places, rules=rules, used=used) for order in orders]


def allocate_one(order: Wanted, *, free: Free, places: Sequence[Place], rules: Sequence[Rule] = (), used: dict[int, int] | None = None) -> Allocation:
    """Allocate one order from `free`, which is used up. `used`: orders that each warehouse has taken on already, counted up here.

    Lines of one order, and kits among them, that need the same SKU draw on the same stock.
    """
    used = {} if used is None else used
    trace: list[dict[str, Any]] = []
    if not order.demands:
        return Allocation((), {}, trace)
    context = _Context(order, free, _wanted_units(order.demands), used)
    kept = list(places)
    for rule in rules:
        if rule.policy in _FILTERS:
            kept = _filter(rule, kept, context, trace)
    kept = _sort([rule for rule in rules if rule.policy in _SORTS], kept, context, trace)
    takes = _take(kept, context, {rule.policy: rule for rule in rules}, trace)
    for warehouse in {take.warehouse for take in takes}:
        used[warehouse] = used.get(warehouse, 0) + 1
    got: dict[int, int] = {}
    for take in takes:
        got[take.reference] = got.get(take.reference, 0) + take.units
    short = {demand.reference: left for demand in order.demands if (left := demand.quantity - got.get(demand.reference, 0))}
    return Allocation(tuple(takes), short, trace, _bound(order, takes, short, rules))


def _bound(order: Wanted, takes: Iterable[Take], short: Mapping[int, int], rules: Iterable[Rule]) -> tuple[int, ...] | None:
    """Give the warehouses that the rest is bound to: those of what there is, where it may not be split or is worth too little to be."""
    there = {take.warehouse for take in takes} | set(order.already)
    if not short or not there:
        return None
    amounts = {rule.policy: rule.amount for rule in rules}
    missing = sum((demand.unit_value * short.get(demand.reference, 0) for demand in order.demands), Decimal(0))
    too_little = missing < (amounts.get("split_value") or 0)
    return tuple(sorted(there)) if order.ships_complete or "never_split" in amounts or too_little else None


@dataclass(frozen=True)
class _Context:
    order: Wanted
    free: Free
    wanted: Mapping[int, int]
    used: Mapping[int, int]
    lanes: dict[int, Lane | None] = field(default_factory=dict)

    def lane(self, place: Place) -> Lane | None:
        """Give the lane from `place` to where the order goes; several policies ask for it."""
        if place.id not in self.lanes:
            self.lanes[place.id] = place.lane_to(self.order.country, self.order.postcode)
        return self.lanes[place.id]

    def covers(self, place: Place) -> bool:
        """Say whether `place` can fill the whole order alone."""
        return all(self.free.get(sku, {}).get(place.id, 0) >= units for sku, units in self.wanted.items())

    def units(self, place: Place) -> int:
        """Give how many of the units wanted `place` has."""
        return sum(max(min(units, self.free.get(sku, {}).get(place.id, 0)), 0) for sku, units in self.wanted.items())

    @property
    def value(self) -> Decimal:
        """Give what all that is wanted is sold for."""
        return sum((demand.unit_value * demand.quantity for demand in self.order.demands), Decimal(0))


def _wanted_units(demands: Iterable[Demand]) -> dict[int, int]:
    """Add up what is wanted per SKU, kits taken apart."""
    wanted: dict[int, int] = {}
    for demand in demands:
        for sku, each in demand.parts:
            wanted[sku] = wanted.get(sku, 0) + each * demand.quantity
    return wanted


# --- filter: give a reason to leave a warehouse out, or nothing -----------------------------------------------------


def _not_serving(place: Place, context: _Context) -> str:
    return "" if not place.lanes or context.lane(place) else "does_not_serve"


def _carries_nothing(place: Place, context: _Context) -> str:
    return "" if context.units(place) else "has_none"


def _no_capacity(place: Place, context: _Context) -> str:
    return "no_capacity" if place.capacity is not None and context.used.get(place.id, 0) >= place.capacity else ""


_FILTERS: dict[str, Callable[[Place, _Context], str]] = {"serves": _not_serving, "carries": _carries_nothing, "capacity": _no_capacity}


def _filter(rule: Rule, places: list[Place], context: _Context, trace: list[dict[str, Any]]) -> list[Place]:
    objections = {place.id: _FILTERS[rule.policy](place, context) for place in places}
    dropped = [[place.name, objections[place.id]] for place in places if objections[place.id]]
    kept = [place for place in places if not objections[place.id]]
    trace.append({"step": rule.policy, "kept": [place.name for place in kept], "dropped": dropped})
    return kept


# --- sort: the smaller, the sooner it is asked ------------------------------------------------------------------------

_FAR = 10**9


def _distance(place: Place, context: _Context) -> int:
    lane = context.lane(place)
    return lane.km if lane else _FAR


def _cost(place: Place, context: _Context) -> Decimal | int:
    lane = context.lane(place)
    return lane.cost if lane else _FAR


def _days(place: Place, context: _Context) -> int:
    """Give the days to the customer; a place that lacks something comes after all that have everything."""
    lane = context.lane(place)
    return (lane.days if lane else 0) + (0 if context.covers(place) else 1000)


def _balance(place: Place, context: _Context) -> int:
    return -sum(context.free.get(sku, {}).get(place.id, 0) for sku in context.wanted)


_SORTS: dict[str, Callable[[Place, _Context], Any]] = {"distance": _distance, "cost": _cost, "promise": _days, "balance": _balance}


def _sort(rules: Sequence[Rule], places: list[Place], context: _Context, trace: list[dict[str, Any]]) -> list[Place]:
    """Sort by the rules in their order, and by the warehouses' own order where they say nothing."""
    ranked = [(tuple(_SORTS[rule.policy](place, context) for rule in rules), position, place) for position, place in enumerate(places)]
    ranked.sort(key=lambda row: row[:2])
    for number, rule in enumerate(rules):
        trace.append({"step": rule.policy, "order": [[place.name, _shown(rule.policy, values[number])] for values, _, place in ranked]})
    return [place for _, _, place in ranked]


def _shown(policy: str, value: Any) -> str:
    if value == _FAR:
        return ""
    return str(-value if policy == "balance" else value % 1000 if policy == "promise" else value)


# --- allocate and split -----------------------------------------------------------------------------------------------


def _take(places: list[Place], context: _Context, rules: Mapping[str, Rule], trace: list[dict[str, Any]]) -> list[Take]:
    never = "never_split" if "never_split" in rules else "ship_complete" if context.order.ships_complete else ""
    threshold = rules["split_value"].amount if "split_value" in rules else None
    already = context.order.already
    if never and already:
        places = _only_where_it_is(never, places, context, trace)
    whole = _whole(places, context, threshold)
    if whole is not None:
        trace.append({"step": "whole", "chosen": [[whole.name, context.units(whole)]]})
        return _taken([whole], context)
    if never == "never_split":
        trace.append({"step": never, "chosen": []})
        return []
    able = [(context.units(place), position, place) for position, place in enumerate(places)]
    able = sorted((row for row in able if row[0]), key=lambda row: (-row[0], row[1]))
    chosen = [place for _, _, place in able][: 1 if never else None]
    if threshold and not never:
        chosen = _worth_it(chosen, context, threshold, trace)
    takes = _taken(chosen, context)
    units: dict[int, int] = {}
    for take in takes:
        units[take.warehouse] = units.get(take.warehouse, 0) + take.units
    step = never or ("parts" if len(units) > 1 else "part")
    trace.append({"step": step, "chosen": [[place.name, units[place.id]] for place in chosen if place.id in units]})
    return takes


def _only_where_it_is(never: str, places: list[Place], context: _Context, trace: list[dict[str, Any]]) -> list[Place]:
    """Give the warehouses that the order has something from already: a second one would split it."""
    kept = [place for place in places if place.id in context.order.already]
    dropped = [[place.name, "already_elsewhere"] for place in places if place not in kept]
    trace.append({"step": never, "kept": [place.name for place in kept], "dropped": dropped})
    return kept


def _whole(places: Sequence[Place], context: _Context, threshold: Decimal | None) -> Place | None:
    """Give the first place that can fill all that is wanted: before others one that the order has something from already."""
    already = context.order.already
    able = [place for place in places if context.covers(place)]
    if already and threshold and context.value < threshold:
        able = [place for place in able if place.id in already]
    return next((place for place in able if place.id in already), able[0] if able else None)


def _worth_it(chosen: list[Place], context: _Context, threshold: Decimal, trace: list[dict[str, Any]]) -> list[Place]:
    """Leave out the poorest part until every part is worth the threshold, with what the order has from there already."""
    already = context.order.already
    while True:
        values = {warehouse: value + already.get(warehouse, 0) for warehouse, value in _values(_taken(chosen, context, keep=False), context).items()}
        ranks = {place.id: rank for rank, place in enumerate(chosen)}
        poor = [warehouse for warehouse in values if warehouse not in already and values[warehouse] < threshold]
        if not poor or len(values.keys() | already.keys()) < 2:
            return chosen
        poorest = min(poor, key=lambda warehouse: (values[warehouse], -ranks[warehouse]))
        name = next(place.name for place in chosen if place.id == poorest)
        trace.append({"step": "split_value", "dropped": [[name, "part_too_small", f"{values[poorest]:.2f}"]], "amount": f"{threshold:.2f}"})
        chosen = [place for place in chosen if place.id != poorest]


def _taken(places: Sequence[Place], context: _Context, *, keep: bool = True) -> list[Take]:
    """Take what there is from `places` in their order; with `keep`, it is gone from the free stock."""
    free = context.free if keep else {sku: dict(context.free.get(sku, {})) for sku in context.wanted}
    missing = {demand.reference: demand.quantity for demand in context.order.demands}
    takes: list[Take] = []
    for place in places:
        for demand in context.order.demands:
            units = min([missing[demand.reference], *(free.get(sku, {}).get(place.id, 0) // each for sku, each in demand.parts)])
            if units > 0:
                takes.append(Take(demand.reference, place.id, units, demand.parts))
                missing[demand.reference] -= units
                for sku, each in demand.parts:
                    free[sku][place.id] -= each * units
        if not any(missing.values()):
            break
    return takes


def _values(takes: Sequence[Take], context: _Context) -> dict[int, Decimal]:
    each = {demand.reference: demand.unit_value for demand in context.order.demands}
    values: dict[int, Decimal] = {}
    for take in takes:
        values[take.warehouse] = values.get(take.warehouse, Decimal(0)) + each[take.reference] * take.units
    return values
