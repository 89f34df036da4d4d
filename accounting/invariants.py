"""What is always true of the books."""

from oms.core.invariants import Invariant

_ACCOUNT = (
    "(SELECT coalesce(sum(line.books_debit - line.books_credit), 0) FROM accounting_journalline line"
    " JOIN accounting_account account ON account.id = line.account_id WHERE account.role = '{role}')"
)

INVARIANTS = [
    Invariant(
        "Every entry has at least two lines and its debits equal its credits, in its currency and in the books' currency.",
        """
        SELECT entry.id, entry.source, count(line.id) AS lines FROM accounting_journalentry entry
        LEFT JOIN accounting_journalline line ON line.entry_id = entry.id
        GROUP BY entry.id
        HAVING count(line.id) < 2 OR sum(line.debit) <> sum(line.credit) OR sum(line.books_debit) <> sum(line.books_credit)
        """,
    ),
    Invariant(
        "Every cause is posted once: a balanced ledger does not show a double posting.",
        """
        SELECT source, source_id, event FROM accounting_journalentry GROUP BY source, source_id, event HAVING count(*) > 1
        """,
    ),
    Invariant(
        "Every invoice, credit note and payment is posted, for its own amount.",
        """
        SELECT invoice.number, invoice.total, posted.amount FROM accounting_invoice invoice
        LEFT JOIN (
            SELECT entry.source_id, sum(line.debit) AS amount FROM accounting_journalentry entry
            JOIN accounting_journalline line ON line.entry_id = entry.id
            WHERE entry.source = 'invoice' GROUP BY entry.source_id
        ) posted ON posted.source_id = invoice.id
        WHERE invoice.total <> coalesce(posted.amount, 0)
        UNION ALL
        SELECT payment.reference, payment.amount, posted.amount FROM accounting_payment payment
        LEFT JOIN (
            SELECT entry.source_id, sum(line.debit) AS amount FROM accounting_journalentry entry
            JOIN accounting_journalline line ON line.entry_id = entry.id
            WHERE entry.source = 'payment' GROUP BY entry.source_id
        ) posted ON posted.source_id = payment.id
        WHERE payment.amount <> coalesce(posted.amount, 0)
        """,
    ),
    Invariant(
        "An invoice's totals are the sums of its lines, to the last cent.",
        """
        SELECT invoice.number FROM accounting_invoice invoice
        LEFT JOIN accounting_invoiceline line ON line.invoice_id = invoice.id
        GROUP BY invoice.id
        HAVING invoice.net_total <> coalesce(sum(line.net), 0) OR invoice.tax_total <> coalesce(sum(line.tax), 0)
        """,
    ),
    Invariant(
        "Invoice numbers of a series run 1…N in the order they were issued, and their dates never run backwards.",
        """
        SELECT number FROM (
            SELECT number, kind, issued_on,
                row_number() OVER (PARTITION BY kind ORDER BY id) AS expected,
                substring(number FROM '[0-9]+$')::bigint AS got,
                lag(issued_on) OVER (PARTITION BY kind ORDER BY substring(number FROM '[0-9]+$')::bigint) AS before
            FROM accounting_invoice
        ) numbered
        WHERE before > issued_on
            OR got > (SELECT count(*) FROM accounting_invoice same WHERE same.kind = numbered.kind)
            OR got < 1
        """,
    ),
    Invariant(
        "Trade receivables are the sum of what is open on invoices.",
        f"""
        SELECT * FROM (SELECT {_ACCOUNT.format(role="receivable")} AS ledger, (
            SELECT coalesce(sum(total - paid), 0) FROM accounting_invoice
            WHERE kind = 'invoice' AND state IN ('issued', 'partly_paid')
        ) AS invoices) both_sides WHERE ledger <> invoices
        """,
    ),
    Invariant(
        "Customer deposits are the sum of what payments have left over.",
        f"""
        SELECT * FROM (SELECT -{_ACCOUNT.format(role="customer_deposits")} AS ledger, (
            SELECT coalesce(sum(amount - allocated), 0) FROM accounting_payment
        ) AS payments) both_sides WHERE ledger <> payments
        """,
    ),
    Invariant(
        "Inventory in the ledger is what stock is worth, but for movements that are still to be posted.",
        f"""
        SELECT * FROM (SELECT {_ACCOUNT.format(role="inventory")} AS ledger,
            (SELECT coalesce(sum(value), 0) FROM inventory_stocklevel) AS stock,
            (SELECT coalesce(sum(movement.value), 0) FROM inventory_movementtopost waiting
                JOIN inventory_stockmovement movement ON movement.id = waiting.movement_id) AS to_post
        ) both_sides WHERE ledger <> stock - to_post
        """,
    ),
    Invariant(
        "What is paid on an invoice, and taken from a payment, is the sum of its allocations.",
        """
        SELECT invoice.number AS of FROM accounting_invoice invoice
        LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM accounting_paymentallocation GROUP BY invoice_id) a
            ON a.invoice_id = invoice.id
        WHERE invoice.paid <> coalesce(a.amount, 0)
        UNION ALL
        SELECT payment.reference FROM accounting_payment payment
        LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM accounting_paymentallocation GROUP BY payment_id) a
            ON a.payment_id = payment.id
        WHERE payment.allocated <> coalesce(a.amount, 0)
        """,
    ),
    Invariant(
        "What a customer owes is the sum of what is open on their invoices.",
        """
        SELECT customer.id, customer.open_balance, coalesce(open.amount, 0) AS invoices FROM customers_customer customer
        LEFT JOIN (
            SELECT customer_id, sum(total - paid) AS amount FROM accounting_invoice
            WHERE kind = 'invoice' AND state IN ('issued', 'partly_paid') GROUP BY customer_id
        ) open ON open.customer_id = customer.id
        WHERE customer.open_balance <> coalesce(open.amount, 0)
        """,
    ),
    Invariant(
        "What an order has invoiced and paid is what its invoices and payments say, and no unit is invoiced twice.",
        """
        SELECT o.id FROM orders_order o
        LEFT JOIN (SELECT order_id, sum(total) AS total FROM accounting_invoice WHERE kind = 'invoice' GROUP BY order_id) i
            ON i.order_id = o.id
        LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM accounting_payment GROUP BY order_id) p ON p.order_id = o.id
        WHERE o.invoiced_total <> coalesce(i.total, 0) OR o.paid_total <> coalesce(p.amount, 0) OR o.invoiced_total > o.total
        UNION ALL
        SELECT line.order_id FROM orders_orderline line
        LEFT JOIN (
            SELECT invoiced.order_line_id, sum(invoiced.quantity) AS quantity FROM accounting_invoiceline invoiced
            JOIN accounting_invoice invoice ON invoice.id = invoiced.invoice_id
            WHERE invoice.kind = 'invoice' GROUP BY invoiced.order_line_id
        ) billed ON billed.order_line_id = line.id
        WHERE line.invoiced <> coalesce(billed.quantity, 0)
        """,
    ),
    Invariant(
        "A document is what it was: its SHA-256 is that of its content.",
        "SELECT id, name FROM core_document WHERE encode(sha256(content), 'hex') <> sha256",
    ),
    Invariant(
        "A number series never runs ahead of or behind what it has numbered: invoices are 1…N without a gap or a repeat.",
        """
        SELECT series.code, series.next_value, count(invoice.id) AS issued
        FROM core_numberseries series LEFT JOIN accounting_invoice invoice ON invoice.kind = series.code
        WHERE series.code IN ('invoice', 'credit_note')
        GROUP BY series.code
        HAVING series.next_value <> count(invoice.id) + 1
        """,
    ),
]
