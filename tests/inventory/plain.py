"""A plain model of the stock: dictionaries, and the rules as a person would say them. It shares no line with the services."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

Parts = tuple[tuple[int, int], ...]
CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def what_it_takes(*lines: "Line") -> dict[tuple[int, int], int]:
    """(SKU, place) → units that lines hold."""
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:
        for place, units in line.held.items():
            for sku, each in line.parts:
                sums[sku, place] += each * units
    return sums


@dataclass
class Line:
    """A line of an order, or of a basket. `held`, `gone`: place → units. `tried`: when it was last looked at, since it waits."""

    pk: int
    parts: Parts
    quantity: int
    code: str = ""
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    gone: set[int] = field(default_factory=set)
    waiting: int = 0
    shipped: int = 0
    cancelled: int = 0
    tried: int | None = None

    @property
    def reserved(self) -> int:
        return sum(self.held.values())

    @property
    def open(self) -> int:
        return self.quantity - self.reserved - self.waiting - self.shipped - self.cancelled


@dataclass
class Order:
    """`since`: its place among those that wait. `soft`: what it took up with its basket. `planned`: some of it is on a shipment."""

    pk: int
    lines: list[Line]
    in_parts: bool = True
    urgency: int = 5
    since: int = 0
    is_looked_at: bool = False
    is_cancelled: bool = False
    is_planned: bool = False
    holds: int = 0
    soft: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.since = self.pk

    @property
    def places(self) -> set[int]:
        """Where what it has comes from."""
        return {place for line in self.lines for place, units in line.held.items() if units} | {place for line in self.lines for place in line.gone}


@dataclass
class Supply:
    """A line of a purchase order, or of a transfer when it has a `value`: what it still brings. `over`: what is tolerated beyond `quantity`."""

    sku: int
    place: int
    on: date
    quantity: int
    cost: Decimal = Decimal(0)
    over: int = 0
    value: Decimal | None = None
    received: int = 0
    lost: int = 0
    is_over: bool = False
    receipts: dict[int, int] = field(default_factory=dict)

    @property
    def coming(self) -> int:
        return 0 if self.is_over else max(self.quantity - self.received - self.lost, 0)

    @property
    def may_come(self) -> int:
        return self.quantity + self.over - self.received - self.lost if self.coming else 0

    def worth(self, units: int) -> Decimal:
        """What the first `units` are worth: rounded once, so that however they come in, they add up."""
        return cents(self.cost * units if self.value is None else self.value * units / self.quantity)

    def take(self, units: int) -> Decimal:
        """Take `units` in, or back where below zero; give what they are worth."""
        self.received += units
        return self.worth(self.received + self.lost) - self.worth(self.received + self.lost - units)


class Plain:
    """`places`: those that orders are filled from, the best first. `road`: where what is between two of them lies."""

    def __init__(self, places: list[int], *, road: int) -> None:
        self.places = places
        self.road = road
        self.on_hand: dict[tuple[int, int], int] = defaultdict(int)
        self.value: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        self.cost: dict[int, Decimal] = {}
        self.orders: dict[int, Order] = {}
        self.baskets: dict[str, dict[tuple[int, int], int]] = {}
        self.purchases: dict[int, Supply] = {}
        self.transfers: dict[int, Supply] = {}
        self.clock = 0
        self.freed_at: dict[tuple[int, int], int] = {}

    # --- what there is ------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        for order in self.orders.values():
            yield from order.lines

    def reserved(self) -> dict[tuple[int, int], int]:
        sums: dict[tuple[int, int], int] = defaultdict(int)
        for line in self.lines():
            for key, units in what_it_takes(line).items():
                sums[key] += units
        for soft in (*self.baskets.values(), *(order.soft for order in self.orders.values())):
            for key, units in soft.items():
                sums[key] += units
        return sums

    def free(self) -> dict[tuple[int, int], int]:
        reserved = self.reserved()
        return {key: self.on_hand[key] - reserved.get(key, 0) for key in list(self.on_hand)}

    def there(self, sku: int) -> int:
        """Units that could be promised now."""
        free = self.free()
        return sum(max(free.get((sku, place), 0), 0) for place in self.places)

    def bringing(self, sku: int) -> list[Supply]:
        return [supply for supply in (*self.purchases.values(), *self.transfers.values()) if supply.sku == sku]

    def waits(self) -> dict[tuple[int, int], int]:
        """(line, SKU) → units waited for."""
        return {(line.pk, sku): line.waiting * each for line in self.lines() if line.waiting for sku, each in line.parts}

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Note where more became free."""
        before = self.free()
        yield
        self.clock += 1
        for key, units in self.free().items():
            if units > before.get(key, 0):
                self.freed_at[key] = self.clock

    # --- what people do -----------------------------------------------------------------------------------------------

    def move(self, sku: int, place: int, units: int, value: Decimal | None = None) -> None:
        there, worth = self.on_hand[sku, place], self.value[sku, place]
        if value is None and units > 0:
            value = cents((worth / there if there else self.cost[sku]) * units)
        elif value is None:
            value = -worth if -units == there else -cents(worth * -units / there)
        self.on_hand[sku, place] += units
        self.value[sku, place] += value

    def receive(self, supply: Supply, units: int) -> None:
        value = supply.take(units)
        with self.changing():
            if supply.value is not None:
                self.move(supply.sku, self.road, -units, -value)
            self.move(supply.sku, supply.place, units, value)

    def take_back(self, supply: Supply, units: int) -> None:
        """What came in leaves at its own price; where the stock that stays is not worth that much, it keeps its average."""
        key = supply.sku, supply.place
        there, worth = self.on_hand[key], self.value[key]
        self.move(*key, -units, supply.take(-units))
        stays = there - units
        if not stays:
            self.value[key] = Decimal(0)
        elif worth and self.value[key] <= 0:
            self.value[key] = cents(worth * stays / there)

    def lose(self, supply: Supply) -> None:
        units = supply.coming
        value = supply.take(units)
        supply.received -= units
        supply.lost += units
        self.move(supply.sku, self.road, -units, -value)

    def may_leave(self, sku: int, place: int) -> int:
        return self.free().get((sku, place), 0)

    def hold(self, basket: str, wanted: list[tuple[Parts, int]], *, spoken_for: dict[int, int]) -> list[int]:
        """Hold `wanted` softly and nothing else, of what nobody waits for already; give the units held per line."""
        with self.changing():
            self.baskets[basket] = {}
            lines = [Line(position, parts, units) for position, (parts, units) in enumerate(wanted)]
            free = self._free_of(lines)
            self._keep_back(free, spoken_for)
            self._share([(line, line.quantity) for line in lines], free)
            self.baskets[basket] = what_it_takes(*lines)
        return [line.reserved for line in lines]

    def let_go(self, basket: str) -> int:
        with self.changing():
            soft = self.baskets.pop(basket, {})
        return sum(soft.values())

    def place(self, order: Order, basket: str) -> None:
        self.orders[order.pk] = order
        order.soft = self.baskets.pop(basket, {})

    def reserve(self) -> None:
        """Look for stock for all that nobody has looked at yet. What others waited for before is not touched."""
        new = sorted((o for o in self.orders.values() if not (o.is_looked_at or o.is_cancelled or o.holds)), key=lambda o: (o.urgency, o.pk))
        lines = [line for order in new for line in order.lines]
        with self.changing():
            free = self._free_of(lines)
            self._keep_back(free, self._waited_for())
            for order in new:
                for key, units in order.soft.items():
                    free[key] = free.get(key, 0) + units
                order.soft = {}
                self._share([(line, line.open) for line in order.lines], free, in_parts=order.in_parts)
                for line in order.lines:
                    line.waiting += line.open
                order.is_looked_at = True

    def fill(self) -> None:
        """Give those who wait what is free now: the most urgent first, then the oldest. What is to leave complete is chosen anew as a whole."""
        while True:
            waiting = [o for o in self.orders.values() if not o.holds and any(self._is_worth_a_look(line) for line in o.lines)]
            if not waiting:
                return
            with self.changing():
                free = self._free_of([line for order in waiting for line in order.lines])
                for order in sorted(waiting, key=lambda o: (o.urgency, o.since, o.pk)):
                    self._fill(order, free)

    def _fill(self, order: Order, free: dict[tuple[int, int], int]) -> None:
        anew = not order.in_parts and not order.is_planned and not any(line.shipped for line in order.lines)
        lines = [line for line in order.lines if line.waiting or (anew and line.reserved)]
        waited = {line.pk: line.waiting for line in lines}
        wanted = {line.pk: line.waiting + (line.reserved if anew else 0) for line in lines}
        already = set() if anew else order.places
        if anew:
            for key, units in what_it_takes(*lines).items():
                free[key] = free.get(key, 0) + units
            for line in lines:
                line.held = defaultdict(int)
        had = {line.pk: line.reserved for line in lines}
        self._share([(line, wanted[line.pk]) for line in lines], free, in_parts=order.in_parts, already=already)
        for line in lines:
            line.waiting = wanted[line.pk] - (line.reserved - had[line.pk])
            line.tried = self.clock + 1 if line.waiting and waited[line.pk] else None

    def cancel(self, order: Order) -> None:
        with self.changing():
            for line in order.lines:
                line.cancelled = line.quantity - line.shipped
                line.waiting, line.held = 0, defaultdict(int)
            order.soft, order.holds, order.is_cancelled = {}, 0, True

    def ship(self, line: Line, place: int, units: int) -> None:
        line.held[place] -= units
        line.shipped += units
        line.gone.add(place)

    def lose_reserved(self, line: Line, place: int, units: int) -> None:
        """What was reserved is gone: it is waited for again."""
        line.held[place] -= units
        if not line.waiting:
            line.tried = None
        line.waiting += units

    # --- how it is shared out -----------------------------------------------------------------------------------------

    def _free_of(self, lines: Iterable[Line]) -> dict[tuple[int, int], int]:
        skus = {sku for line in lines for sku, _ in line.parts}
        return {key: max(units, 0) for key, units in self.free().items() if key[0] in skus}

    def _keep_back(self, free: dict[tuple[int, int], int], units: dict[int, int]) -> None:
        for sku, kept in units.items():
            for place in self.places:
                taken = max(min(kept, free.get((sku, place), 0)), 0)
                if taken:
                    free[sku, place] -= taken
                    kept -= taken

    def _share(self, wanted: list[tuple[Line, int]], free: dict[tuple[int, int], int], *, in_parts: bool = True, already: Iterable[int] = ()) -> None:
        """All from one place if one has all of it, a place that it has something from before others; else from the place that has most, and so on.

        A kit comes whole from one place; what leaves complete comes from one place as well, that which it has something from already.
        """
        wanted = [(line, units) for line, units in wanted if units]
        need: dict[int, int] = defaultdict(int)
        for line, units in wanted:
            for sku, each in line.parts:
                need[sku] += units * each
        may = [place for place in self.places if in_parts or not already or place in already]
        there = {place: {sku: free.get((sku, place), 0) for sku in need} for place in may}
        whole = [place for place in may if all(there[place][sku] >= units for sku, units in need.items())]
        whole.sort(key=lambda place: place not in already)
        most = sorted(may, key=lambda place: (-sum(min(need[sku], there[place][sku]) for sku in need), self.places.index(place)))
        left = {line.pk: units for line, units in wanted}
        for place in whole[:1] or most[: None if in_parts else 1]:
            for line, _units in wanted:
                units = min([left[line.pk], *(free.get((sku, place), 0) // each for sku, each in line.parts)])
                if units > 0:
                    line.held[place] += units
                    left[line.pk] -= units
                    for sku, each in line.parts:
                        free[sku, place] -= each * units

    def _is_worth_a_look(self, line: Line) -> bool:
        if not line.waiting:
            return False
        free = self.free()
        for sku, each in line.parts:
            for place in self.places:
                if free.get((sku, place), 0) >= each and (line.tried is None or self.freed_at.get((sku, place), 0) > line.tried):
                    return True
        return False

    def _waited_for(self) -> dict[int, int]:
        """SKU → units that somebody waits for and could have. A component is kept back where the kit lacks another, as the house does."""
        free = self.free()
        units: dict[int, int] = defaultdict(int)
        for order in self.orders.values():
            for line in order.lines if not order.holds else ():
                for sku, each in line.parts if line.waiting else ():
                    for place in self.places:
                        fresh = line.tried is None or self.freed_at.get((sku, place), 0) > line.tried
                        if fresh and free.get((sku, place), 0) >= each:
                            units[sku] += line.waiting * each
                            break
        return units
