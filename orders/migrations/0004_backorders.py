from django.db import migrations


class Migration(migrations.Migration):
    """Write down what waiting lines wait for, so that it can be pegged to what will bring it."""

    dependencies = [("orders", "0003_promises_and_kits"), ("inventory", "0004_fill_units_and_receipts")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO inventory_backorder (line_id, order_id, sku_id, quantity, per_unit, is_part, priority, since)
            SELECT line.id, line.order_id, line.sku_id, line.backordered, 1, false, o.priority, o.placed_at
            FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id WHERE line.backordered > 0;
            INSERT INTO inventory_pegsdue (sku_id, created_at) SELECT DISTINCT sku_id, now() FROM inventory_backorder;
            """,
            migrations.RunSQL.noop,
        ),
    ]
