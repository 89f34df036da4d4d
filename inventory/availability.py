"""When something can be there: available to promise, from stock, from what is on its way, or as soon as it can be bought."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from inventory.allocation import Lane
from inventory.kits import compositions, parts_of
from inventory.models import Sku
from inventory.pegging import supplies_of
from inventory.promising import Answer, Shelf, Supply, bought, promise
from inventory.sourcing import places_serving, rules_in_force, served_from
from oms.core.errors import Invalid
from oms.core.reading import read

Parts = tuple[tuple[int, int], ...]


class Question(NamedTuple):
    """What one unit is made of, how many units, and where to. `only_from`: the warehouses they may come from; None: all that serve it."""

    parts: Parts
    units: int
    country: str = ""
    postcode: str = ""
    only_from: tuple[int, ...] | None = None


MOST_UNITS = 1_000_000


@dataclass(frozen=True)
class Availability:
    """What can be promised of a SKU. `free`: units that could leave today; `ships_on` and `arrives_on` None where nothing brings it.

    `arrives_on` counts the days on the road where a lane leads to the destination. `reason` is a sentence for people, `code` the same for
    programs: now, coming, buy, never.
    """

    sku: str
    quantity: int
    free: int
    ships_on: date | None
    arrives_on: date | None
    code: str
    reason: str
    warehouse: str = ""


class _Sku(NamedTuple):
    """What of a SKU has to be known to promise it."""

    pk: int
    code: str
    is_kit: bool
    is_active: bool


class _Known:
    """What is known of the SKUs asked for, loaded once."""

    def __init__(self, sku_ids: set[int], countries: set[str]) -> None:
        self.today = timezone.localdate()
        self.places = places_serving(countries)
        self.rules = rules_in_force()
        self.policies = {rule.policy for rule in self.rules}
        self.full = [place.id for place in self.places if place.capacity == 0] if "capacity" in self.policies else []
        self.shelves = shelves_of(sorted(sku_ids), [place.id for place in self.places], today=self.today)
        self._serving: dict[tuple[str, str], list[int]] = {}

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer in turn: what is promised to one is gone for the next. How long buying takes is asked only for what lacks, in one query."""
        answers = [
            promise(
                one.parts,
                one.units,
                shelves=self.shelves,
                warehouses=self.serving(one.country, one.postcode, one.only_from),
                today=self.today,
                full=self.full,
                may_split="never_split" not in self.policies,
            )
            for one in questions
        ]
        lead_days = _lead_days({sku for answer in answers for sku in answer.wanting})
        return [bought(answer, today=self.today, lead_days=lead_days) for answer in answers]

    def serving(self, country: str, postcode: str, only_from: Collection[int] | None = None) -> list[int]:
        """Give the warehouses that may serve a destination, the best first."""
        if (country, postcode) not in self._serving:
            found = served_from(self.places, self.rules, country, postcode)
            self._serving[country, postcode] = [place.id for place in self.places if found is None or place.id in found]
        serving = self._serving[country, postcode]
        return serving if only_from is None else [place for place in serving if place in only_from]


def availability_of(lines: Sequence[tuple[str, int]], *, country: str = "", postcode: str = "") -> list[Availability]:
    """Say for each of `lines`, (SKU code, units), when it can be there. What is promised to one line is gone for the next.

    At most ten queries, whatever their number. Raises Invalid for unknown SKUs and figures out of bounds. Locks and changes nothing.
    """
    codes = [code.strip().upper() for code, _units in lines]
    skus = {row[1]: _Sku(*row) for row in read("SELECT id, code, is_kit, is_active FROM inventory_sku WHERE code = ANY(%s)", [codes])}
    for position, (code, (_given, units)) in enumerate(zip(codes, lines, strict=True)):
        if code not in skus:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code[:40]}, pointer=f"/lines/{position}/sku", sku=code[:40])
        if not 1 <= units <= MOST_UNITS:
            raise Invalid(
                _("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": code, "most": MOST_UNITS},
                pointer=f"/lines/{position}/quantity",
            )
    kits = compositions([sku.pk for sku in skus.values() if sku.is_kit])
    parts = [parts_of(skus[code].pk, kits.get(skus[code].pk)) for code in codes]
    known = _Known({sku for some in parts for sku, _each in some}, {country})
    answers = known.answers([Question(some, units, country, postcode) for some, (_code, units) in zip(parts, lines, strict=True)])
    names = {place.id: place.name for place in known.places}
    lacking = _codes({sku.pk: sku.code for sku in skus.values()}, {answer.lacking for answer in answers if answer.lacking})
    lanes = {place.id: place.lane_to(country, postcode) for place in known.places}
    return [_told(skus[code], answer, names, lacking, _days_on_the_road(lanes, answer)) for code, answer in zip(codes, answers, strict=True)]


