"""Invoices made into PDFs, per second, one process."""

import time

from accounting.documents import render_invoice
from accounting.models import Invoice


def measure(count: int) -> float:
    """Give PDFs per second for invoices of three lines."""
    invoices = list(Invoice.objects.waiting_for_document().select_related("order", "customer", "credits")[: count + 1])
    render_invoice(invoices.pop())  # load the fonts
    started = time.perf_counter()
    for invoice in invoices:
        render_invoice(invoice)
    return round(len(invoices) / (time.perf_counter() - started), 1)
