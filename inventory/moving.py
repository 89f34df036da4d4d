"""Moving stock: the only code that changes what is on hand and what it is worth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.backorders import FILLING
from inventory.models import MovementToPost, Sku, StockLevel, StockMovement, Warehouse
from inventory.reserving import lock_places
from inventory.states import MovementKind
from oms.core import bulk
from oms.core.errors import Conflict
from oms.core.events import fact, record, wake
from oms.core.locks import lock, take_turn
from oms.core.money import round_amount

INT_MAX = 2_147_483_647
# Goods that only change their place are worth to the books what they were.
NOT_POSTED = (MovementKind.TRANSFER_OUT, MovementKind.TRANSFER_IN)


@dataclass(frozen=True)
class Move:
    """So many units into a place (out of it, when below zero). `value`: what they are worth in the books' currency; None takes what is
    there at moving average, and for goods coming in the SKU's own cost. No units and a value correct what the stock there is worth.
    `from_reserved`: they were reserved, and no longer are. `effective_on`: the day it belongs to, where that is not today. `carries_on`: what
    the move before it took away, so it is worth the same to the last cent.
    """

    sku_id: int
    warehouse_id: int
    quantity: int
    kind: str
    cause: str
    cause_id: int
    value: Decimal | None = None
    order_id: int | None = None
    from_reserved: bool = False
    note: str = ""
    effective_on: date | None = None
    carries_on: bool = False


def move_stock(moves: Sequence[Move], *, actor: str) -> list[StockMovement]:
    """Move stock, each move with its own row, its value at moving average cost.

    Locks the stock levels by primary key, made where there are none yet. A constant number of statements. Raises
    Conflict where more would leave than is free, where a kit would come in, and where stock would be worth less than nothing.
    Wakes who waits for `stock.moved`.
    """
    if not moves:
        return []
    coming = {(move.sku_id, move.warehouse_id) for move in moves if move.quantity > 0}
    make_levels(coming)
    levels = lock_places({(move.sku_id, move.warehouse_id) for move in moves})
    _refuse_kits({sku for sku, _ in coming})
    costs = _costs(moves)
    now, today = timezone.now(), timezone.localdate()
    movements: list[StockMovement] = []
    for move in moves:
        nothing_there = StockLevel(sku_id=move.sku_id, warehouse_id=move.warehouse_id)
        level = levels.get((move.sku_id, move.warehouse_id), nothing_there)
        value = -movements[-1].value if move.carries_on else _value(move, level, costs)
        level.on_hand += move.quantity
        level.value += value
        if move.from_reserved:
            level.reserved += move.quantity
        _check_units(level, move)
        movements.append(
            StockMovement(
                sku_id=move.sku_id,
                warehouse_id=move.warehouse_id,
                kind=move.kind,
                quantity=move.quantity,
                value=value,
                cause=move.cause,
                cause_id=move.cause_id,
                order_id=move.order_id,
                actor=actor,
                note=move.note,
                effective_on=move.effective_on or today,
                moved_at=now,
            )
        )
    _check_values(levels.values())
    bulk.save_all(list(levels.values()), "on_hand", "reserved", "value")
    bulk.insert_all(movements)
    bulk.insert_all([MovementToPost(movement_id=movement.pk, created_at=now) for movement in movements if movement.kind not in NOT_POSTED])
    wake("stock.moved")
    return movements


def make_levels(coming: set[tuple[int, int]]) -> None:
    """Make the stock levels that there are not yet. Then nobody may fill backorders or make a kit of the SKU before we are done: see FILLING."""
    there = set(
        StockLevel.objects.filter(sku__in={sku for sku, _ in coming}, warehouse__in={place for _, place in coming}).values_list(
            "sku_id", "warehouse_id"
        )
    )
    missing = sorted(coming - there)
    if not missing:
        return
    take_turn(FILLING)
    skus = {sku for sku, _ in missing}
    lock(Sku.objects.filter(pk__in=skus))
    _refuse_kits(skus)
    StockLevel.objects.bulk_create([StockLevel(sku_id=sku, warehouse_id=place) for sku, place in missing], ignore_conflicts=True)


def _refuse_kits(sku_ids: set[int]) -> None:
    """Raise Conflict where a kit would come in. Asked under the lock of the stock levels, which who makes a kit takes as well."""
    kit = Sku.objects.filter(pk__in=sku_ids, is_kit=True).first() if sku_ids else None
    if kit is not None:
        raise Conflict(_("%(sku)s is a kit and has no stock of its own: move its components.") % {"sku": kit.code}, sku=kit.code)


def _costs(moves: Sequence[Move]) -> dict[int, Decimal]:
    unknown = {move.sku_id for move in moves if move.value is None and move.quantity > 0 and not move.carries_on}
    return dict(Sku.objects.filter(pk__in=unknown).values_list("id", "cost")) if unknown else {}


def _value(move: Move, level: StockLevel, costs: dict[int, Decimal]) -> Decimal:
    """Value a move. Whoever takes the last unit takes the last cent, so a place that is empty is worth nothing."""
    if move.value is not None:
        return move.value
    if move.quantity > 0:
        cost = level.value / level.on_hand if level.on_hand else costs[move.sku_id]
        return round_amount(cost * move.quantity, settings.BOOKS_CURRENCY)
    if -move.quantity >= level.on_hand:
        return -level.value
    return -round_amount(level.value * -move.quantity / level.on_hand, settings.BOOKS_CURRENCY)


def _check_units(level: StockLevel, move: Move) -> None:
    if level.on_hand > INT_MAX:
        raise Conflict(_("That is more than a warehouse can hold: correct the quantity."), pointer="/quantity")
    if level.on_hand < level.reserved or level.on_hand < 0:
        sku = Sku.objects.get(pk=move.sku_id)
        warehouse = Warehouse.objects.get(pk=move.warehouse_id)
        raise Conflict(
            _("Only %(free)d of %(sku)s are free in %(warehouse)s.")
            % {"free": max(level.on_hand - move.quantity - level.reserved, 0), "sku": sku.code, "warehouse": warehouse.name},
            sku=sku.code,
            warehouse=warehouse.code,
        )


def _check_values(levels: Iterable[StockLevel]) -> None:
    """Refuse what would leave stock worth less than nothing, or a value where there is none: asked when all has moved."""
    for level in levels:
        if level.value < 0 or (level.value and not level.on_hand):
            sku = Sku.objects.get(pk=level.sku_id)
            raise Conflict(
                _("That would leave %(sku)s worth less than nothing, or worth something where there is none.") % {"sku": sku.code}, sku=sku.code
            )


def tell_of_arrivals(sku_ids: Sequence[int], *, actor: str) -> None:
    """Record `stock.arrived` for SKUs of which there is more now: waiting orders may be filled."""
    record(fact("stock.arrived", "sku", sku_id, actor=actor) for sku_id in sku_ids)


def is_adjustment(kind: str) -> bool:
    """Say whether people may make a movement of `kind` by hand."""
    return kind in (MovementKind.COUNT, MovementKind.DAMAGE, MovementKind.SCRAP, MovementKind.CORRECTION, MovementKind.OPENING)
