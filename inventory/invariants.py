"""What is always true of stock."""

from oms.core.invariants import Invariant

INVARIANTS = [
    Invariant(
        "No more is reserved than is on hand, and neither is below zero.",
        "SELECT id, on_hand, reserved FROM inventory_stocklevel WHERE reserved < 0 OR reserved > on_hand",
    ),
    Invariant(
        "What is on hand, and what it is worth, is the sum of its movements.",
        """
        SELECT coalesce(level.sku_id, moved.sku_id) AS sku, coalesce(level.warehouse_id, moved.warehouse_id) AS warehouse,
            level.on_hand, moved.quantity AS moved, level.value, moved.value AS moved_value
        FROM inventory_stocklevel level
        FULL JOIN (
            SELECT sku_id, warehouse_id, sum(quantity) AS quantity, sum(value) AS value
            FROM inventory_stockmovement GROUP BY sku_id, warehouse_id
        ) moved ON moved.sku_id = level.sku_id AND moved.warehouse_id = level.warehouse_id
        WHERE coalesce(level.on_hand, 0) <> coalesce(moved.quantity, 0) OR coalesce(level.value, 0) <> coalesce(moved.value, 0)
        """,
    ),
    Invariant(
        "What is reserved is the sum of its open reservations.",
        """
        SELECT coalesce(level.sku_id, open.sku_id) AS sku, coalesce(level.warehouse_id, open.warehouse_id) AS warehouse,
            level.reserved, open.quantity AS open
        FROM inventory_stocklevel level
        FULL JOIN (
            SELECT sku_id, warehouse_id, sum(quantity) AS quantity
            FROM inventory_reservation WHERE state IN ('soft', 'firm') GROUP BY sku_id, warehouse_id
        ) open ON open.sku_id = level.sku_id AND open.warehouse_id = level.warehouse_id
        WHERE coalesce(level.reserved, 0) <> coalesce(open.quantity, 0)
        """,
    ),
    Invariant(
        "Nobody is promised more than is on its way, nor more than they wait for, but where the pegs are about to be made anew.",
        """
        SELECT line.id AS line, sum(peg.quantity) AS pegged, line.quantity - line.received AS coming FROM inventory_peg peg
        JOIN inventory_purchaseorderline line ON line.id = peg.purchase_line_id
        WHERE NOT EXISTS (SELECT FROM inventory_pegsdue due WHERE due.sku_id = line.sku_id)
        GROUP BY line.id HAVING sum(peg.quantity) > line.quantity - line.received
        UNION ALL
        SELECT line.id, sum(peg.quantity), line.quantity - line.received - line.lost FROM inventory_peg peg
        JOIN inventory_transferline line ON line.id = peg.transfer_line_id
        WHERE NOT EXISTS (SELECT FROM inventory_pegsdue due WHERE due.sku_id = line.sku_id)
        GROUP BY line.id HAVING sum(peg.quantity) > line.quantity - line.received - line.lost
        UNION ALL
        SELECT waiting.id, sum(peg.quantity), waiting.quantity FROM inventory_peg peg
        JOIN inventory_backorder waiting ON waiting.id = peg.backorder_id
        WHERE NOT EXISTS (SELECT FROM inventory_pegsdue due WHERE due.sku_id = waiting.sku_id)
        GROUP BY waiting.id HAVING sum(peg.quantity) > waiting.quantity
        """,
    ),
    Invariant(
        "A transfer's lines are what its movements say, in units and in value, and what lies on the road is what transfers still bring.",
        """
        SELECT line.transfer_id, line.sku_id FROM inventory_transferline line
        JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
        LEFT JOIN LATERAL (
            SELECT
                sum(quantity) FILTER (WHERE warehouse_id = transfer.source_id) AS left_units,
                sum(value) FILTER (WHERE warehouse_id = transfer.source_id) AS left_value,
                sum(quantity) FILTER (WHERE warehouse_id = transfer.destination_id) AS come_units,
                sum(value) FILTER (WHERE warehouse_id = transfer.destination_id) AS come_value,
                sum(quantity) FILTER (WHERE warehouse_id NOT IN (transfer.source_id, transfer.destination_id)) AS road_units,
                sum(value) FILTER (WHERE warehouse_id NOT IN (transfer.source_id, transfer.destination_id)) AS road_value
            FROM inventory_stockmovement moved WHERE moved.cause = 'transfer' AND moved.cause_id = line.transfer_id AND moved.sku_id = line.sku_id
        ) moved ON true
        WHERE coalesce(-moved.left_units, 0) <> CASE WHEN transfer.sent_at IS NULL THEN 0 ELSE line.quantity END
            OR coalesce(-moved.left_value, 0) <> line.value OR coalesce(moved.come_units, 0) <> line.received
            OR coalesce(moved.come_value, 0) <> line.value_in
            OR coalesce(moved.road_units, 0) <> CASE WHEN transfer.sent_at IS NULL THEN 0 ELSE line.quantity - line.received - line.lost END
            OR (coalesce(moved.road_units, 0) = 0 AND coalesce(moved.road_value, 0) <> 0)
            OR (transfer.state = 'received' AND line.quantity <> line.received + line.lost)
        UNION ALL
        SELECT NULL, coalesce(level.sku_id, coming.sku_id) FROM (
            SELECT sku_id, sum(on_hand) AS units FROM inventory_stocklevel JOIN inventory_warehouse place ON place.id = warehouse_id
            WHERE place.kind = 'transit' AND on_hand <> 0 GROUP BY sku_id
        ) level FULL JOIN (
            SELECT sku_id, sum(quantity - received - lost) AS units FROM inventory_transferline line
            JOIN inventory_transfer transfer ON transfer.id = line.transfer_id AND transfer.state IN ('sent', 'partly_received')
            GROUP BY sku_id
        ) coming ON coming.sku_id = level.sku_id
        WHERE coalesce(level.units, 0) <> coalesce(coming.units, 0)
        """,
    ),
    Invariant(
        "What a vendor ships to a customer is on a purchase order for that line, but where pegs are due, and nothing is left where he ships from.",
        """
        SELECT waiting.line_id AS line, waiting.quantity FROM inventory_backorder waiting
        WHERE waiting.is_drop_shipped AND NOT EXISTS (SELECT FROM inventory_pegsdue due WHERE due.sku_id = waiting.sku_id) AND NOT EXISTS (
            SELECT FROM inventory_peg peg
            JOIN inventory_purchaseorderline line ON line.id = peg.purchase_line_id
            JOIN inventory_purchaseorder purchase ON purchase.id = line.order_id
            WHERE peg.backorder_id = waiting.id AND line.drop_ship_line_id = waiting.line_id
                AND purchase.drop_ship_order_id = waiting.order_id AND purchase.state NOT IN ('cancelled', 'closed', 'received')
        )
        UNION ALL
        SELECT level.sku_id, level.on_hand FROM inventory_stocklevel level
        JOIN inventory_warehouse place ON place.id = level.warehouse_id WHERE place.kind = 'drop_ship' AND level.on_hand <> 0
        """,
    ),
    Invariant(
        "A kit has no stock of its own.",
        """
        SELECT level.sku_id FROM inventory_stocklevel level JOIN inventory_sku sku ON sku.id = level.sku_id
        WHERE sku.is_kit AND level.on_hand <> 0
        """,
    ),
    Invariant(
        "What a purchase order line has received is what its receipts moved in, and no more than it tolerates.",
        """
        SELECT line.order_id, line.sku_id, line.received, coalesce(moved.quantity, 0) AS moved
        FROM inventory_purchaseorderline line
        LEFT JOIN (
            SELECT receipt.order_id, movement.sku_id, sum(movement.quantity) AS quantity
            FROM inventory_stockmovement movement JOIN inventory_receipt receipt ON receipt.id = movement.cause_id
            WHERE movement.cause = 'receipt' AND movement.quantity <> 0 GROUP BY receipt.order_id, movement.sku_id
        ) moved ON moved.order_id = line.order_id AND moved.sku_id = line.sku_id
        WHERE line.received <> coalesce(moved.quantity, 0) OR line.received > line.quantity + line.over
        """,
    ),
    Invariant(
        "What the receipts of a purchase order line say came in, and what it is worth, is what was moved.",
        """
        SELECT line.order_id, line.sku_id, taken.value, moved.value AS moved
        FROM inventory_purchaseorderline line
        JOIN (
            SELECT line_id, sum(quantity) AS quantity, sum(value) AS value FROM inventory_receiptline GROUP BY line_id
        ) taken ON taken.line_id = line.id
        LEFT JOIN (
            SELECT receipt.order_id, movement.sku_id, sum(movement.value) AS value
            FROM inventory_stockmovement movement JOIN inventory_receipt receipt ON receipt.id = movement.cause_id
            WHERE movement.cause = 'receipt' AND movement.kind = 'receipt' GROUP BY receipt.order_id, movement.sku_id
        ) moved ON moved.order_id = line.order_id AND moved.sku_id = line.sku_id
        WHERE taken.quantity <> line.received OR taken.value <> coalesce(moved.value, 0)
        """,
    ),
]
