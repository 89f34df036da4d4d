import django.db.models.deletion
import django.db.models.expressions
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
        ('inventory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('placed', 'Placed'), ('allocated', 'Allocated'), ('backordered', 'Backordered'), ('fulfilling', 'In the warehouse'), ('shipped', 'Shipped'), ('delivered', 'Delivered'), ('completed', 'Completed'), ('cancelled', 'Cancelled'), ('expired', 'Expired')], default='draft', max_length=12, protected=True)),
                ('external_reference', models.CharField(blank=True, max_length=100)),
                ('public_token', models.CharField(max_length=32, unique=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('priority', models.PositiveSmallIntegerField(default=5)),
                ('currency', models.CharField(max_length=3)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('language', models.CharField(default='en', max_length=10)),
                ('bill_to', models.JSONField(default=dict)),
                ('ship_to', models.JSONField(default=dict)),
                ('note', models.TextField(blank=True)),
                ('invoice_policy', models.CharField(choices=[('on_allocation', 'When its stock is reserved'), ('on_shipment', 'When the goods leave')], max_length=20)),
                ('ship_policy', models.CharField(choices=[('prepaid', 'Paid first'), ('on_terms', 'On account')], max_length=20)),
                ('payment_method', models.CharField(choices=[('account', 'On account'), ('bank_transfer', 'Bank transfer'), ('card', 'Card'), ('cash', 'Cash')], max_length=20)),
                ('terms_days', models.PositiveSmallIntegerField(default=0)),
                ('accepts_part_deliveries', models.BooleanField(default=True)),
                ('net_total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('tax_total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('invoiced_total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('paid_total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('payment_status', models.CharField(choices=[('unpaid', 'Unpaid'), ('partly_paid', 'Partly paid'), ('paid', 'Paid')], default='unpaid', max_length=12)),
                ('fulfilment_status', models.CharField(choices=[('unfulfilled', 'Not shipped'), ('partly_shipped', 'Partly shipped'), ('shipped', 'Shipped'), ('delivered', 'Delivered')], default='unfulfilled', max_length=16)),
                ('fulfilment_step', models.CharField(blank=True, help_text='Told by shipping: pick, pack, book, hand_over', max_length=20)),
                ('open_holds', models.PositiveSmallIntegerField(default=0)),
                ('has_backorders', models.BooleanField(default=False)),
                ('invoice_due', models.BooleanField(default=False)),
                ('plan_due', models.BooleanField(default=False)),
                ('placed_by', models.CharField(blank=True, max_length=100)),
                ('placed_at', models.DateTimeField(null=True)),
                ('screened_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='customers.channel')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='customers.customer')),
            ],
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('credit', 'Credit limit'), ('blocked', 'Customer blocked'), ('manual', 'Held by a colleague')], max_length=20)),
                ('reason', models.CharField(max_length=300)),
                ('placed_by', models.CharField(max_length=100)),
                ('placed_at', models.DateTimeField()),
                ('released_by', models.CharField(blank=True, max_length=100)),
                ('released_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='orders.order')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='OrderCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('shipping', 'Shipping'), ('handling', 'Handling'), ('other', 'Other charge')], default='shipping', max_length=20)),
                ('description', models.CharField(max_length=200)),
                ('net', models.DecimalField(decimal_places=4, max_digits=19)),
                ('tax_name', models.CharField(blank=True, max_length=40)),
                ('tax_rate', models.DecimalField(decimal_places=5, default=0, max_digits=6)),
                ('tax', models.DecimalField(decimal_places=4, max_digits=19)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='orders.order')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('description', models.CharField(max_length=200)),
                ('quantity', models.IntegerField()),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=19)),
                ('net', models.DecimalField(decimal_places=4, max_digits=19)),
                ('tax_name', models.CharField(blank=True, max_length=40)),
                ('tax_rate', models.DecimalField(decimal_places=5, default=0, max_digits=6)),
                ('tax', models.DecimalField(decimal_places=4, max_digits=19)),
                ('cancelled', models.IntegerField(default=0)),
                ('reserved', models.IntegerField(default=0)),
                ('backordered', models.IntegerField(default=0)),
                ('planned', models.IntegerField(default=0)),
                ('shipped', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('invoiced', models.IntegerField(default=0)),
                ('returned', models.IntegerField(default=0)),
                ('refunded', models.IntegerField(default=0)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.order')),
                ('sku', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.sku')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(max_length=2)),
                ('category', models.CharField(default='standard', max_length=20)),
                ('name', models.CharField(help_text='As printed on the invoice: VAT 20%', max_length=40)),
                ('rate', models.DecimalField(decimal_places=5, help_text='0.20 for 20%', max_digits=6)),
                ('valid_from', models.DateField(default='2000-01-01')),
            ],
            options={
                'ordering': ['country', 'category', '-valid_from'],
                'constraints': [models.UniqueConstraint(fields=('country', 'category', 'valid_from'), name='one_tax_rate_a_day'), models.CheckConstraint(condition=models.Q(('rate__gte', 0), ('rate__lt', 1)), name='tax_rate_a_fraction')],
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['-placed_at', '-id'], name='order_recent'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['state', '-placed_at', '-id'], name='order_state_recent'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', '-placed_at', '-id'], name='order_customer_recent'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('screened_at__isnull', True), ('state', 'placed')), fields=['placed_at', 'id'], name='order_q_screen'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('open_holds', 0), ('screened_at__isnull', False), ('state', 'placed')), fields=['priority', 'placed_at', 'id'], name='order_q_reserve'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('invoice_due', True)), fields=['placed_at', 'id'], name='order_q_invoice'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('plan_due', True)), fields=['priority', 'placed_at', 'id'], name='order_q_plan'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('has_backorders', True)), fields=['priority', 'placed_at', 'id'], name='order_q_backorder'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'delivered')), fields=['placed_at', 'id'], name='order_q_complete'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'draft')), fields=['expires_at', 'id'], name='order_q_expire'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('external_reference', ''), _negated=True), fields=('channel', 'external_reference'), name='order_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(models.F('net_total'), '+', models.F('tax_total')))), name='order_total_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('paid_total__gte', 0)), name='order_paid_not_negative'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{allocated:backordered,allocated:cancelled,allocated:fulfilling,backordered:allocated,backordered:cancelled,delivered:completed,draft:expired,draft:placed,fulfilling:cancelled,fulfilling:shipped,placed:allocated,placed:backordered,placed:cancelled,shipped:delivered}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='9d1c4ec0ce7b86b30f66ab4729e505d244af056e', operation='UPDATE', pgid='pgtrigger_state_moves_7e2c2', table='orders_order', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('released_at__isnull', True)), fields=['placed_at'], name='hold_open'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('order', 'kind'), name='one_open_hold_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='ordercharge',
            constraint=models.CheckConstraint(condition=models.Q(('net__gte', 0), ('tax__gte', 0)), name='charge_not_negative'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(fields=['sku', 'order'], name='line_sku'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(condition=models.Q(('backordered__gt', 0)), fields=['sku', 'order'], name='line_waiting'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'position'), name='one_line_per_position'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='line_orders_something'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('backordered__gte', 0), ('cancelled__gte', 0), ('delivered__gte', 0), ('invoiced__gte', 0), ('planned__gte', 0), ('refunded__gte', 0), ('reserved__gte', 0), ('returned__gte', 0), ('shipped__gte', 0)), name='line_counters_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('backordered')), '+', models.F('shipped')), '+', models.F('cancelled')))), name='line_counters_within_quantity'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('planned__lte', models.F('reserved'))), name='planned_within_reserved'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('delivered__lte', models.F('shipped'))), name='delivered_within_shipped'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('returned__lte', models.F('shipped'))), name='returned_within_shipped'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('invoiced__lte', models.F('quantity'))), name='invoiced_within_quantity'),
        ),
    ]
