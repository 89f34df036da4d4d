"""The posting rules: what happened → which accounts. Data, each with its source; pure.

Accounts are named by role; accounting.ledger finds the account that plays it.

Sources: invoice and payment, IFRS 15 §105-108 (a receivable once the right to the money is unconditional); deposit, IFRS 15 §106 (a contract
liability); shipment, IAS 2 §34 (the cost is an expense when the goods go); receipt and bill, the usual goods-received-not-invoiced
clearing account; scrap, IAS 2 §34 (a write-down is an expense of the period). Vendor bill: input tax that
we may deduct is no cost of the goods (IAS 2 §11, EU VAT Directive art. 168(a)); what is billed beyond what the goods were received at is a price
variance of the period, which a correction of cost (`cost`, below) takes to the stock that is still there (IAS 2 §10-11); what differs only because
the rate has moved between receipt and bill is an exchange difference of the period (IAS 21 §22, §28; told apart, as §52(a) asks). Vendor credit: an
allowance is a deduction from the price (IAS 2 §11); for goods that went back it meets their write-off.
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
EXCHANGE_DIFFERENCE = "exchange_difference"
OPENING_BALANCE = "opening_balance"
BAD_DEBT = "bad_debt"
CASH_IN_TILLS = "cash_in_tills"
SAFE = "safe"
PETTY_EXPENSES = "petty_expenses"
CASH_DIFFERENCES = "cash_differences"

CHART = [
    # code, name, kind, role
    ("1100", "Trade receivables", "asset", RECEIVABLE),
    ("1200", "Bank clearing", "asset", BANK_CLEARING),
    ("1210", "Cash in tills", "asset", CASH_IN_TILLS),
    ("1220", "Cash in the safe", "asset", SAFE),
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
    ("5150", "Exchange differences on purchases", "expense", EXCHANGE_DIFFERENCE),
    ("5800", "Shrinkage and counts", "expense", SHRINKAGE),
    ("6800", "Petty expenses", "expense", PETTY_EXPENSES),
    ("6850", "Cash differences", "expense", CASH_DIFFERENCES),
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


def payment(*, amount: Decimal, into: str = BANK_CLEARING) -> list[Posting]:
    """Dr bank clearing, or `into`, / Cr customer deposits: money is a deposit until it is put against an invoice."""
    return _entry(Posting(into, amount), Posting(CUSTOMER_DEPOSITS, -amount))


CASH_AGAINST = {"from_safe": SAFE, "to_safe": SAFE, "expense": PETTY_EXPENSES}
"""Kind of cash movement → the account on the other side of the till."""


def cash(*, kind: str, amount: Decimal) -> list[Posting]:
    """Cash in tills up by `amount` (down, when below zero) against the account of the movement's kind."""
    return _entry(Posting(CASH_IN_TILLS, amount), Posting(CASH_AGAINST[kind], -amount))


def drawer_counted(*, counted: Decimal, expected: Decimal) -> list[Posting]:
    """Dr safe by what was counted, Dr or Cr cash differences / Cr cash in tills: the drawer is empty, what is missing is an expense."""
    return _entry(Posting(SAFE, counted), Posting(CASH_DIFFERENCES, expected - counted), Posting(CASH_IN_TILLS, -expected))


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


def vendor_bill(*, goods: Decimal, landed: Decimal, tax: Decimal, price: Decimal, exchange: Decimal) -> list[Posting]:
    """Dr goods received not invoiced, landed costs not invoiced, input tax, Dr or Cr variances / Cr payable; the other way round to take it back."""
    return _entry(
        Posting(GOODS_RECEIVED, goods),
        Posting(LANDED_COSTS, landed),
        Posting(INPUT_TAX, tax),
        Posting(PRICE_VARIANCE, price),
        Posting(EXCHANGE_DIFFERENCE, exchange),
        Posting(PAYABLE, -(goods + landed + tax + price + exchange)),
    )


CREDIT_AGAINST = {"overcharged": PRICE_VARIANCE, "returned": SHRINKAGE}
"""Why a vendor credits part of a bill → the account that had the cost."""


def vendor_credit(*, reason: str, net: Decimal, tax: Decimal) -> list[Posting]:
    """Dr payable / Cr the account that had the cost, input tax."""
    return _entry(Posting(PAYABLE, net + tax), Posting(CREDIT_AGAINST[reason], -net), Posting(INPUT_TAX, -tax))


def received_after_bill(*, value: Decimal) -> list[Posting]:
    """Dr goods received not invoiced by `value` / Cr price variance: goods that were billed ahead have come, at another value than was cleared."""
    return _entry(Posting(GOODS_RECEIVED, value), Posting(PRICE_VARIANCE, -value))


def _entry(*lines: Posting) -> list[Posting]:
    return [line for line in lines if line.amount]
