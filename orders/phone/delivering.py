"""The ways in which what is ordered on the telephone can be delivered: what each costs and when it would arrive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from oms.core.money import ZERO
from orders.models import DeliveryOption, Order
from orders.placing import ChargeDraft


@dataclass(frozen=True)
class Way:
    """A way of delivery for what is wanted. `on`: the day on which all of it arrives, None where nobody knows when it leaves."""

    code: str
    name: str
    carrier: str
    price: Decimal
    on: date | None


def ways_for(order: Order, *, leaves_on: date | None) -> list[Way]:
    """Give the ways that go where the order goes and take what it weighs, in their order. One query."""
    grams = sum(line.quantity * line.sku.weight_grams for line in order.placed_lines)
    goods = sum((line.net for line in order.placed_lines), ZERO)
    return [
        Way(option.code, option.name, option.carrier, _price(option, goods), leaves_on + timedelta(days=option.days) if leaves_on else None)
        for option in _options()
        if (not option.countries or order.country in option.countries) and (option.up_to_grams is None or grams <= option.up_to_grams)
    ]


def charge_for(way: str, ways: Sequence[Way]) -> list[ChargeDraft]:
    """Give what is charged for the way that was chosen; nothing where none was, or it is free."""
    return [ChargeDraft(one.name, one.price) for one in ways if one.code == way and one.price]


def _options() -> Iterable[DeliveryOption]:
    return DeliveryOption.objects.filter(is_active=True)


def _price(option: DeliveryOption, goods: Decimal) -> Decimal:
    return ZERO if option.free_from is not None and goods >= option.free_from else option.price
