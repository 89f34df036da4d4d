"""The receipt of a sale: a simplified invoice, as wide as a till's roll.

Source: EU VAT Directive art. 226b; in the UK, VAT Regulations 1995 reg. 16 (a retailer's less detailed invoice).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation

from accounting.documents import taxes_of
from accounting.models import Invoice, InvoiceLine, Taking, Till
from oms.core.pdf import render_pdf
from orders.models import Order

# What the roll is cut to, in mm: what is always on it, a line, a rate of tax.
_FEED, _LINE, _RATE = 92, 11, 5
# So many letters of a description go on one row.
_ROW = 34


@dataclass(frozen=True)
class Receipt:
    """What a receipt says. `lines`: each with what it costs, tax included."""

    order: Order
    invoice: Invoice
    lines: list[tuple[InvoiceLine, Decimal]]
    taxes: list[dict[str, Any]]
    taking: Taking
    till: Till
    company: dict[str, str]

    @property
    def change(self) -> Decimal:
        return self.taking.change

    @property
    def is_cash(self) -> bool:
        return bool(self.taking.cash)

    @property
    def height_mm(self) -> int:
        rows = sum(1 + len(line.description) // _ROW for line, _gross in self.lines)
        return _FEED + _LINE * rows + _RATE * len(self.taxes)


def receipt_of(order: Order) -> Receipt:
    """Give what the receipt of an order sold at the counter says. Three queries."""
    taking = Taking.objects.select_related("payment", "session__till").get(payment__order=order)
    invoice = order.invoices.order_by("id").first()
    lines = list(invoice.lines.select_related("order_line__sku"))
    with_tax = [(line, line.net + line.tax) for line in lines]
    return Receipt(order, invoice, with_tax, taxes_of(lines), taking, taking.session.till, settings.COMPANY)


def render_receipt(receipt: Receipt) -> bytes:
    """Render a receipt as a PDF of 80 mm, as long as it is."""
    with translation.override(receipt.order.language):
        return render_pdf("counter/receipt_paper.html", {"receipt": receipt})
