"""What would have happened to the orders of some days under other sourcing rules. Pure: plain values in, plain values out.

Orders come as they came, goods come and go as they did; only the choice of warehouses is made again, by the same code that makes it in earnest.
Who waits is filled when more comes: the most urgent first, then who has waited longest. What is taken leaves on that day and then binds the rest of
its order no longer: a rest that was too little to be a part goes by itself the day after.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from inventory.allocation import Allocation, Free, Place, Rule, Take, Wanted, allocate_one

EXAMPLES = 20


@dataclass(frozen=True)
class Placed:
    """An order as it came at `at`. `due`: line → the day it was promised to leave. `urgency`: the smaller, the sooner it is filled."""

    order_id: int
    at: datetime
    wanted: Wanted
    due: Mapping[int, date]
    urgency: int = 5


@dataclass(frozen=True)
class Flow:
    """Units of a SKU that came into a warehouse, or left it (below zero), for another reason than these orders."""

    at: datetime
    sku: int
    warehouse: int
    units: int


@dataclass(frozen=True)
class History:
    """What happened: the orders and flows, each in the order of time, and what was free of every SKU in the beginning. `today`: its last day."""

    orders: Sequence[Placed]
    flows: Sequence[Flow]
    free: Mapping[int, Mapping[int, int]]
    places: Sequence[Place]
    today: date


@dataclass
class Fate:
    """What became of an order: `takes`: (day it leaves, what); `taken`: warehouse → units; `parcels`: (warehouse, day it leaves); `left`: line → day
    its last unit leaves.
    """

    takes: list[tuple[date, Take]] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)
    parcels: set[tuple[int, date]] = field(default_factory=set)
    left: dict[int, tuple[date, int]] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)


@dataclass
class Totals:
    """What a set of rules comes to. `late_days`: over all late lines; a line is late by the days it arrives after it could have as promised."""

    orders: int = 0
    lines: int = 0
    shipments: int = 0
    splits: int = 0
    km: int = 0
    cost: Decimal = Decimal(0)
    road_days: int = 0
    without_lane: int = 0
    late_lines: int = 0
    late_days: int = 0
    unfilled_lines: int = 0
    unfilled_units: int = 0


def replay(history: History, rules: Sequence[Rule], *, tell: Callable[[int], None] = lambda done: None, every: int = 500) -> dict[int, Fate]:
    """Choose the warehouses of all orders of `history` under `rules`; give order → what becomes of it. `tell(done)` is called now and then."""
    return _Replay(history, rules).run(tell, every)


class _Replay:
    """One run through the history: the free stock as it goes, and who waits."""

    def __init__(self, history: History, rules: Sequence[Rule]) -> None:
        self.history, self.rules = history, rules
        self.free: Free = defaultdict(dict, {sku: dict(places) for sku, places in history.free.items()})
        self.fates: dict[int, Fate] = {}
        self.orders = {placed.order_id: placed for placed in history.orders}
        self.waiting: dict[int, set[int]] = defaultdict(set)
        self.turned_away: set[int] = set()
        self.bound: set[int] = set()
        self.used: dict[int, int] = {}
        self.day = date.min
        self.limits = any(rule.policy == "capacity" for rule in rules) and any(place.capacity is not None for place in history.places)

    def run(self, tell: Callable[[int], None], every: int) -> dict[int, Fate]:
        flows = iter(self.history.flows)
        flow = next(flows, None)
        for done, placed in enumerate(self.history.orders, start=1):
            while flow is not None and flow.at <= placed.at:
                self._flow(flow)
                flow = next(flows, None)
            self._begin(placed.at.date())
            self._choose(placed)
            if done % every == 0:
                tell(done)
        while flow is not None:
            self._flow(flow)
            flow = next(flows, None)
        self._begin(self.history.today)
        return self.fates

    def _begin(self, day: date) -> None:
        """Go on to `day`, one by one while somebody waits for the next: who was turned away by a full warehouse, and whose rest was bound to what has
        left since, is looked at again.
        """
        while self.day < day:
            self.day = self.day + timedelta(days=1) if self.turned_away or self.bound else day
            self.used = {}
            self._look_again(self.turned_away | self.bound)

    def _flow(self, flow: Flow) -> None:
        self._begin(flow.at.date())
        shelf = self.free[flow.sku]
        shelf[flow.warehouse] = shelf.get(flow.warehouse, 0) + flow.units
        if flow.units > 0:
            self._look_again(self.waiting.get(flow.sku, ()))

    def _look_again(self, order_ids: Iterable[int]) -> None:
        waiting = [self.orders[pk] for pk in order_ids]
        for placed in sorted(waiting, key=lambda one: (one.urgency, one.at, one.order_id)):
            self._choose(placed)

    def _choose(self, placed: Placed) -> None:
        fate = self.fates.get(placed.order_id)
        if fate is None:
            fate = self.fates[placed.order_id] = Fate(missing={demand.reference: demand.quantity for demand in placed.wanted.demands})
        elif not any(fate.missing.values()):
            return
        wanted = self._rest(placed, fate)
        allocation = allocate_one(wanted, free=self.free, places=self.history.places, rules=self.rules, used=self.used)
        fate.missing = {demand.reference: allocation.short.get(demand.reference, 0) for demand in wanted.demands}
        fate.takes += [(self.day, take) for take in allocation.takes]
        for take in allocation.takes:
            fate.taken[take.warehouse] = fate.taken.get(take.warehouse, 0) + take.units
            fate.parcels.add((take.warehouse, self.day))
            fate.left[take.reference] = (self.day, take.warehouse)
        self._note_waiting(placed, fate, allocation)

    def _rest(self, placed: Placed, fate: Fate) -> Wanted:
        """Give what is still wanted, and what of the order has not left; of one that ships complete everything, its own units before all others."""
        wanted = placed.wanted
        if wanted.ships_complete:
            for _day, take in fate.takes:
                for sku, each in take.parts:
                    self.free[sku][take.warehouse] = self.free[sku].get(take.warehouse, 0) + each * take.units
            fate.takes, fate.taken, fate.parcels, fate.left = [], {}, set(), {}
            return wanted
        if not fate.takes:
            return wanted
        values = {demand.reference: demand.unit_value for demand in wanted.demands}
        already: dict[int, Decimal] = {}
        for day, take in fate.takes:
            if day == self.day:
                already[take.warehouse] = already.get(take.warehouse, Decimal(0)) + values[take.reference] * take.units
        demands = [replace(demand, quantity=units) for demand in wanted.demands if (units := fate.missing.get(demand.reference, 0))]
        return replace(wanted, demands=demands, already=already)

    def _note_waiting(self, placed: Placed, fate: Fate, allocation: Allocation) -> None:
        lacking = {sku for demand in placed.wanted.demands if fate.missing.get(demand.reference) for sku, _each in demand.parts}
        for demand in placed.wanted.demands:
            for sku, _each in demand.parts:
                if sku in lacking:
                    self.waiting[sku].add(placed.order_id)
                else:
                    self.waiting[sku].discard(placed.order_id)
        if self.limits and lacking and any(step["step"] == "capacity" and step["dropped"] for step in allocation.trace):
            self.turned_away.add(placed.order_id)
        else:
            self.turned_away.discard(placed.order_id)
        if allocation.only_from is not None and not placed.wanted.ships_complete:
            self.bound.add(placed.order_id)
        else:
            self.bound.discard(placed.order_id)


def totals(history: History, fates: Mapping[int, Fate]) -> Totals:
    """Add up what became of the orders."""
    sums = Totals()
    for placed in history.orders:
        one = totals_of(history, placed, fates[placed.order_id])
        for name, value in one.__dict__.items():
            setattr(sums, name, getattr(sums, name) + value)
    return sums


def totals_of(history: History, placed: Placed, fate: Fate) -> Totals:
    """Say what one order comes to."""
    wanted, places = placed.wanted, {place.id: place for place in history.places}
    lanes = {place.id: place.lane_to(wanted.country, wanted.postcode) for place in places.values()}
    quickest = min((lane.days for lane in lanes.values() if lane and lane.country), default=0)
    sent = sorted({(warehouse, date.min) for warehouse, _day in fate.parcels} if wanted.ships_complete else fate.parcels)
    one = Totals(orders=1, lines=len(wanted.demands), shipments=len(sent), splits=max(len(sent) - 1, 0))
    for warehouse, _day in sent:
        lane = lanes[warehouse]
        if lane is None:
            one.without_lane += 1
        else:
            one.km += lane.km
            one.cost += lane.cost
            one.road_days += lane.days
    last = max((day for day, _warehouse in fate.left.values()), default=None)
    for demand in wanted.demands:
        if lacking := fate.missing.get(demand.reference, 0):
            one.unfilled_lines += 1
            one.unfilled_units += lacking
        elif last is not None and demand.reference in fate.left:
            left, warehouse = fate.left[demand.reference]
            lane = lanes[warehouse]
            arrives = (last if wanted.ships_complete else left) + timedelta(days=lane.days if lane else quickest)
            due = max(placed.due.get(demand.reference, placed.at.date()), placed.at.date()) + timedelta(days=quickest)
            late = (arrives - due).days
            if late > 0:
                one.late_lines += 1
                one.late_days += late
    return one


@dataclass(frozen=True)
class Change:
    """An order that the other rules treat otherwise: warehouse → units, and what it comes to, before and after."""

    order_id: int
    before: Mapping[int, int]
    after: Mapping[int, int]
    was: Totals
    becomes: Totals

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it changes: what is missing or late first, then shipments, then distance."""
        return (
            abs(self.was.unfilled_units - self.becomes.unfilled_units) + abs(self.was.late_days - self.becomes.late_days),
            abs(self.was.shipments - self.becomes.shipments),
            abs(self.was.km - self.becomes.km),
        )


def changes(history: History, before: Mapping[int, Fate], after: Mapping[int, Fate]) -> tuple[int, list[Change]]:
    """Give how many orders the other rules treat otherwise, and those that change most."""
    found = []
    for placed in history.orders:
        was, becomes = before[placed.order_id], after[placed.order_id]
        if was.taken != becomes.taken or was.parcels != becomes.parcels or was.missing != becomes.missing:
            found.append(Change(placed.order_id, was.taken, becomes.taken, totals_of(history, placed, was), totals_of(history, placed, becomes)))
    found.sort(key=lambda change: (tuple(-n for n in change.weight), change.order_id))
    return len(found), found[:EXAMPLES]
