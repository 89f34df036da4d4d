import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_prices_of_groups")]

    operations = [
        migrations.CreateModel(
            name="TaxZone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "has_reverse_charge",
                    models.BooleanField(
                        default=False,
                        help_text="A company with a VAT number pays the tax there itself: for the other member states of who sells from the EU",
                    ),
                ),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.CreateModel(
            name="TaxArea",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(help_text="ISO 3166-1 code of two letters", max_length=2)),
                (
                    "postcode_prefix",
                    models.CharField(blank=True, help_text="How its postcodes begin, without spaces; empty: all others", max_length=10),
                ),
                ("zone", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="areas", to="orders.taxzone")),
            ],
            options={
                "ordering": ["country", "postcode_prefix"],
                "constraints": [
                    models.UniqueConstraint(fields=("country", "postcode_prefix"), name="one_tax_zone_a_place"),
                    models.CheckConstraint(condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="tax_area_country"),
                    models.CheckConstraint(
                        condition=models.Q(("postcode_prefix", django.db.models.functions.text.Upper("postcode_prefix"))),
                        name="tax_area_prefix_upper",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="taxrate",
            name="zone",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="rates", to="orders.taxzone"),
        ),
        migrations.AddField(
            model_name="taxrate",
            name="valid_on",
            field=django.contrib.postgres.fields.ranges.DateRangeField(blank=True, default=None, help_text="Empty: always", null=True),
        ),
    ]
