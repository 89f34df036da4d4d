from django.db import migrations


class Migration(migrations.Migration):
    """Let a reader by cursor start where it left off, however many events there are."""

    dependencies = [("core", "0002_event_feed")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_feed ON core_event (xact, id) WHERE order_id IS NOT NULL",
            "DROP INDEX event_feed",
        ),
    ]
