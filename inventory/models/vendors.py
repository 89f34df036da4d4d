from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Sku, Warehouse
from oms.core.readable import human_number

# Checked at the commit, so that a price list may be changed line by line.
_BASE_PRICE = """
    IF EXISTS (SELECT FROM inventory_vendorprice WHERE item_id = COALESCE(NEW.item_id, OLD.item_id))
        AND NOT EXISTS (SELECT FROM inventory_vendorprice WHERE item_id = COALESCE(NEW.item_id, OLD.item_id) AND from_quantity = 1)
    THEN
        RAISE EXCEPTION 'a price break needs a price from one unit on' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_has_a_base_price';
    END IF;
    RETURN NULL;
"""
# What a rule says is kept on the stock level as well: the point that REPLENISH is woken by, and the safety that promises keep back. Stock levels
# are locked by primary key, as everywhere.
_KEEP_LEVELS = """
    WITH place AS ({places}), kept AS (
        SELECT level.id, rule.point, COALESCE(rule.safety, 0) AS safety
        FROM inventory_stocklevel level
        JOIN place ON place.sku_id = level.sku_id AND place.warehouse_id = level.warehouse_id
        LEFT JOIN inventory_reorderrule rule ON rule.sku_id = level.sku_id AND rule.warehouse_id = level.warehouse_id
        WHERE level.reorder_point IS DISTINCT FROM rule.point OR level.safety <> COALESCE(rule.safety, 0)
        ORDER BY level.id FOR NO KEY UPDATE OF level
    ) UPDATE inventory_stocklevel level SET reorder_point = kept.point, safety = kept.safety FROM kept WHERE level.id = kept.id;
"""
_ADDED = (
    _KEEP_LEVELS.format(places="SELECT sku_id, warehouse_id FROM fresh")
    + """
    INSERT INTO inventory_restockdue (sku_id, due_at) SELECT DISTINCT sku_id, clock_timestamp() FROM fresh;
    RETURN NULL;
"""
)
_CHANGED = (
    _KEEP_LEVELS.format(places="SELECT sku_id, warehouse_id FROM fresh UNION SELECT sku_id, warehouse_id FROM former")
    + """
    INSERT INTO inventory_restockdue (sku_id, due_at)
    SELECT DISTINCT fresh.sku_id, clock_timestamp() FROM fresh JOIN former ON former.id = fresh.id
    WHERE (fresh.sku_id, fresh.warehouse_id, fresh.vendor_id, fresh.point, fresh.target)
        IS DISTINCT FROM (former.sku_id, former.warehouse_id, former.vendor_id, former.point, former.target);
    RETURN NULL;
"""
)
_REMOVED = (
    _KEEP_LEVELS.format(places="SELECT sku_id, warehouse_id FROM former")
    + """
    RETURN NULL;
"""
)
_LEARN_ANEW = """
    IF (NEW.is_learned, NEW.service_level, NEW.cover_days, NEW.vendor_id)
        IS DISTINCT FROM (OLD.is_learned, OLD.service_level, OLD.cover_days, OLD.vendor_id)
    THEN
        NEW.learn_at := clock_timestamp();
    END IF;
    RETURN NEW;
"""


class Vendor(models.Model):
    """Whom we buy from. What they promise stands here; what they keep is observed from their receipts.

    `books_rate`: what one unit of their currency is in the books' currency. `over_receipt_percent`: how much more than ordered is taken in.
    """

    NUMBER_PREFIX = "V"

    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True, help_text=_("Where purchase orders go"))
    address = models.TextField(blank=True)
    language = models.CharField(max_length=10, default="en", choices=settings.LANGUAGES)
    currency = models.CharField(max_length=3, default="GBP")
    books_rate = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(1))
    terms_days = models.PositiveSmallIntegerField(default=30, help_text=_("Days from their bill to our payment"))
    lead_time_days = models.PositiveSmallIntegerField(default=14, help_text=_("Days from order to receipt, as they promise it"))
    minimum_order = models.DecimalField(max_digits=19, decimal_places=4, default=0, help_text=_("What an order must come to, in their currency"))
    over_receipt_percent = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(books_rate__gt=0), name="vendor_rate_above_zero"),
            models.CheckConstraint(condition=Q(minimum_order__gte=0), name="vendor_minimum_not_negative"),
            models.CheckConstraint(condition=Q(over_receipt_percent__lte=100), name="vendor_tolerance_within_reason"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)


