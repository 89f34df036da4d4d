from datetime import date, timedelta

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from customers.models import Channel, Customer, CustomerGroup
from inventory.models import PriceList, Sku
from oms.core.triggers import no_truncate
from orders.models.orders import Order
from orders.states import PromotionKind

# What redemptions add to a budget and to the uses of a code, counted by the database as they are written: under the locks of what is counted, in
# the order in which placing takes them. What is not bounded is held by its key alone: whoever bounds it waits for us and counts us too.
_COUNT = """
    PERFORM FROM orders_promotion WHERE id IN (SELECT promotion_id FROM fresh) ORDER BY id FOR KEY SHARE;
    PERFORM FROM orders_promotion WHERE budget IS NOT NULL AND id IN (SELECT promotion_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
    UPDATE orders_promotion SET used_amount = used_amount + moved.amount
    FROM (SELECT promotion_id, sum({amount}) AS amount FROM {rows} GROUP BY promotion_id) moved
    WHERE id = moved.promotion_id AND budget IS NOT NULL AND moved.amount <> 0;
    PERFORM FROM orders_promotioncode WHERE id IN (SELECT code_id FROM fresh) ORDER BY id FOR KEY SHARE;
    PERFORM FROM orders_promotioncode WHERE most_uses IS NOT NULL AND id IN (SELECT code_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
    UPDATE orders_promotioncode SET used = used + moved.uses
    FROM (SELECT code_id, sum({uses}) AS uses FROM {rows} GROUP BY code_id) moved
    WHERE id = moved.code_id AND most_uses IS NOT NULL AND moved.uses <> 0;
    RETURN NULL;
"""
_COUNT_NEW = _COUNT.format(rows="fresh", amount="amount - given_back", uses="CASE WHEN given_back_at IS NULL THEN 1 ELSE 0 END")
_COUNT_GIVEN_BACK = _COUNT.format(
    rows="(SELECT fresh.promotion_id, fresh.code_id, former.given_back - fresh.given_back AS amount,"
    " CASE WHEN former.given_back_at IS NULL AND fresh.given_back_at IS NOT NULL THEN -1 ELSE 0 END AS uses"
    " FROM fresh JOIN former USING (id)) AS back",
    amount="amount",
    uses="uses",
)

# Which of the orders that a customer may have a promotion on this one is. Two who come in the same moment are given the same turn, and the unique
# constraint refuses one of them.
_TAKE_TURN = """
    DECLARE
        most int := (SELECT most_per_customer FROM orders_promotion WHERE id = NEW.promotion_id);
    BEGIN
        IF most IS NOT NULL THEN
            IF (SELECT count(*) FROM orders_promotionredemption
                WHERE promotion_id = NEW.promotion_id AND customer_id = NEW.customer_id AND given_back_at IS NULL) >= most THEN
                RAISE EXCEPTION 'promotion_turns_of_a_customer: % has had promotion % on % orders', NEW.customer_id, NEW.promotion_id, most
                    USING ERRCODE = 'check_violation';
            END IF;
            NEW.turn := (SELECT min(free) FROM generate_series(1, most) free WHERE NOT EXISTS (
                SELECT FROM orders_promotionredemption
                WHERE promotion_id = NEW.promotion_id AND customer_id = NEW.customer_id AND turn = free AND given_back_at IS NULL));
        END IF;
        RETURN NEW;
    END;
"""

# Counts are the database's alone: a row that is saved as somebody has read it never writes over what orders have taken since. What is bounded only
# now has its redemptions counted, after whoever is just writing one: they hold a key share of it.
_KEEP_COUNT = """
    IF OLD.{bound} IS NULL AND NEW.{bound} IS NOT NULL THEN
        PERFORM FROM {table} WHERE id = NEW.id FOR UPDATE;
        NEW.{count} := (SELECT coalesce({sum}, 0) FROM orders_promotionredemption WHERE {key} = NEW.id);
    ELSIF pg_trigger_depth() = 1 THEN
        NEW.{count} := OLD.{count};
    END IF;
    RETURN NEW;
"""


