"""Accounting's stations."""

from django.utils.translation import gettext_lazy as _

from accounting.billing import rematch_bills
from accounting.checkouts import ask_gateway, settle_checkouts
from accounting.documents import keep_invoices, render_invoice
from accounting.invoicing import credit_invoices, raise_invoices
from accounting.models import Checkout, Invoice, VendorBill
from accounting.stocktaking import post_movements
from inventory.models import MovementToPost
from oms.core.stations import OutsideStation, Station
from orders.models import Order

INVOICE = Station(
    name="invoice",
    title=_("Invoice"),
    waiting=lambda: Order.objects.waiting_for_invoice(),
    work=raise_invoices,
    since="placed_at",
    answers_at_once=True,
)
CREDIT = Station(
    name="credit",
    title=_("Credit"),
    waiting=lambda: Invoice.objects.to_credit(),
    work=credit_invoices,
)
POST_STOCK = Station(
    name="post_stock",
    title=_("Post stock"),
    waiting=lambda: MovementToPost.objects.select_related("movement__sku").order_by("movement_id"),
    work=post_movements,
    batch=1000,
)
MATCH_BILLS = Station(
    name="match_bills",
    title=_("Match bills"),
    waiting=lambda: VendorBill.objects.to_match().select_related("vendor"),
    work=rematch_bills,
)
DOCUMENT = OutsideStation(
    name="invoice_pdf",
    title=_("Invoice PDF"),
    waiting=lambda: Invoice.objects.waiting_for_document().select_related("order", "customer", "credits"),
    perform=render_invoice,
    work=keep_invoices,
    lease_seconds=180,
)
# One at a time: each payment locks an order, its invoices and its customer, and none waits for another's. At once for who comes back from paying.
SETTLE = OutsideStation(
    name="settle",
    title=_("Settle payments"),
    waiting=lambda: Checkout.objects.to_settle().select_related("order"),
    perform=ask_gateway,
    work=settle_checkouts,
    since="due_at",
    batch=1,
    answers_at_once=True,
)
