"""The floors of stock: the leanest honest SQL with the same effect, a whole batch at a time. The same tables, constraints, indexes and triggers.

No ORM, no sourcing rules, no state machine, no validation.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

AVAILABILITY = """
    SELECT sku.code, coalesce(stock.free, 0) - coalesce(waiting.units, 0), coming.units, coming.on FROM inventory_sku sku
    LEFT JOIN LATERAL (
        SELECT sum(level.on_hand - level.reserved - level.safety) AS free FROM inventory_stocklevel level
        JOIN inventory_warehouse place ON place.id = level.warehouse_id AND place.is_active AND place.kind = 'warehouse'
        WHERE level.sku_id = sku.id
    ) stock ON true
    LEFT JOIN LATERAL (
        SELECT sum(waiting.quantity) AS units FROM inventory_backorder waiting WHERE waiting.sku_id = sku.id
    ) waiting ON true
    LEFT JOIN LATERAL (
        SELECT sum(line.quantity - line.received) AS units, min(coalesce(line.expected_on, buy.expected_on)) AS on
        FROM inventory_purchaseorderline line JOIN inventory_purchaseorder buy ON buy.id = line.order_id
        WHERE line.sku_id = sku.id AND line.received < line.quantity AND buy.state IN ('sent', 'acknowledged', 'partly_received')
    ) coming ON true
    WHERE sku.code = ANY(%s)
"""

NEEDS = """
    INSERT INTO inventory_purchaseneed (origin, rule_id, sku_id, warehouse_id, vendor_id, quantity, reason, state, created_at, decided_by, is_fixed)
    SELECT 'rule', rule.id, rule.sku_id, rule.warehouse_id, rule.vendor_id, rule.target - stock.units, '', 'proposed', now(), '', false
    FROM inventory_reorderrule rule
    LEFT JOIN inventory_stocklevel level ON level.sku_id = rule.sku_id AND level.warehouse_id = rule.warehouse_id
    LEFT JOIN (
        SELECT line.sku_id, buy.warehouse_id, sum(line.quantity - line.received) AS units
        FROM inventory_purchaseorderline line JOIN inventory_purchaseorder buy ON buy.id = line.order_id
        WHERE line.received < line.quantity AND buy.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received')
        GROUP BY line.sku_id, buy.warehouse_id
    ) coming ON coming.sku_id = rule.sku_id AND coming.warehouse_id = rule.warehouse_id
    CROSS JOIN LATERAL (SELECT coalesce(level.on_hand - level.reserved, 0) + coalesce(coming.units, 0) AS units) stock
    WHERE stock.units <= rule.point
    ON CONFLICT DO NOTHING
"""


def allocate(order_ids: Sequence[int]) -> None:
    """Reserve stock for screened orders, each line from the first warehouse that has all of it, in one transaction. Ten statements."""
    with transaction.atomic(), connection.cursor() as cursor:
        _fill(cursor, order_ids, "quantity")


def replenish() -> int:
    """Propose to buy whatever runs low, and take it back; give how many."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(NEEDS)
        proposed = int(cursor.rowcount)
        cursor.execute("ROLLBACK")
    return proposed


