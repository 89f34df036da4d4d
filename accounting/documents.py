"""The invoice as a PDF: rendered once from what was issued, then kept for good."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation

from accounting.models import Invoice, InvoiceLine
from accounting.states import InvoiceKind
from oms.core import bulk
from oms.core.addresses import paper_lines
from oms.core.documents import keep
from oms.core.messages import queue
from oms.core.models import Message
from oms.core.money import ZERO
from oms.core.pdf import render_pdf


def render_invoice(invoice: Invoice) -> bytes:
    """Render an invoice or credit note in the customer's language. Reads the row and its lines; writes nothing."""
    with translation.override(invoice.order.language):
        return render_pdf("accounting/documents/invoice.html", invoice_context(invoice))


def invoice_context(invoice: Invoice) -> dict[str, Any]:
    """Give what the invoice's template shows, in the language that is active."""
    lines = list(invoice.lines.select_related("order_line__sku"))
    return {
        "buyer": paper_lines(invoice.bill_to, translation.get_language() or "en"),
        "delivered_to": paper_lines(invoice.order.ship_to, translation.get_language() or "en"),
        "invoice": invoice,
        "is_credit_note": invoice.kind == InvoiceKind.CREDIT_NOTE,
        "lines": lines,
        "has_discounts": any(line.discount for line in lines),
        "taxes": taxes_of(lines),
        "company": settings.COMPANY,
        "order": invoice.order,
        "customer": invoice.customer,
    }


def taxes_of(lines: list[InvoiceLine]) -> list[dict[str, Any]]:
    """Sum net and tax per rate, as a tax invoice must show them (EU VAT Directive art. 226(8)-(10))."""
    sums: dict[tuple[str, Decimal], dict[str, Any]] = {}
    for line in lines:
        rate = sums.setdefault((line.tax_name, line.tax_rate), {"name": line.tax_name, "rate": line.tax_rate, "net": ZERO, "tax": ZERO})
        rate["net"] += line.net
        rate["tax"] += line.tax
    return sorted(sums.values(), key=lambda rate: -rate["rate"])


def keep_invoices(rendered: list[tuple[Invoice, bytes]]) -> None:
    """Keep rendered invoices with their SHA-256 and queue the mails that carry them."""
    documents = keep([(str(invoice.kind), f"{invoice.number}.pdf", "application/pdf", content) for invoice, content in rendered])
    for (invoice, _), document in zip(rendered, documents, strict=True):
        invoice.document = document
    invoices = [invoice for invoice, _ in rendered]
    bulk.save_all(invoices, "document")
    queue(_mail(invoice) for invoice in invoices if invoice.order.email)


def _mail(invoice: Invoice) -> Message:
    order = invoice.order
    return Message(
        kind=str(invoice.kind),
        recipient=order.email,
        language=order.language,
        order_id=order.pk,
        document_id=invoice.document_id,
        data={
            "number": invoice.number,
            "order": order.number,
            "name": invoice.bill_to.get("name", ""),
            "total": str(invoice.total),
            "currency": invoice.currency,
            "due_on": invoice.due_on.isoformat(),
            "token": order.public_token,
        },
    )
