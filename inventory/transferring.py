"""Moving goods from one of our warehouses to another: what is on the road is owned, valued and seen."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Sku, Transfer, TransferLine, Warehouse
from inventory.moving import Move, move_stock, tell_of_arrivals
from inventory.pegging import supply_changed
from inventory.states import MovementKind, TransferState, WarehouseKind
from oms.core import bulk, repeats
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.models import Event
from oms.core.money import portion

CAUSE = "transfer"
MOST_LINES = 500
MOST_UNITS = 1_000_000
MOST_DAYS = 730


def plan_transfer(
    source: str, destination: str, lines: Sequence[tuple[str, int]], *, expected_on: date, note: str = "", key: str = "", actor: str
) -> Transfer:
    """Plan a transfer of `lines`, (SKU code, units), between the warehouses of two codes. Nothing moves yet, but what it is to bring
    is not bought as well; a SKU named twice is added up.

    The same `key` again gives the first transfer back. Raises Invalid for what is unknown or out of bounds. Records `transfer.planned`.
    """
    with transaction.atomic():
        known = repeats.taken(actor, key)
        if known is not None:
            return Transfer.objects.get(pk=int(known))
        places = _places(source, destination)
        units = _units(lines)
        _check_day(expected_on)
        transfer = Transfer.objects.create(
            source=places[source],
            destination=places[destination],
            expected_on=expected_on,
            note=note.strip()[:200],
            created_at=timezone.now(),
            created_by=actor,
        )
        bulk.insert_all([TransferLine(transfer_id=transfer.pk, sku_id=sku.pk, quantity=quantity) for sku, quantity in units.items()])
        record([_fact("transfer.planned", transfer, actor, source=transfer.source.name, destination=transfer.destination.name)])
        supply_changed(sku.pk for sku in units)
        repeats.keep(actor, key, str(transfer.pk))
    return transfer


def change_transfer(pk: int, lines: Sequence[tuple[str, int]], *, seen: str = "", actor: str) -> Transfer:
    """Have a planned transfer carry `lines` and nothing else: what is not among them is taken off, what is new put on. A SKU named twice is added up.

    `seen`: as `contents_of` told the lines that it was decided on. Where nothing would be different nothing happens. Locks the transfer and its
    lines. Raises NotFound; Invalid as `plan_transfer`; Conflict where it has left, was called off or was changed since. Records `transfer.changed`.
    """
    with transaction.atomic():
        transfer = _locked(pk)
        if not transfer.can_send:
            raise Conflict(_("%(number)s is %(state)s: what it carries cannot be changed any more.") % _named(transfer))
        known = {line.sku: line for line in lock(transfer.lines.select_related("sku"))}
        _check_seen(transfer, list(known.values()), seen)
        units = _units(lines)
        gone = [line for sku, line in known.items() if sku not in units]
        more = [TransferLine(transfer=transfer, sku=sku, quantity=quantity) for sku, quantity in units.items() if sku not in known]
        other = [line for sku, line in known.items() if units.get(sku, line.quantity) != line.quantity]
        said = [f"{line.sku.code} {line.quantity} → 0" for line in gone]
        said += [f"{line.sku.code} {line.quantity} → {units[line.sku]}" for line in other]
        said += [f"{line.sku.code} 0 → {line.quantity}" for line in more]
        if not said:
            return transfer
        for line in other:
            line.quantity = units[line.sku]
        TransferLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
        bulk.save_all(other, "quantity")
        bulk.insert_all(more)
        record([_fact("transfer.changed", transfer, actor, changes="; ".join(said)[:1000])])
    return transfer


def contents_of(lines: Iterable[TransferLine]) -> str:
    """Tell what lines carry from anything else they could: a change or a sending that was decided on something else is refused."""
    carried = sorted((line.sku_id, line.quantity) for line in lines)
    return hashlib.sha256(json.dumps(carried).encode()).hexdigest()[:32]


def send_transfer(pk: int, *, seen: str = "", actor: str) -> Transfer:
    """Send a planned transfer: its goods leave the source and lie on the road, at what they are worth there at moving average.

    `seen`: as in `change_transfer`. Locks the transfer, its lines and the stock levels. Sending one that is on its way already changes nothing.
    Raises NotFound; Conflict where it was called off or changed since, or where more would go than is free: what is reserved stays. Records
    `transfer.sent`; its SKUs are pegged anew.
    """
    with transaction.atomic():
        transfer = _locked(pk)
        if not transfer.can_send:
            if transfer.state == TransferState.CANCELLED:
                raise Conflict(_("%(number)s was called off: plan another transfer.") % {"number": transfer.number})
            return transfer
        lines = lock(transfer.lines.all())
        _check_seen(transfer, lines, seen)
        road = _road()
        moves = [
            move
            for line in lines
            for move in (
                _move(transfer, line, transfer.source_id, -line.quantity),
                _move(transfer, line, road.pk, line.quantity, carries_on=True),
            )
        ]
        movements = move_stock(moves, actor=actor)
        for line, left in zip(lines, movements[::2], strict=True):
            line.value = -left.value
        bulk.save_all(lines, "value")
        transfer.send()
        transfer.sent_at = timezone.now()
        transfer.save(update_fields=["state", "sent_at"])
        record([_fact("transfer.sent", transfer, actor, units=sum(line.quantity for line in lines), destination=transfer.destination.name)])
        supply_changed(line.sku_id for line in lines)
    return transfer


def receive_transfer(pk: int, quantities: Mapping[int, int], *, key: str = "", actor: str) -> Transfer:
    """Receive `quantities`, transfer line → units, into the destination, worth what they left with; the last unit takes the last cent.

    The same `key` again receives nothing more. Locks the transfer, its lines and the stock levels. Raises NotFound; Invalid for nothing, below zero
    or a line of another transfer; Conflict for more than is on the road. Records `transfer.received` and `stock.arrived`, which fills waiting orders.
    """
    with transaction.atomic():
        repeated = repeats.taken(actor, key) is not None
        transfer = _locked(pk)
        if repeated:
            return transfer
        if not transfer.can_receive:
            raise Conflict(_("%(number)s brings nothing: it is %(state)s.") % _named(transfer))
        lines = {line.pk: line for line in lock(transfer.lines.select_related("sku"))}
        _check_quantities(transfer, lines, quantities)
        arrived = [(lines[line_pk], units) for line_pk, units in quantities.items() if units]
        road = _road()
        moves = []
        for line, units in arrived:
            value = _portion(line, units)
            moves.append(_move(transfer, line, road.pk, -units, value=-value))
            moves.append(_move(transfer, line, transfer.destination_id, units, carries_on=True))
            line.received += units
            line.value_in += value
        move_stock(moves, actor=actor)
        bulk.save_all([line for line, _units in arrived], "received", "value_in")
        _follow(transfer, lines.values())
        record([_fact("transfer.received", transfer, actor, units=sum(units for _line, units in arrived), destination=transfer.destination.name)])
        skus = sorted({line.sku_id for line, _units in arrived})
        tell_of_arrivals(skus, actor=actor)
        supply_changed(skus)
    return transfer


def lose_rest(pk: int, *, note: str, actor: str) -> Transfer:
    """Write off what is still on the road of a transfer: it will not come any more. Needs a note that says why.

    Locks the transfer, its lines and the stock levels. Repeating it loses nothing more. Raises NotFound; Invalid without a note; Conflict where it
    was not sent. Records `transfer.lost`; whoever waits for it is pegged anew.
    """
    if not note.strip():
        raise Invalid(_("Say what became of the goods."), pointer="/note")
    with transaction.atomic():
        transfer = _locked(pk)
        if transfer.state == TransferState.RECEIVED:
            return transfer
        if not transfer.can_receive:
            raise Conflict(_("%(number)s brings nothing: it is %(state)s.") % _named(transfer))
        lost = [line for line in lock(transfer.lines.all()) if line.open_quantity]
        road = _road()
        moves = []
        for line in lost:
            units = line.open_quantity
            value = -_portion(line, units)
            moves.append(_move(transfer, line, road.pk, -units, kind=MovementKind.CORRECTION, value=value, note=note.strip()))
            line.lost += units
        move_stock(moves, actor=actor)
        bulk.save_all(lost, "lost")
        transfer.receive_all()
        transfer.save(update_fields=["state"])
        record([_fact("transfer.lost", transfer, actor, units=-sum(move.quantity for move in moves), note=note.strip()[:200])])
        supply_changed(line.sku_id for line in lost)
    return transfer


def expect_transfer(pk: int, *, expected_on: date, actor: str) -> Transfer:
    """Expect a transfer on another day. Locks it. Raises NotFound, Invalid, Conflict where nothing of it is to come. Records `transfer.expected`."""
    _check_day(expected_on)
    with transaction.atomic():
        transfer = _locked(pk)
        if transfer.expected_on == expected_on:
            return transfer
        if not (transfer.can_send or transfer.can_receive):
            raise Conflict(_("%(number)s brings nothing: it is %(state)s.") % _named(transfer))
        transfer.expected_on = expected_on
        transfer.save(update_fields=["expected_on"])
        record([_fact("transfer.expected", transfer, actor, expected_on=expected_on.isoformat())])
        if transfer.can_receive:
            supply_changed(transfer.lines.values_list("sku_id", flat=True))
    return transfer


def cancel_transfer(pk: int, *, actor: str) -> Transfer:
    """Call off a transfer that was not sent. Locks it. Repeating it changes nothing. Raises NotFound, Conflict. Records `transfer.cancelled`."""
    with transaction.atomic():
        transfer = _locked(pk)
        if transfer.state == TransferState.CANCELLED:
            return transfer
        if not transfer.can_send:
            raise Conflict(_("%(number)s is on its way: receive it, or write off what does not come.") % {"number": transfer.number})
        transfer.cancel()
        transfer.save(update_fields=["state"])
        record([_fact("transfer.cancelled", transfer, actor)])
        supply_changed(transfer.lines.values_list("sku_id", flat=True))
    return transfer


def _places(source: str, destination: str) -> dict[str, Warehouse]:
    places = {place.code: place for place in Warehouse.objects.stocking().filter(code__in=[source, destination])}
    for code, pointer in ((source, "/source"), (destination, "/destination")):
        if code not in places:
            raise Invalid(_("There is no warehouse %(code)s.") % {"code": code[:20]}, pointer=pointer)
    if source == destination:
        raise Invalid(_("Goods are sent to another warehouse than they lie in."), pointer="/destination")
    return places


def _units(lines: Sequence[tuple[str, int]]) -> dict[Sku, int]:
    """Add up the units per SKU, in the order they are first named."""
    if not lines:
        raise Invalid(_("Say what is to be sent."), pointer="/lines")
    if len(lines) > MOST_LINES:
        raise Invalid(_("A transfer has at most %(most)d lines.") % {"most": MOST_LINES}, pointer="/lines")
    known = {sku.code: sku for sku in Sku.objects.filter(code__in={code.strip().upper() for code, _quantity in lines})}
    units: dict[Sku, int] = {}
    for position, (code, quantity) in enumerate(lines):
        sku = known.get(code.strip().upper())
        if sku is None:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code[:40]}, pointer=f"/lines/{position}/sku", sku=code[:40])
        if sku.is_kit:
            raise Invalid(_("%(sku)s is a kit: send its components.") % {"sku": sku.code}, pointer=f"/lines/{position}/sku", sku=sku.code)
        units[sku] = units.get(sku, 0) + quantity
        if quantity < 1 or units[sku] > MOST_UNITS:
            raise Invalid(
                _("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": sku.code, "most": MOST_UNITS},
                pointer=f"/lines/{position}/quantity",
            )
    return units


def _check_seen(transfer: Transfer, lines: Sequence[TransferLine], seen: str) -> None:
    if seen and seen != contents_of(lines):
        raise Conflict(_("What %(number)s carries was changed meanwhile: look at it again.") % {"number": transfer.number})


def _check_day(expected_on: date) -> None:
    today = timezone.localdate()
    if not today <= expected_on <= today + timedelta(days=MOST_DAYS):
        raise Invalid(_("The day it is expected lies between today and two years from now."), pointer="/expected_on")


def _check_quantities(transfer: Transfer, lines: Mapping[int, TransferLine], quantities: Mapping[int, int]) -> None:
    if any(units < 0 for units in quantities.values()) or not any(quantities.values()):
        raise Invalid(_("Say how much of at least one line has come."))
    for line_pk, units in quantities.items():
        line = lines.get(line_pk)
        if line is None:
            raise Invalid(_("That line is not on %(number)s.") % {"number": transfer.number})
        if units > line.open_quantity:
            raise Conflict(
                _("%(number)s has %(open)d of %(sku)s on the road, not %(units)d.")
                % {"number": transfer.number, "open": line.open_quantity, "sku": line.sku.code, "units": units}
            )


def _locked(pk: int) -> Transfer:
    try:
        return lock_one(Transfer.objects.select_related("source", "destination"), pk)
    except Transfer.DoesNotExist:
        raise NotFound(_("There is no such transfer.")) from None


def _road() -> Warehouse:
    """Give the place where goods on the road lie. Made by `manage.py setup`."""
    return Warehouse.objects.filter(kind=WarehouseKind.TRANSIT).order_by("pk")[0]


def _portion(line: TransferLine, units: int) -> Decimal:
    """Give what the next `units` of a line are worth: any sequence of portions adds up to what was sent, to the last cent."""
    done = line.received + line.lost
    return portion(line.value, done=done, quantity=units, of=line.quantity, currency=settings.BOOKS_CURRENCY)


def _move(
    transfer: Transfer,
    line: TransferLine,
    place: int,
    units: int,
    *,
    kind: str = "",
    value: Decimal | None = None,
    carries_on: bool = False,
    note: str = "",
) -> Move:
    return Move(
        sku_id=line.sku_id,
        warehouse_id=place,
        quantity=units,
        kind=kind or (MovementKind.TRANSFER_IN if units > 0 else MovementKind.TRANSFER_OUT),
        cause=CAUSE,
        cause_id=transfer.pk,
        value=value,
        note=f"{transfer.number}: {note}"[:200] if note else transfer.number,
        carries_on=carries_on,
    )


def _follow(transfer: Transfer, lines: Iterable[TransferLine]) -> None:
    if not any(line.open_quantity for line in lines):
        transfer.receive_all()
    elif transfer.state == TransferState.SENT:
        transfer.receive_part()
    else:
        return
    transfer.save(update_fields=["state"])


def _named(transfer: Transfer) -> dict[str, str]:
    return {"number": transfer.number, "state": str(transfer.get_state_display()).lower()}


def _fact(kind: str, transfer: Transfer, actor: str, **data: Any) -> Event:
    return fact(kind, "transfer", transfer.pk, actor=actor, number=transfer.number, **data)
