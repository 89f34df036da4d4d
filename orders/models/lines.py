from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q

from inventory.models import Sku
from orders import reasons
from orders.states import ChargeKind

# Units cancelled before they left give back what promotions took off them, to a hundredth of a cent and never more; the last units of an order
# give back everything. Worked out from the counters, under the locks of what is given back: twice, or in another order, comes to the same.
_GIVE_BACK = """
    PERFORM FROM orders_promotionredemption WHERE order_id = NEW.order_id AND given_back_at IS NULL ORDER BY id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH line AS (SELECT id, quantity, cancelled FROM orders_orderline WHERE order_id = NEW.order_id),
    due AS (
        SELECT r.id, rest.is_gone, CASE WHEN rest.is_gone THEN r.amount ELSE coalesce(
            (SELECT sum(trunc(part.value::numeric * line.cancelled / line.quantity, 4)) FROM jsonb_each_text(r.parts) part
                JOIN line ON line.id = part.key::bigint), 0) END AS amount
        FROM orders_promotionredemption r, (SELECT bool_and(cancelled = quantity) AS is_gone FROM line) rest
        WHERE r.order_id = NEW.order_id AND r.given_back_at IS NULL
    )
    UPDATE orders_promotionredemption r SET given_back = due.amount, given_back_at = CASE WHEN due.is_gone THEN statement_timestamp() END
    FROM due WHERE r.id = due.id AND (due.is_gone OR due.amount > r.given_back);
    RETURN NULL;
"""


class OrderLine(models.Model):
    """What is ordered of one SKU, its price and tax as agreed at placement, and how far it has come.

    quantity = open + reserved + backordered + shipped + cancelled, where open is what no station has looked at yet.
    `reserved` counts what is reserved and not yet shipped; `planned` how much of that a shipment has taken up.
    """

    # An index on either alone would be doubled: another one begins with it.
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", db_index=False)
    description = models.CharField(max_length=200)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    net = models.DecimalField(max_digits=19, decimal_places=4)
    tax_name = models.CharField(max_length=40, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5, default=0)
    tax = models.DecimalField(max_digits=19, decimal_places=4)
    discount = models.DecimalField(
        max_digits=19, decimal_places=4, default=0, db_default=0, help_text="What is off quantity × price, in the price's own terms"
    )
    price_reason = models.JSONField(null=True, help_text="Why it costs what it does, as orders.reasons words it")
    kit = models.JSONField(null=True, help_text="Of a kit: [[sku id, units in one kit], …], as it was composed at placement")
    promised_on = models.DateField(null=True, help_text="The day the customer was told")

    cancelled = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    backordered = models.IntegerField(default=0)
    planned = models.IntegerField(default=0)
    shipped = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    invoiced = models.IntegerField(default=0)
    returned = models.IntegerField(default=0)
    refunded = models.IntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_orders_something"),
            models.CheckConstraint(condition=Q(net__gte=0, tax__gte=0, discount__gte=0), name="line_never_below_zero"),
            models.CheckConstraint(
                condition=Q(
                    cancelled__gte=0,
                    reserved__gte=0,
                    backordered__gte=0,
                    planned__gte=0,
                    shipped__gte=0,
                    delivered__gte=0,
                    invoiced__gte=0,
                    returned__gte=0,
                    refunded__gte=0,
                ),
                name="line_counters_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("reserved") + F("backordered") + F("shipped") + F("cancelled")),
                name="line_counters_within_quantity",
            ),
            models.CheckConstraint(condition=Q(planned__lte=F("reserved")), name="planned_within_reserved"),
            models.CheckConstraint(condition=Q(delivered__lte=F("shipped")), name="delivered_within_shipped"),
            models.CheckConstraint(condition=Q(returned__lte=F("shipped")), name="returned_within_shipped"),
            models.CheckConstraint(condition=Q(invoiced__lte=F("quantity")), name="invoiced_within_quantity"),
        ]
        indexes = [
            models.Index(fields=["sku", "order"], name="line_sku"),
            models.Index(fields=["sku", "order"], name="line_waiting", condition=Q(backordered__gt=0)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="give_back",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__cancelled__gt=pgtrigger.F("old__cancelled")),
                func=_GIVE_BACK,
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def price_said(self) -> str:
        """Give why it costs what it does, as a sentence."""
        return reasons.sentence(self.price_reason)

    @property
    def has_price_story(self) -> bool:
        """Say whether its price is another than what everybody pays for one."""
        return not reasons.is_plain(self.price_reason)

    @property
    def margin(self) -> Decimal:
        """What is earned on it, by what its SKU costs. Not for customers."""
        return self.net - self.quantity * self.sku.cost

    @property
    def open(self) -> int:
        """What no station has looked at yet."""
        return self.quantity - self.reserved - self.backordered - self.shipped - self.cancelled

    @property
    def to_ship(self) -> int:
        return self.quantity - self.shipped - self.cancelled


class OrderCharge(models.Model):
    """What is charged beside the goods: carriage, handling."""

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=20, choices=ChargeKind, default=ChargeKind.SHIPPING)
    description = models.CharField(max_length=200)
    net = models.DecimalField(max_digits=19, decimal_places=4)
    tax_name = models.CharField(max_length=40, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=5, default=0)
    tax = models.DecimalField(max_digits=19, decimal_places=4)
    discount = models.DecimalField(max_digits=19, decimal_places=4, default=0, db_default=0, help_text="What promotions took off it")

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(net__gte=0, tax__gte=0, discount__gte=0), name="charge_not_negative")]

    def __str__(self) -> str:
        return self.description
