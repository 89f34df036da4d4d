"""What goes on in the demo's warehouses beside the orders: goods on the road, shelves being counted, something broken."""

import random
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from inventory.classifying import classify_skus
from inventory.counting import enter_counts, open_count
from inventory.models import Count, StockLevel, Warehouse
from inventory.transferring import plan_transfer, receive_transfer, send_transfer
from oms.core import stations
from oms.core.errors import Conflict
from shipping.losses import post_count, write_off

ACTOR = "user:warehouse"


def work_the_floor(warehouses: list[Warehouse], dice: random.Random) -> None:
    """Class the SKUs, send and receive goods, count some shelves, and break something that was reserved."""
    classify_skus()
    leeds, bremen = warehouses
    _send(bremen, leeds, dice)
    _count(leeds, dice)
    _break_something(leeds)
    for name in ("backorders", "peg", "post_stock"):
        stations.run(stations.named(name))


def _send(source: Warehouse, destination: Warehouse, dice: random.Random) -> None:
    """One transfer has come in part, one is on the road, one is planned back."""
    today = timezone.localdate()
    there = list(StockLevel.objects.filter(warehouse=source, on_hand__gt=F("reserved") + 12).select_related("sku").order_by("sku__code")[:12])
    loads = [there[:3], there[3:8]]
    for some, days, note in zip(loads, (1, 4), ("Pallet 4471", "Weekly lorry"), strict=True):
        lines = [(level.sku.code, dice.randint(4, 10)) for level in some]
        planned = plan_transfer(source.code, destination.code, lines, expected_on=today + timedelta(days=days), note=note, actor=ACTOR)
        sent = send_transfer(planned.pk, actor=ACTOR)
        if days == 1:
            receive_transfer(sent.pk, {line.pk: line.quantity for line in list(sent.lines.all())[:2]}, actor=ACTOR)
    back = StockLevel.objects.filter(warehouse=destination, on_hand__gt=F("reserved") + 40).select_related("sku").order_by("-sku__code")[:4]
    lines = [(level.sku.code, 20) for level in back]
    plan_transfer(destination.code, source.code, lines, expected_on=today + timedelta(days=9), note="For the fair", actor=ACTOR)


def _count(place: Warehouse, dice: random.Random) -> None:
    """One sheet is booked, with a few shelves that were wrong; another is being counted."""
    booked = open_count(place.code, abc_class="A", most=8, actor=ACTOR)
    _enter(booked, dice, wrong=(1, 4))
    post_count(booked.pk, actor="user:manager")
    going = open_count(place.code, most=12, actor=ACTOR)
    _enter(going, dice, wrong=(2,), most=5)


def _enter(count: Count, dice: random.Random, *, wrong: tuple[int, ...], most: int = 500) -> None:
    lines = list(count.lines.order_by("sku__code"))[:most]
    found = {line.pk: max(line.expected + (dice.choice([-1, -2, 2]) if position in wrong else 0), 0) for position, line in enumerate(lines)}
    enter_counts(count.pk, found, actor=ACTOR)


def _break_something(place: Warehouse) -> None:
    """Lose a little more of a SKU than is free, so that somebody lacks what was reserved; best of one that nobody else has any of."""
    elsewhere = set(StockLevel.objects.exclude(warehouse=place).filter(on_hand__gt=F("reserved")).values_list("sku", flat=True))
    wanted = StockLevel.objects.filter(warehouse=place, reserved__gte=2).select_related("sku").order_by("sku__code")
    for level in sorted(wanted, key=lambda level: level.sku_id in elsewhere):
        try:
            write_off(level.sku, place, units=level.free + 2, kind="damage", note="A pallet fell from the rack", actor=ACTOR)
        except Conflict:
            continue  # all that is left of it is packed
        return
