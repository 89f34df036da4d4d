from django.db import migrations


class Migration(migrations.Migration):
    """What a shipment's line counted for until now is its own quantity."""

    dependencies = [("shipping", "0002_line_units")]

    operations = [migrations.RunSQL("UPDATE shipping_shipmentline SET line_units = quantity", migrations.RunSQL.noop)]
