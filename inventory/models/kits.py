import pgtrigger
from django.db import models
from django.db.models import F, Q

from inventory.models.catalogue import Sku

# Two who each add half of a circle would not see each other's half: they add their components one after the other.
_NO_CIRCLE = """
    PERFORM pg_advisory_xact_lock(hashtextextended('kits', 0));
    IF EXISTS (
        WITH RECURSIVE inside(id) AS (
            SELECT NEW.component_id
            UNION
            SELECT part.component_id FROM inventory_kitcomponent part JOIN inside ON part.kit_id = inside.id
        ) SELECT FROM inside WHERE id = NEW.kit_id
    ) THEN
        RAISE EXCEPTION 'a kit cannot contain itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'kit_contains_itself';
    END IF;
    RETURN NEW;
"""


class KitComponent(models.Model):
    """So many units of a component in one kit. A component may be a kit itself; no kit contains itself, however far down."""

    kit = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="components")
    component = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()

    class Meta:
        ordering = ["kit", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kit", "component"], name="component_once_per_kit"),
            models.CheckConstraint(condition=~Q(kit=F("component")), name="kit_is_not_its_component"),
            models.CheckConstraint(condition=Q(units__gt=0), name="kit_takes_something"),
        ]
        triggers = [
            pgtrigger.Trigger(name="no_circle", when=pgtrigger.Before, operation=pgtrigger.Insert | pgtrigger.Update, func=_NO_CIRCLE),
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.component_id} in {self.kit_id}"
