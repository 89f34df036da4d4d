"""What is to be bought: looked at SKU by SKU where something has changed, in one statement for any number of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from inventory.models import RestockDue
from oms.core.events import fact, record, wake
from oms.core.locks import take_turn

ACTOR = "station:replenish"
MOST_UNITS = 2_000_000_000

# How it is decided, for all SKUs of a batch at once:
#   a place is low where free + coming ≤ its rule's point; it is bought up to the target.
#   unmet: units that orders wait for and that neither free stock nor anything on its way will give. They are bought for the SKU's first place; what
#   must come to where the rest of its order lies, for that place: what lies or comes elsewhere does not help it.
#   bound + greatest(all that is waited for − all there is − bound, 0) is what lacks: who is bound takes first from where he is bound to.
#   The vendor is the rule's, or the preferred one, or the cheapest at that quantity. His minimum and his packs are kept.
# What vendors ship straight to customers neither comes here nor is waited for here.
_PROPOSE = """
WITH due AS MATERIALIZED (SELECT sku_id FROM unnest(%(skus)s::bigint[]) AS sku_id),
stocking AS MATERIALIZED (SELECT id, rank FROM inventory_warehouse WHERE kind = 'warehouse' AND is_active),
coming AS MATERIALIZED (
    SELECT sku_id, warehouse_id, sum(units)::bigint AS units FROM (
        SELECT line.sku_id, bought.warehouse_id, greatest(least(line.quantity, line.acknowledged) - line.received, 0) AS units
        FROM inventory_purchaseorderline line JOIN due ON due.sku_id = line.sku_id
        JOIN inventory_purchaseorder bought ON bought.id = line.order_id
        WHERE line.received < line.quantity AND bought.drop_ship_order_id IS NULL
            AND bought.state IN ('draft', 'approved', 'sent', 'acknowledged', 'partly_received')
        UNION ALL
        SELECT line.sku_id, moved.destination_id, line.quantity - line.received - line.lost
        FROM inventory_transferline line JOIN due ON due.sku_id = line.sku_id
        JOIN inventory_transfer moved ON moved.id = line.transfer_id AND moved.state IN ('draft', 'sent', 'partly_received')
    ) one GROUP BY sku_id, warehouse_id
),
waiting AS MATERIALIZED (
    SELECT late.sku_id, late.only_from, sum(late.quantity)::bigint AS units FROM inventory_backorder late JOIN due ON due.sku_id = late.sku_id
    WHERE NOT late.is_drop_shipped
    GROUP BY late.sku_id, late.only_from
),
supply AS MATERIALIZED (
    SELECT sku_id, warehouse_id, sum(units)::bigint AS units FROM (
        SELECT level.sku_id, level.warehouse_id, greatest(level.on_hand - level.reserved - level.safety - coalesce(leaving.units, 0), 0) AS units
        FROM inventory_stocklevel level JOIN stocking ON stocking.id = level.warehouse_id
        LEFT JOIN (
            SELECT line.sku_id, moved.source_id, sum(line.quantity) AS units FROM inventory_transferline line JOIN due ON due.sku_id = line.sku_id
            JOIN inventory_transfer moved ON moved.id = line.transfer_id AND moved.state = 'draft'
            GROUP BY line.sku_id, moved.source_id
        ) leaving ON leaving.sku_id = level.sku_id AND leaving.source_id = level.warehouse_id
        WHERE level.sku_id IN (SELECT sku_id FROM waiting)
        UNION ALL
        SELECT sku_id, warehouse_id, units FROM coming WHERE sku_id IN (SELECT sku_id FROM waiting)
    ) one GROUP BY sku_id, warehouse_id
),
tied AS MATERIALIZED (
    SELECT sku_id, places, sum(units)::bigint AS units FROM (
        SELECT waiting.sku_id, waiting.units, ARRAY(
            SELECT stocking.id FROM jsonb_array_elements_text(waiting.only_from) AS named(id) JOIN stocking ON stocking.id = named.id::bigint
            ORDER BY stocking.rank, stocking.id
        ) AS places
        FROM waiting WHERE jsonb_typeof(waiting.only_from) = 'array'
    ) one WHERE cardinality(places) > 0 GROUP BY sku_id, places
),
bound AS MATERIALIZED (
    SELECT tied.sku_id, tied.places[1] AS warehouse_id, greatest(tied.units - coalesce(there.units, 0), 0) AS units
    FROM tied LEFT JOIN LATERAL (
        SELECT sum(CASE WHEN cardinality(tied.places) = 1 THEN supply.units ELSE greatest(supply.units - coalesce(alone.units, 0), 0) END) AS units
        FROM supply LEFT JOIN tied alone ON alone.sku_id = supply.sku_id AND alone.places = ARRAY[supply.warehouse_id]
        WHERE supply.sku_id = tied.sku_id AND supply.warehouse_id = ANY(tied.places)
    ) there ON true
),
unmet AS MATERIALIZED (
    SELECT sku_id, warehouse_id, sum(units)::bigint AS units FROM (
        SELECT sku_id, warehouse_id, units FROM bound
        UNION ALL
        SELECT waited.sku_id, coalesce(
            (SELECT rule.warehouse_id FROM inventory_reorderrule rule JOIN stocking ON stocking.id = rule.warehouse_id
                WHERE rule.sku_id = waited.sku_id ORDER BY stocking.rank, stocking.id LIMIT 1),
            (SELECT id FROM stocking ORDER BY rank, id LIMIT 1)
        ), waited.units - coalesce(there.units, 0) - coalesce(held.units, 0)
        FROM (SELECT sku_id, sum(units) AS units FROM waiting GROUP BY sku_id) waited
        LEFT JOIN (SELECT sku_id, sum(units) AS units FROM supply GROUP BY sku_id) there ON there.sku_id = waited.sku_id
        LEFT JOIN (SELECT sku_id, sum(units) AS units FROM bound GROUP BY sku_id) held ON held.sku_id = waited.sku_id
    ) one WHERE units > 0 GROUP BY sku_id, warehouse_id
),
place AS (
    SELECT rule.sku_id, rule.warehouse_id, rule.id AS rule_id, rule.vendor_id, rule.point, rule.target
    FROM due JOIN inventory_reorderrule rule ON rule.sku_id = due.sku_id JOIN stocking ON stocking.id = rule.warehouse_id
    UNION ALL
    SELECT unmet.sku_id, unmet.warehouse_id, NULL, NULL, NULL, NULL FROM unmet
    WHERE NOT EXISTS (SELECT FROM inventory_reorderrule rule WHERE rule.sku_id = unmet.sku_id AND rule.warehouse_id = unmet.warehouse_id)
),
looked_at AS (
    SELECT place.*, coalesce(level.on_hand - level.reserved, 0) AS free, coalesce(coming.units, 0) AS coming,
        coalesce(unmet.units, 0) AS waiting
    FROM place
    LEFT JOIN inventory_stocklevel level ON level.sku_id = place.sku_id AND level.warehouse_id = place.warehouse_id
    LEFT JOIN coming ON coming.sku_id = place.sku_id AND coming.warehouse_id = place.warehouse_id
    LEFT JOIN unmet ON unmet.sku_id = place.sku_id AND unmet.warehouse_id = place.warehouse_id
),
lacking AS (
    SELECT looked_at.*, (CASE WHEN free + coming <= point THEN target - free - coming ELSE 0 END) + waiting AS lacks FROM looked_at
    WHERE EXISTS (SELECT FROM inventory_sku sku WHERE sku.id = looked_at.sku_id AND sku.is_active AND NOT sku.is_kit)
),
wanted AS (
    SELECT lacking.*, seller.vendor_id AS seller_id,
        least(
            ceil(greatest(lacks, coalesce(seller.minimum_order, 1))::numeric / coalesce(seller.pack_size, 1)) * coalesce(seller.pack_size, 1),
            %(most)s
        )::int AS units
    FROM lacking LEFT JOIN LATERAL (
        SELECT vendor.id AS vendor_id, item.minimum_order, item.pack_size
        FROM inventory_vendor vendor
        LEFT JOIN inventory_vendoritem item ON item.vendor_id = vendor.id AND item.sku_id = lacking.sku_id
        WHERE vendor.is_active AND vendor.id = lacking.vendor_id
        UNION ALL (
            SELECT item.vendor_id, item.minimum_order, item.pack_size
            FROM inventory_vendoritem item JOIN inventory_vendor vendor ON vendor.id = item.vendor_id AND vendor.is_active
            LEFT JOIN LATERAL (
                SELECT price.unit_price FROM inventory_vendorprice price
                WHERE price.item_id = item.id AND price.from_quantity <= greatest(lacking.lacks, item.minimum_order)
                ORDER BY price.from_quantity DESC LIMIT 1
            ) price ON true
            WHERE item.sku_id = lacking.sku_id
                AND NOT EXISTS (SELECT FROM inventory_vendor named WHERE named.id = lacking.vendor_id AND named.is_active)
            ORDER BY item.is_preferred DESC, price.unit_price * vendor.books_rate NULLS LAST, item.id LIMIT 1
        )
        LIMIT 1
    ) seller ON true
    WHERE lacks > 0
),
kept AS (
    UPDATE inventory_purchaseneed need SET quantity = wanted.units, free = wanted.free, coming = wanted.coming, waiting = wanted.waiting,
        point = wanted.point, origin = CASE WHEN wanted.waiting > 0 THEN 'backorder' ELSE 'rule' END,
        vendor_id = coalesce(need.vendor_id, wanted.seller_id)
    FROM wanted
    WHERE need.sku_id = wanted.sku_id AND need.warehouse_id = wanted.warehouse_id AND need.state = 'proposed' AND NOT need.is_fixed
        AND need.origin <> 'hand' AND (need.quantity, need.waiting) IS DISTINCT FROM (wanted.units, wanted.waiting)
),
withdrawn AS (
    UPDATE inventory_purchaseneed need SET state = 'rejected', decided_at = statement_timestamp(), decided_by = %(actor)s
    FROM due
    WHERE need.sku_id = due.sku_id AND need.state = 'proposed' AND NOT need.is_fixed AND need.origin <> 'hand'
        AND NOT EXISTS (SELECT FROM wanted WHERE wanted.sku_id = need.sku_id AND wanted.warehouse_id = need.warehouse_id)
)
INSERT INTO inventory_purchaseneed
    (origin, rule_id, sku_id, warehouse_id, vendor_id, quantity, is_fixed, reason, free, coming, waiting, point,
        state, created_at, decided_by)
