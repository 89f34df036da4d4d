"""Kits: sold as one, picked as their components. What a kit is made of is frozen on the order's line when it is placed."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from inventory.models import KitComponent, Sku, StockLevel
from oms.core import bulk
from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from oms.core.locks import lock, lock_one
from oms.core.money import ZERO

Composition = list[list[int]]
"""[[SKU, units in one kit], …], kits inside kits taken apart, by SKU."""

MOST_COMPONENTS = 100
MOST_UNITS = 10_000

# One row per leaf of a kit: what is inside it, however far down, multiplied on the way and added up where it is there twice.
_LEAVES = """
    WITH RECURSIVE inside(kit_id, sku_id, units) AS (
        SELECT kit_id, component_id, units::bigint FROM inventory_kitcomponent WHERE kit_id = ANY(%s)
        UNION ALL
        SELECT inside.kit_id, part.component_id, inside.units * part.units
        FROM inside JOIN inventory_kitcomponent part ON part.kit_id = inside.sku_id
    )
    SELECT inside.kit_id, inside.sku_id, sum(inside.units)::bigint FROM inside JOIN inventory_sku sku ON sku.id = inside.sku_id AND NOT sku.is_kit
    GROUP BY inside.kit_id, inside.sku_id ORDER BY inside.kit_id, inside.sku_id
"""


def compositions(kit_ids: Iterable[int]) -> dict[int, Composition]:
    """Give kit → what one of it is made of, in components that are no kits. One query; none where there are no kits."""
    kit_ids = list(kit_ids)
    if not kit_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES, [kit_ids])
        found: dict[int, Composition] = {pk: [] for pk in kit_ids}
        for kit_id, sku_id, units in cursor.fetchall():
            found[kit_id].append([sku_id, units])
    return found


def parts_of(sku_id: int, kit: Composition | None) -> tuple[tuple[int, int], ...]:
    """Give what one unit of a line takes from stock: itself, or the components of its kit."""
    return tuple((part, units) for part, units in kit) if kit else ((sku_id, 1),)


def cost_kits(kits: Iterable[tuple[Sku, Composition]]) -> None:
    """Have each kit's `cost` be what its components cost together, on the instances given: a kit has none of its own. One query; none without kits.

    A component whose cost nobody knows counts nothing: the sum is the least that the kit costs.
    """
    kits = list(kits)
    if not kits:
        return
    costs = dict(Sku.objects.filter(pk__in={part for _kit, parts in kits for part, _units in parts}).values_list("pk", "cost"))
    for kit, parts in kits:
        kit.cost = sum((costs[part] * units for part, units in parts), ZERO)


def define_kit(sku_id: int, components: Mapping[str, int], *, actor: str) -> Sku:
    """Make a SKU a kit of `components`, code → units in one; of none, make it a plain SKU again. Orders placed before keep what they had.

    Locks the SKU and its stock levels. Safe to repeat. Raises Invalid for unknown components or units out of bounds, Conflict where it has stock
    of its own or would contain itself, which the database refuses whoever asks. Records `kit.defined`.
    """
    if len(components) > MOST_COMPONENTS:
        raise Invalid(_("A kit has at most %(most)d components.") % {"most": MOST_COMPONENTS}, pointer="/components")
    with transaction.atomic():
        kit = lock_one(Sku.objects.all(), sku_id)
        parts = _parts(kit, components)
        if parts and any(level.on_hand for level in lock(StockLevel.objects.filter(sku=kit))):
            raise Conflict(_("%(sku)s has stock of its own: correct it to nothing before it becomes a kit.") % {"sku": kit.code})
        KitComponent.objects.filter(kit=kit).delete()
        try:
            with transaction.atomic():
                bulk.insert_all([KitComponent(kit=kit, component=part, units=units) for part, units in parts])
        except IntegrityError as error:
            if "contain itself" not in str(error) and "kit_is_not_its_component" not in str(error):
                raise
            raise Conflict(_("%(sku)s cannot contain itself, nor anything that contains it.") % {"sku": kit.code}, pointer="/components") from None
        kit.is_kit = bool(parts)
        kit.save(update_fields=["is_kit"])
        record([fact("kit.defined", "sku", kit.pk, actor=actor, sku=kit.code, components=", ".join(f"{n} × {p.code}" for p, n in parts))])
    return kit


def try_kit(sku_id: int, components: Mapping[str, int]) -> Composition:
    """Define a kit, see that nothing refuses it, and take it back: give what one would be made of. Raises what `define_kit` raises."""
    with transaction.atomic():
        kit = define_kit(sku_id, components, actor="user:try")
        composition = compositions([kit.pk])[kit.pk] if kit.is_kit else []
        transaction.set_rollback(True)
    return composition


def _parts(kit: Sku, components: Mapping[str, int]) -> Sequence[tuple[Sku, int]]:
    wanted = {code.strip().upper(): units for code, units in components.items()}
    known = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted)}
    for code, units in wanted.items():
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": code[:40]}, pointer="/components", sku=code)
        if not 1 <= units <= MOST_UNITS:
            raise Invalid(_("A kit takes between 1 and %(most)d units of %(code)s.") % {"most": MOST_UNITS, "code": code}, pointer="/components")
    return [(known[code], units) for code, units in wanted.items()]
