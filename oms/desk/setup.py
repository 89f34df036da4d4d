"""What the house cannot work without."""

from django.db import transaction

from accounting.models import Account
from accounting.posting import CHART
from oms.core.access import set_up_roles
from oms.core.models import NumberSeries

SERIES = [("invoice", "INV-"), ("credit_note", "CN-")]


def set_up() -> None:
    """Make roles, the chart of accounts and the number series. Safe to repeat: what is there is left as it is."""
    with transaction.atomic():
        set_up_roles()
        Account.objects.bulk_create(
            [Account(code=code, name=name, kind=kind, role=role) for code, name, kind, role in CHART],
            ignore_conflicts=True,
        )
        NumberSeries.objects.bulk_create([NumberSeries(code=code, prefix=prefix) for code, prefix in SERIES], ignore_conflicts=True)