SELECT CASE WHEN waiting > 0 THEN 'backorder' ELSE 'rule' END, rule_id, sku_id, warehouse_id, seller_id, units, false, '',
    free, coming, waiting, point, 'proposed', statement_timestamp(), ''
FROM wanted
WHERE NOT EXISTS (
    SELECT FROM inventory_purchaseneed need WHERE need.sku_id = wanted.sku_id AND need.warehouse_id = wanted.warehouse_id
        AND (need.state IN ('proposed', 'approved')
            OR (need.state = 'rejected' AND need.decided_by <> %(actor)s AND coalesce(need.decided_at, need.created_at) > now() - interval '1 day'))
)
ORDER BY sku_id, warehouse_id
ON CONFLICT DO NOTHING
RETURNING id, sku_id, quantity
"""


def restocks_due() -> QuerySet[RestockDue]:
    """Give the SKUs that are to be looked at for buying now, the longest due first."""
    return RestockDue.objects.filter(due_at__lte=Now()).order_by("due_at", "id")


def look_again(sku_ids: Iterable[int], *, at: datetime) -> None:
    """Have SKUs looked at for buying at the instant `at`. In the transaction of the change; safe to repeat."""
    skus = sorted(set(sku_ids))
    if not skus:
        return
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO inventory_restockdue (sku_id, due_at) SELECT sku, %s FROM unnest(%s::bigint[]) AS sku", [at, skus])
    wake("restock.due")


def propose_needs(due: Sequence[RestockDue]) -> None:
    """Propose to buy what is low or waited for of the SKUs that are `due`: locked by the caller, worked in turn.

    What is proposed already is brought up to date, or withdrawn where nothing lacks any more; what somebody has rejected within a day rests. Three
    statements, whatever their number. Records `purchase.proposed`, once for all of them.
    """
    _propose({row.sku_id for row in due}, actor=ACTOR)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inventory_restockdue WHERE id = ANY(%s)", [[row.pk for row in due]])


def propose_now(sku_ids: Iterable[int], *, actor: str) -> int:
    """Propose what SKUs lack without waiting for the station; give how many needs are new. Waits its turn. Safe to repeat."""
    with transaction.atomic():
        take_turn("replenish")
        return _propose(set(sku_ids), actor=actor)


def _propose(skus: set[int], *, actor: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSE, {"skus": sorted(skus), "most": MOST_UNITS, "actor": ACTOR})
        needs = cursor.fetchall()
    if needs:
        record([fact("purchase.proposed", "need", needs[0][0], actor=actor, count=len(needs), sku=needs[0][1], quantity=needs[0][2])])
    return len(needs)
