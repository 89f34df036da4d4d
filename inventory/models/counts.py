from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from inventory.models.catalogue import Sku, Warehouse
from inventory.states import COUNT_MOVES, AbcClass, CountState
from oms.core.readable import human_number
from oms.core.triggers import legal_moves


class Count(models.Model):
    """A sheet of SKUs that somebody counts in a warehouse, without being told what should be there."""

    NUMBER_PREFIX = "CT"

    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    abc_class = models.CharField(max_length=1, choices=AbcClass, blank=True)
    state = FSMField(max_length=10, choices=CountState.choices, default=CountState.OPEN, protected=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-id"]
        triggers = [legal_moves("state", COUNT_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def is_open(self) -> bool:
        return self.state == CountState.OPEN

    @transition(field=state, source=CountState.OPEN, target=CountState.POSTED)
    def post(self) -> None:
        """The differences are booked."""

    @transition(field=state, source=CountState.OPEN, target=CountState.CANCELLED)
    def cancel(self) -> None:
        """It is thrown away; nothing changes."""


class CountLine(models.Model):
    """`expected` and `version`: what was on hand, and the stock level's version, when the counting of this line began.

    The difference is what was counted less what was expected then, so goods that moved in the meantime are neither lost nor found.
    """

    count = models.ForeignKey(Count, on_delete=models.PROTECT, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    expected = models.IntegerField()
    version = models.BigIntegerField()
    counted = models.PositiveIntegerField(null=True)
    counted_by = models.CharField(max_length=100, blank=True)
    counted_at = models.DateTimeField(null=True)
    moved_meanwhile = models.BooleanField(default=False)
    difference = models.IntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["count", "sku"], name="sku_once_per_count"),
            models.CheckConstraint(condition=Q(difference__isnull=True) | Q(counted__isnull=False), name="difference_was_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: {self.counted}"
