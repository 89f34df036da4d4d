"""The order's own stations."""

from django.utils.translation import gettext_lazy as _

from inventory.backorders import FILLING
from oms.core.stations import OutsideStation, Station
from orders.drafts import lapse_drafts
from orders.models import Draft, Order
from orders.progress import complete_orders
from orders.reserving import fill_backorders, reserve_orders
from orders.screening import held_and_due, release_settled, screen_orders
from orders.simulating import keep_results, run_simulation, simulations_waiting
from orders.standing import place_standing, standing_due

SCREEN = Station(
    name="screen",
    title=_("Screen"),
    waiting=lambda: Order.objects.waiting_for_screening(),
    work=screen_orders,
    since="placed_at",
    answers_at_once=True,
)
RELEASE = Station(
    name="release",
    title=_("Release holds"),
    waiting=held_and_due,
    work=release_settled,
    since="placed_at",
)
RESERVE = Station(
    name="reserve",
    title=_("Reserve"),
    waiting=lambda: Order.objects.waiting_for_stock(),
    work=reserve_orders,
    since="placed_at",
    answers_at_once=True,
)
BACKORDERS = Station(
    name=FILLING,
    title=_("Backorders"),
    waiting=lambda: Order.objects.waiting_for_backorders(),
    work=fill_backorders,
    since="placed_at",
    in_turn=True,
)
COMPLETE = Station(
    name="complete",
    title=_("Complete"),
    waiting=lambda: Order.objects.waiting_for_completion(),
    work=complete_orders,
    since="placed_at",
)
# It reads for seconds and writes its own row only: outside, so that no transaction is held open meanwhile and its progress is seen.
SIMULATE = OutsideStation(
    name="simulate",
    title=_("Simulate"),
    waiting=simulations_waiting,
    perform=run_simulation,
    work=keep_results,
    batch=1,
    lease_seconds=600,
)
STANDING = Station(
    name="standing",
    title=_("Standing orders"),
    waiting=standing_due,
    work=place_standing,
    since="next_on",
)
EXPIRE = Station(
    name="expire",
    title=_("Expire"),
    waiting=lambda: Draft.objects.lapsed(),
    work=lapse_drafts,
    since="lapses_at",
)
