from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0015_words_of_skus")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO inventory_skuword (word)"
            " SELECT DISTINCT spelt.word FROM inventory_sku, regexp_split_to_table(lower(name), '[^[:alnum:]]+') AS spelt(word)"
            " WHERE spelt.word ~ '^[^0-9]{3,40}$' ON CONFLICT DO NOTHING",
            migrations.RunSQL.noop,
        ),
    ]
