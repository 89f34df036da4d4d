"""The purchasing board: from what is needed to what is late, with the customers whom a late vendor makes wait."""

from collections import defaultdict

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from inventory.purchasing.selectors import MOST_CARDS, MOST_COUNTED, Stage, proposed, stages
from oms.core.access import staff_may
from oms.core.money import ZERO
from oms.desk.waiting import Waiter, waiting_for_orders

MOST_NAMED = 5


@staff_may("inventory.view_purchaseorder")
def board(request: HttpRequest) -> HttpResponse:
    """Show what is needed, to be approved, ordered, due within a week and late: counts, values, ages, and the first of each."""
    needs = proposed()
    columns = stages()
    late: dict[int, list[Waiter]] = defaultdict(list)
    for waiter in waiting_for_orders([card.order.pk for card in (*columns["late"].cards, *columns["due"].cards)]):
        late[waiter.purchase_id].append(waiter)
    for stage in columns.values():
        for card in stage.cards:
            card.order.waiters = late[card.order.pk][:MOST_NAMED]  # type: ignore[attr-defined]
            card.order.waiters_more = max(len(late[card.order.pk]) - MOST_NAMED, 0)  # type: ignore[attr-defined]
    count = sum(one.needs for one in needs)
    context = {
        "needs": Stage("needs", count, sum((one.value for one in needs), ZERO), min((one.since for one in needs), default=None)),
        "needs_shown": f"{MOST_COUNTED}+" if count >= MOST_COUNTED else str(count),
        "groups": needs[:MOST_CARDS],
        "more_groups": max(len(needs) - MOST_CARDS, 0),
        **columns,
        "today": timezone.localdate(),
        "currency": settings.BOOKS_CURRENCY,
    }
    return render(request, "desk/purchasing_board.html", context)
