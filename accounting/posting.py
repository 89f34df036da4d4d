"""The posting rules: what happened → which accounts. Data, each with its source; pure.

Accounts are named by role; accounting.ledger finds the account that plays it.

Sources: invoice and payment, IFRS 15 §105-108 (a receivable once the right to the money is unconditional); deposit, IFRS 15 §106 (a contract
liability); shipment, IAS 2 §34 (the cost is an expense when the goods go); receipt and bill, the usual goods-received-not-invoiced
clearing account; scrap, IAS 2 §34 (a write-down is an expense of the period).
"""

from dataclasses import dataclass
from decimal import Decimal

RECEIVABLE = "receivable"
REVENUE = "revenue"
FREIGHT_INCOME = "freight_income"
OUTPUT_TAX = "output_tax"
BANK_CLEARING = "bank_clearing"
CUSTOMER_DEPOSITS = "customer_deposits"
SALES_RETURNS = "sales_returns"
INVENTORY = "inventory"
COST_OF_GOODS = "cost_of_goods"
GOODS_RECEIVED = "goods_received_not_invoiced"
SHRINKAGE = "shrinkage"
PAYABLE = "payable"
INPUT_TAX = "input_tax"
LANDED_COSTS = "landed_costs_not_invoiced"
PRICE_VARIANCE = "price_variance"
OPENING_BALANCE = "opening_balance"
BAD_DEBT = "bad_debt"

CHART = [
    # code, name, kind, role
    ("1100", "Trade receivables", "asset", RECEIVABLE),
    ("1200", "Bank clearing", "asset", BANK_CLEARING),
    ("1300", "Inventory", "asset", INVENTORY),
    ("1400", "Input tax", "asset", INPUT_TAX),
    ("2100", "Trade payables", "liability", PAYABLE),
    ("2150", "Goods received not invoiced", "liability", GOODS_RECEIVED),
    ("2160", "Freight and duty not invoiced", "liability", LANDED_COSTS),
    ("2200", "Output tax", "liability", OUTPUT_TAX),
    ("2300", "Customer deposits", "liability", CUSTOMER_DEPOSITS),
    ("3000", "Opening balances", "equity", OPENING_BALANCE),
    ("4000", "Sales", "income", REVENUE),
    ("4100", "Carriage and handling charged", "income", FREIGHT_INCOME),
    ("4900", "Sales returns and credits", "income", SALES_RETURNS),
    ("5000", "Cost of goods sold", "expense", COST_OF_GOODS),
    ("5100", "Purchase price variance", "expense", PRICE_VARIANCE),
    ("5800", "Shrinkage and counts", "expense", SHRINKAGE),
    ("6900", "Bad debt", "expense", BAD_DEBT),
]


@dataclass(frozen=True)
class Posting:
    """One line of an entry: `amount` above zero is a debit, below zero a credit."""

    role: str
    amount: Decimal


def invoice(*, goods: Decimal, charges: Decimal, tax: Decimal) -> list[Posting]:
    """Dr receivable / Cr revenue, freight income, tax."""
    return _entry(
        Posting(RECEIVABLE, goods + charges + tax),
        Posting(REVENUE, -goods),
        Posting(FREIGHT_INCOME, -charges),
        Posting(OUTPUT_TAX, -tax),
    )


def credit_note(*, goods: Decimal, charges: Decimal, tax: Decimal) -> list[Posting]:
    """Dr returns, freight income, tax / Cr receivable."""
    return _entry(
        Posting(SALES_RETURNS, goods),
        Posting(FREIGHT_INCOME, charges),
        Posting(OUTPUT_TAX, tax),
        Posting(RECEIVABLE, -(goods + charges + tax)),
    )


def payment(*, amount: Decimal) -> list[Posting]:
    """Dr bank clearing / Cr customer deposits: money is a deposit until it is put against an invoice."""
    return _entry(Posting(BANK_CLEARING, amount), Posting(CUSTOMER_DEPOSITS, -amount))


def allocation(*, amount: Decimal) -> list[Posting]:
    """Dr customer deposits / Cr receivable; the other way round when an allocation is taken off again."""
    return _entry(Posting(CUSTOMER_DEPOSITS, amount), Posting(RECEIVABLE, -amount))


def direct_payment(*, allocated: Decimal, deposit: Decimal) -> list[Posting]:
    """Dr bank clearing / Cr receivable for what pays invoices at once, Cr customer deposits for the rest."""
    return _entry(
        Posting(BANK_CLEARING, allocated + deposit),
        Posting(RECEIVABLE, -allocated),
        Posting(CUSTOMER_DEPOSITS, -deposit),
    )


STOCK_AGAINST = {
    "issue": COST_OF_GOODS,
    "return": COST_OF_GOODS,
    "receipt": GOODS_RECEIVED,
    "opening": OPENING_BALANCE,
    "count": SHRINKAGE,
    "damage": SHRINKAGE,
    "scrap": SHRINKAGE,
    "correction": SHRINKAGE,
    "cost": PRICE_VARIANCE,
    "landed": LANDED_COSTS,
    "expensed": COST_OF_GOODS,
}
"""Kind of stock movement → the account on the other side of inventory."""


def stock(*, kind: str, value: Decimal) -> list[Posting]:
    """Inventory up by `value` (down, when below zero) against the account of the movement's kind."""
    return _entry(Posting(INVENTORY, value), Posting(STOCK_AGAINST[kind], -value))


def _entry(*lines: Posting) -> list[Posting]:
    return [line for line in lines if line.amount]
