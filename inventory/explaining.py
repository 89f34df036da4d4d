"""Explaining a number: the sum that makes it, and the movements, reservations and deliveries behind each term of it.

A number is counted anew from its rows while somebody looks; where that is not what is kept, the page says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.kits import compositions
from inventory.models import (
    COMING,
    Backorder,
    Peg,
    PurchaseOrderLine,
    ReorderRule,
    Reservation,
    Sku,
    StockMovement,
    TransferLine,
    Warehouse,
)
from inventory.numbers import PlaceNumbers, SkuNumbers, numbers_of
from inventory.pegging import ON_ITS_WAY, ON_THE_ROAD
from inventory.states import MovementKind, ReservationState, WarehouseKind
from oms.core.errors import NotFound
from oms.core.money import ZERO
from oms.core.pages import Page, keyset_page

TITLES: dict[str, str | Promise] = {
    "on_hand": gettext_lazy("on hand"),
    "reserved": gettext_lazy("reserved"),
    "free": gettext_lazy("free"),
    "to_promise": gettext_lazy("to promise"),
    "coming": gettext_lazy("coming"),
    "waiting": gettext_lazy("waited for"),
    "in_transit": gettext_lazy("on the road"),
    "value": gettext_lazy("value"),
    "safety": gettext_lazy("kept for safety"),
}
PAGE = 50
MOST_SHOWN = 200


@dataclass(frozen=True)
class Term:
    """A term of a sum, with its sign. It opens onto the number that explains it, at a place where it has one, or onto its movements of one kind."""

    label: str
    value: Decimal | int
    number: str = ""
    warehouse: str = ""
    kind: str = ""
    count: int | None = None
    is_less: bool = False

    @property
    def sign(self) -> str:
        """Its sign in the sum; of nothing, the one it would have."""
        return "−" if self.value < 0 or self.is_less else "+"


@dataclass(frozen=True)
class Step:
    """A movement, and what was there, and what it was worth, once it had happened."""

    movement: StockMovement
    units: int
    value: Decimal

    @property
    def cost(self) -> Decimal | None:
        """What a unit cost on average then."""
        return self.value / self.units if self.units else None


@dataclass(frozen=True)
class Component:
    """A part of a kit: how many one kit takes, how many there are, and for how many kits they last, over all warehouses."""

    sku: Sku
    units: int
    to_promise: int

    @property
    def makes(self) -> int:
        return self.to_promise // self.units


@dataclass(frozen=True)
class Explanation:
    """A number with the sum that makes it.

    `kept`: what is stored, which every page shows; `counted`: the sum of the rows. `steps`: movements with the balance after each, the newest
    first, `opening`: the balance before the last of them. `kind`: only movements of that kind are shown, which have no balance of their own.
    """

    sku: Sku
    number: str
    warehouse: Warehouse | None
    kept: Decimal | int
    counted: Decimal | int
    terms: list[Term]
    note: str = ""
    kind: str = ""
    steps: list[Step] = field(default_factory=list)
    opening: Step | None = None
    movements: list[StockMovement] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    purchases: list[PurchaseOrderLine] = field(default_factory=list)
    transfers: list[TransferLine] = field(default_factory=list)
    waiting: list[Backorder] = field(default_factory=list)
    places: list[PlaceNumbers] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    rules: list[ReorderRule] = field(default_factory=list)
    next: str = ""

    @property
    def title(self) -> str:
        return str(TITLES[self.number])

    @property
    def is_money(self) -> bool:
        return self.number == "value"

    @property
    def agrees(self) -> bool:
        return self.kept == self.counted

    @property
    def average_cost(self) -> Decimal | None:
        """What a unit is worth on average, of a value."""
        units = sum(place.on_hand for place in self.places)
        return Decimal(self.kept) / units if self.is_money and units else None


def explain(sku: Sku, number: str, *, warehouse: Warehouse | None = None, kind: str = "", after: str = "", size: int = PAGE) -> Explanation:
    """Explain `number` of a SKU, in one warehouse or over all. `kind`: show its movements of one kind; `after`: the cursor of the page before.

    A constant number of queries, and one pass over the SKU's own rows. Raises NotFound for a number that is none of TITLES.
    """
    if number not in TITLES:
        raise NotFound(_("There is no such number. It is one of: %(numbers)s.") % {"numbers": ", ".join(TITLES)})
    here = numbers_of([sku])[sku.pk].at(warehouse.pk if warehouse else None)
    asked = _Asked(sku, number, warehouse, here, kind if kind in MovementKind.values else "", after, size)
    return _EXPLAINED[number](asked)


@dataclass(frozen=True)
class _Asked:
    sku: Sku
    number: str
    warehouse: Warehouse | None
    here: SkuNumbers
    kind: str
    after: str
    size: int

    def answer(self, kept: Decimal | int, counted: Decimal | int, terms: Sequence[Term], **more: Any) -> Explanation:
        return Explanation(self.sku, self.number, self.warehouse, kept, counted, list(terms), **more)

    def in_scope(self, rows: QuerySet, column: str = "warehouse") -> QuerySet:
        """Narrow rows of the SKU to the place asked for."""
        rows = rows.filter(sku=self.sku)
        return rows.filter(**{column: self.warehouse}) if self.warehouse else rows


# --- what is there ----------------------------------------------------------------------------------------------------


def _on_hand(asked: _Asked) -> Explanation:
    kinds, steps, movements, following = _moved(asked)
    terms = [Term(str(MovementKind(kind).label), units, kind=kind, count=count) for kind, units, _value, count in kinds if units]
    return asked.answer(
        asked.here.on_hand, sum(units for _kind, units, *_ in kinds), terms, **_shown(asked, steps, movements, following), places=asked.here.places
    )


def _value(asked: _Asked) -> Explanation:
    kinds, steps, movements, following = _moved(asked)
    terms = [Term(str(MovementKind(kind).label), value, kind=kind, count=count) for kind, _units, value, count in kinds if value]
    return asked.answer(
        asked.here.value,
        sum((value for _kind, _units, value, _count in kinds), ZERO),
        terms,
        **_shown(asked, steps, movements, following),
        places=asked.here.places,
        note=_("Valued at moving average cost per warehouse: what comes in changes the average, what goes out leaves at it."),
    )


def _shown(asked: _Asked, steps: list[Step], movements: list[StockMovement], following: str) -> dict[str, Any]:
    if asked.kind:
        return {"movements": movements, "kind": asked.kind, "next": following}
    return {"steps": steps[:-1], "opening": steps[-1] if following else None, "next": following}


def _moved(asked: _Asked) -> tuple[list[tuple[str, int, Decimal, int]], list[Step], list[StockMovement], str]:
    """Give the movements added up by kind, (kind, units, value, how many), and a page of them, each with the balance after it.

    Two queries: the page, and one pass over the SKU's movements that adds up both the kinds and what was there before the page.
    """
    rows = asked.in_scope(StockMovement.objects.all()).select_related("warehouse")
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    page: Page[StockMovement] = keyset_page(rows, order=("-id",), after=asked.after, size=asked.size)
    oldest = page.rows[-1].pk if page.rows else 0
    place = " AND warehouse_id = %s" if asked.warehouse else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, sum(quantity)::bigint, sum(value), count(*),"
            " coalesce(sum(quantity) FILTER (WHERE id < %s), 0)::bigint, coalesce(sum(value) FILTER (WHERE id < %s), 0)"
            f" FROM inventory_stockmovement WHERE sku_id = %s{place} GROUP BY kind",
            [oldest, oldest, asked.sku.pk, *([asked.warehouse.pk] if asked.warehouse else [])],
        )
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    order = list(MovementKind.values)
    kinds = [(kind, *found[kind][:3]) for kind in sorted(found, key=order.index)]
    units, value = sum(row[3] for row in found.values()), sum((row[4] for row in found.values()), ZERO)
    steps = [Step(StockMovement(), units, value)]
    for movement in reversed(page.rows):
        units, value = units + movement.quantity, value + movement.value
        steps.insert(0, Step(movement, units, value))
    return kinds, steps, page.rows, page.next


def _reserved(asked: _Asked) -> Explanation:
    rows = asked.in_scope(Reservation.objects.all()).filter(state__in=[ReservationState.SOFT, ReservationState.FIRM])
    sums = dict(rows.values_list("state").annotate(units=Sum("quantity")).order_by())
    terms = [
        Term(_("firm, for orders"), sums.get(ReservationState.FIRM, 0)),
        Term(_("held for a while, for baskets and calls"), sums.get(ReservationState.SOFT, 0)),
    ]
    page = keyset_page(rows.select_related("warehouse"), order=("-id",), after=asked.after, size=asked.size)
    return asked.answer(asked.here.reserved, sum(sums.values()), terms, reservations=page.rows, next=page.next)


def _free(asked: _Asked) -> Explanation:
    here = asked.here
    code = asked.warehouse.code if asked.warehouse else ""
    terms = [
        Term(_("on hand"), here.on_hand, "on_hand", code),
        Term(_("reserved"), -sum(place.reserved for place in here.places if place.is_warehouse), "reserved", code, is_less=True),
    ]
    if here.not_here:
        terms.append(Term(_("in no warehouse: on the road, or with a vendor"), -here.not_here, "in_transit", code))
    return asked.answer(here.free, _sum(terms), terms, places=here.places)


def _safety(asked: _Asked) -> Explanation:
    here = asked.here
    rules = asked.in_scope(ReorderRule.objects.select_related("warehouse", "vendor"))
    terms = [Term(place.name, place.safety, "safety", place.code) for place in here.places if place.safety]
    return asked.answer(
        here.safety,
        _sum(terms),
        terms,
        rules=list(rules[:MOST_SHOWN]),
        note=_("Kept back from every promise, so that a late delivery or a busy day does not break one. The reorder rule of the warehouse sets it."),
    )


# --- what can be promised ---------------------------------------------------------------------------------------------


def _to_promise(asked: _Asked) -> Explanation:
    if asked.sku.is_kit:
        return _made(asked)
    here = asked.here
    code = asked.warehouse.code if asked.warehouse else ""
    closed = sum(place.free for place in here.places if not place.is_active)
    short = sum(place.promisable - (place.free - place.safety) for place in here.places if place.is_active and place.is_warehouse)
    safety = sum(place.safety for place in here.places if place.is_active and place.is_warehouse)
    terms = [
        Term(_("free"), here.free, "free", code),
        Term(_("kept for safety"), -safety, "safety", code, is_less=True),
        Term(_("that others wait for"), -here.spoken_for, "waiting", is_less=True),
        Term(_("in warehouses that are closed"), -closed),
        Term(_("lacking of the safety stock, which nobody is promised"), short),
    ]
    return asked.answer(here.to_promise, _sum(terms), [*terms[:3], *(term for term in terms[3:] if term.value)], places=here.places)


def _made(asked: _Asked) -> Explanation:
    """Explain how many kits can be made: in each warehouse as many as the component that runs out first."""
    parts = compositions([asked.sku.pk])[asked.sku.pk]
    skus = Sku.objects.in_bulk([pk for pk, _units in parts])
    known = numbers_of(list(skus.values()))
    place = asked.warehouse.pk if asked.warehouse else None
    names = {one.warehouse_id: (one.name, one.code) for numbers in known.values() for one in numbers.places}
    terms = [Term(names[pk][0], units, "to_promise", names[pk][1]) for pk, units in asked.here.makes.items()]
    return asked.answer(
        asked.here.to_promise,
        _sum(terms),
        terms,
        components=[Component(skus[pk], units, known[pk].at(place).to_promise) for pk, units in parts],
        note=_("A kit has no stock of its own. It is made whole in one warehouse, of what may be promised of its components there."),
    )


# --- what comes, and who waits ----------------------------------------------------------------------------------------


def _coming(asked: _Asked) -> Explanation:
    bought = PurchaseOrderLine.objects.filter(sku=asked.sku, order__state__in=COMING, received__lt=F("quantity"))
    bought = bought.filter(order__warehouse__kind=WarehouseKind.WAREHOUSE, order__drop_ship_order_id__isnull=True)
    moved = TransferLine.objects.filter(sku=asked.sku, transfer__state__in=ON_THE_ROAD, quantity__gt=F("received") + F("lost"))
    if asked.warehouse:
        bought, moved = bought.filter(order__warehouse=asked.warehouse), moved.filter(transfer__destination=asked.warehouse)
    pegged = {"pegged": Sum("pegs__quantity")}
    lines = bought.annotate(**pegged).select_related("order__vendor", "order__warehouse").order_by("order__expected_on", "id")
    purchases = [line for line in lines if line.coming]
    transfers = list(moved.annotate(**pegged).select_related("transfer__source", "transfer__destination").order_by("transfer__expected_on", "id"))
    terms = [
        Term(_("ordered from vendors"), sum(line.coming for line in purchases if line.order.state in ON_ITS_WAY)),
        Term(_("on purchase orders that are not sent yet"), sum(line.coming for line in purchases if line.order.state not in ON_ITS_WAY)),
        Term(_("on the road from another warehouse"), sum(line.open_quantity for line in transfers)),
    ]
    spoken_for = sum(line.pegged or 0 for line in (*purchases, *transfers))  # type: ignore[operator,misc]
    counted = _sum(terms)
    note = _("%(pegged)d of it is for orders that wait; %(open)d is for nobody yet.") % {"pegged": spoken_for, "open": counted - spoken_for}
    return asked.answer(
        asked.here.coming,
        counted,
        [term for term in terms if term.value],
        note=note if counted else "",
        purchases=purchases[:MOST_SHOWN],
        transfers=transfers[:MOST_SHOWN],
    )


def _waiting(asked: _Asked) -> Explanation:
    rows = Backorder.objects.filter(sku=asked.sku)
    pegs = Peg.objects.filter(backorder__sku=asked.sku).aggregate(
        bought=Sum("quantity", filter=Q(purchase_line__isnull=False)), moved=Sum("quantity", filter=Q(transfer_line__isnull=False))
    )
    bought, moved = pegs["bought"] or 0, pegs["moved"] or 0
    total = rows.aggregate(units=Sum("quantity"))["units"] or 0
    terms = [
        Term(_("come with a purchase order"), bought),
        Term(_("come with a transfer"), moved),
        Term(_("from what is there, or not on order yet"), total - bought - moved),
    ]
    page = keyset_page(
        rows.prefetch_related("pegs__purchase_line__order", "pegs__transfer_line__transfer"),
        order=("priority", "since", "id"),
        after=asked.after,
        size=asked.size,
    )
    return asked.answer(asked.here.waiting, total, [term for term in terms if term.value], waiting=page.rows, next=page.next)


def _in_transit(asked: _Asked) -> Explanation:
    moved = TransferLine.objects.filter(sku=asked.sku, transfer__state__in=ON_THE_ROAD, quantity__gt=F("received") + F("lost"))
    if asked.warehouse:
        moved = moved.filter(transfer__destination=asked.warehouse)
    lines = list(moved.annotate(pegged=Sum("pegs__quantity")).select_related("transfer__source", "transfer__destination").order_by("id"))
    terms = [
        Term(f"{line.transfer.number} {line.transfer.source.name} → {line.transfer.destination.name}", line.open_quantity) for line in lines[:10]
    ]
    if rest := sum(line.open_quantity for line in lines[10:]):
        terms.append(Term(_("on other transfers"), rest))
    counted = sum(line.open_quantity for line in lines)
    kept = counted if asked.warehouse else asked.here.in_transit
    note = _("Goods on the road are owned and worth what they were; they are free once they have come in.")
    return asked.answer(kept, counted, terms, transfers=lines[:MOST_SHOWN], note=note)


def _sum(terms: Sequence[Term]) -> int:
    return sum(int(term.value) for term in terms)


_EXPLAINED: dict[str, Callable[[_Asked], Explanation]] = {
    "on_hand": _on_hand,
    "reserved": _reserved,
    "free": _free,
    "to_promise": _to_promise,
    "coming": _coming,
    "waiting": _waiting,
    "in_transit": _in_transit,
    "value": _value,
    "safety": _safety,
}
