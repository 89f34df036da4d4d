from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.states import ScreeningKind

# What a rule asks for beside being switched on: the columns of its figures.
FIGURES: dict[str, tuple[str, ...]] = {
    ScreeningKind.CREDIT: (),
    ScreeningKind.BLOCKED: (),
    ScreeningKind.FIRST_ORDER: ("amount",),
    ScreeningKind.ADDRESS: ("amount",),
    ScreeningKind.MANY_ORDERS: ("count",),
    ScreeningKind.UNUSUAL: ("factor", "count"),
}


class ScreeningRule(models.Model):
    """One thing that may speak against an order. One row for each kind; which figures a kind needs is in FIGURES.

    `amount`: in the books' currency, tax included. `count`: orders. `factor`: how many times what is usual.
    """

    kind = models.CharField(max_length=20, choices=ScreeningKind, unique=True)
    is_active = models.BooleanField(default=False)
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    count = models.PositiveSmallIntegerField(null=True, blank=True)
    factor = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("screening rule")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="screening_amount_not_negative"),
            models.CheckConstraint(condition=Q(count__isnull=True) | Q(count__gte=1), name="screening_count_above_zero"),
            models.CheckConstraint(condition=Q(factor__isnull=True) | Q(factor__gt=1), name="screening_factor_above_one"),
            models.CheckConstraint(
                condition=Q(is_active=False)
                | ~Q(kind__in=[kind for kind, columns in FIGURES.items() if "amount" in columns])
                | Q(amount__isnull=False),
                name="screening_amount_where_asked",
            ),
            models.CheckConstraint(
                condition=Q(is_active=False)
                | ~Q(kind__in=[kind for kind, columns in FIGURES.items() if "count" in columns])
                | Q(count__isnull=False),
                name="screening_count_where_asked",
            ),
            models.CheckConstraint(
                condition=Q(is_active=False)
                | ~Q(kind__in=[kind for kind, columns in FIGURES.items() if "factor" in columns])
                | Q(factor__isnull=False),
                name="screening_factor_where_asked",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
