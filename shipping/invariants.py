"""What is always true of shipments."""

from oms.core.invariants import Invariant

INVARIANTS = [
    Invariant(
        "What a line has planned, shipped and delivered is what its shipments say.",
        """
        SELECT line.id, line.order_id FROM orders_orderline line
        LEFT JOIN (
            SELECT part.order_line_id,
                sum(part.line_units) FILTER (WHERE s.dispatched_at IS NULL AND s.state <> 'voided' AND o.state <> 'cancelled') AS planned,
                sum(part.line_units) FILTER (WHERE s.dispatched_at IS NOT NULL) AS shipped,
                sum(part.line_units) FILTER (WHERE s.state = 'delivered') AS delivered
            FROM shipping_shipmentline part
            JOIN shipping_shipment s ON s.id = part.shipment_id
            JOIN orders_order o ON o.id = s.order_id
            GROUP BY part.order_line_id
        ) sent ON sent.order_line_id = line.id
        WHERE line.planned <> coalesce(sent.planned, 0) OR line.shipped <> coalesce(sent.shipped, 0)
            OR line.delivered <> coalesce(sent.delivered, 0)
        """,
    ),
    Invariant(
        "A reservation is on one live shipment at most, and what has left is consumed.",
        """
        SELECT part.reservation_id FROM shipping_shipmentline part JOIN shipping_shipment s ON s.id = part.shipment_id
        WHERE s.state <> 'voided' GROUP BY part.reservation_id HAVING count(*) > 1
        UNION ALL
        SELECT r.id FROM shipping_shipmentline part
        JOIN shipping_shipment s ON s.id = part.shipment_id AND s.dispatched_at IS NOT NULL
        JOIN inventory_reservation r ON r.id = part.reservation_id WHERE r.state <> 'consumed'
        """,
    ),
    Invariant(
        "A booked shipment has one live label, unless the vendor ships it or the customer takes it, and its units left stock exactly once.",
        """
        SELECT s.id FROM shipping_shipment s JOIN inventory_warehouse place ON place.id = s.warehouse_id AND place.kind <> 'drop_ship'
        JOIN shipping_carrier carrier ON carrier.id = s.carrier_id AND carrier.code <> 'counter'
        WHERE s.state IN ('booked', 'dispatched', 'in_transit', 'delivered') AND s.label_id IS NULL
        UNION ALL
        SELECT s.id FROM shipping_shipment s
        JOIN (SELECT shipment_id, sum(quantity) AS quantity FROM shipping_shipmentline GROUP BY shipment_id) part
            ON part.shipment_id = s.id
        LEFT JOIN (
            SELECT cause_id, -sum(quantity) AS quantity FROM inventory_stockmovement
            WHERE cause = 'shipment' AND kind = 'issue' GROUP BY cause_id
        ) moved ON moved.cause_id = s.id
        WHERE coalesce(moved.quantity, 0) <> CASE WHEN s.dispatched_at IS NULL THEN 0 ELSE part.quantity END
        """,
    ),
]
