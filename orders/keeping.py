"""What orders keep of a customer: what moves when two customers turn out to be one."""

from collections.abc import Mapping, Sequence

from django.db.models import Count, Sum

from customers.merging import Belonging, Figures, Keeper
from oms.core.money import ZERO
from orders.models import CustomerPart, Draft, LostSale, Order, PriceAssignment, Promotion, Quotation, StandingOrder


def _figures(moved: Mapping[str, Sequence[int]]) -> Figures:
    """Give what the customer's row counts of orders: those that the screening has seen."""
    rows = Order.objects.filter(pk__in=moved.get("orders.order", []), screened_at__isnull=False)
    counted = rows.aggregate(count=Count("pk"), total=Sum("total"))
    return Figures(orders_count=counted["count"], orders_total=counted["total"] or ZERO)


KEEPER = Keeper(
    [
        Belonging(Order),
        Belonging(StandingOrder),
        Belonging(Draft),
        Belonging(Quotation),
        Belonging(LostSale),
        Belonging(CustomerPart, unique=("code",)),
        Belonging(PriceAssignment, unique=("price_list",)),
        Belonging(Promotion),
    ],
    locked_first=lambda pk: Order.objects.filter(customer=pk),
    figures=_figures,
)
