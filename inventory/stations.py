"""Inventory's stations."""

from django.utils.translation import gettext_lazy as _

from inventory.baskets import lapse, lapsed
from inventory.importing.working import imports_waiting, keep_imports, run_import
from inventory.models import PegsDue, PurchaseOrder
from inventory.pegging import peg_skus
from inventory.purchasing.documents import keep_purchase_orders, render_purchase_order
from inventory.purchasing.replenishing import propose_needs, restocks_due
from inventory.purchasing.rules import learn_rules, rules_to_learn
from oms.core.stations import OutsideStation, Station

REPLENISH = Station(
    name="replenish",
    title=_("Replenish"),
    waiting=restocks_due,
    work=propose_needs,
    since="due_at",
    batch=20_000,
    in_turn=True,
)
LEARN = Station(
    name="learn",
    title=_("Learn"),
    waiting=rules_to_learn,
    work=learn_rules,
    since="learn_at",
    batch=10_000,
    limit_seconds=3600,
)
PURCHASE_PDF = OutsideStation(
    name="purchase_pdf",
    title=_("Purchase PDF"),
    waiting=lambda: PurchaseOrder.objects.to_document().select_related("vendor", "warehouse"),
    perform=render_purchase_order,
    work=keep_purchase_orders,
    since="sent_at",
    lease_seconds=180,
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
IMPORT_SKUS = OutsideStation(
    name="import_skus",
    title=_("Import SKUs"),
    waiting=imports_waiting,
    perform=run_import,
    work=keep_imports,
    batch=1,
    lease_seconds=1800,
    limit_seconds=1800,
)
