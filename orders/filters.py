"""The filters of the orders list."""

from datetime import date, datetime, time, timedelta

import django_filters
from django.db.models import QuerySet
from django.forms import DateInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Channel
from orders.models import Order
from orders.states import FulfilmentStatus, OrderState, PaymentStatus

_SETS = [("open", _("Open")), ("waiting", _("Waiting for stock")), ("held", _("On hold"))]


class _Day(DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-control"}, format="%Y-%m-%d")


class OrderFilter(django_filters.FilterSet):
    """Filters by state (or a named set of states), money, fulfilment, channel, days and free text. What is no choice filters nothing."""

    q = django_filters.CharFilter(method="search")
    state = django_filters.ChoiceFilter(choices=[*_SETS, *OrderState.choices], method="by_state", empty_label=_("Any state"))
    payment_status = django_filters.ChoiceFilter(choices=PaymentStatus.choices, empty_label=_("Any payment"))
    fulfilment_status = django_filters.ChoiceFilter(choices=FulfilmentStatus.choices, empty_label=_("Any fulfilment"))
    channel = django_filters.ModelChoiceFilter(queryset=Channel.objects.all(), empty_label=_("Any channel"))
    since = django_filters.DateFilter(method="from_day", label=_("From"), widget=_Day)
    until = django_filters.DateFilter(method="to_day", label=_("To"), widget=_Day)

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

    def from_day(self, rows: QuerySet[Order], name: str, day: date) -> QuerySet[Order]:
        return rows.filter(placed_at__gte=_midnight(day))

    def to_day(self, rows: QuerySet[Order], name: str, day: date) -> QuerySet[Order]:
        """Keep what was placed until the end of `day`."""
        return rows.filter(placed_at__lt=_midnight(day + timedelta(days=1))) if day < date.max else rows


def _midnight(day: date) -> datetime:
    """Give the instant at which `day` begins here: comparing instants lets the index find them, comparing days does not."""
    return timezone.make_aware(datetime.combine(day, time.min))
