"""What can be promised, and what fills whom. Pure: plain values in, plain values out.

Available to promise of a SKU in a warehouse on a day = on hand − reserved − safety + what is expected by then − what of that is pegged to others.
(Definition: APICS Dictionary, “available-to-promise”, cumulative with look-ahead for pegged demand.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """Units that `reference` waits for."""

    reference: int
    units: int


@dataclass(frozen=True)
class Pegged:
    """What fills a demand. `expected_on`: the day the last of it comes; None while some of it is not on its way at all."""

    pegs: tuple[tuple[Supply, int], ...]
    expected_on: date | None
    open: int


def peg(demands: Sequence[Demand], supplies: Sequence[Supply], *, free: int = 0) -> list[Pegged]:
    """Point `demands`, the first served first, at `free` units and then at `supplies`, the soonest first. What is pegged already is made anew."""
    left = [supply.units for supply in supplies]
    answers = []
    for demand in demands:
        open_units = demand.units - min(free, demand.units)
        free -= demand.units - open_units
        pegs = []
        for position, supply in enumerate(supplies):
            units = min(open_units, left[position])
            if units > 0:
                pegs.append((supply, units))
                left[position] -= units
                open_units -= units
        last = max((supply.on for supply, _ in pegs), default=None)
        answers.append(Pegged(tuple(pegs), None if open_units else last, open_units))
    return answers


@dataclass
class Shelf:
    """What of a SKU can be promised from one warehouse: units now, and what comes later. Used up as promises are made."""

    warehouse: int
    now: int
    later: list[Supply]

    def by(self, day: date) -> int:
        """Give the units that can be promised for `day`."""
        return self.now + sum(supply.units - supply.pegged for supply in self.later if supply.on <= day)


@dataclass(frozen=True)
class Answer:
    """When `units` of something can leave: `on` is None where nothing that is known brings them. `warehouse`: where from; None: from several.

    `reason`: now, coming, buy, never. `now`: units there today. `supply`: the last thing waited for. `lacking`: the SKU waited for, of a kit.
    """

    on: date | None
    reason: str
    units: int
    now: int
    warehouse: int | None = None
    supply: Supply | None = None
    lacking: int | None = None


def promise(
    parts: Sequence[tuple[int, int]],
    units: int,
    *,
    shelves: Mapping[int, Sequence[Shelf]],
    warehouses: Sequence[int],
    today: date,
    lead_days: Mapping[int, int],
) -> Answer:
    """Say when `units`, each made of `parts` (SKU, units), can leave; what is promised is taken off `shelves`, so the next line is told the truth.

    From one warehouse if one can give all of it as soon as any, else from several; else as soon as it can be bought: `lead_days`, SKU → days; a SKU
    that is not in it is bought nowhere.
    """
    days = sorted({today, *(max(supply.on, today) for sku, _ in parts for shelf in shelves.get(sku, ()) for supply in shelf.later)})
    now = _units_by(parts, shelves, warehouses, today)
    for day in days:
        for warehouse in warehouses:
            if _units_by(parts, shelves, [warehouse], day) >= units:
                supply, lacking = _take(parts, units, shelves, [warehouse], day)
                return Answer(day, "coming" if day > today else "now", units, min(now, units), warehouse, supply, lacking)
        if len(parts) == 1 and _units_by(parts, shelves, warehouses, day) >= units:
            supply, lacking = _take(parts, units, shelves, warehouses, day)
            return Answer(day, "coming" if day > today else "now", units, min(now, units), None, supply, lacking)
    last = days[-1]
    short = [sku for sku, each in parts if sum(shelf.by(last) for shelf in _on(shelves, sku, warehouses)) < each * units]
    lacking = short[0] if short else parts[0][0]
    unknown = [sku for sku in short if sku not in lead_days]
    if unknown:
        return Answer(None, "never", units, min(now, units), lacking=unknown[0])
    wait = max((lead_days[sku] for sku in short), default=max((lead_days.get(sku, 0) for sku, _ in parts), default=0))
    return Answer(max(today + timedelta(days=wait), last), "buy", units, min(now, units), lacking=lacking)


def _on(shelves: Mapping[int, Sequence[Shelf]], sku: int, warehouses: Sequence[int]) -> list[Shelf]:
    return [shelf for shelf in shelves.get(sku, ()) if shelf.warehouse in warehouses]


def _units_by(parts: Sequence[tuple[int, int]], shelves: Mapping[int, Sequence[Shelf]], warehouses: Sequence[int], day: date) -> int:
    """Give how many can be made of what there is by `day`, each whole in one warehouse."""
    return sum(max(min(sum(shelf.by(day) for shelf in _on(shelves, sku, [warehouse])) // each for sku, each in parts), 0) for warehouse in warehouses)


def _take(
    parts: Sequence[tuple[int, int]], units: int, shelves: Mapping[int, Sequence[Shelf]], warehouses: Sequence[int], day: date
) -> tuple[Supply | None, int | None]:
    """Take what is promised off the shelves, what is there first; give the latest supply that was needed, and its SKU."""
    latest: Supply | None = None
    lacking: int | None = None
    for sku, each in parts:
        wanted = each * units
        for shelf in _on(shelves, sku, warehouses):
            taken = min(wanted, max(shelf.now, 0))
            shelf.now -= taken
            wanted -= taken
        for shelf in _on(shelves, sku, warehouses):
            for position, supply in enumerate(shelf.later):
                taken = min(wanted, supply.units - supply.pegged) if supply.on <= day else 0
                if taken > 0:
                    shelf.later[position] = Supply(**(supply.__dict__ | {"pegged": supply.pegged + taken}))
                    wanted -= taken
                    if latest is None or supply.on >= latest.on:
                        latest, lacking = supply, sku
    return latest, lacking if len(parts) > 1 else None
