from django.db import migrations


class Migration(migrations.Migration):
    """Fill what 0008 added: the points and safety of stock levels, what is to be looked at once, and which orders were mailed already."""

    dependencies = [("inventory", "0008_restock_and_vendors")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE inventory_stocklevel level SET reorder_point = rule.point, safety = rule.safety
            FROM inventory_reorderrule rule WHERE rule.sku_id = level.sku_id AND rule.warehouse_id = level.warehouse_id
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "INSERT INTO inventory_restockdue (sku_id, due_at) SELECT DISTINCT sku_id, now() FROM inventory_reorderrule", migrations.RunSQL.noop
        ),
        migrations.RunSQL("UPDATE inventory_purchaseorder SET documented_revision = revision", migrations.RunSQL.noop),
    ]
