"""Expiry against confirmation: in the moment a basket runs out its order comes, two hundred times. Whoever has it first has it, and nobody twice."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from inventory.baskets import hold_stock, lapse, lapsed
from inventory.models import Reservation, StockLevel
from oms.core import stations
from orders.models import OrderLine
from tests import cast
from tests.faults.crowd import elsewhere, together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, AT_ONCE = 5, 40


def reserved(sku) -> int:
    return sum(StockLevel.objects.filter(sku=sku).values_list("reserved", flat=True))


def run_out_in(names: Sequence[str], milliseconds: int) -> None:
    Reservation.objects.filter(basket__in=names, state="soft").update(expires_at=timezone.now() + timedelta(milliseconds=milliseconds))


def test_two_hundred_baskets_that_run_out_while_they_are_ordered_go_one_way_each(real_house, prove):
    real_house.stock(real_house.mug, 200)
    customers = cast.regulars(real_house, AT_ONCE)
    lapsing = stations.named("lapse")
    orders = []
    for turn in range(ROUNDS):
        names = [f"b{turn}-{i}" for i in range(AT_ONCE)]
        for name in names:
            hold_stock(name, [("MUG", 1)], actor="user:clerk")
        run_out_in(names, 60)

        def act(i, names=names):
            if i < AT_ONCE:
                return real_house.place(("MUG", 1), basket=names[i], customer_id=customers[i].pk)
            return [stations.run_batch(lapsing) for _ in range(20)]

        results = together(AT_ONCE + 10, act)
        orders += [result for result in results[:AT_ONCE] if not isinstance(result, Exception)]
    cast.run_line("screen", "reserve", "backorders", "lapse")

    assert len(orders) == ROUNDS * AT_ONCE
    assert OrderLine.objects.filter(reserved=1, backordered=0).count() == ROUNDS * AT_ONCE
    ended = Reservation.objects.filter(basket__startswith="b").values_list("state", flat=True)
    assert set(ended) == {"released"} and len(ended) == ROUNDS * AT_ONCE
    assert reserved(real_house.mug) == ROUNDS * AT_ONCE
    prove()


def order_it(house):
    house.place(("LAMP", 5), basket="b1")
    cast.run_line("screen", "reserve")


def test_a_sweeper_that_read_too_early_finds_the_row_gone_to_the_order(real_house, prove):
    hold_stock("b1", [("LAMP", 5)], actor="user:clerk")
    rows = list(Reservation.objects.filter(basket="b1"))
    elsewhere(lambda: order_it(real_house))
    run_out_in(["b1"], -1000)

    stations.run_batch(stations.named("lapse"), only=[row.pk for row in rows])

    assert reserved(real_house.lamp) == 5
    assert OrderLine.objects.get().reserved == 5
    prove()


def test_without_its_lock_the_sweeper_would_free_what_the_order_has(real_house):
    hold_stock("b1", [("LAMP", 5)], actor="user:clerk")
    run_out_in(["b1"], 0)
    read_without_a_lock = list(lapsed())
    run_out_in(["b1"], 60_000)
    elsewhere(lambda: order_it(real_house))

    with pytest.raises(SystemExit), transaction.atomic():
        lapse(read_without_a_lock)
        call_command("check_invariants")
