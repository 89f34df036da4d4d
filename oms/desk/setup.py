"""What the house cannot work without."""

from django.db import transaction

from accounting.models import Account
from accounting.posting import CHART
from inventory.models import SourcingRule, Warehouse
from inventory.states import WarehouseKind
from oms.core.access import set_up_roles
from oms.core.models import NumberSeries
from orders.screening_rules import set_up_rules

# How warehouses are chosen until a manager says otherwise: only what cannot work is left out, and the warehouses' own order decides.
RULES = [(10, "serves", True), (20, "carries", True), (30, "capacity", True), (40, "distance", False)]

SERIES = [("invoice", "INV-"), ("credit_note", "CN-")]
# Places that nobody works in: code, name, kind.
PLACES = [
    ("transit", "On the road", WarehouseKind.TRANSIT),
    ("drop-ship", "The vendor ships", WarehouseKind.DROP_SHIP),
]


def set_up() -> None:
    """Make roles, the chart of accounts, the number series, the places that nobody works in and the first sourcing rules.

    Safe to repeat: what is there is left as it is.
    """
    with transaction.atomic():
        set_up_roles()
        Account.objects.bulk_create(
            [Account(code=code, name=name, kind=kind, role=role) for code, name, kind, role in CHART],
            ignore_conflicts=True,
        )
        if not SourcingRule.objects.exists():
            SourcingRule.objects.bulk_create(
                [SourcingRule(position=position, policy=policy, is_active=is_active) for position, policy, is_active in RULES]
            )
        set_up_rules()
        NumberSeries.objects.bulk_create([NumberSeries(code=code, prefix=prefix) for code, prefix in SERIES], ignore_conflicts=True)
        there = set(Warehouse.objects.values_list("kind", flat=True))
        Warehouse.objects.bulk_create([Warehouse(code=code, name=name, kind=kind, rank=999) for code, name, kind in PLACES if kind not in there])
