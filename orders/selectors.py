"""Reads of orders that are more than one queryset call."""

from collections import defaultdict
from collections.abc import Iterable

from orders.models import Order, OrderLine


def lines_of(orders: Iterable[Order]) -> dict[int, list[OrderLine]]:
    """Give the lines of `orders` by order, in one query. Every order has its entry."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    pks = [order.pk for order in orders]
    for line in OrderLine.objects.filter(order__in=pks).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return {pk: lines[pk] for pk in pks}
