from django.db import models
from django.db.models import Q


class TaxRate(models.Model):
    """The tax on goods of a category delivered in a country, from a day on. No row: nothing is charged (an export)."""

    country = models.CharField(max_length=2)
    category = models.CharField(max_length=20, default="standard")
    name = models.CharField(max_length=40, help_text="As printed on the invoice: VAT 20%")
    rate = models.DecimalField(max_digits=6, decimal_places=5, help_text="0.20 for 20%")
    valid_from = models.DateField(default="2000-01-01")

    class Meta:
        ordering = ["country", "category", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["country", "category", "valid_from"], name="one_tax_rate_a_day"),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lt=1), name="tax_rate_a_fraction"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.rate}"
