import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_who_is_calling"),
        ("orders", "0015_ways_to_pay"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="priceassignment", name="price_list_for_one_of_them"),
        migrations.RemoveConstraint(model_name="priceassignment", name="price_list_assigned_once_a_day"),
        migrations.AddField(
            model_name="priceassignment",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="price_assignments",
                to="customers.customergroup",
            ),
        ),
        migrations.AddField(
            model_name="promotion",
            name="group",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: every customer",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.customergroup",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel__isnull", False), ("customer__isnull", True), ("group__isnull", True)),
                    models.Q(("channel__isnull", True), ("customer__isnull", True), ("group__isnull", False)),
                    models.Q(("channel__isnull", True), ("customer__isnull", False), ("group__isnull", True)),
                    _connector="OR",
                ),
                name="price_list_for_one_of_them",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceassignment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("price_list", "="),
                    (models.Func("channel", template="COALESCE(%(expressions)s, 0)"), "="),
                    (models.Func("group", template="COALESCE(%(expressions)s, 0)"), "="),
                    (models.Func("customer", template="COALESCE(%(expressions)s, 0)"), "="),
                    (models.Func("valid_on", template="COALESCE(%(expressions)s, '(,)'::daterange)"), "&&"),
                ],
                name="price_list_assigned_once_a_day",
            ),
        ),
    ]
