from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from inventory.states import IMPORT_MOVES, ImportState
from oms.core.triggers import legal_moves


class SkuImport(models.Model):
    """A file of SKUs that somebody sent, checked or imported by a station.

    `content`: the file, gzipped; dropped once nothing can come of it any more. `read`, `checked`, `written`: how far it is, of `total` rows. They are
    told beside the transaction that imports, and are for whoever looks on; what came of it stands in `result`. `language`: of the reasons in it.
    """

    file_name = models.CharField(max_length=120)
    content = models.BinaryField(null=True)
    is_dry_run = models.BooleanField()
    state = FSMField(max_length=10, choices=ImportState.choices, default=ImportState.QUEUED, protected=True)
    language = models.CharField(max_length=10)
    total = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=1000, blank=True)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(read__lte=F("total")), name="import_read_within_total"),
            models.CheckConstraint(condition=Q(checked__lte=F("read"), written__lte=F("checked")), name="import_written_once_checked"),
            models.CheckConstraint(condition=~Q(state="done") | Q(result__isnull=False), name="import_done_has_result"),
            models.CheckConstraint(condition=~Q(state="queued") | Q(content__isnull=False), name="import_queued_has_file"),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="sku_import_queue", condition=Q(state__in=["queued", "running"]))]
        triggers = [legal_moves("state", IMPORT_MOVES)]

    def __str__(self) -> str:
        return self.file_name

    @transition(field=state, source=ImportState.QUEUED, target=ImportState.RUNNING)
    def start(self) -> None:
        """A worker has taken it up."""

    @transition(field=state, source=ImportState.RUNNING, target=ImportState.DONE)
    def finish(self) -> None:
        """It says what became of each row."""

    @transition(field=state, source=ImportState.RUNNING, target=ImportState.FAILED)
    def fail(self) -> None:
        """It is no such file, and why."""

    @transition(field=state, source=ImportState.DONE, target=ImportState.QUEUED)
    def queue_again(self) -> None:
        """It was checked, and is to be imported."""

    @property
    def is_over(self) -> bool:
        return self.state in (ImportState.DONE, ImportState.FAILED)

    @property
    def can_import(self) -> bool:
        """Say whether it was checked, found good, and is still here."""
        return self.state == ImportState.DONE and self.is_dry_run and not (self.result or {}).get("refused")
