"""What the books keep of a customer: what moves when two customers turn out to be one. What a document says never changes, only whose it is."""

from collections.abc import Mapping, Sequence

from django.db.models import F, Sum

from accounting.models import Invoice, Payment
from customers.merging import Belonging, Figures, Keeper
from oms.core.money import ZERO


def _figures(moved: Mapping[str, Sequence[int]]) -> Figures:
    """Give what is open on the invoices that move."""
    owed = Invoice.objects.open().filter(pk__in=moved.get("accounting.invoice", [])).aggregate(amount=Sum(F("total") - F("paid")))
    return Figures(open_balance=owed["amount"] or ZERO)


KEEPER = Keeper([Belonging(Invoice), Belonging(Payment, unique=("method", "reference"))], figures=_figures)
