"""The ways in which an order can be delivered: what each costs, when it would arrive, and who carries it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from customers.models import Channel
from oms.core.errors import Invalid
from oms.core.money import ZERO
from orders.models import DeliveryOption, Order
from orders.placing import ChargeDraft, OrderDraft, quote


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


def delivered_by(draft: OrderDraft, code: str, *, actor: str, known_to: Channel | None = None) -> OrderDraft:
    """Give `draft` as it is delivered by the way called `code`: with what that costs, and the carrier that it names.

    Prices the draft once. Raises Invalid where there is no such way, or it does not go there or take so much; and what pricing raises.
    """
    ways = ways_for(quote(draft, actor=actor, known_to=known_to).order, leaves_on=None)
    way = next((one for one in ways if one.code == code), None)
    if way is None:
        raise Invalid(_not_this_way(code, ways), pointer="/delivery")
    charges = [*draft.charges, ChargeDraft(way.name, way.price)] if way.price else draft.charges
    return replace(draft, charges=charges, delivery=way.name, carrier=way.carrier or draft.carrier)


def _not_this_way(code: str, ways: Iterable[Way]) -> str:
    option = next((one for one in _options() if one.code == code), None)
    facts = {"way": option.name if option else code, "ways": ", ".join(f"{way.name} ({way.code})" for way in ways) or "—"}
    if option is None:
        return _("There is no delivery %(way)s: choose another. What there is: %(ways)s.") % facts
    return _("%(way)s does not go there or does not take so much: choose another. What there is: %(ways)s.") % facts


def _options() -> Iterable[DeliveryOption]:
    return DeliveryOption.objects.filter(is_active=True)


def _price(option: DeliveryOption, goods: Decimal) -> Decimal:
    return ZERO if option.free_from is not None and goods >= option.free_from else option.price
