"""Correcting stock, and booking what is there on the first day."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Sku, StockMovement, Warehouse
from inventory.moving import Move, is_adjustment, move_stock, tell_of_arrivals
from inventory.states import MovementKind, WarehouseKind
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.models import Event


def adjust_stock(sku: Sku, warehouse: Warehouse, *, quantity: int, kind: str, note: str, actor: str) -> StockMovement:
    """Correct stock by `quantity` units (below zero: they are gone), with a note that says why.

    Locks the stock level. Raises Invalid for nothing, for a movement that people do not make by hand or one without a note; Conflict where more
    would go than is free: what is reserved is lost with `shipping.losses.write_off`. Records `stock.adjusted`.
    """
    check_adjustment(warehouse, quantity=quantity, kind=kind, note=note)
    with transaction.atomic():
        move = Move(sku.pk, warehouse.pk, quantity, kind, "adjustment", sku.pk, note=note.strip()[:200])
        [movement] = move_stock([move], actor=actor)
        record([adjusted(sku, warehouse, movement)])
        if quantity > 0:
            tell_of_arrivals([sku.pk], actor=actor)
    return movement


def check_adjustment(warehouse: Warehouse, *, quantity: int, kind: str, note: str) -> None:
    """Refuse a correction that makes no sense, or of a place that nobody works in. Raises Invalid."""
    if not quantity or not -1_000_000_000 <= quantity <= 1_000_000_000:
        raise Invalid(_("Say by how many units the stock is to be corrected."), pointer="/quantity")
    if not is_adjustment(kind):
        raise Invalid(_("Stock is not corrected by a movement of that kind."), pointer="/kind")
    if not note.strip():
        raise Invalid(_("Say why the stock is corrected."), pointer="/note")
    if warehouse.kind != WarehouseKind.WAREHOUSE:
        raise Invalid(_("Nobody counts what is on its way: receive it, or write it off with the document that brings it."), pointer="/warehouse")


def adjusted(sku: Sku, warehouse: Warehouse, movement: StockMovement) -> Event:
    """Word the correction that a movement is."""
    return fact(
        "stock.adjusted",
        "sku",
        sku.pk,
        actor=movement.actor,
        sku=sku.code,
        warehouse=warehouse.code,
        quantity=movement.quantity,
        note=movement.note,
    )


def open_stock(quantities: Sequence[tuple[int, int, int]], *, actor: str) -> None:
    """Book opening stock: (sku id, warehouse id, units ≥ 1), at the SKUs' own cost. Not safe to repeat."""
    with transaction.atomic():
        move_stock(
            [Move(sku, place, units, MovementKind.OPENING, "opening", sku) for sku, place, units in quantities],
            actor=actor,
        )
        tell_of_arrivals(sorted({sku for sku, _, _ in quantities}), actor=actor)
