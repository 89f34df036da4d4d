from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on each page for the next quantities of a stock level, so that an update touches no index."""

    dependencies = [("inventory", "0001_initial")]

    operations = [
        migrations.RunSQL("ALTER TABLE inventory_stocklevel SET (fillfactor = 70)", "ALTER TABLE inventory_stocklevel RESET (fillfactor)"),
        migrations.RunSQL("ALTER TABLE inventory_reservation SET (fillfactor = 80)", "ALTER TABLE inventory_reservation RESET (fillfactor)"),
    ]
