from decimal import Decimal

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from inventory.models.catalogue import Sku, Warehouse
from inventory.states import RESERVATION_MOVES, MovementKind, ReservationState
from oms.core.triggers import append_only, legal_moves

_NOTE_CHANGE = """
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM inventory_sku WHERE id = NEW.sku_id AND is_kit) THEN
            RAISE EXCEPTION 'a kit has no stock of its own' USING ERRCODE = 'check_violation', CONSTRAINT = 'kit_has_no_stock';
        END IF;
        SELECT point, safety INTO rule FROM inventory_reorderrule WHERE sku_id = NEW.sku_id AND warehouse_id = NEW.warehouse_id;
        IF FOUND THEN
            NEW.reorder_point := rule.point;
            NEW.safety := rule.safety;
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.on_hand <> OLD.on_hand THEN
        NEW.version := OLD.version + 1;
    END IF;
    IF NEW.on_hand - NEW.reserved - NEW.safety > OLD.on_hand - OLD.reserved - OLD.safety THEN
        NEW.freed_at := clock_timestamp();
    END IF;
    IF NEW.on_hand - NEW.reserved <= NEW.reorder_point AND NEW.on_hand - NEW.reserved < OLD.on_hand - OLD.reserved THEN
        INSERT INTO inventory_restockdue (sku_id, due_at) VALUES (NEW.sku_id, clock_timestamp());
    END IF;
    RETURN NEW;
"""


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    def worth_in(self, kind: str) -> Decimal:
        """Give what lies in places of a kind is worth, in the books' currency."""
        return self.filter(warehouse__kind=kind).aggregate(total=models.Sum("value"))["total"] or Decimal(0)


class StockLevel(models.Model):
    """How much of a SKU lies in a warehouse, how much of it is spoken for, and what it is worth.

    on_hand = Σ movements, reserved = Σ open reservations, value = Σ movement values: proved by check_invariants.
    `value` is at moving average cost, in the books' currency. `safety`: kept back from every promise. The database itself counts `version` up
    whenever `on_hand` changes, notes in `freed_at` when more became free (who found nothing here since then need not look again), and has
    REPLENISH look at the SKU when what is free falls to its `reorder_point`, which is its reorder rule's, as `safety` is.
    """

    # An index on the SKU alone would be doubled, here and below: another one begins with it.
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="levels", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    safety = models.IntegerField(default=0)
    value = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    version = models.BigIntegerField(default=0)
    freed_at = models.DateTimeField(null=True)
    reorder_point = models.IntegerField(null=True, editable=False)

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="note_change",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("rule", "RECORD")],
                func=_NOTE_CHANGE,
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="one_level_per_place"),
            models.CheckConstraint(condition=Q(safety__gte=0), name="safety_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0, reserved__lte=F("on_hand")), name="reserved_within_on_hand"),
            models.CheckConstraint(condition=Q(value__gte=0), name="stock_value_not_negative"),
            models.CheckConstraint(condition=Q(on_hand__gt=0) | Q(value=0), name="no_value_without_stock"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.warehouse_id}: {self.on_hand} on hand, {self.reserved} reserved"

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved

    @property
    def to_promise(self) -> int:
        """What may be promised now: free, less what is kept for safety."""
        return max(self.free - self.safety, 0)


class StockMovement(models.Model):
    """Stock that came or went: signed quantity and signed value, with its cause. Append-only.

    A correction of cost moves a value and no units. `effective_on`: the day it belongs to, where somebody learns of it only later; it is
    still a new row, `moved_at` when it was written.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="movements", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=MovementKind)
    quantity = models.IntegerField()
    value = models.DecimalField(max_digits=19, decimal_places=4)
    cause = models.CharField(max_length=30, help_text="What it was for: shipment, receipt, count")
    cause_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=100)
    note = models.CharField(max_length=200, blank=True)
    effective_on = models.DateField(default=timezone.localdate)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0, value=0), name="movement_moves_something")]
        indexes = [
            # With what is summed up in it: all movements are added up every few minutes to prove the stock, and read from the index alone.
            models.Index(fields=["sku", "warehouse", "-id"], include=["quantity", "value"], name="movement_place"),
            models.Index(fields=["cause", "cause_id"], name="movement_cause"),
            models.Index(fields=["sku", "moved_at"], name="movement_sold", condition=Q(kind="issue")),
            # They lie in the order of time: a few pages say where the days begin.
            BrinIndex(fields=["moved_at"], name="movement_day", autosummarize=True),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+d} of {self.sku_id}"


class MovementToPost(models.Model):
    """A movement that the ledger has not booked yet: written with the movement, taken away by accounting's posting."""

    movement = models.OneToOneField(StockMovement, on_delete=models.PROTECT, primary_key=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["movement_id"]
        verbose_name_plural = "movements to post"

    def __str__(self) -> str:
        return f"movement {self.movement_id}"


class Reservation(models.Model):
    """Stock spoken for. `line_id` names the order line, which inventory does not know more of.

    A soft one belongs to a `basket` and lapses at `expires_at`, unless an order takes it up. `line_units`: how many units of the line this
    row counts for: its own quantity; of a kit's components the first counts the kits, the others nothing. `was_awaited`: the order waited for it.
    """

    line_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="reservations", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.IntegerField()
    line_units = models.IntegerField(default=0)
    state = models.CharField(max_length=10, choices=ReservationState, default=ReservationState.FIRM)
    basket = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField(null=True)
    was_awaited = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_reserves_something"),
            models.CheckConstraint(condition=Q(line_units__gte=0) & Q(line_units__lte=F("quantity")), name="reservation_counts_units"),
            models.CheckConstraint(
                condition=~Q(state__in=["firm", "consumed"]) | Q(line_id__isnull=False, order_id__isnull=False),
                name="firm_reservation_has_a_line",
            ),
            models.CheckConstraint(
                condition=~Q(state="soft") | Q(order_id__isnull=False) | Q(expires_at__isnull=False),
                name="soft_reservation_lapses",
            ),
        ]
        indexes = [
            models.Index(fields=["order_id"], name="reservation_order"),
            models.Index(fields=["sku", "warehouse"], name="reservation_open", condition=Q(state__in=["soft", "firm"])),
            models.Index(fields=["basket"], name="reservation_basket", condition=Q(state="soft")),
            models.Index(fields=["expires_at", "id"], name="reservation_lapses", condition=Q(state="soft", expires_at__isnull=False)),
            models.Index(fields=["warehouse", "created_at"], name="reservation_day"),
        ]
        triggers = [legal_moves("state", RESERVATION_MOVES)]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sku_id} for line {self.line_id}"

    @property
    def for_order(self) -> int:
        """The order of a reservation that has one, as every firm one has."""
        assert self.order_id is not None
        return self.order_id

    @property
    def for_line(self) -> int:
        """The order line of a reservation that has one, as every firm one has."""
        assert self.line_id is not None
        return self.line_id
