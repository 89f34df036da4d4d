from django.db import models


class NumberSeries(models.Model):
    """A gapless series. Its row is the counter: whoever takes a number holds the row until they commit."""

    code = models.CharField(max_length=30, primary_key=True)
    prefix = models.CharField(max_length=20)
    width = models.PositiveSmallIntegerField(default=6)
    next_value = models.BigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [models.CheckConstraint(condition=models.Q(next_value__gte=1), name="series_from_one")]

    def __str__(self) -> str:
        return f"{self.code}: next {self.prefix}{self.next_value}"
