import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat, Upper
from django.utils.translation import gettext_lazy as _

from inventory.states import AbcClass, WarehouseKind


class WarehouseQuerySet(models.QuerySet["Warehouse"]):
    def stocking(self) -> "WarehouseQuerySet":
        """Those that people work in and orders are filled from: not what is on the road, nor what a vendor ships himself."""
        return self.filter(is_active=True, kind=WarehouseKind.WAREHOUSE)


class Warehouse(models.Model):
    """A place where stock lies. `rank`: the lower, the sooner it is asked, where nothing else decides.

    Goods on the road between two warehouses, and goods that a vendor ships straight to a customer, lie in a place of their own `kind`:
    they are owned and valued like all others, and no order is filled from them.
    """

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    lines = models.TextField(blank=True)
    city = models.CharField(max_length=100, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="GB")
    phone = models.CharField(max_length=20, blank=True)
    rank = models.PositiveSmallIntegerField(default=10)
    kind = models.CharField(max_length=10, choices=WarehouseKind, default=WarehouseKind.WAREHOUSE)
    daily_capacity = models.PositiveIntegerField(null=True, blank=True, help_text=_("Orders it can take on in a day; empty: any number"))
    is_active = models.BooleanField(default=True)

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return self.name


# The words of a SKU, of its code and its name, as people type them: whatever stands between letters and digits parts words.
SKU_WORDS = SearchVector(
    Func(Concat("code", Value(" "), "name"), Value("[^[:alnum:]]+"), Value(" "), Value("g"), function="REGEXP_REPLACE"), config="simple"
)


# Every word of a name is written down once, by the database itself, in order: two files that bring the same words never wait for each other.
_KEEP_WORDS = """
    INSERT INTO inventory_skuword (word)
    SELECT DISTINCT spelt.word FROM {rows}, regexp_split_to_table(lower(name), '[^[:alnum:]]+') AS spelt(word)
    WHERE spelt.word ~ '^[^0-9]{{3,40}}$' AND NOT EXISTS (SELECT FROM inventory_skuword known WHERE known.word = spelt.word)
    ORDER BY spelt.word ON CONFLICT DO NOTHING; RETURN NULL;
"""


class SkuWord(models.Model):
    """A word that some SKU's name has: few enough to look through all for those that are like what was typed. Written by the database alone."""

    word = models.CharField(max_length=40, primary_key=True, db_collation="C")

    class Meta:
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="sku_word_trgm")]

    def __str__(self) -> str:
        return self.word


class SkuQuerySet(models.QuerySet["Sku"]):
    def matching(self, text: str) -> "SkuQuerySet":
        """Those whose code or name contains `text`, or whose barcode is it. Served by trigram indexes."""
        text = text.strip()
        return self.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(barcode=text))


class Sku(models.Model):
    """What is sold: one stock-keeping unit. Codes are kept in upper case, so `85123a` and `85123A` are one."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    barcode = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=20, default="each")
    weight_grams = models.PositiveIntegerField(default=0)
    length_mm = models.PositiveIntegerField(default=0)
    width_mm = models.PositiveIntegerField(default=0)
    height_mm = models.PositiveIntegerField(default=0)
    tax_category = models.CharField(max_length=20, default="standard")
    cost = models.DecimalField(max_digits=19, decimal_places=4, default=0, help_text=_("What a unit costs where nothing better is known"))
    abc_class = models.CharField(max_length=1, choices=AbcClass, default=AbcClass.C, help_text=_("By what it sells for: how often it is counted"))
    is_kit = models.BooleanField(default=False, editable=False, help_text=_("Sold as one, picked as its components"))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SkuQuerySet.as_manager()

    class Meta:
        verbose_name = "SKU"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(code=Upper("code")) & ~Q(code=""), name="sku_code_upper"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="sku_cost_not_negative"),
            models.UniqueConstraint(fields=["barcode"], condition=~Q(barcode=""), name="sku_barcode_once"),
        ]
        indexes = [
            GinIndex(SKU_WORDS, name="sku_words"),
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="sku_code_trgm"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="sku_name_trgm"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="words_of_new",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="came"),
                func=_KEEP_WORDS.format(rows="came"),
            ),
            pgtrigger.Trigger(
                name="words_of_renamed",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("name"),
                func=_KEEP_WORDS.format(rows="(SELECT NEW.name) renamed(name)"),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Barcode(models.Model):
    """A code on a package of a SKU, beside its own barcode: a case of twelve has a GTIN of its own."""

    code = models.CharField(max_length=40, unique=True)
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="barcodes")
    units = models.PositiveIntegerField(default=1, help_text=_("Units in a package with this code"))

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="barcode_says_something"),
            models.CheckConstraint(condition=Q(units__gt=0), name="barcode_holds_something"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.units} of {self.sku_id}"


class Substitute(models.Model):
    """Another SKU that is offered where one is not there, or not sold any more. The lower `rank` first."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="substitutes", db_index=False)
    substitute = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "substitute"], name="substitute_once"),
            models.CheckConstraint(condition=~Q(sku=F("substitute")), name="substitute_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: {self.substitute_id}"


class PriceList(models.Model):
    """Prices that not everybody pays. Who does is for the orders to say (orders.PriceAssignment)."""

    name = models.CharField(max_length=80, unique=True)
    includes_tax = models.BooleanField(null=True, blank=True, help_text=_("Whether its prices include tax; unknown: as the channel's do"))
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="price_list_named")]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """What a unit of a SKU costs whoever buys `from_quantity` or more, in one currency, on the days of `valid_on`. Periods never overlap.

    Without a `price_list` it is everybody's price. Whether tax is inside is the list's to say, and else the channel's.
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="prices")
    price_list = models.ForeignKey(
        PriceList, null=True, blank=True, on_delete=models.PROTECT, related_name="prices", help_text=_("Empty: everybody's")
    )
    currency = models.CharField(max_length=3, default="GBP")
    from_quantity = models.PositiveIntegerField(default=1, db_default=1, help_text=_("From so many units of an order on"))
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    valid_on = DateRangeField(default=None, null=True, blank=True, help_text=_("Empty: always"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="price_above_zero"),
            models.CheckConstraint(condition=Q(from_quantity__gt=0), name="price_from_one_unit_on"),
            ExclusionConstraint(
                name="price_periods_never_overlap",
                expressions=[
                    ("sku", RangeOperators.EQUAL),
                    (Func("price_list", template="COALESCE(%(expressions)s, 0)"), RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    ("from_quantity", RangeOperators.EQUAL),
                    (
                        Func("valid_on", template="COALESCE(%(expressions)s, '(,)'::daterange)"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} {self.unit_price} {self.currency}"
