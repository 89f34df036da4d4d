"""The filters of the orders list."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Channel
from orders.models import Order
from orders.states import FulfilmentStatus, OrderState, PaymentStatus

_SETS = [("open", _("Open")), ("waiting", _("Waiting for stock")), ("held", _("On hold"))]


class OrderFilter(django_filters.FilterSet):
    """Filters by state (or a named set of states), money, fulfilment, channel, day and free text."""

    q = django_filters.CharFilter(method="search")
    state = django_filters.ChoiceFilter(choices=[*_SETS, *OrderState.choices], method="by_state", empty_label=_("Any state"))
    payment_status = django_filters.ChoiceFilter(choices=PaymentStatus.choices, empty_label=_("Any payment"))
    fulfilment_status = django_filters.ChoiceFilter(choices=FulfilmentStatus.choices, empty_label=_("Any fulfilment"))
    channel = django_filters.ModelChoiceFilter(queryset=Channel.objects.all(), empty_label=_("Any channel"))
    since = django_filters.DateFilter(field_name="placed_at", lookup_expr="date__gte")

    class Meta:
        model = Order
        fields: list[str] = []

    def search(self, rows: QuerySet[Order], name: str, text: str) -> QuerySet[Order]:
        text = text.replace("\x00", "").strip()[:100]
        return rows.matching(text) if text else rows  # type: ignore[attr-defined]

    def by_state(self, rows: QuerySet[Order], name: str, wanted: str) -> QuerySet[Order]:
        if wanted == "open":
            return rows.open()  # type: ignore[attr-defined]
        if wanted == "waiting":
            return rows.filter(has_backorders=True)
        if wanted == "held":
            return rows.filter(open_holds__gt=0)
        return rows.filter(state=wanted)