class PriceAssignment(models.Model):
    """Who buys by a price list: a customer (it is their contract), the customers of a group, or whoever comes through a channel.

    Any number for one list.
    """

    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="assignments")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="price_assignments")
    group = models.ForeignKey(CustomerGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="price_assignments")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="price_assignments")
    valid_on = DateRangeField(default=None, null=True, blank=True, help_text=_("Empty: always"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(channel__isnull=False, group__isnull=True, customer__isnull=True)
                    | Q(channel__isnull=True, group__isnull=False, customer__isnull=True)
                    | Q(channel__isnull=True, group__isnull=True, customer__isnull=False)
                ),
                name="price_list_for_one_of_them",
            ),
            ExclusionConstraint(
                name="price_list_assigned_once_a_day",
                expressions=[
                    ("price_list", RangeOperators.EQUAL),
                    (Func("channel", template="COALESCE(%(expressions)s, 0)"), RangeOperators.EQUAL),
                    (Func("group", template="COALESCE(%(expressions)s, 0)"), RangeOperators.EQUAL),
                    (Func("customer", template="COALESCE(%(expressions)s, 0)"), RangeOperators.EQUAL),
                    (Func("valid_on", template="COALESCE(%(expressions)s, '(,)'::daterange)"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_list_id} for {self.customer_id or self.group_id or self.channel_id}"


class Promotion(models.Model):
    """Something taken off orders. What each kind does with its fields is told in orders.pricing.

    `used_amount` is what orders have taken of `budget` and not given back, counted by the database as redemptions are written; without a budget
    nobody counts.
    """

    name = models.CharField(max_length=80, unique=True, help_text=_("As customers read it"))
    kind = models.CharField(max_length=20, choices=PromotionKind)
    percent = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text=_("Off the goods, or off the units got; 100: free"))
    amount = models.DecimalField(max_digits=19, decimal_places=4, default=0, help_text=_("Off the goods together"))
    buy = models.PositiveSmallIntegerField(default=0, help_text=_("Buy so many …"))
    get = models.PositiveSmallIntegerField(default=0, help_text=_("… and get so many more cheaper, or free"))
    is_per_sku = models.BooleanField(default=False, help_text=_("Units of each SKU count for themselves"))
    is_for_all_goods = models.BooleanField(default=True)
    skus = models.ManyToManyField(Sku, blank=True, related_name="+", help_text=_("The goods that it is for, where it is not for all"))
    minimum = models.DecimalField(max_digits=19, decimal_places=4, default=0, help_text=_("What must be spent on them"))
    needs_code = models.BooleanField(default=False)
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty: every channel"))
    group = models.ForeignKey(CustomerGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty: every customer"))
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty: every customer"))
    is_for_first_orders = models.BooleanField(default=False)
    most_per_customer = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Orders of one customer that it is good for; empty: any number")
    )
    valid_on = DateRangeField(default=None, null=True, blank=True, help_text=_("Empty: always"))
    budget = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True, help_text=_("For all orders together; empty: any amount"))
    used_amount = models.DecimalField(max_digits=19, decimal_places=4, default=0, editable=False)
    is_exclusive = models.BooleanField(default=False, help_text=_("Not together with any other: the better for the customer is taken"))
    priority = models.PositiveSmallIntegerField(default=5, help_text=_("The lower, the sooner it takes off where not enough is left for all"))
    is_off_contracts = models.BooleanField(default=False, help_text=_("Also off prices that are agreed with the customer"))
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="promotion_percent_a_percentage"),
            models.CheckConstraint(
                condition=(
                    Q(kind=PromotionKind.PERCENT, percent__gt=0)
                    | Q(kind=PromotionKind.AMOUNT, amount__gt=0)
                    | Q(kind=PromotionKind.FREE_UNITS, buy__gt=0, get__gt=0, percent__gt=0)
                    | Q(kind=PromotionKind.FREE_SHIPPING)
                ),
                name="promotion_takes_something_off",
            ),
            models.CheckConstraint(condition=Q(minimum__gte=0, used_amount__gte=0), name="promotion_amounts_not_negative"),
            models.CheckConstraint(condition=Q(budget__isnull=True) | Q(used_amount__lte=F("budget")), name="promotion_within_budget"),
            models.CheckConstraint(condition=Q(most_per_customer__isnull=True) | Q(most_per_customer__gt=0), name="promotion_for_one_order_at_least"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_count",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("budget", "used_amount"),
                func=_KEEP_COUNT.format(
                    table="orders_promotion", bound="budget", count="used_amount", sum="sum(amount - given_back)", key="promotion_id"
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_on(self) -> date | None:
        """The last day on which it holds; None where it has no end."""
        until = self.valid_on.upper if self.valid_on else None
        return until - timedelta(days=1) if until else None


class PromotionCode(models.Model):
    """A code by which a promotion is asked for. Codes are kept in upper case. `used` counts orders that were not cancelled, where `most_uses`
    bounds them; the database counts.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(max_length=40, unique=True)
    most_uses = models.PositiveIntegerField(null=True, blank=True, help_text=_("Orders that it is good for; empty: any number"))
    used = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(code=Upper("code")) & ~Q(code=""), name="promotion_code_upper"),
            models.CheckConstraint(condition=Q(most_uses__isnull=True) | Q(used__lte=F("most_uses")), name="promotion_code_within_uses"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_count",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("most_uses", "used"),
                func=_KEEP_COUNT.format(
                    table="orders_promotioncode",
                    bound="most_uses",
                    count="used",
                    sum="count(*) FILTER (WHERE given_back_at IS NULL)",
                    key="code_id",
                ),
            )
        ]

    def __str__(self) -> str:
        return self.code


class PromotionRedemption(models.Model):
    """What a promotion took off an order. `parts`: line → what of it is the line's; the rest is of charges. `customer`: who ordered; `turn`: which
    of the times that it is for each customer, where that is bounded. `first_order_of`: whose first order it was, where that is what it is for.

    `given_back`: what of it is free for others again, because units that it was for were cancelled; `given_back_at`: all of it, with the use of
    the code, the turn and the first order, because the whole order was. The line's trigger writes them (orders.models.lines); nothing else ever
    changes.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="redemptions")
    code = models.ForeignKey(PromotionCode, null=True, on_delete=models.PROTECT, related_name="redemptions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="redemptions")
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    parts = models.JSONField(default=dict)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    turn = models.PositiveSmallIntegerField(null=True)
    first_order_of = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    redeemed_at = models.DateTimeField()
    given_back = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    given_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "promotion"], name="promotion_redeemed_once_an_order"),
            models.UniqueConstraint(fields=["first_order_of", "promotion"], condition=Q(given_back_at__isnull=True), name="first_order_comes_once"),
            models.UniqueConstraint(
                fields=["customer", "promotion", "turn"], condition=Q(given_back_at__isnull=True), name="promotion_turn_comes_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="redemption_takes_something_off"),
            models.CheckConstraint(condition=Q(given_back__gte=0, given_back__lte=F("amount")), name="no_more_given_back_than_taken"),
            models.CheckConstraint(condition=Q(given_back_at__isnull=True) | Q(given_back=F("amount")), name="given_back_is_all_of_it"),
        ]
        triggers = [
            pgtrigger.Trigger(name="take_turn", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_TAKE_TURN),
            pgtrigger.Trigger(
                name="counted",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="fresh"),
                func=_COUNT_NEW,
            ),
            pgtrigger.Trigger(
                name="counted_back",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="former", new="fresh"),
                func=_COUNT_GIVEN_BACK,
            ),
            pgtrigger.ReadOnly(name="as_redeemed", exclude=["given_back", "given_back_at"]),
            pgtrigger.Protect(
                name="given_back_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__given_back__lt=pgtrigger.F("old__given_back")) | pgtrigger.Q(old__given_back_at__isnull=False),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.amount} off order {self.order_id}"


class DiscountLimit(models.Model):
    """The discount that a person, or whoever has a role, may give by themselves. Without a row: none."""

    group = models.OneToOneField(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="discount_limit", verbose_name=_("role"))
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="discount_limit")
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(group__isnull=False, user__isnull=True) | Q(group__isnull=True, user__isnull=False),
                name="discount_limit_of_one_of_them",
            ),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="discount_limit_a_percentage"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class MarginFloor(models.Model):
    """What goods sold through a channel must bring beyond their cost, before a second person must agree. Without a channel: through all others."""

    channel = models.OneToOneField(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="margin_floor")
    floor = models.DecimalField(max_digits=5, decimal_places=4, help_text=_("0.10: a tenth of the cost"))

    class Meta:
        constraints = [
            models.UniqueConstraint(F("channel"), nulls_distinct=False, name="one_margin_floor_a_channel"),
            models.CheckConstraint(condition=Q(floor__gte=0), name="margin_floor_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.floor}"