def dates_for(questions: Sequence[Question | tuple[Parts, int, str, str]]) -> list[date | None]:
    """Give for each question, in their order, the day on which all of it can leave; None where nothing that is known brings it.

    At most seven queries, whatever their number.
    """
    if not questions:
        return []
    asked = [Question(*question) for question in questions]
    known = _Known({sku for one in asked for sku, _each in one.parts}, {one.country for one in asked})
    return [answer.on for answer in known.answers(asked)]


_LEVELS = """
    SELECT sku_id, warehouse_id, on_hand - reserved - safety FROM inventory_stocklevel
    WHERE sku_id = ANY(%s::bigint[]) AND warehouse_id = ANY(%s::bigint[])
"""


def shelves_of(sku_ids: Iterable[int], warehouses: Iterable[int], *, today: date | None = None) -> dict[int, list[Shelf]]:
    """Give SKU → what can be promised of it from each warehouse. Three queries.

    What others wait for and nothing on its way is pegged to comes out of what is free. What is expected today or overdue
    is not there yet: it is counted on from tomorrow.
    """
    sku_ids, warehouses = list(sku_ids), list(warehouses)
    today = today or timezone.localdate()
    places: dict[int, dict[int, Shelf]] = {sku: {} for sku in sku_ids}
    for sku, place, free in read(_LEVELS, [sku_ids, warehouses]):
        places[sku][place] = Shelf(place, free, [])
    wanted = set(warehouses)
    for sku, supplies in supplies_of(sku_ids).items():
        for supply in supplies:
            if supply.warehouse in wanted:
                places[sku].setdefault(supply.warehouse, Shelf(supply.warehouse, 0, [])).later.append(_in_time(supply, today))
    shelves = defaultdict(list, {sku: [known[place] for place in warehouses if place in known] for sku, known in places.items() if known})
    for sku, units in spoken_for(sku_ids).items():
        for shelf in shelves[sku]:
            taken = min(units, max(shelf.now, 0))
            shelf.now -= taken
            units -= taken
            # What has just been ordered and is not pegged yet will be.
            for position, supply in enumerate(shelf.later):
                taken = min(units, supply.units - supply.pegged)
                if taken > 0:
                    shelf.later[position] = replace(supply, pegged=supply.pegged + taken)
                    units -= taken
    return shelves


def _in_time(supply: Supply, today: date) -> Supply:
    return supply if supply.on > today else replace(supply, on=today + timedelta(days=1))


def spoken_for(sku_ids: Sequence[int]) -> dict[int, int]:
    """Give SKU → units that orders wait for and that are pegged to nothing: who comes later does not get them first. One query."""
    waiting = read(
        "SELECT waiting.sku_id, sum(waiting.quantity - coalesce(pegged.quantity, 0))::int FROM inventory_backorder waiting"
        " LEFT JOIN LATERAL (SELECT sum(peg.quantity) AS quantity FROM inventory_peg peg WHERE peg.backorder_id = waiting.id) pegged ON true"
        " WHERE waiting.sku_id = ANY(%s) GROUP BY waiting.sku_id",
        [list(sku_ids)],
    )
    return dict(waiting)  # type: ignore[arg-type]


