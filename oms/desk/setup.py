"""What the house cannot work without."""

from django.db import transaction

from accounting.models import Account
from accounting.posting import CHART
from inventory.models import Warehouse
from inventory.states import WarehouseKind
from oms.core.access import set_up_roles
from oms.core.models import NumberSeries

SERIES = [("invoice", "INV-"), ("credit_note", "CN-")]
# Places that nobody works in: code, name, kind.
PLACES = [("transit", "On the road", WarehouseKind.TRANSIT)]


def set_up() -> None:
    """Make roles, the chart of accounts, the number series and the places that nobody works in. Safe to repeat: what is there is left as it is."""
    with transaction.atomic():
        set_up_roles()
        Account.objects.bulk_create(
            [Account(code=code, name=name, kind=kind, role=role) for code, name, kind, role in CHART],
            ignore_conflicts=True,
        )
        NumberSeries.objects.bulk_create([NumberSeries(code=code, prefix=prefix) for code, prefix in SERIES], ignore_conflicts=True)
        there = set(Warehouse.objects.values_list("kind", flat=True))
        Warehouse.objects.bulk_create([Warehouse(code=code, name=name, kind=kind, rank=999) for code, name, kind in PLACES if kind not in there])
