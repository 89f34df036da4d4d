from django.db import migrations


class Migration(migrations.Migration):
    """What each redemption took off which line, from the reasons that the lines keep; and what cancelled orders have not given back so far."""

    dependencies = [("orders", "0024_giving_back")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE orders_promotionredemption r SET parts = taken.parts
            FROM (
                SELECT order_id, name, jsonb_object_agg(line, amount) AS parts FROM (
                    SELECT line.order_id, off->>'promotion' AS name, line.id AS line, sum((off->>'amount')::numeric)::text AS amount
                    FROM orders_orderline line, jsonb_array_elements(line.price_reason->'off') off
                    WHERE off->>'promotion' IS NOT NULL GROUP BY 1, 2, 3
                ) each GROUP BY 1, 2
            ) taken JOIN orders_promotion p ON p.name = taken.name
            WHERE r.order_id = taken.order_id AND r.promotion_id = p.id;
            UPDATE orders_promotionredemption SET given_back = amount, given_back_at = statement_timestamp()
            WHERE order_id IN (SELECT order_id FROM orders_orderline GROUP BY order_id HAVING bool_and(cancelled = quantity));
            UPDATE orders_promotion p SET used_amount = coalesce(
                (SELECT sum(amount - given_back) FROM orders_promotionredemption WHERE promotion_id = p.id), 0)
            WHERE budget IS NOT NULL;
            UPDATE orders_promotioncode c SET used = (
                SELECT count(*) FROM orders_promotionredemption WHERE code_id = c.id AND given_back_at IS NULL)
            WHERE most_uses IS NOT NULL;
            """,
            migrations.RunSQL.noop,
        )
    ]
