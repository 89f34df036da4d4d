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
            SELECT number, issued_on,
                substring(number FROM '[0-9]+$')::bigint AS got,
                count(*) OVER (PARTITION BY kind) AS issued,
                lag(issued_on) OVER (PARTITION BY kind ORDER BY substring(number FROM '[0-9]+$')::bigint) AS before
            FROM accounting_invoice
        ) numbered
        WHERE before > issued_on OR got > issued OR got < 1
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
        "Goods received and not invoiced are what receipts brought in less what bills cleared, but for movements that are still to be posted.",
        f"""
        SELECT * FROM (SELECT -{_ACCOUNT.format(role="goods_received_not_invoiced")} AS ledger,
            (SELECT coalesce(sum(value), 0) FROM inventory_receiptline) AS received,
            (SELECT coalesce(sum(movement.value), 0) FROM inventory_movementtopost waiting
                JOIN inventory_stockmovement movement ON movement.id = waiting.movement_id WHERE movement.kind = 'receipt') AS to_post,
            (SELECT coalesce(sum(line.cleared), 0) FROM accounting_vendorbillline line
                JOIN accounting_vendorbill bill ON bill.id = line.bill_id
                WHERE line.purchase_line_id IS NOT NULL AND bill.state IN ('posted', 'reversed')) AS billed
        ) both_sides WHERE ledger <> received - to_post - billed
        """,
    ),
    Invariant(
        "Freight and duty not invoiced are the landed costs less what bills cleared, but for movements that are still to be posted.",
        f"""
        SELECT * FROM (SELECT -{_ACCOUNT.format(role="landed_costs_not_invoiced")} AS ledger,
            (SELECT coalesce(sum(amount), 0) FROM inventory_landedcost) AS landed,
            (SELECT coalesce(sum(movement.value), 0) FROM inventory_movementtopost waiting
                JOIN inventory_stockmovement movement ON movement.id = waiting.movement_id WHERE movement.kind = 'landed') AS to_post,
            (SELECT coalesce(sum(line.cleared), 0) FROM accounting_vendorbillline line
                JOIN accounting_vendorbill bill ON bill.id = line.bill_id
                WHERE line.landed_cost_id IS NOT NULL AND bill.state IN ('posted', 'reversed')) AS billed
        ) both_sides WHERE ledger <> landed - to_post - billed
        """,
    ),
    Invariant(
        "Once every unit that came is billed, nothing of it is left as received and not invoiced, to the last cent.",
        """
        SELECT came.line_id AS purchase_line, came.units, billed.units AS billed, came.value, billed.cleared FROM (
            SELECT line_id, sum(quantity) AS units, sum(value) AS value FROM inventory_receiptline GROUP BY line_id
        ) came JOIN (
            SELECT line.purchase_line_id, sum(line.quantity) AS units, sum(line.cleared) AS cleared, bool_or(line.is_watched) AS is_watched
            FROM accounting_vendorbillline line JOIN accounting_vendorbill bill ON bill.id = line.bill_id
            WHERE bill.state IN ('posted', 'reversed') GROUP BY line.purchase_line_id
        ) billed ON billed.purchase_line_id = came.line_id
        WHERE came.units = billed.units AND came.value <> billed.cleared AND NOT billed.is_watched
            OR billed.units = 0 AND billed.cleared <> 0
        """,
    ),
    Invariant(
        "No more is billed than has come, but where somebody released it or took a receipt back afterwards.",
        """
        SELECT billed.purchase_line_id, billed.units, line.received FROM (
            SELECT line.purchase_line_id, sum(line.quantity) AS units, array_agg(line.id) AS lines
            FROM accounting_vendorbillline line JOIN accounting_vendorbill bill ON bill.id = line.bill_id
            WHERE bill.state IN ('posted', 'reversed') AND line.purchase_line_id IS NOT NULL GROUP BY line.purchase_line_id
        ) billed JOIN inventory_purchaseorderline line ON line.id = billed.purchase_line_id
        WHERE billed.units > line.received AND NOT EXISTS (
            SELECT FROM accounting_billdifference difference WHERE difference.line_id = ANY(billed.lines)
                AND difference.kind = 'not_received' AND difference.settled_by NOT LIKE 'station:%' AND difference.settled_by <> ''
        ) AND NOT EXISTS (
            SELECT FROM inventory_receiptline back WHERE back.line_id = line.id AND back.quantity < 0
        )
        """,
    ),
    Invariant(
        "A bill that is held says why, and one that is posted has nothing open.",
        """
        SELECT bill.id, bill.state, count(difference.id) AS open FROM accounting_vendorbill bill
        LEFT JOIN accounting_vendorbillline line ON line.bill_id = bill.id
        LEFT JOIN accounting_billdifference difference ON difference.line_id = line.id AND difference.settled_at IS NULL
        GROUP BY bill.id
        HAVING bill.state = 'entered' OR bill.state = 'held' AND count(difference.id) = 0
            OR bill.state IN ('posted', 'reversed') AND count(difference.id) > 0
        """,
    ),
    Invariant(
        "A vendor's bill is the sum of its lines and its tax.",
        """
        SELECT bill.id FROM accounting_vendorbill bill LEFT JOIN accounting_vendorbillline line ON line.bill_id = bill.id
        GROUP BY bill.id HAVING bill.net_total <> coalesce(sum(line.net), 0)
        """,
    ),
    Invariant(
        "Every vendor's bill and credit note in the books is posted once, for its own amount, and no other is.",
        """
        SELECT bill.id, bill.state, bill.books_total, posted.amount FROM accounting_vendorbill bill
        FULL JOIN (
            SELECT entry.source_id, sum(line.books_credit - line.books_debit) AS amount FROM accounting_journalentry entry
            JOIN accounting_journalline line ON line.entry_id = entry.id
            JOIN accounting_account account ON account.id = line.account_id AND account.role = 'payable'
            WHERE entry.source = 'vendor_bill' GROUP BY entry.source_id
        ) posted ON posted.source_id = bill.id
        WHERE CASE WHEN bill.state IN ('posted', 'reversed') THEN bill.books_total ELSE 0 END <> coalesce(posted.amount, 0)
        """,
    ),
    Invariant(
        "Trade payables are the sum of what is open on vendors' bills.",
        f"""
        SELECT * FROM (SELECT -{_ACCOUNT.format(role="payable")} AS ledger, (
            SELECT coalesce(sum(books_total), 0) FROM accounting_vendorbill WHERE state = 'posted' AND reverses_id IS NULL
        ) AS bills) both_sides WHERE ledger <> bills
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
    Invariant(
        "What a payment gateway took is booked, once, on its own order; a checkout is paid exactly where something of it was.",
        """
        SELECT notice.reference, notice.charge_id, notice.amount, payment.amount AS booked FROM accounting_paymentnotice notice
        JOIN accounting_checkout checkout ON checkout.id = notice.checkout_id
        LEFT JOIN accounting_paymentnotice first
            ON first.gateway = notice.gateway AND first.charge_id = notice.charge_id AND first.payment_id IS NOT NULL
        LEFT JOIN accounting_payment payment ON payment.id = first.payment_id
        WHERE notice.outcome = 'paid' AND notice.applied_at IS NOT NULL AND notice.attention NOT IN ('contradiction', 'currency')
            AND (payment.amount IS DISTINCT FROM notice.amount OR payment.order_id <> checkout.order_id)
        UNION ALL
        SELECT checkout.reference, checkout.state, checkout.amount, NULL FROM accounting_checkout checkout
        WHERE (checkout.state = 'paid') <> EXISTS (
            SELECT FROM accounting_paymentnotice notice WHERE notice.checkout_id = checkout.id AND notice.payment_id IS NOT NULL
        )
        """,
    ),
    Invariant(
        "The cash expected in a drawer is its float, its cash takings and what was put in or taken out; cash payments alone are in it.",
        """
        SELECT session.id, session.expected FROM accounting_drawersession session
        WHERE session.expected <> session.opening_float
            + (SELECT coalesce(sum(cash), 0) FROM accounting_taking taking WHERE taking.session_id = session.id)
            + (SELECT coalesce(sum(amount), 0) FROM accounting_cashmovement moved WHERE moved.session_id = session.id)
        UNION ALL
        SELECT taking.id, taking.cash FROM accounting_taking taking JOIN accounting_payment payment ON payment.id = taking.payment_id
        WHERE taking.cash <> CASE WHEN payment.method = 'cash' THEN payment.amount ELSE 0 END OR taking.given < payment.amount
        """,
    ),
    Invariant(
        "Cash in tills in the ledger is what is expected in the drawers that are open.",
        f"""
        SELECT * FROM (SELECT {_ACCOUNT.format(role="cash_in_tills")} AS ledger, (
            SELECT coalesce(sum(expected), 0) FROM accounting_drawersession WHERE state = 'open'
        ) AS drawers) both_sides WHERE ledger <> drawers
        """,
    ),
]
