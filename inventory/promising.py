"""What can be promised, and what fills whom. Pure: plain values in, plain values out.

Available to promise of a SKU in a warehouse on a day = on hand − reserved − safety + what is expected by then − what of that is pegged to others.
(Definition: APICS Dictionary, “available-to-promise”, cumulative with look-ahead for pegged demand.)
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True)
class Supply:
    """Units of a SKU on their way into `warehouse` on the day `on`, `pegged` of them to somebody. `number` and `source` name it for people."""

    kind: str
    line_id: int
    warehouse: int
    on: date
    units: int
    pegged: int = 0
    number: str = ""
    source: str = ""


@dataclass(frozen=True)
class Demand:
    """Units that `reference` waits for. `warehouses`: those it may have them from; None: any. `may_take_free`: what is free now is for it too."""

    reference: int
    units: int
    warehouses: frozenset[int] | None = None
    may_take_free: bool = True

    def may_have(self, warehouse: int) -> bool:
        return self.warehouses is None or warehouse in self.warehouses


@dataclass(frozen=True)
class Pegged:
    """What fills a demand. `expected_on`: the day the last of it comes; None while some of it is not on its way at all, and where nothing of it need
    come. `there`: units that are there already. `open`: units that nothing brings.
    """

    pegs: tuple[tuple[Supply, int], ...]
    expected_on: date | None
    open: int
    there: int = 0


def peg(demands: Sequence[Demand], supplies: Sequence[Supply], *, free: Mapping[int, int] | None = None) -> list[Pegged]:
    """Point `demands`, the first served first, at `free` units (warehouse → units) and then at `supplies`, the soonest first.

    What is pegged already is made anew. Nobody is pointed at what comes to a warehouse that does not serve them.
    """
    left = [supply.units for supply in supplies]
    shelf = dict(free or {})
    answers = []
    for demand in demands:
        open_units = demand.units
        for warehouse in shelf if demand.may_take_free else ():
            units = min(open_units, shelf[warehouse]) if demand.may_have(warehouse) else 0
            if units > 0:
                shelf[warehouse] -= units
                open_units -= units
        there = demand.units - open_units
        pegs = []
        for position, supply in enumerate(supplies):
            units = min(open_units, left[position]) if demand.may_have(supply.warehouse) else 0
            if units > 0:
                pegs.append((supply, units))
                left[position] -= units
                open_units -= units
        last = max((supply.on for supply, _ in pegs), default=None)
        answers.append(Pegged(tuple(pegs), None if open_units else last, open_units, there))
    return answers


@dataclass(slots=True)
class Shelf:
    """What of a SKU can be promised from one warehouse: units now, and what comes later. Used up as promises are made."""

    warehouse: int
    now: int
    later: list[Supply]

    def by(self, day: date) -> int:
        """Give the units that can be promised for `day`."""
        return self.now + sum(supply.units - supply.pegged for supply in self.later if supply.on <= day) if self.later else self.now


@dataclass(frozen=True)
class Answer:
    """When `units` of something can leave: `on` is None where nothing that is known brings them. `warehouse`: where from; None: from several.

    `reason`: now, coming, short, buy, never. `now`: units there today. `supply`: the last thing waited for. `lacking`: the SKU waited for, of a kit.
    `full`: it is there, but the warehouse takes on no more orders today. `apart`: there is and comes enough of it, but not together in one place.
    `wanting`: the SKUs that would have to be bought; then the answer is short, and `bought` makes it one of the last two.
    """

    on: date | None
    reason: str
    units: int
    now: int
    warehouse: int | None = None
    supply: Supply | None = None
    lacking: int | None = None
    full: bool = False
    apart: bool = False
    wanting: tuple[int, ...] = ()


def promise(
    parts: Sequence[tuple[int, int]],
    units: int,
    *,
    shelves: Mapping[int, Sequence[Shelf]],
    warehouses: Sequence[int],
    today: date,
    full: Collection[int] = (),
    may_split: bool = True,
) -> Answer:
    """Say when `units`, each made of `parts` (SKU, units), can leave; what is promised is taken off `shelves`, so the next line is told the truth.

    From one warehouse if one can give all of it as soon as any, else, where it may be split, from several; else it is short, for `bought` to tell.
    `full`: warehouses that take on no more orders today.
    """
    now = _units_by(parts, shelves, warehouses, today)
    for day in _days(parts, shelves, today, full):
        able = warehouses if day > today else [warehouse for warehouse in warehouses if warehouse not in full]
        for some in [*([warehouse] for warehouse in able), *([able] if may_split else [])]:
            if _units_by(parts, shelves, some, day) >= units:
                supply, lacking = _take(parts, units, shelves, some, day)
                reason = "now" if day == today else "coming"
                where = some[0] if len(some) == 1 else None
                return Answer(day, reason, units, min(now, units), where, supply, lacking, full=day > today and supply is None)
    return _short(parts, units, shelves, warehouses, now)


def bought(answer: Answer, *, today: date, lead_days: Mapping[int, int]) -> Answer:
    """Say of a short answer when what lacks can be there if it is bought today; any other is given back as it is.

    `lead_days`: SKU → days; a SKU that is not in it is bought nowhere.
    """
    if not answer.wanting:
        return answer
    unknown = [sku for sku in answer.wanting if sku not in lead_days]
    if unknown:
        return replace(answer, on=None, reason="never", lacking=unknown[0])
    there = today + timedelta(days=max(lead_days[sku] for sku in answer.wanting))
    return replace(answer, on=max(there, answer.on or there), reason="buy")


def _days(parts: Sequence[tuple[int, int]], shelves: Mapping[int, Sequence[Shelf]], today: date, full: Collection[int]) -> Iterator[date]:
    """Give the days on which more can leave than before: today, for which nearly all of it is enough, and the others only after it."""
    yield today
    later = {supply.on for sku, _ in parts for shelf in shelves.get(sku, ()) for supply in shelf.later if supply.on > today}
    yield from sorted(later | {today + timedelta(days=1)} if full else later)


def _short(parts: Sequence[tuple[int, int]], units: int, shelves: Mapping[int, Sequence[Shelf]], warehouses: Sequence[int], now: int) -> Answer:
    """Say what lacks, and when the last of what comes of it does; what is there and comes is used up all the same."""
    known = {sku: sum(shelf.now + sum(s.units - s.pegged for s in shelf.later) for shelf in _on(shelves, sku, warehouses)) for sku, _ in parts}
    short = [sku for sku, each in parts if known[sku] < each * units]
    # Enough of everything, but nowhere together: what is bought is bought for one place.
    wanting = tuple(short or [sku for sku, _ in parts])
    coming = [supply.on for sku in short for shelf in _on(shelves, sku, warehouses) for supply in shelf.later if supply.units > supply.pegged]
    _take(parts, units, shelves, warehouses, date.max)
    return Answer(max(coming, default=None), "short", units, min(now, units), lacking=wanting[0], apart=not short, wanting=wanting)


def _on(shelves: Mapping[int, Sequence[Shelf]], sku: int, warehouses: Sequence[int]) -> list[Shelf]:
    return [shelf for shelf in shelves.get(sku, ()) if shelf.warehouse in warehouses]


def _units_by(parts: Sequence[tuple[int, int]], shelves: Mapping[int, Sequence[Shelf]], warehouses: Sequence[int], day: date) -> int:
    """Give how many can be made of what there is by `day`, each whole in one warehouse."""
    if len(parts) == 1:  # As nearly all are: no component has to be where another one is.
        [(sku, each)] = parts
        units = 0
        for shelf in shelves.get(sku, ()):
            if shelf.warehouse in warehouses:
                units += max(shelf.by(day) // each, 0)
        return units
    return sum(max(min(sum(shelf.by(day) for shelf in _on(shelves, sku, [warehouse])) // each for sku, each in parts), 0) for warehouse in warehouses)


def _take(
    parts: Sequence[tuple[int, int]], units: int, shelves: Mapping[int, Sequence[Shelf]], warehouses: Sequence[int], day: date
) -> tuple[Supply | None, int | None]:
    """Take what is promised off the shelves, each unit whole from one warehouse, what is there first; give the latest supply needed, and its SKU."""
    latest: Supply | None = None
    lacking: int | None = None
    for warehouse in warehouses:
        whole = min(units, _units_by(parts, shelves, [warehouse], day))
        units -= whole
        for sku, each in parts:
            wanted = each * whole
            for shelf in _on(shelves, sku, [warehouse]):
                taken = min(wanted, max(shelf.now, 0))
                shelf.now -= taken
                wanted -= taken
                for position, supply in enumerate(shelf.later):
                    taken = min(wanted, supply.units - supply.pegged) if supply.on <= day else 0
                    if taken > 0:
                        shelf.later[position] = replace(supply, pegged=supply.pegged + taken)
                        wanted -= taken
                        if latest is None or supply.on >= latest.on:
                            latest, lacking = supply, sku
    return latest, lacking if len(parts) > 1 else None
