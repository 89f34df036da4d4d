from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_fsm import FSMField, transition

from customers.models import Address, Channel, Customer
from customers.states import PaymentMethod
from inventory.models import Sku
from oms.core.readable import human_number
from oms.core.triggers import legal_moves
from orders.states import STANDING_MOVES, RecurrenceUnit, StandingState


class StandingOrder(models.Model):
    """What a customer wants again and again: an order that places itself on `next_on`, at the prices of that day."""

    NUMBER_PREFIX = "ST"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="standing_orders")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    ship_to = models.ForeignKey(Address, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = FSMField(max_length=10, choices=StandingState.choices, default=StandingState.ACTIVE, protected=True)
    unit = models.CharField(max_length=10, choices=RecurrenceUnit, default=RecurrenceUnit.WEEK)
    every = models.PositiveSmallIntegerField(default=1)
    day = models.PositiveSmallIntegerField(default=1, help_text="Of the month, where it recurs by months")
    next_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    payment_method = models.CharField(max_length=20, choices=PaymentMethod, blank=True)
    accepts_part_deliveries = models.BooleanField(null=True)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    placed_count = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["next_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(every__gte=1, every__lte=52), name="standing_every_bounded"),
            models.CheckConstraint(condition=Q(day__gte=1, day__lte=31), name="standing_day_of_month"),
        ]
        indexes = [
            models.Index(fields=["next_on", "id"], name="standing_due", condition=Q(state="active")),
            models.Index(fields=["customer", "id"], name="standing_customer"),
        ]
        triggers = [legal_moves("state", STANDING_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def is_over(self) -> bool:
        return self.state == StandingState.ENDED

    @property
    def rhythm(self) -> str:
        """Say how often, in words."""
        if self.unit == RecurrenceUnit.WEEK:
            day = _WEEKDAYS[self.next_on.weekday()]()
            return ngettext("every %(day)s", "every %(every)d weeks, on %(day)s", self.every) % {"every": self.every, "day": day}
        facts = {"every": self.every, "day": self.day}
        return ngettext("every month, on day %(day)d", "every %(every)d months, on day %(day)d", self.every) % facts

    @transition(field=state, source=StandingState.ACTIVE, target=StandingState.PAUSED)
    def pause(self) -> None:
        """It places nothing until it is taken up again."""

    @transition(field=state, source=StandingState.PAUSED, target=StandingState.ACTIVE)
    def resume(self) -> None:
        """It goes on."""

    @transition(field=state, source=[StandingState.ACTIVE, StandingState.PAUSED], target=StandingState.ENDED)
    def end(self) -> None:
        """It is over, and stays to be read."""


class StandingLine(models.Model):
    """So many units of a SKU, each time."""

    standing_order = models.ForeignKey(StandingOrder, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="standing_quantity_above_zero"),
            models.UniqueConstraint(fields=["standing_order", "sku"], name="standing_sku_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku_id}"


_WEEKDAYS = [
    lambda: _("Monday"),
    lambda: _("Tuesday"),
    lambda: _("Wednesday"),
    lambda: _("Thursday"),
    lambda: _("Friday"),
    lambda: _("Saturday"),
    lambda: _("Sunday"),
]
