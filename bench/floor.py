"""The floor: the leanest honest raw-SQL transaction that writes what the line writes, one order at a time.

The same tables with the same constraints, indexes and triggers, the same rows: screening (customer, confirmation mail), three reservations on
three locked stock rows and why from there, invoice with three lines, a gapless number, a balanced entry with three lines, a shipment with three
lines, five events, and the new counters on order, lines, stock and customer. Seventeen statements and a commit; no ORM, no state machine, no
validation.
"""

import time
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection

from bench import house

ORDERS = "SELECT id FROM orders_order WHERE state = 'placed' AND screened_at IS NULL ORDER BY placed_at, id LIMIT %s"


def measure(count: int, *, hot: bool, seed: int = 1) -> float:
    """Give orders per second, one connection, one transaction an order."""
    house.place(count, hot=hot, seed=seed)
    connection.ensure_connection()
    raw = connection.connection
    raw.autocommit = False
    try:
        with raw.cursor() as cursor:
            cursor.execute(ORDERS, [count])
            orders = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT role, id FROM accounting_account WHERE role IS NOT NULL")
            accounts = dict(cursor.fetchall())
            cursor.execute("SELECT min(id) FROM shipping_carrier")
            [carrier] = cursor.fetchone()
            raw.commit()
            started = time.perf_counter()
            for order in orders:
                _work(cursor, order, accounts, carrier)
                raw.commit()
            seconds = time.perf_counter() - started
    finally:
        raw.rollback()
        raw.autocommit = True
    return round(count / seconds)


def _work(cursor, order: int, accounts: dict[str, int], carrier: int) -> None:
    now, today = datetime.now(UTC), date.today()
    cursor.execute(
        "SELECT customer_id, total, currency, email, bill_to, public_token FROM orders_order WHERE id = %s FOR NO KEY UPDATE",
        [order],
    )
    customer, total, currency, email, bill_to, token = cursor.fetchone()
    cursor.execute(
        "SELECT id, sku_id, quantity, net, tax, description, unit_price, tax_name, tax_rate FROM orders_orderline"
        " WHERE order_id = %s ORDER BY sku_id",
        [order],
    )
    lines = cursor.fetchall()
    cursor.execute(
        "UPDATE customers_customer SET orders_count = orders_count + 1, orders_total = orders_total + %s, last_order_at = %s,"
        " first_order_at = coalesce(first_order_at, %s), open_balance = open_balance + %s WHERE id = %s",
        [total, now, now, total, customer],
    )
    cursor.execute(
        "SELECT id, sku_id, warehouse_id FROM inventory_stocklevel WHERE sku_id = ANY(%s) AND on_hand - reserved >= 5 ORDER BY id FOR NO KEY UPDATE",
        [[line[1] for line in lines]],
    )
    places: dict[int, tuple[int, int]] = {}
    for level, sku, warehouse in cursor.fetchall():
        places.setdefault(sku, (level, warehouse))
    cursor.execute(
        "UPDATE inventory_stocklevel SET reserved = reserved + new.quantity"
        " FROM unnest(%s::bigint[], %s::int[]) AS new(id, quantity) WHERE inventory_stocklevel.id = new.id",
        [[places[line[1]][0] for line in lines], [line[2] for line in lines]],
    )
    reservations = _insert(
        cursor,
        "inventory_reservation (line_id, order_id, sku_id, warehouse_id, quantity, line_units, state, basket, created_at)",
        [(line[0], order, line[1], places[line[1]][1], line[2], line[2], "firm", "", now) for line in lines],
    )
    _insert(cursor, "inventory_sourcingdecision (order_id, made_at, trace)", [(order, now, '[{"step": "whole", "chosen": ["Leeds"]}]')])
    cursor.execute(
        "UPDATE orders_orderline SET reserved = quantity, planned = quantity, invoiced = quantity, promised_on = %s WHERE order_id = %s",
        [today, order],
    )
    [shipment] = _insert(
        cursor,
        "shipping_shipment (order_id, warehouse_id, carrier_id, state, weight_grams, packages, carrier_reference,"
        " tracking_number, tracking_url, last_status, created_at)",
        [(order, places[lines[0][1]][1], carrier, "planned", 1000, 1, "", "", "", "", now)],
    )
    _insert(
        cursor,
        "shipping_shipmentline (shipment_id, order_line_id, sku_id, reservation_id, quantity, line_units)",
        [(shipment, line[0], line[1], reservation, line[2], line[2]) for line, reservation in zip(lines, reservations, strict=True)],
    )
    cursor.execute("UPDATE core_numberseries SET next_value = next_value + 1 WHERE code = 'invoice' RETURNING prefix, next_value - 1")
    prefix, value = cursor.fetchone()
    net, tax = sum(line[3] for line in lines), sum(line[4] for line in lines)
    [invoice] = _insert(
        cursor,
        "accounting_invoice (kind, number, order_id, customer_id, issued_on, due_on, currency, bill_to, net_total, tax_total,"
        " total, created_at, state, paid)",
        [
            (
                "invoice",
                f"{prefix}{value:06d}",
                order,
                customer,
                today,
                today,
                currency,
                bill_to if isinstance(bill_to, str) else "{}",
                net,
                tax,
                net + tax,
                now,
                "issued",
                Decimal(0),
            )
        ],
    )
    _insert(
        cursor,
        "accounting_invoiceline (invoice_id, order_line_id, description, quantity, unit_price, net, tax_name, tax_rate, tax)",
        [(invoice, line[0], line[5], line[2], line[6], line[3], line[7], line[8], line[4]) for line in lines],
    )
    [entry] = _insert(
        cursor,
        "accounting_journalentry (source, source_id, event, posted_on, currency, rate, memo, order_id, actor, created_at)",
        [("invoice", invoice, "issued", today, currency, Decimal(1), "Invoice", order, "floor", now)],
    )
    zero = Decimal(0)
    _insert(
        cursor,
        "accounting_journalline (entry_id, account_id, debit, credit, books_debit, books_credit)",
        [
            (entry, accounts["receivable"], net + tax, zero, net + tax, zero),
            (entry, accounts["revenue"], zero, net, zero, net),
            (entry, accounts["output_tax"], zero, tax, zero, tax),
        ],
    )
    _insert(
        cursor,
        "core_message (kind, recipient, language, data, order_id, state, subject, body, created_at)",
        [("order_confirmation", email, "en", f'{{"token": "{token}"}}', order, "queued", "", "", now)],
    )
    _insert(
        cursor,
        "core_event (kind, subject, subject_id, order_id, actor, data, happened_at)",
        [
            (kind, subject, pk, order, "floor", "{}", now)
            for kind, subject, pk in (
                ("order.screened", "order", order),
                ("order.allocated", "order", order),
                ("invoice.issued", "invoice", invoice),
                ("order.planned", "order", order),
            )
        ],
    )
    cursor.execute("UPDATE orders_order SET state = 'allocated' WHERE id = %s", [order])
    cursor.execute(
        "UPDATE orders_order SET state = 'fulfilling', screened_at = %s, invoiced_total = total, fulfilment_step = 'pick' WHERE id = %s",
        [now, order],
    )


def _insert(cursor, into: str, rows: list[tuple]) -> list[int]:
    values = ", ".join("(" + ", ".join(["%s"] * len(rows[0])) + ")" for _ in rows)
    cursor.execute(f"INSERT INTO {into} VALUES {values} RETURNING id", [value for row in rows for value in row])
    return [row[0] for row in cursor.fetchall()]
