from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0028_turns")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE orders_promotionredemption r SET customer_id = o.customer_id FROM orders_order o WHERE o.id = r.order_id
            """,
            migrations.RunSQL.noop,
        )
    ]
