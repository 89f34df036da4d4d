"""The few stops of one order, for whoever looks at it: where it stands, and when it came past."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from oms.core.models import Event
from orders.models import Order
from orders.states import OrderState

# state → what people call having reached it, and the events that say when.
_STOPS: list[tuple[str, Callable[[], str], tuple[str, ...]]] = [
    (OrderState.PLACED, lambda: _("Placed"), ("order.placed",)),
    (OrderState.ALLOCATED, lambda: _("Reserved"), ("order.allocated", "order.filled")),
    (OrderState.FULFILLING, lambda: _("In the warehouse"), ("order.planned",)),
    (OrderState.SHIPPED, lambda: _("On its way"), ("order.shipped",)),
    (OrderState.DELIVERED, lambda: _("Delivered"), ("order.delivered",)),
    (OrderState.COMPLETED, lambda: _("Completed"), ("order.completed",)),
]
_REACHED = {state: place for place, (state, _title, _kinds) in enumerate(_STOPS)} | {OrderState.BACKORDERED: 0}
TOLD_BY = tuple(kind for _state, _title, kinds in _STOPS for kind in kinds) + ("order.cancelled",)


@dataclass(frozen=True)
class OrderStop:
    """`mark`: the classes it is drawn with: done, here, is-waiting, is-stopped, last; empty for what is still to come."""

    title: str
    mark: str
    at: datetime | None = None
    is_here: bool = False


def order_stops(order: Order, events: Iterable[Event] = (), *, titles: dict[str, str] | None = None) -> list[OrderStop]:
    """Give the stops of an order. `events` of the order, in any order, date them; `titles` call some of them otherwise."""
    told = {event.kind: event.happened_at for event in sorted(events, key=lambda event: event.pk, reverse=True)}
    told["order.placed"] = order.placed_at or told.get("order.placed")
    stops = [(str((titles or {}).get(state) or title()), _first(told, kinds)) for state, title, kinds in _STOPS]
    if order.state == OrderState.CANCELLED:
        return [*_passed(stops, told), OrderStop(str(order.get_state_display()), "here last is-stopped", _first(told, TOLD_BY[-1:]), True)]
    reached = _REACHED[order.state]
    is_over = order.state == OrderState.COMPLETED
    return [
        OrderStop(title, _mark(order, place, reached, is_over=is_over), at if place <= reached else None, place == reached)
        for place, (title, at) in enumerate(stops)
    ]


def _mark(order: Order, place: int, reached: int, *, is_over: bool) -> str:
    if place != reached:
        return "done" if place < reached else ""
    if is_over:
        return "done last"
    if order.open_holds:
        return "here is-stopped"
    return "here is-waiting" if order.has_backorders else "here"


def _passed(stops: list[tuple[str, datetime | None]], told: dict[str, datetime]) -> list[OrderStop]:
    """Give the stops that an order had passed when it was called off."""
    return [OrderStop(title, "done", at) for title, at in stops if at is not None]


def _first(told: dict[str, datetime], kinds: tuple[str, ...]) -> datetime | None:
    """Give when the first of `kinds` was told; `told` holds the earliest of each."""
    return min((told[kind] for kind in kinds if told.get(kind)), default=None)
