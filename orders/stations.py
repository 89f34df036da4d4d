"""The order's own stations."""

from django.utils.translation import gettext_lazy as _

from inventory.backorders import FILLING
from oms.core.stations import Station
from orders.models import Order
from orders.progress import complete_orders, expire_drafts
from orders.reserving import fill_backorders, reserve_orders
from orders.screening import screen_orders

SCREEN = Station(
    name="screen",
    title=_("Screen"),
    waiting=lambda: Order.objects.waiting_for_screening(),
    work=screen_orders,
    since="placed_at",
    answers_at_once=True,
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
EXPIRE = Station(
    name="expire",
    title=_("Expire"),
    waiting=lambda: Order.objects.lapsed(),
    work=expire_drafts,
    since="expires_at",
)
