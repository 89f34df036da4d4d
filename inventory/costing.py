"""Correcting what stock is worth, also as of a day that has passed: always a new entry, never a rewriting.

The rule: a correction is worked through as if it had been known on its day. Under moving average each unit that leaves takes the average of that
moment with it (IAS 2 §27), so of an amount that belongs to the stock of a day, every movement out took `units / on hand before it`. What is left
after all of them stays with the stock; what they took is an expense (IAS 2 §34), of today: the books of the past are not opened again. Where
nothing is left on hand nothing of it can stay, so there is never value without stock.
"""

from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Sku, StockLevel, StockMovement, Warehouse
from inventory.moving import Move, move_stock
from inventory.reserving import lock_places
from inventory.states import MovementKind, WarehouseKind
from oms.core import repeats
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.money import ZERO, round_amount

CAUSE = "cost"
MOST_AMOUNT = Decimal(1_000_000_000)
MOST_DAYS = 730


def correct_cost(
    sku: Sku, warehouse: Warehouse, *, amount: Decimal, effective_on: date | None = None, note: str, key: str = "", actor: str
) -> Decimal:
    """Correct what a SKU was worth in a warehouse at the end of `effective_on` (else of today) by `amount`; give what of it stays with the stock.

    Writes a correction of cost dated that day, and what belongs to units that have left since then as an expense of today. The same `key` again
    corrects nothing more. Locks the stock level. Raises Invalid without a note, for no amount and for days out of bounds; Conflict where the stock
    would be worth less than nothing. Records `stock.cost_corrected`.
    """
    today = timezone.localdate()
    on = effective_on or today
    _check(warehouse, amount, on, note)
    with transaction.atomic():
        known = repeats.taken(actor, key)
        if known is not None:
            return Decimal(known)
        level = lock_places([(sku.pk, warehouse.pk)]).get((sku.pk, warehouse.pk))
        if level is None:
            raise Invalid(_("There was never any %(sku)s in %(warehouse)s.") % {"sku": sku.code, "warehouse": warehouse.name})
        stays = round_amount(amount * _share_left(level, on), settings.BOOKS_CURRENCY)
        move_stock(_moves(level, amount, stays, on, note.strip()[:200]), actor=actor)
        record(
            [
                fact(
                    "stock.cost_corrected",
                    "sku",
                    sku.pk,
                    actor=actor,
                    sku=sku.code,
                    warehouse=warehouse.code,
                    amount=f"{amount:f}",
                    expensed=f"{amount - stays:f}",
                    effective_on=on.isoformat(),
                    note=note.strip()[:200],
                )
            ]
        )
        repeats.keep(actor, key, f"{stays:f}")
    return stays


def _check(warehouse: Warehouse, amount: Decimal, on: date, note: str) -> None:
    today = timezone.localdate()
    if not amount.is_finite() or not amount or abs(amount) > MOST_AMOUNT or amount != round_amount(amount, settings.BOOKS_CURRENCY):
        raise Invalid(_("Say by what amount, to the cent, the stock is worth more or less."), pointer="/amount")
    if not today - timedelta(days=MOST_DAYS) <= on <= today:
        raise Invalid(_("A cost is corrected as of today, or of a day in the last two years."), pointer="/effective_on")
    if not note.strip():
        raise Invalid(_("Say why the cost is corrected."), pointer="/note")
    if warehouse.kind != WarehouseKind.WAREHOUSE:
        raise Invalid(_("What is on the road is worth what it left with: correct it where it arrives."), pointer="/warehouse")


def _share_left(level: StockLevel, on: date) -> Decimal:
    """Give how much of an amount that lay on the stock at the end of a day lies on the stock of now.

    Goes back from now through what moved since that day, as it was booked: a movement out left `after / before` of what lay there.
    """
    if level.on_hand <= 0:
        return ZERO
    share, after = Decimal(1), level.on_hand
    since = StockMovement.objects.filter(sku=level.sku_id, warehouse=level.warehouse_id, effective_on__gt=on).exclude(quantity=0)
    for quantity in since.order_by("-id").values_list("quantity", flat=True).iterator():
        before = after - quantity
        if quantity < 0 and before > 0:
            share = share * after / before
        if before <= 0:
            return ZERO
        after = before
    return share


def _moves(level: StockLevel, amount: Decimal, stays: Decimal, on: date, note: str) -> list[Move]:
    place = (level.sku_id, level.warehouse_id)
    moves = [Move(*place, 0, MovementKind.COST, CAUSE, level.sku_id, value=amount, note=note, effective_on=on)]
    if stays != amount:
        moves.append(Move(*place, 0, MovementKind.EXPENSED, CAUSE, level.sku_id, value=stays - amount, note=note))
    return moves