class VendorContact(models.Model):
    """Somebody at a vendor's."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=100, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["vendor", "name"]

    def __str__(self) -> str:
        return self.name


class VendorItem(models.Model):
    """A SKU as a vendor sells it: in packs of `pack_size`, at least `minimum_order` units at once."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="items")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="vendor_items")
    vendor_code = models.CharField(max_length=60, blank=True, help_text=_("Their own number for it"))
    pack_size = models.PositiveIntegerField(default=1)
    minimum_order = models.PositiveIntegerField(default=1)
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Empty: as for all the vendor's goods"))
    is_preferred = models.BooleanField(default=False)

    class Meta:
        ordering = ["vendor", "sku"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "sku"], name="one_item_per_vendor"),
            models.UniqueConstraint(fields=["sku"], condition=Q(is_preferred=True), name="one_preferred_vendor"),
            models.CheckConstraint(condition=Q(pack_size__gt=0, minimum_order__gt=0), name="vendor_sells_something"),
        ]
        indexes = [models.Index(fields=["vendor_code"], name="vendor_item_code", condition=~Q(vendor_code=""))]

    def __str__(self) -> str:
        return f"{self.sku_id} from {self.vendor_id}"


class VendorPrice(models.Model):
    """What a unit costs us from `from_quantity` units on, in the vendor's currency."""

    item = models.ForeignKey(VendorItem, on_delete=models.CASCADE, related_name="prices")
    from_quantity = models.PositiveIntegerField(default=1)
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)

    class Meta:
        ordering = ["item", "from_quantity"]
        constraints = [
            models.UniqueConstraint(fields=["item", "from_quantity"], name="one_price_per_break"),
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="vendor_price_above_zero"),
            models.CheckConstraint(condition=Q(from_quantity__gt=0), name="price_break_above_zero"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="base_price",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                func=_BASE_PRICE,
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_price} from {self.from_quantity}"


class ReorderRule(models.Model):
    """When to buy a SKU for a warehouse: at or below `point` (free + on order), up to `target`, from `vendor`.

    One that `is_learned` has its numbers from observed demand and observed lead time, for `service_level`; what they were learned from is
    kept beside them, in units and days. `safety` is kept back from every promise. `learn_at`: when it is learned anew, and its place looked at
    in any case. The database itself keeps the stock level's `reorder_point` and `safety` as they stand here.
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="reorder_rules")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+")
    point = models.PositiveIntegerField()
    target = models.PositiveIntegerField()
    safety = models.PositiveIntegerField(default=0)
    is_learned = models.BooleanField(default=False)
    service_level = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal("0.95"))
    cover_days = models.PositiveSmallIntegerField(default=14, help_text=_("Days of demand that an order is to last"))
    demand_per_day = models.FloatField(null=True, blank=True, editable=False)
    demand_deviation = models.FloatField(null=True, blank=True, editable=False)
    lead_days = models.FloatField(null=True, blank=True, editable=False)
    lead_deviation = models.FloatField(null=True, blank=True, editable=False)
    learned_at = models.DateTimeField(null=True, blank=True, editable=False)
    learn_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="one_reorder_rule_per_place"),
            models.CheckConstraint(condition=Q(target__gt=F("point")), name="reorder_target_above_point"),
            models.CheckConstraint(condition=Q(service_level__gte=Decimal("0.5"), service_level__lt=1), name="service_level_within_reason"),
        ]
        indexes = [models.Index(fields=["learn_at", "id"], name="rule_to_learn"), models.Index(fields=["vendor", "warehouse"], name="rule_vendor")]
        triggers = [
            pgtrigger.Trigger(name="learn_anew", when=pgtrigger.Before, operation=pgtrigger.Update, func=_LEARN_ANEW),
            pgtrigger.Trigger(
                name="added",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="fresh"),
                func=_ADDED,
            ),
            pgtrigger.Trigger(
                name="changed",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="former", new="fresh"),
                func=_CHANGED,
            ),
            pgtrigger.Trigger(
                name="removed",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="former"),
                func=_REMOVED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: at {self.point} up to {self.target}"

    @property
    def level_percent(self) -> str:
        """The service level as people write it: 97.5."""
        text = f"{self.service_level * 100:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
