"""What runs low: the reorder rules whose place has fallen to its point, the emptiest first, and what is being done about each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from inventory.models import ReorderRule
from inventory.purchasing import replenishing
from inventory.states import NeedState
from oms.core.pages import Page, cursor_of, values_of

PAGE = 100
DEMAND_DAYS = 90

# Free, point and what comes of each rule whose place is at its point or below; the latest need that is open, or was refused within a day.
_LOW = """
    SELECT rule.id, rule.point, rule.target, rule.safety, rule.demand_per_day, rule.is_learned, sku.id, sku.code, sku.name, place.code, place.name,
        vendor.name, vendor.lead_time_days, coalesce(level.on_hand - level.reserved, 0) AS free, need.state, need.quantity,
        fill.share,
        (SELECT coalesce(sum(greatest(least(line.quantity, line.acknowledged) - line.received, 0)), 0)::int FROM inventory_purchaseorderline line
            JOIN inventory_purchaseorder bought ON bought.id = line.order_id
                AND bought.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received') AND bought.warehouse_id = rule.warehouse_id
                AND bought.drop_ship_order_id IS NULL
            WHERE line.sku_id = rule.sku_id AND line.received < line.quantity)
        + (SELECT coalesce(sum(part.quantity - part.received - part.lost), 0)::int FROM inventory_transferline part
            JOIN inventory_transfer transfer ON transfer.id = part.transfer_id AND transfer.state IN ('sent', 'partly_received')
                AND transfer.destination_id = rule.warehouse_id
            WHERE part.sku_id = rule.sku_id) AS coming
    FROM inventory_reorderrule rule
    JOIN inventory_sku sku ON sku.id = rule.sku_id AND sku.is_active
    JOIN inventory_warehouse place ON place.id = rule.warehouse_id
    JOIN inventory_vendor vendor ON vendor.id = rule.vendor_id
    LEFT JOIN inventory_stocklevel level ON level.sku_id = rule.sku_id AND level.warehouse_id = rule.warehouse_id
    CROSS JOIN LATERAL (SELECT coalesce(level.on_hand - level.reserved, 0)::float8 / greatest(rule.point, 1) AS share) fill
    LEFT JOIN LATERAL (
        SELECT one.state, one.quantity FROM inventory_purchaseneed one
        WHERE one.sku_id = rule.sku_id AND one.warehouse_id = rule.warehouse_id
            AND (one.state IN ('proposed', 'approved') OR one.state = 'rejected' AND one.created_at > %(yesterday)s)
        ORDER BY one.state = 'rejected', one.id DESC LIMIT 1) need ON true
    WHERE coalesce(level.on_hand - level.reserved, 0) <= rule.point
        AND (%(warehouse)s = '' OR place.code = %(warehouse)s) AND (%(vendor)s = 0 OR vendor.id = %(vendor)s)
        AND (%(share)s IS NULL OR (fill.share, sku.code, place.code) > (%(share)s::float8, %(code)s, %(place)s))
    ORDER BY fill.share, sku.code, place.code
    LIMIT %(most)s
"""


@dataclass(frozen=True)
class Low:
    """A reorder rule whose place has fallen to its point; `share` of that is free.

    `demand`: units a day, as learned or as sold lately; None where nothing was sold.
    """

    rule_id: int
    point: int
    target: int
    safety: int
    learned_demand: float | None
    is_learned: bool
    sku_id: int
    code: str
    name: str
    warehouse: str
    warehouse_name: str
    vendor: str
    lead_days: int
    free: int
    need_state: str | None
    need_quantity: int | None
    share: float
    coming: int
    demand: float | None = None

    @property
    def cover_days(self) -> int | None:
        """For how many days what is free lasts at that demand."""
        return int(max(self.free, 0) / self.demand) if self.demand else None

    @property
    def runs_dry(self) -> bool:
        """Say whether it is gone before it could be bought."""
        return self.cover_days is not None and self.cover_days < self.lead_days and self.free + self.coming <= self.point

    @property
    def state(self) -> str:
        """What is being done about it: proposed, approved, rejected, ordered (enough is on its way), or nothing yet."""
        if self.need_state in (NeedState.PROPOSED, NeedState.APPROVED):
            return str(self.need_state)
        if self.free + self.coming > self.point:
            return "ordered"
        return "rejected" if self.need_state else ""

    @property
    def can_propose(self) -> bool:
        return not self.state


def running_low(*, warehouse: str = "", vendor_id: int = 0, after: str = "", size: int = PAGE) -> Page[Low]:
    """Give a page of what runs low, the emptiest first. Two queries. Raises Invalid for a cursor that is not one of ours."""
    share, code, place = values_of(after, [float, str, str]) if after else (None, "", "")
    values: dict[str, Any] = {"warehouse": warehouse, "vendor": vendor_id, "most": size + 1, "yesterday": timezone.now() - timedelta(days=1)}
    with connection.cursor() as cursor:
        cursor.execute(_LOW, values | {"share": share, "code": code, "place": place})
        found = [Low(*row) for row in cursor.fetchall()]
        rows = found[:size]
        cursor.execute(
            "SELECT sku_id, (SELECT code FROM inventory_warehouse WHERE id = warehouse_id), -sum(quantity)::float / %s FROM inventory_stockmovement"
            " WHERE sku_id = ANY(%s) AND kind = 'issue' AND moved_at > %s GROUP BY sku_id, warehouse_id",
            [DEMAND_DAYS, [row.sku_id for row in rows], timezone.now() - timedelta(days=DEMAND_DAYS)],
        )
        sold = {(sku, place): demand for sku, place, demand in cursor.fetchall()}
    rows = [replace(row, demand=row.learned_demand or sold.get((row.sku_id, row.warehouse)) or None) for row in rows]
    return Page(rows, cursor_of([rows[-1].share, rows[-1].code, rows[-1].warehouse]) if len(found) > size else "")


def propose_now(rule_ids: Sequence[int], *, actor: str) -> int:
    """Propose to buy what reorder rules lack, without waiting for the station; give how many. Safe to repeat: an open need gets no second one."""
    skus = ReorderRule.objects.filter(pk__in=rule_ids).values_list("sku", flat=True)
    return replenishing.propose_now(skus, actor=actor)
