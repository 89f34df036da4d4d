from django.db import migrations


class Migration(migrations.Migration):
    """Keep on each event the transaction that wrote it, so that a reader by cursor never skips one that commits late."""

    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE core_event ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()",
            "ALTER TABLE core_event DROP COLUMN xact",
        ),
    ]