def availability(codes: Sequence[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(AVAILABILITY, [list(codes)])
        return cursor.fetchall()


def receive(purchase_id: int) -> None:
    """Take in everything that a purchase order still brings, at its price, in one transaction. Ten statements."""
    now, today = datetime.now(UTC), date.today()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT warehouse_id FROM inventory_purchaseorder WHERE id = %s FOR NO KEY UPDATE", [purchase_id])
        [place] = cursor.fetchone()
        cursor.execute(
            "SELECT id, sku_id, quantity - received, (quantity - received) * unit_cost FROM inventory_purchaseorderline"
            " WHERE order_id = %s AND received < quantity ORDER BY id FOR NO KEY UPDATE",
            [purchase_id],
        )
        lines, skus, units, values = (list(column) for column in zip(*cursor.fetchall(), strict=True))
        cursor.execute(
            "INSERT INTO inventory_receipt (order_id, key, received_at, actor) VALUES (%s, %s, %s, 'floor') RETURNING id",
            [purchase_id, f"floor {purchase_id}", now],
        )
        [receipt] = cursor.fetchone()
        cursor.execute(
            "SELECT id FROM inventory_stocklevel WHERE sku_id = ANY(%s) AND warehouse_id = %s ORDER BY id FOR NO KEY UPDATE", [skus, place]
        )
        cursor.fetchall()
        cursor.execute(
            "UPDATE inventory_stocklevel SET on_hand = on_hand + new.units, value = inventory_stocklevel.value + new.value"
            " FROM unnest(%s::bigint[], %s::int[], %s::numeric[]) AS new(sku_id, units, value)"
            " WHERE inventory_stocklevel.sku_id = new.sku_id AND warehouse_id = %s",
            [skus, units, values, place],
        )
        cursor.execute(
            "WITH moved AS ("
            " INSERT INTO inventory_stockmovement"
            " (sku_id, warehouse_id, kind, quantity, value, cause, cause_id, actor, note, effective_on, moved_at)"
            " SELECT sku_id, %s, 'receipt', units, value, 'receipt', %s, 'floor', '', %s, %s"
            " FROM unnest(%s::bigint[], %s::int[], %s::numeric[]) AS new(sku_id, units, value) RETURNING id)"
            " INSERT INTO inventory_movementtopost (movement_id, created_at) SELECT id, %s FROM moved",
            [place, receipt, today, now, skus, units, values, now],
        )
        cursor.execute(
            "INSERT INTO inventory_receiptline (receipt_id, line_id, quantity, value, note)"
            " SELECT %s, line, units, value, '' FROM unnest(%s::bigint[], %s::int[], %s::numeric[]) AS new(line, units, value)",
            [receipt, lines, units, values],
        )
        cursor.execute("UPDATE inventory_purchaseorderline SET received = quantity WHERE id = ANY(%s)", [lines])
        cursor.execute("UPDATE inventory_purchaseorder SET state = 'received' WHERE id = %s", [purchase_id])
        _events(cursor, [("purchase.received", "purchase", purchase_id, None), *(("stock.arrived", "sku", sku, None) for sku in skus)], now)


def fill(order_ids: Sequence[int]) -> None:
    """Reserve what orders wait for, and forget that they waited, in one transaction. Twelve statements."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM inventory_backorder WHERE order_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(order_ids)])
        rows = [row[0] for row in cursor.fetchall()]
        _fill(cursor, order_ids, "backordered")
        cursor.execute("DELETE FROM inventory_peg WHERE backorder_id = ANY(%s)", [rows])
        cursor.execute("DELETE FROM inventory_backorder WHERE id = ANY(%s)", [rows])


def _fill(cursor: Any, order_ids: Sequence[int], wanted: str) -> None:
    now, today = datetime.now(UTC), date.today()
    cursor.execute("SELECT id FROM orders_order WHERE id = ANY(%s) ORDER BY placed_at, id FOR NO KEY UPDATE", [list(order_ids)])
    orders = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        f"SELECT id, order_id, {wanted}, coalesce(kit, jsonb_build_array(jsonb_build_array(sku_id, 1)))"
        f" FROM orders_orderline WHERE order_id = ANY(%s) AND {wanted} > 0 ORDER BY order_id, position",
        [orders],
    )
    lines = [(line, order, units, json.loads(parts) if isinstance(parts, str) else parts) for line, order, units, parts in cursor.fetchall()]
    cursor.execute(
        "SELECT id, sku_id, warehouse_id, on_hand - reserved FROM inventory_stocklevel WHERE sku_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        [list({sku for *_, parts in lines for sku, _each in parts})],
    )
    levels: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for level, sku, place, free in cursor.fetchall():
        levels[sku][place] = [level, free]
    taken: dict[int, int] = defaultdict(int)
    reservations = []
    for line, order, units, parts in lines:
        place = next(place for place in levels[parts[0][0]] if all(levels[sku].get(place, (0, 0))[1] >= each * units for sku, each in parts))
        for position, (sku, each) in enumerate(parts):
            levels[sku][place][1] -= each * units
            taken[levels[sku][place][0]] += each * units
            reservations.append((line, order, sku, place, each * units, 0 if position else units))
    cursor.execute(
        "INSERT INTO inventory_reservation (line_id, order_id, sku_id, warehouse_id, quantity, line_units, state, basket, created_at)"
        " SELECT line, o, sku, place, quantity, units, 'firm', '', %s"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::int[]) AS new(line, o, sku, place, quantity, units)",
        [now, *(list(column) for column in zip(*reservations, strict=True))],
    )
    cursor.execute(
        "UPDATE inventory_stocklevel SET reserved = reserved + new.units FROM unnest(%s::bigint[], %s::int[]) AS new(id, units)"
        " WHERE inventory_stocklevel.id = new.id",
        [list(taken), list(taken.values())],
    )
    cursor.execute(
        "INSERT INTO inventory_sourcingdecision (order_id, made_at, trace) SELECT id, %s, '[]' FROM unnest(%s::bigint[]) AS id", [now, orders]
    )
    cursor.execute(
        "UPDATE orders_orderline SET reserved = reserved + new.units, backordered = 0, promised_on = coalesce(promised_on, %s)"
        " FROM unnest(%s::bigint[], %s::int[]) AS new(id, units) WHERE orders_orderline.id = new.id",
        [today, [line[0] for line in lines], [line[2] for line in lines]],
    )
    cursor.execute(
        "UPDATE orders_order SET state = 'allocated', has_backorders = false, plan_due = true, invoice_due = true WHERE id = ANY(%s)", [orders]
    )
    _events(cursor, [("order.allocated", "order", order, order) for order in orders], now)


def _events(cursor: Any, facts: list[tuple[str, str, int, int | None]], now: datetime) -> None:
    cursor.execute(
        "INSERT INTO core_event (kind, subject, subject_id, order_id, actor, data, happened_at)"
        " SELECT kind, subject, id, o, 'floor', '{}', %s"
        " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS new(kind, subject, id, o)",
        [now, *(list(column) for column in zip(*facts, strict=True))],
    )
