from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


class Trouble(models.Model):
    """A document that a station could not work: kept out of its queue until `due_at`, shown until it is solved."""

    station = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=100, help_text="How people call the document: SO-1001")
    error = models.TextField()
    detail = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at"]
        verbose_name_plural = "troubles"
        constraints = [models.UniqueConstraint(fields=["station", "subject_id"], name="trouble_once")]

    def __str__(self) -> str:
        return f"{self.station}: {self.label}"


class Lease(models.Model):
    """A document that a station is working on outside the database, and until when nobody else may.

    Deleted when the result is in. If its holder dies, it runs out and the station looks the work up again.
    """

    station = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    until = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "subject_id"], name="lease_once")]

    def __str__(self) -> str:
        return f"{self.station} {self.subject_id}"


class Proof(models.Model):
    """One run of check_invariants: when, and what was found broken."""

    proved_at = models.DateTimeField(auto_now_add=True)
    checks = models.PositiveIntegerField()
    broken = models.JSONField(default=list)
    seconds = models.FloatField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.proved_at:%Y-%m-%d %H:%M} {'broken' if self.broken else 'proved'}"

    @property
    def standing(self) -> str:
        """Say what it is worth: a broken invariant is broken however old, and a proof that has not been repeated for three turns is late."""
        if self.broken:
            return "broken"
        due = timedelta(seconds=3 * settings.CELERY_BEAT_SCHEDULE["prove"]["schedule"])
        return "late" if self.proved_at < timezone.now() - due else "proved"
