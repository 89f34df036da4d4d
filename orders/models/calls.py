"""What taking orders by telephone knows beside the orders: how customers call our goods, what delivery costs, and what was not sold."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from inventory.models import Sku
from orders.models.drafts import Draft
from orders.states import LostReason


class CustomerPart(models.Model):
    """A customer's own number for a SKU. Kept in upper case, as our codes are."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="parts", db_index=False)
    code = models.CharField(max_length=40, help_text=_("As the customer writes it"))
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("customer's part number")
        ordering = ["customer", "code"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "code"], name="part_once_a_customer"),
            models.CheckConstraint(condition=Q(code=Upper("code")) & ~Q(code=""), name="part_code_upper"),
        ]
        indexes = [models.Index(fields=["customer", "code"], name="part_begins", opclasses=["int8_ops", "varchar_pattern_ops"])]

    def __str__(self) -> str:
        return f"{self.code}: {self.sku_id}"


class DeliveryOption(models.Model):
    """A way of delivery that a customer may choose: what it costs, tax as the channel's prices have it, and how long it takes once it leaves."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    carrier = models.CharField(max_length=30, blank=True, help_text=_("The carrier's code"))
    countries = models.JSONField(default=list, blank=True, help_text=_("Codes of two letters; empty: everywhere"))
    days = models.PositiveSmallIntegerField(default=1)
    price = models.DecimalField(max_digits=19, decimal_places=4)
    free_from = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True, help_text=_("Free from this net total on"))
    up_to_grams = models.PositiveIntegerField(null=True, blank=True, help_text=_("The most it takes; empty: anything"))
    rank = models.PositiveSmallIntegerField(default=10)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="delivery_price_not_negative"),
            models.CheckConstraint(condition=Q(free_from__isnull=True) | Q(free_from__gte=0), name="delivery_free_from_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class LostSale(models.Model):
    """A call in which nothing was ordered, and why."""

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="lost_sale")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="lost_sales")
    reason = models.CharField(max_length=12, choices=LostReason)
    note = models.CharField(max_length=500, blank=True)
    noted_by = models.CharField(max_length=100)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reason", "-noted_at"], name="lost_by_reason"),
            models.Index(fields=["-noted_at", "-id"], name="lost_latest"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class LostLine(models.Model):
    """What was wanted and not sold: of a SKU, or of something we do not have, by the words it was asked for with."""

    lost_sale = models.ForeignKey(LostSale, on_delete=models.PROTECT, related_name="lines")
    sku = models.ForeignKey(Sku, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(sku__isnull=False) | ~Q(text=""), name="lost_line_says_what")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku_id or self.text}"
