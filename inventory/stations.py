"""Inventory's station."""

from django.utils.translation import gettext_lazy as _

from inventory.purchasing.needs import propose_needs, rules_running_low
from oms.core.stations import Station

REPLENISH = Station(
    name="replenish",
    title=_("Replenish"),
    waiting=rules_running_low,
    work=propose_needs,
    batch=1000,
)
