"""What speaks against erasing a person from the books' side. Invoices and entries themselves stay: the law keeps them."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from accounting.models import Invoice
from customers.erasing import Eraser


def _against(pks: Sequence[int]) -> list[str]:
    count = Invoice.objects.open().filter(customer__in=pks).count()
    if not count:
        return []
    return [
        ngettext("%(n)d invoice is not paid: collect it or write it off.", "%(n)d invoices are not paid: collect them or write them off.", count)
        % {"n": count}
    ]


ERASER = Eraser(lambda person: {}, against=_against)
