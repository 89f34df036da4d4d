from django.db import migrations


class Migration(migrations.Migration):
    """Fill where what is waited for goes to, which pegging asks for from now on."""

    dependencies = [("inventory", "0006_destinations"), ("orders", "0005_sourcing_simulations")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE inventory_backorder waiting
            SET country = left(coalesce(o.ship_to->>'country', ''), 2), postcode = left(coalesce(o.ship_to->>'postcode', ''), 20)
            FROM orders_order o WHERE o.id = waiting.order_id
            """,
            migrations.RunSQL.noop,
        ),
    ]
