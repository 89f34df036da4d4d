from django.db import models
from django.db.models import Q

from customers.states import BlockedKind


class BlockedKey(models.Model):
    """A telephone number, e-mail or address that orders are held for, and why. Lifted, it stays as a record."""

    kind = models.CharField(max_length=10, choices=BlockedKind)
    key = models.CharField(max_length=300, help_text="As customers.blocking.key_of makes it")
    shown = models.CharField(max_length=300, help_text="As somebody typed it")
    reason = models.CharField(max_length=300)
    placed_by = models.CharField(max_length=100)
    placed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.CharField(max_length=100, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(lifted_at__isnull=True), name="blocked_once"),
            models.CheckConstraint(condition=~Q(key="") & ~Q(reason=""), name="blocked_with_a_reason"),
        ]

    def __str__(self) -> str:
        return self.shown
