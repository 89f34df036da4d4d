"""Inventory's stations."""

from django.utils.translation import gettext_lazy as _

from inventory.baskets import lapse, lapsed
from inventory.models import PegsDue
from inventory.pegging import peg_skus
from inventory.purchasing.needs import propose_needs, rules_running_low
from oms.core.stations import Station

REPLENISH = Station(
    name="replenish",
    title=_("Replenish"),
    waiting=rules_running_low,
    work=propose_needs,
    batch=1000,
)
PEG = Station(
    name="peg",
    title=_("Peg"),
    waiting=lambda: PegsDue.objects.order_by("id"),
    work=peg_skus,
    batch=1000,
    in_turn=True,
)
LAPSE = Station(
    name="lapse",
    title=_("Lapse"),
    waiting=lapsed,
    work=lapse,
    since="expires_at",
)
