from django.db import migrations


class Migration(migrations.Migration):
    """A zone for every country that has a rate; each rate ends where the next one of its country and class begins."""

    dependencies = [("orders", "0017_tax_zones")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO orders_taxzone (name, has_reverse_charge) SELECT DISTINCT country, false FROM orders_taxrate;
            INSERT INTO orders_taxarea (zone_id, country, postcode_prefix) SELECT id, name, '' FROM orders_taxzone;
            UPDATE orders_taxrate SET zone_id = zone.id, valid_on = daterange(valid_from, (
                SELECT min(later.valid_from) FROM orders_taxrate later WHERE later.country = orders_taxrate.country
                    AND later.category = orders_taxrate.category AND later.valid_from > orders_taxrate.valid_from))
            FROM orders_taxzone zone WHERE zone.name = orders_taxrate.country;
            """,
            migrations.RunSQL.noop,
        )
    ]
