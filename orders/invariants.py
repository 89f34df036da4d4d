"""What is always true of orders."""

from django.conf import settings

from oms.core.invariants import Invariant
from oms.core.money import cent

INVARIANTS = [
    Invariant(
        "Every unit of a line is open, reserved, backordered, shipped or cancelled, and no counter runs ahead of another.",
        """
        SELECT id, order_id FROM orders_orderline
        WHERE reserved + backordered + shipped + cancelled > quantity OR delivered > shipped OR returned > shipped
            OR planned > reserved OR invoiced > quantity
        """,
    ),
    Invariant(
        "What a line has reserved is the sum of its open reservations.",
        """
        SELECT coalesce(line.id, open.line_id) AS line, line.reserved, open.quantity AS open
        FROM (SELECT id, reserved FROM orders_orderline WHERE reserved > 0) line
        FULL JOIN (
            SELECT line_id, sum(line_units) AS quantity FROM inventory_reservation
            WHERE state = 'firm' GROUP BY line_id
        ) open ON open.line_id = line.id
        WHERE coalesce(line.reserved, 0) <> coalesce(open.quantity, 0)
        """,
    ),
    Invariant(
        "What a line waits for is written down, for every component of a kit, and nothing else is.",
        """
        SELECT coalesce(line.id, waiting.line_id) AS line, line.sku_id, line.units, waiting.quantity
        FROM (
            SELECT id, sku_id, backordered AS units FROM orders_orderline WHERE backordered > 0 AND kit IS NULL
            UNION ALL
            SELECT id, (part->>0)::bigint, backordered * (part->>1)::int FROM orders_orderline, jsonb_array_elements(kit) AS part
            WHERE backordered > 0 AND kit IS NOT NULL
        ) line FULL JOIN inventory_backorder waiting ON waiting.line_id = line.id AND waiting.sku_id = line.sku_id
        WHERE coalesce(line.units, 0) <> coalesce(waiting.quantity, 0)
        """,
    ),
    Invariant(
        "A kit on an order has all its components reserved, or none.",
        """
        SELECT line.id, line.reserved, (part->>0)::bigint AS sku, coalesce(held.quantity, 0) AS held
        FROM orders_orderline line CROSS JOIN LATERAL jsonb_array_elements(line.kit) AS part
        LEFT JOIN LATERAL (
            SELECT sum(quantity) AS quantity FROM inventory_reservation held
            WHERE held.order_id = line.order_id AND held.line_id = line.id AND held.sku_id = (part->>0)::bigint AND held.state = 'firm'
        ) held ON true
        WHERE line.kit IS NOT NULL AND line.reserved * (part->>1)::int <> coalesce(held.quantity, 0)
        """,
    ),
    Invariant(
        "An order's total is the sum of its lines and charges, net and tax, to the last cent.",
        """
        SELECT o.id, o.net_total, o.tax_total FROM orders_order o
        LEFT JOIN (SELECT order_id, sum(net) AS net, sum(tax) AS tax FROM orders_orderline GROUP BY order_id) line
            ON line.order_id = o.id
        LEFT JOIN (SELECT order_id, sum(net) AS net, sum(tax) AS tax FROM orders_ordercharge GROUP BY order_id) charge
            ON charge.order_id = o.id
        WHERE o.net_total <> coalesce(line.net, 0) + coalesce(charge.net, 0)
            OR o.tax_total <> coalesce(line.tax, 0) + coalesce(charge.tax, 0)
            OR o.total <> o.net_total + o.tax_total
        """,
    ),
    Invariant(
        "An order's open holds are the holds on it that nobody has released.",
        """
        SELECT o.id, o.open_holds FROM orders_order o
        LEFT JOIN (SELECT order_id, count(*) AS n FROM orders_hold WHERE released_at IS NULL GROUP BY order_id) hold
            ON hold.order_id = o.id
        WHERE o.open_holds <> coalesce(hold.n, 0)
        """,
    ),
    Invariant(
        "A closed order holds no stock and waits for none; a shipped one has nothing left to ship, a delivered one nothing on its way.",
        """
        SELECT o.id, o.state FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
        WHERE (o.state IN ('cancelled', 'expired', 'completed', 'shipped', 'delivered') AND line.reserved + line.backordered > 0)
            OR (o.state IN ('shipped', 'delivered', 'completed') AND line.shipped + line.cancelled <> line.quantity)
            OR (o.state IN ('delivered', 'completed') AND line.delivered <> line.shipped)
        """,
    ),
    Invariant(
        "Every open order has a next step: a station that waits for it, a hold, stock or money it waits for, or a shipment on its way.",
        """
        SELECT o.id, o.state FROM orders_order o
        WHERE o.state IN ('allocated', 'fulfilling') AND o.open_holds = 0 AND NOT o.plan_due AND NOT o.has_backorders
            AND NOT (o.ship_policy = 'prepaid' AND o.paid_total < o.total)
            AND NOT EXISTS (SELECT FROM shipping_shipment s WHERE s.order_id = o.id AND s.state <> 'voided')
        """,
    ),
    Invariant(
        "No state was reached but through the events that tell of it.",
        """
        SELECT o.id, o.state FROM orders_order o
        WHERE o.state NOT IN ('draft', 'expired')
            AND (
                NOT EXISTS (SELECT FROM core_event e WHERE e.order_id = o.id AND e.kind = 'order.placed')
                OR (o.state IN ('cancelled', 'shipped', 'delivered', 'completed') AND NOT EXISTS (
                    SELECT FROM core_event e WHERE e.order_id = o.id AND e.kind = 'order.' || o.state))
            )
        """,
    ),
    Invariant(
        "A customer's order history is the sum of their screened orders.",
        """
        SELECT c.id, c.orders_count, coalesce(o.n, 0) AS orders FROM customers_customer c
        LEFT JOIN (
            SELECT customer_id, count(*) AS n, sum(total) AS total FROM orders_order
            WHERE screened_at IS NOT NULL GROUP BY customer_id
        ) o ON o.customer_id = c.id
        WHERE c.orders_count <> coalesce(o.n, 0) OR c.orders_total <> coalesce(o.total, 0)
        """,
    ),
    Invariant(
        "A line costs its units at their price less its discount, as near as cents go.",
        f"""
        SELECT line.id, line.order_id FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
        WHERE abs(line.quantity * line.unit_price - line.discount - line.net - CASE WHEN o.prices_include_tax THEN line.tax ELSE 0 END)
            > 1.5 * {cent(settings.BOOKS_CURRENCY)}
        """,
    ),
    Invariant(
        "An order's discount is the sum of those of its lines and charges.",
        """
        SELECT o.id, o.discount_total FROM orders_order o
        LEFT JOIN (SELECT order_id, sum(discount) AS off FROM orders_orderline WHERE discount > 0 GROUP BY order_id) line
            ON line.order_id = o.id
        LEFT JOIN (SELECT order_id, sum(discount) AS off FROM orders_ordercharge WHERE discount > 0 GROUP BY order_id) charge
            ON charge.order_id = o.id
        WHERE o.discount_total <> coalesce(line.off, 0) + coalesce(charge.off, 0)
        """,
    ),
    Invariant(
        "What orders have taken of a promotion's budget is the sum of its redemptions less what was given back, and a bounded code is used as often"
        " as it is redeemed by orders that were not cancelled.",
        """
        SELECT 'promotion' AS what, p.id, p.used_amount AS counted, coalesce(r.taken, 0) AS redeemed FROM orders_promotion p
        LEFT JOIN (SELECT promotion_id, sum(amount - given_back) AS taken FROM orders_promotionredemption GROUP BY promotion_id) r
            ON r.promotion_id = p.id
        WHERE p.budget IS NOT NULL AND (p.used_amount <> coalesce(r.taken, 0) OR p.used_amount > p.budget)
        UNION ALL
        SELECT 'code', c.id, c.used, coalesce(r.n, 0) FROM orders_promotioncode c
        LEFT JOIN (SELECT code_id, count(*) AS n FROM orders_promotionredemption WHERE given_back_at IS NULL GROUP BY code_id) r ON r.code_id = c.id
        WHERE c.most_uses IS NOT NULL AND (c.used <> coalesce(r.n, 0) OR c.used > c.most_uses)
        """,
    ),
    Invariant(
        "What promotions took off units that were cancelled before they left is given back, once; of a cancelled order, all.",
        """
        SELECT r.id, r.order_id, r.given_back, due.amount FROM orders_promotionredemption r
        JOIN (SELECT order_id, bool_and(cancelled = quantity) AS is_gone FROM orders_orderline GROUP BY order_id) rest ON rest.order_id = r.order_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN rest.is_gone THEN r.amount
                ELSE coalesce(sum(trunc(part.value::numeric * line.cancelled / line.quantity, 4)), 0) END AS amount
            FROM jsonb_each_text(r.parts) part JOIN orders_orderline line ON line.id = part.key::bigint
        ) due
        WHERE r.given_back <> due.amount OR (r.given_back_at IS NOT NULL) <> rest.is_gone
        """,
    ),
]
