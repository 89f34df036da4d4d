from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from oms.core.triggers import legal_moves
from orders.states import SIMULATION_MOVES, SimulationState


class SourcingSimulation(models.Model):
    """The orders of the last `days` days, chosen again under other sourcing rules, on paper: no stock and no order is touched.

    `rules`: [policy, amount or None], in their order; `today`: those in force when it was asked for. `done` of `total` orders are through.
    """

    rules = models.JSONField()
    today = models.JSONField()
    days = models.PositiveSmallIntegerField()
    state = FSMField(max_length=10, choices=SimulationState.choices, default=SimulationState.QUEUED, protected=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=90), name="simulation_days_bounded"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="simulation_done_within_total"),
            models.CheckConstraint(condition=~Q(state="done") | Q(result__isnull=False), name="simulation_done_has_result"),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="simulation_queue", condition=Q(state__in=["queued", "running"]))]
        triggers = [legal_moves("state", SIMULATION_MOVES)]

    def __str__(self) -> str:
        return f"simulation {self.pk}"

    @transition(field=state, source=SimulationState.QUEUED, target=SimulationState.RUNNING)
    def start(self) -> None:
        """A worker has taken it up."""

    @transition(field=state, source=SimulationState.RUNNING, target=SimulationState.DONE)
    def finish(self) -> None:
        """It says what would have happened."""

    @transition(field=state, source=[SimulationState.QUEUED, SimulationState.RUNNING], target=SimulationState.FAILED)
    def fail(self) -> None:
        """It cannot be said, and why."""

    @property
    def is_over(self) -> bool:
        return self.state in (SimulationState.DONE, SimulationState.FAILED)
