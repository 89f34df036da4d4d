from django.db import models
from django.db.models import F, Q

from customers.models.customers import Customer


class CustomerMerge(models.Model):
    """Two customers found to be one: what was moved from `gone` to `kept`, so that exactly that can be moved back.

    `moved`: table → rows; `added`: rows made on the kept one for what only the other's own row knew; `flags`: [table, row, column] that was
    true before; `left`: table → rows that could not move, because the kept one has the same.
    """

    kept = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    gone = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    moved = models.JSONField(default=dict)
    added = models.JSONField(default=dict)
    flags = models.JSONField(default=list)
    left = models.JSONField(default=dict)
    merged_by = models.CharField(max_length=100)
    merged_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.CharField(max_length=100, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merge_of_two"),
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at__isnull=True), name="merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"


class NotTheSame(models.Model):
    """Two customers who look like one and are not: somebody has looked. `first` is the lower number."""

    first = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    said_by = models.CharField(max_length=100)
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_the_same_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="not_the_same_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
