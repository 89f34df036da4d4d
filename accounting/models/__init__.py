from accounting.models.bills import BOOKED, BillDifference, VendorBill, VendorBillLine
from accounting.models.invoices import Invoice, InvoiceLine
from accounting.models.ledger import Account, JournalEntry, JournalLine, Period
from accounting.models.payments import Payment, PaymentAllocation

__all__ = [
    "BOOKED",
    "Account",
    "BillDifference",
    "Invoice",
    "InvoiceLine",
    "JournalEntry",
    "JournalLine",
    "Payment",
    "PaymentAllocation",
    "Period",
    "VendorBill",
    "VendorBillLine",
]
