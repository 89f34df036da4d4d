"""Correcting what stock is worth, also as of a day that has passed: always a new entry, never a rewriting.

The rule: a correction is worked through as if it had been known on its day. Under moving average each unit that leaves takes the average of that
moment with it (IAS 2 §27), so of an amount that belongs to the stock of a day, every movement out took `units / on hand before it`. What is left
after all of them stays with the stock; what they took is an expense (IAS 2 §34), of today: the books of the past are not opened again. Where
nothing is left on hand nothing of it can stay, so there is never value without stock. What went to another of our warehouses is still ours: its
share lies on the goods there, as far as so many of them are there (what is on the road keeps what it left with, and its share is an expense).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Sku, StockLevel, StockMovement, TransferLine, Warehouse
from inventory.moving import Move, move_stock
from inventory.reserving import lock_places
from inventory.states import MovementKind, WarehouseKind
from oms.core import repeats
from oms.core.errors import Invalid
from oms.core.events import fact, record
from oms.core.money import ZERO, round_amount

Levels = Mapping[tuple[int, int], StockLevel]

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
        sent = _sent_since(sku, warehouse, on)
        levels = lock_places([(sku.pk, place) for place in {warehouse.pk, *(line.transfer.destination_id for line in sent)}])
        level = levels.get((sku.pk, warehouse.pk))
        if level is None:
            raise Invalid(_("There was never any %(sku)s in %(warehouse)s.") % {"sku": sku.code, "warehouse": warehouse.name})
        here, gone = _shares(level, on)
        stays = round_amount(amount * here, settings.BOOKS_CURRENCY)
        elsewhere = _elsewhere(sent, gone, amount, levels)
        move_stock(_moves(level, amount, stays, elsewhere, on, note.strip()[:200]), actor=actor)
        stays += sum(elsewhere.values(), ZERO)
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


def _sent_since(sku: Sku, warehouse: Warehouse, on: date) -> list[TransferLine]:
    """Give what has left a warehouse for another of ours since a day, and has come there."""
    moved = StockMovement.objects.filter(sku=sku, warehouse=warehouse, kind=MovementKind.TRANSFER_OUT, cause="transfer", effective_on__gt=on)
    rows = TransferLine.objects.filter(sku=sku, received__gt=0, transfer__source=warehouse, transfer__in=moved.values("cause_id"))
    return list(rows.select_related("transfer").order_by("pk"))


def _shares(level: StockLevel, on: date) -> tuple[Decimal, dict[int, Decimal]]:
    """Give how much of an amount that lay on the stock at the end of a day lies on the stock of now, and transfer → how much left with it.

    Goes forward through what moved since that day, as it was booked: a movement out takes `units / on hand before it` of what lies there.
    """
    since = StockMovement.objects.filter(sku=level.sku_id, warehouse=level.warehouse_id, effective_on__gt=on).exclude(quantity=0)
    moved = list(since.order_by("id").values_list("quantity", "kind", "cause_id"))
    on_hand = level.on_hand - sum(quantity for quantity, _kind, _cause_id in moved)
    share = Decimal(1) if on_hand > 0 else ZERO
    gone: dict[int, Decimal] = {}
    for quantity, kind, cause_id in moved:
        if quantity < 0 and share:
            taken = share if -quantity >= on_hand else share * -quantity / on_hand
            share -= taken
            if kind == MovementKind.TRANSFER_OUT:
                gone[cause_id] = gone.get(cause_id, ZERO) + taken
        on_hand += quantity
    return (share if level.on_hand > 0 else ZERO), gone


def _elsewhere(sent: Sequence[TransferLine], gone: Mapping[int, Decimal], amount: Decimal, levels: Levels) -> dict[int, Decimal]:
    """Give warehouse → what of `amount` left for it with goods that have come there, as far as so many still lie there."""
    found: dict[int, Decimal] = {}
    for line in sent:
        place = line.transfer.destination_id
        level = levels.get((line.sku_id, place))
        if level is None or line.transfer_id not in gone:
            continue
        lying = min(line.received, level.on_hand)
        part = round_amount(amount * gone[line.transfer_id] * lying / line.quantity, settings.BOOKS_CURRENCY)
        if part and level.value + found.get(place, ZERO) + part >= 0:
            found[place] = found.get(place, ZERO) + part
    return found


def _moves(level: StockLevel, amount: Decimal, stays: Decimal, elsewhere: Mapping[int, Decimal], on: date, note: str) -> list[Move]:
    def move(place: int, kind: str, value: Decimal, day: date | None = None) -> Move:
        return Move(level.sku_id, place, 0, kind, CAUSE, level.sku_id, value=value, note=note, effective_on=day)

    here = amount - sum(elsewhere.values(), ZERO)
    moves = [move(place, MovementKind.COST, part, on) for place, part in elsewhere.items()]
    if here:
        moves.append(move(level.warehouse_id, MovementKind.COST, here, on))
    if stays != here:
        moves.append(move(level.warehouse_id, MovementKind.EXPENSED, stays - here))
    return moves
