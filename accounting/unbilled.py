"""Goods received and not invoiced: what has come and nobody has billed, and what was billed before it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounting.models import VendorBill
from inventory.models import PurchaseOrder
from oms.core.money import ZERO
from oms.core.readable import human_number

MOST = 500

# Bills cover what came first: a receipt waits where more had come with it than is billed by now.
_WAITING = """
WITH came AS (
    SELECT line.line_id, line.quantity, line.value, receipt.received_at,
        sum(line.quantity) OVER (PARTITION BY line.line_id ORDER BY line.id) AS upto
    FROM inventory_receiptline line JOIN inventory_receipt receipt ON receipt.id = line.receipt_id
), billed AS (
    SELECT line.purchase_line_id AS line_id, sum(line.quantity) AS units, sum(line.cleared) AS value, min(bill.created_at) AS since
    FROM accounting_vendorbillline line JOIN accounting_vendorbill bill ON bill.id = line.bill_id
    WHERE line.purchase_line_id IS NOT NULL AND bill.state IN ('posted', 'reversed')
    GROUP BY line.purchase_line_id
), received AS (
    SELECT came.line_id, sum(came.quantity) AS units, sum(came.value) AS value,
        min(came.received_at) FILTER (WHERE came.upto > coalesce(billed.units, 0)) AS since
    FROM came LEFT JOIN billed ON billed.line_id = came.line_id
    GROUP BY came.line_id
), waiting AS (
    SELECT coalesce(received.line_id, billed.line_id) AS line_id,
        coalesce(received.units, 0) - coalesce(billed.units, 0) AS units,
        coalesce(received.value, 0) - coalesce(billed.value, 0) AS value,
        coalesce(received.since, billed.since) AS since
    FROM received FULL JOIN billed ON billed.line_id = received.line_id
), costs AS (
    SELECT cost.order_id, cost.amount - coalesce(sum(line.cleared), 0) AS value, cost.created_at AS since
    FROM inventory_landedcost cost
    LEFT JOIN (
        SELECT line.landed_cost_id, line.cleared FROM accounting_vendorbillline line JOIN accounting_vendorbill bill ON bill.id = line.bill_id
        WHERE line.landed_cost_id IS NOT NULL AND bill.state IN ('posted', 'reversed')
    ) line ON line.landed_cost_id = cost.id
    GROUP BY cost.id
), orders AS (
    SELECT order_id, sum(units) AS units, sum(value) AS value, sum(freight) AS freight, min(since) AS since FROM (
        SELECT line.order_id, waiting.units, waiting.value, 0 AS freight, waiting.since
        FROM waiting JOIN inventory_purchaseorderline line ON line.id = waiting.line_id
        WHERE waiting.units <> 0 OR waiting.value <> 0
        UNION ALL
        SELECT order_id, 0, 0, value, since FROM costs WHERE value <> 0
    ) both_kinds
    GROUP BY order_id
)
"""
_ORDERS = f"""{_WAITING}
SELECT orders.order_id, vendor.id, vendor.name, orders.units, orders.value, orders.freight, orders.since FROM orders
JOIN inventory_purchaseorder purchase ON purchase.id = orders.order_id
JOIN inventory_vendor vendor ON vendor.id = purchase.vendor_id
ORDER BY orders.since, orders.order_id
LIMIT %s
"""
_AGES = f"""{_WAITING}
SELECT coalesce(sum(value), 0), coalesce(sum(value) FILTER (WHERE since > now() - interval '30 days'), 0),
    coalesce(sum(value) FILTER (WHERE since <= now() - interval '30 days' AND since > now() - interval '60 days'), 0),
    coalesce(sum(value) FILTER (WHERE since <= now() - interval '60 days'), 0), coalesce(sum(freight), 0)
FROM orders
"""


@dataclass(frozen=True)
class Unbilled:
    """Units of a purchase order that have come since `since` and are not billed, and their value in the books; below zero: billed ahead.

    `freight`: its freight and duty that nobody has billed.
    """

    order_id: int
    vendor_id: int
    vendor: str
    units: int
    value: Decimal
    freight: Decimal
    since: datetime
    held: list[VendorBill] = field(default_factory=list)
    """Bills on it that are held."""

    @property
    def number(self) -> str:
        return human_number(PurchaseOrder.NUMBER_PREFIX, self.order_id)

    @property
    def days(self) -> int:
        return (timezone.localdate() - timezone.localtime(self.since).date()).days

    @property
    def is_ahead(self) -> bool:
        return self.units < 0


@dataclass(frozen=True)
class VendorUnbilled:
    """What of one vendor's goods is not billed, the oldest first."""

    vendor: str
    rows: list[Unbilled]

    @property
    def value(self) -> Decimal:
        return sum((row.value for row in self.rows), ZERO)

    @property
    def freight(self) -> Decimal:
        return sum((row.freight for row in self.rows), ZERO)


def unbilled_orders() -> list[Unbilled]:
    """Give the purchase orders with goods that are not billed, or billed ahead, the oldest first, MOST + 1 at most. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, [MOST + 1])
        return [Unbilled(*row) for row in cursor.fetchall()]


def by_vendor(rows: list[Unbilled], held: Mapping[int, list[VendorBill]]) -> list[VendorUnbilled]:
    """Group rows by vendor, whoever has waited longest first, each with its bills that are held. `held`: purchase order → bills."""
    grouped: dict[int, VendorUnbilled] = {}
    for row in rows:
        grouped.setdefault(row.vendor_id, VendorUnbilled(row.vendor, [])).rows.append(replace(row, held=held.get(row.order_id, [])))
    return list(grouped.values())


@dataclass(frozen=True)
class Ages:
    """What all goods that are not billed are worth: in sum, for up to 30 days, up to 60, and longer; and freight and duty beside."""

    total: Decimal
    young: Decimal
    middle: Decimal
    old: Decimal
    freight: Decimal


def unbilled_by_age() -> Ages:
    """Sum what is not billed by its age. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_AGES)
        return Ages(*cursor.fetchone())
