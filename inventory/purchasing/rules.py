"""Reorder rules: set by hand, or learned every day from what is observed."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import ReorderRule, Sku, Vendor, VendorItem, Warehouse
from inventory.purchasing.learning import learn
from inventory.purchasing.observing import demand_of, lead_time_to_expect, lead_times_of
from inventory.purchasing.replenishing import look_again
from inventory.states import WarehouseKind
from oms.core import bulk
from oms.core.errors import Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock

MOST_UNITS = 1_000_000_000
MOST_DAYS = 365
FOUR_PLACES = Decimal("0.0001")
MOST_CERTAIN = Decimal("0.9999")
LEARNED = ("point", "target", "safety", "demand_per_day", "demand_deviation", "lead_days", "lead_deviation", "learned_at", "learn_at")


def rules_to_learn() -> QuerySet[ReorderRule]:
    """Give the rules that were not looked at for a day, the longest first."""
    return ReorderRule.objects.filter(learn_at__lte=Now()).select_related("vendor").order_by("learn_at", "id")


def learn_rules(rules: Sequence[ReorderRule]) -> None:
    """Learn the rules that are learned, and have the places of all looked at for buying: what woke nobody is found within a day.

    `rules`: locked, with their vendors. Locks the stock levels of those whose point or safety changes, by primary key, in the database. A constant
    number of statements, whatever their number.
    """
    now = timezone.now()
    learned = [rule for rule in rules if rule.is_learned]
    vendors, skus = {rule.vendor_id for rule in learned}, [rule.sku_id for rule in learned]
    demands = demand_of([(rule.sku_id, rule.warehouse_id) for rule in learned])
    kept = lead_times_of(vendors)
    items = VendorItem.objects.filter(vendor__in=vendors, sku__in=skus, lead_time_days__isnull=False) if learned else VendorItem.objects.none()
    promised = {(vendor, sku): days for vendor, sku, days in items.values_list("vendor", "sku", "lead_time_days") if days is not None}
    for rule in rules:
        rule.learn_at = now + timedelta(days=1)
    for rule in learned:
        demand = demands[rule.sku_id, rule.warehouse_id]
        days = promised.get((rule.vendor_id, rule.sku_id), rule.vendor.lead_time_days)
        lead = lead_time_to_expect(kept, rule.vendor_id, rule.sku_id, promised=days)
        rule.demand_per_day, rule.demand_deviation = demand.mean, demand.deviation
        rule.lead_days, rule.lead_deviation = lead.mean, lead.deviation
        rule.learned_at = now
        found = learn(demand, lead, service_level=float(rule.service_level), cover_days=rule.cover_days)
        if found is not None:
            rule.point, rule.target, rule.safety = found.point, found.target, found.safety
    bulk.save_all(rules, *LEARNED)
    look_again([rule.sku_id for rule in rules], at=now)


def set_rule(
    sku: str,
    warehouse: str,
    *,
    vendor_id: int,
    point: int | None = None,
    target: int | None = None,
    safety: int = 0,
    is_learned: bool = False,
    service_level: Decimal = Decimal("0.95"),
    cover_days: int = 14,
    actor: str,
) -> ReorderRule:
    """Set the reorder rule of a SKU (by code) in a warehouse (by code). Safe to repeat.

    One that `is_learned` needs no point and target: it keeps what it has until it has learned better. Raises NotFound, and Invalid for figures out of
    bounds. Records `rule.set`.
    """
    found, place, vendor = _found(sku, warehouse, vendor_id)
    _check(found, point, target, safety, is_learned, service_level, cover_days)
    with transaction.atomic():
        rule = next(iter(lock(ReorderRule.objects.filter(sku=found, warehouse=place))), None) or ReorderRule(
            sku=found, warehouse=place, point=0, target=1
        )
        rule.vendor, rule.is_learned, rule.cover_days = vendor, is_learned, cover_days
        rule.service_level = service_level.quantize(FOUR_PLACES)
        if point is not None and target is not None:
            rule.point, rule.target, rule.safety = point, target, safety
        rule.save()
        record([fact("rule.set", "sku", found.pk, actor=actor, sku=found.code, warehouse=place.code, point=rule.point, target=rule.target)])
    return rule


def _found(sku: str, warehouse: str, vendor_id: int) -> tuple[Sku, Warehouse, Vendor]:
    found = Sku.objects.filter(code=sku.strip().upper()[:40].replace("\x00", "")).first()
    if found is None:
        raise NotFound(_("There is no SKU %(code)s.") % {"code": sku[:40]})
    place = Warehouse.objects.filter(code=warehouse[:20].replace("\x00", ""), kind=WarehouseKind.WAREHOUSE).first()
    if place is None:
        raise NotFound(_("There is no warehouse %(code)s.") % {"code": warehouse[:20]})
    vendor = Vendor.objects.filter(pk=vendor_id, is_active=True).first()
    if vendor is None:
        raise Invalid(_("Choose a vendor that is still bought from."), pointer="/vendor")
    return found, place, vendor


def _check(sku: Sku, point: int | None, target: int | None, safety: int, is_learned: bool, service_level: Decimal, cover_days: int) -> None:
    if sku.is_kit:
        raise Invalid(_("%(sku)s is a kit and has no stock of its own: set rules for its components.") % {"sku": sku.code}, pointer="/sku")
    if (point is None) != (target is None):
        raise Invalid(_("Give both, the point and the target."), pointer="/target" if target is None else "/point")
    if point is None and not is_learned:
        raise Invalid(_("Say at how many units to buy, and up to how many; or have both learned."), pointer="/point")
    if point is not None and target is not None and not 0 <= point < target <= MOST_UNITS:
        raise Invalid(_("The target must be above the point, and neither below zero."), pointer="/target")
    if not 0 <= safety <= MOST_UNITS:
        raise Invalid(_("What is kept for safety cannot be below zero."), pointer="/safety")
    if not service_level.is_finite() or not Decimal("0.5") <= service_level <= MOST_CERTAIN:
        raise Invalid(_("The service level is at least 0.5 and below 1: 0.95 runs out once in twenty times."), pointer="/service_level")
    if not 1 <= cover_days <= MOST_DAYS:
        raise Invalid(_("An order lasts 1 to %(most)d days.") % {"most": MOST_DAYS}, pointer="/cover_days")
