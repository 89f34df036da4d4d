"""Which customers wait for what is bought: pegs are inventory's, whom they are for is the desk's to say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inventory.models import Peg
from orders.models import Order


@dataclass(frozen=True)
class Waiter:
    """An order that waits for `units` of `sku` from one line of a purchase order. `promised_on`: what its customer was told."""

    order: Order
    line_id: int
    purchase_id: int
    sku: str
    units: int
    promised_on: date | None
    expected_on: date | None

    @property
    def is_late(self) -> bool:
        return bool(self.promised_on and self.expected_on and self.expected_on > self.promised_on)


def waiting_for_lines(lines: Collection[int]) -> list[Waiter]:
    """Give who waits for the purchase order lines `lines`, the most urgent first. Two queries."""
    pegs = Peg.objects.filter(purchase_line__in=lines).select_related("backorder__sku", "purchase_line")
    return _named(pegs.order_by("backorder__priority", "backorder__since", "id"))


def waiting_for_orders(orders: Collection[int]) -> list[Waiter]:
    """Give who waits for the purchase orders `orders`, the most urgent first. Two queries."""
    pegs = Peg.objects.filter(purchase_line__order__in=orders).select_related("backorder__sku", "purchase_line")
    return _named(pegs.order_by("backorder__priority", "backorder__since", "id"))


def _named(pegs: Sequence[Any] | Any) -> list[Waiter]:
    found = list(pegs)
    orders = Order.objects.select_related("customer").in_bulk({peg.backorder.order_id for peg in found})
    return [
        Waiter(
            order=orders[peg.backorder.order_id],
            line_id=peg.purchase_line_id,
            purchase_id=peg.purchase_line.order_id,
            sku=peg.backorder.sku.code,
            units=peg.quantity,
            promised_on=peg.backorder.promised_on,
            expected_on=peg.backorder.expected_on,
        )
        for peg in found
        if peg.backorder.order_id in orders
    ]
