"""What is observed: how much is sold a day, and how long vendors really take. Set-based reads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from inventory.purchasing.learning import Demand, LeadTime, days_observed, demand_from

WINDOW_DAYS = 91
RECEIPTS_DAYS = 730
FEWEST_RECEIPTS = 3

# By the day a sale belongs to; `moved_at` lets the index on what was sold start at the window.
_DEMAND = """
SELECT asked.sku_id, asked.warehouse_id, coalesce(sum(day.units), 0)::float, coalesce(sum(day.units * day.units), 0)::float,
    greatest(%(today)s - min(sku.created_at)::date, %(today)s - min(day.effective_on)) + 1
FROM unnest(%(skus)s::bigint[], %(places)s::bigint[]) AS asked(sku_id, warehouse_id)
JOIN inventory_sku sku ON sku.id = asked.sku_id
LEFT JOIN (
    SELECT sku_id, warehouse_id, effective_on, sum(units) AS units FROM (
        SELECT sku_id, warehouse_id, effective_on, -quantity AS units FROM inventory_stockmovement
        WHERE kind = 'issue' AND sku_id = ANY(%(skus)s) AND moved_at >= %(since)s AND effective_on >= %(since)s
        UNION ALL SELECT sku_id, warehouse_id, lost_on, units FROM inventory_lostdemand WHERE sku_id = ANY(%(skus)s) AND lost_on >= %(since)s
    ) wanted GROUP BY sku_id, warehouse_id, effective_on
) day ON day.sku_id = asked.sku_id AND day.warehouse_id = asked.warehouse_id
GROUP BY asked.sku_id, asked.warehouse_id
"""
_LEAD_TIMES = """
SELECT bought.vendor_id, line.sku_id, count(*), avg(days)::float, coalesce(stddev_samp(days), 0)::float,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY days)::float, count(*) FILTER (WHERE receipt.received_at::date <= bought.expected_on)
FROM inventory_receiptline came
JOIN inventory_receipt receipt ON receipt.id = came.receipt_id
JOIN inventory_purchaseorderline line ON line.id = came.line_id
JOIN inventory_purchaseorder bought ON bought.id = line.order_id,
LATERAL (SELECT extract(epoch FROM receipt.received_at - bought.sent_at)::float / 86400 AS days) took
WHERE bought.vendor_id = ANY(%(vendors)s) AND bought.sent_at IS NOT NULL AND bought.drop_ship_order_id IS NULL
    AND receipt.received_at >= %(since)s AND receipt.received_at >= bought.sent_at
    AND receipt.reverses_id IS NULL AND NOT EXISTS (SELECT FROM inventory_receipt undone WHERE undone.reverses_id = receipt.id)
GROUP BY GROUPING SETS ((bought.vendor_id), (bought.vendor_id, line.sku_id))
"""


@dataclass(frozen=True)
class Kept:
    """How long a vendor took, over `lead.receipts` lines that came, and how many of them `on_time`: on the day we asked for, or sooner."""

    lead: LeadTime
    on_time: int

    @property
    def on_time_share(self) -> float:
        return self.on_time / self.lead.receipts


def demand_of(places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Demand]:
    """Give (SKU, warehouse) → what is wanted there a day, over the last 13 weeks, days without a sale counted. One query.

    Wanted is what was sold, and what was not because it was not there (`LostDemand`).
    """
    if not places:
        return {}
    today = timezone.localdate()
    values: dict[str, Any] = {
        "skus": [sku for sku, _ in places],
        "places": [place for _, place in places],
        "today": today,
        "since": today - timedelta(days=WINDOW_DAYS - 1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEMAND, values)
        return {
            (sku, place): demand_from(total, squares, days=days_observed(window=WINDOW_DAYS, known=known))
            for sku, place, total, squares, known in cursor.fetchall()
        }


def lead_times_of(vendors: Collection[int]) -> dict[tuple[int, int | None], Kept]:
    """Give (vendor, SKU) → how long he took for it, and (vendor, None) → for everything, from the receipts of the last two years. One query."""
    if not vendors:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LEAD_TIMES, {"vendors": list(vendors), "since": timezone.now() - timedelta(days=RECEIPTS_DAYS)})
        return {
            (vendor, sku): Kept(LeadTime(mean, deviation, ninety, receipts), on_time)
            for vendor, sku, receipts, mean, deviation, ninety, on_time in cursor.fetchall()
        }


def lead_time_to_expect(kept: dict[tuple[int, int | None], Kept], vendor: int, sku: int, *, promised: int) -> LeadTime:
    """Give the lead time to count with: what was observed of the SKU, of the vendor, or, with fewer than three receipts, what he promises."""
    for key in ((vendor, sku), (vendor, None)):
        if key in kept and kept[key].lead.receipts >= FEWEST_RECEIPTS:
            return kept[key].lead
    return LeadTime(float(promised), 0.0, float(promised))


def weekly_sales(sku_id: int, warehouse_id: int, *, weeks: int = 13) -> list[tuple[date, int]]:
    """Give (the first day of a week, units sold in it) of a SKU in a warehouse, the oldest first, weeks without a sale too. One query."""
    today = timezone.localdate()
    first = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (effective_on - %(first)s) / 7, -sum(quantity) FROM inventory_stockmovement"
            " WHERE kind = 'issue' AND sku_id = %(sku)s AND warehouse_id = %(place)s"
            " AND moved_at >= %(first)s AND effective_on >= %(first)s GROUP BY 1",
            {"first": first, "sku": sku_id, "place": warehouse_id},
        )
        sold = {int(week): int(units) for week, units in cursor.fetchall()}
    return [(first + timedelta(weeks=week), sold.get(week, 0)) for week in range(weeks)]