_LEAD_DAYS = """
    SELECT sku_id, min(days)::int FROM (
        SELECT rule.sku_id, coalesce(ceil(rule.lead_days), vendor.lead_time_days) AS days
        FROM inventory_reorderrule rule JOIN inventory_vendor vendor ON vendor.id = rule.vendor_id
        WHERE rule.sku_id = ANY(%s) AND vendor.is_active
        UNION ALL
        SELECT item.sku_id, coalesce(item.lead_time_days, vendor.lead_time_days)
        FROM inventory_vendoritem item JOIN inventory_vendor vendor ON vendor.id = item.vendor_id
        WHERE item.sku_id = ANY(%s) AND vendor.is_active
    ) known GROUP BY sku_id
"""


def _lead_days(sku_ids: Iterable[int]) -> dict[int, int]:
    """Give SKU → days until it could come if it were ordered today: as observed where that was learned, else as its vendor promises.

    One query; none where there are no SKUs.
    """
    sku_ids = sorted(sku_ids)
    return dict(read(_LEAD_DAYS, [sku_ids, sku_ids])) if sku_ids else {}  # type: ignore[arg-type]


def _codes(asked: Mapping[int, str], lacking: Set[int]) -> dict[int, str]:
    """Give the codes of SKUs that lack: they are known of what was asked for, and looked up of the components of a kit."""
    unknown = lacking - asked.keys()
    return {**asked, **dict(Sku.objects.filter(pk__in=unknown).values_list("id", "code"))} if unknown else dict(asked)


def _days_on_the_road(lanes: Mapping[int, Lane | None], answer: Answer) -> int:
    ways = lanes.values() if answer.warehouse is None else [lanes.get(answer.warehouse)]
    return max((lane.days for lane in ways if lane), default=0)


def _told(sku: _Sku, answer: Answer, names: dict[int, str], lacking: dict[int, str], days: int) -> Availability:
    on, code = answer.on, answer.reason
    if not sku.is_active and code in ("buy", "never"):
        on, code = None, "never"
    return Availability(
        sku=sku.code,
        quantity=answer.units,
        free=answer.now,
        ships_on=on,
        arrives_on=on + timedelta(days=days) if on else None,
        code=code,
        reason=_reason(sku, answer, code, names, lacking),
        warehouse=names.get(answer.warehouse or 0, "") if code == "now" else "",
    )


def _reason(sku: _Sku, answer: Answer, code: str, names: dict[int, str], lacking: dict[int, str]) -> str:
    facts = {
        "units": answer.units,
        "now": answer.now,
        "sku": lacking.get(answer.lacking or 0, sku.code),
        "day": date_format(answer.on, "j M") if answer.on and code in ("coming", "buy") else "",
        "number": answer.supply.number if answer.supply else "",
        "source": answer.supply.source if answer.supply else "",
    }
    if code == "now":
        if answer.warehouse is None:
            return _("%(units)d free, from several warehouses.") % facts
        return _("%(units)d free in %(place)s.") % {**facts, "place": names[answer.warehouse]}
    if code == "coming" and answer.supply is not None:
        if answer.now:
            return _("%(now)d free now; the rest with %(number)s from %(source)s, expected %(day)s.") % facts
        return _("%(sku)s comes with %(number)s from %(source)s, expected %(day)s.") % facts
    if code == "coming" and answer.full and answer.warehouse is not None:
        return _("%(units)d free in %(place)s, which takes on no more orders today: it leaves on %(day)s.") % {
            **facts,
            "place": names[answer.warehouse],
        }
    if code == "coming":
        return _("All of it is there on %(day)s.") % facts
    if answer.apart and sku.is_active:
        if code == "buy":
            return _("There is enough of it, but not together in one warehouse: bought today, it is here about %(day)s.") % facts
        return _("There is enough of it, but not together in one warehouse, and no more of it is on order.") % facts
    if code == "buy":
        if answer.now:
            return _("%(now)d free now; the rest of %(sku)s is not on order yet: bought today, it is here about %(day)s.") % facts
        return _("%(sku)s is not on order yet: bought today, it is here about %(day)s.") % facts
    if not sku.is_active:
        return _("%(now)d free; it is no longer sold, and no more of it comes.") % facts
    return _("%(now)d free; nothing brings %(sku)s: it has no vendor and is not on order.") % facts
