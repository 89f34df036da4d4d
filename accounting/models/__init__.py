from accounting.models.bills import BOOKED, BillDifference, VendorBill, VendorBillLine
from accounting.models.checkouts import Checkout, PaymentNotice
from accounting.models.drawers import CashMovement, DrawerSession, Taking, Till
from accounting.models.invoices import Invoice, InvoiceLine
from accounting.models.ledger import Account, JournalEntry, JournalLine, Period
from accounting.models.payments import Payment, PaymentAllocation

__all__ = [
    "BOOKED",
    "Account",
    "BillDifference",
    "CashMovement",
    "Checkout",
    "DrawerSession",
    "Invoice",
    "InvoiceLine",
    "JournalEntry",
    "JournalLine",
    "Payment",
    "PaymentAllocation",
    "PaymentNotice",
    "Period",
    "Taking",
    "Till",
    "VendorBill",
    "VendorBillLine",
]
