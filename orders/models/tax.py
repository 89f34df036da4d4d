from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class TaxZone(models.Model):
    """Places with the same taxes. What goes anywhere else is an export: no tax is charged."""

    name = models.CharField(max_length=80, unique=True)
    has_reverse_charge = models.BooleanField(
        default=False, help_text=_("A company with a VAT number pays the tax there itself: for the other member states of who sells from the EU")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TaxArea(models.Model):
    """A country that belongs to a tax zone, or the part of it whose postcodes begin alike. The longest beginning that fits decides."""

    zone = models.ForeignKey(TaxZone, on_delete=models.CASCADE, related_name="areas")
    country = models.CharField(max_length=2, help_text=_("ISO 3166-1 code of two letters"))
    postcode_prefix = models.CharField(max_length=10, blank=True, help_text=_("How its postcodes begin, without spaces; empty: all others"))

    class Meta:
        ordering = ["country", "postcode_prefix"]
        constraints = [
            models.UniqueConstraint(fields=["country", "postcode_prefix"], name="one_tax_zone_a_place"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="tax_area_country"),
            models.CheckConstraint(condition=Q(postcode_prefix=Upper("postcode_prefix")), name="tax_area_prefix_upper"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.postcode_prefix}".strip()


class TaxRate(models.Model):
    """The tax on goods of a class in a zone, on the days of `valid_on`. Periods never overlap. No row: nothing is charged."""

    zone = models.ForeignKey(TaxZone, on_delete=models.CASCADE, related_name="rates")
    category = models.CharField(max_length=20, default="standard", help_text=_("The tax class of SKUs that it is for"))
    name = models.CharField(max_length=40, help_text=_("As printed on the invoice: VAT 20%"))
    rate = models.DecimalField(max_digits=6, decimal_places=5, help_text=_("0.20 for 20%"))
    valid_on = DateRangeField(default=None, null=True, blank=True, help_text=_("Empty: always"))

    class Meta:
        ordering = ["zone", "category", "-valid_on"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lt=1), name="tax_rate_a_fraction"),
            ExclusionConstraint(
                name="one_tax_rate_a_day",
                expressions=[
                    ("zone", RangeOperators.EQUAL),
                    ("category", RangeOperators.EQUAL),
                    (Func("valid_on", template="COALESCE(%(expressions)s, '(,)'::daterange)"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.category} {self.rate}"
