from django.db import models

from oms.core.readable import human_number
from oms.core.triggers import append_only


class Event(models.Model):
    """One row per thing that happened, written in the transaction that did it. Append-only.

    The same row is the timeline a person reads, the audit trail, and the feed a storefront reads by cursor.
    The table has one more column than the model, `xact xid8 DEFAULT pg_current_xact_id()` (migration 0002), which
    keeps bulk inserts fast: a reader by cursor serves only rows below `pg_snapshot_xmin(pg_current_snapshot())`,
    because ids are handed out before commit.
    """

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=100)
    data = models.JSONField(default=dict)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["order_id", "id"], name="event_order", condition=models.Q(order_id__isnull=False)),
            models.Index(fields=["subject", "subject_id", "id"], name="event_subject"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.subject_id}"

    @property
    def order_number(self) -> str:
        """The number of the order it belongs to, for people; empty where there is none."""
        return human_number("SO", self.order_id) if self.order_id else ""
