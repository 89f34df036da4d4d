from django.db import migrations


class Migration(migrations.Migration):
    """Fill what 0003 added: what a reservation counts for, the day of a movement, the lines of receipts."""

    dependencies = [("inventory", "0003_stock_and_supply")]

    operations = [
        migrations.RunSQL("UPDATE inventory_reservation SET line_units = quantity", migrations.RunSQL.noop),
        migrations.RunSQL(
            """
            ALTER TABLE inventory_stockmovement DISABLE TRIGGER USER;
            UPDATE inventory_stockmovement SET effective_on = moved_at::date;
            ALTER TABLE inventory_stockmovement ENABLE TRIGGER USER;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            """
            INSERT INTO inventory_receiptline (receipt_id, line_id, quantity, value)
            SELECT receipt.id, line.id, movement.quantity, movement.value
            FROM inventory_stockmovement movement
            JOIN inventory_receipt receipt ON receipt.id = movement.cause_id
            JOIN inventory_purchaseorderline line ON line.order_id = receipt.order_id AND line.sku_id = movement.sku_id
            WHERE movement.cause = 'receipt'
            """,
            migrations.RunSQL.noop,
        ),
    ]
