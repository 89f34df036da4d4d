from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_prices_and_promotions")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE orders_order SET prices_include_tax = true
            FROM customers_channel channel WHERE channel.id = channel_id AND channel.prices_include_tax
            """,
            migrations.RunSQL.noop,
        )
    ]
