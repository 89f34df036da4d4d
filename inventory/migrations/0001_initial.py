import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='StockMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opening', 'Opening stock'), ('receipt', 'Receipt'), ('issue', 'Issue'), ('return', 'Return'), ('count', 'Count'), ('scrap', 'Scrap'), ('correction', 'Correction')], max_length=12)),
                ('quantity', models.IntegerField()),
                ('value', models.DecimalField(decimal_places=4, max_digits=19)),
                ('cause', models.CharField(help_text='What it was for: shipment, receipt, count', max_length=30)),
                ('cause_id', models.BigIntegerField()),
                ('order_id', models.BigIntegerField(null=True)),
                ('actor', models.CharField(max_length=100)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('moved_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_name', models.CharField(blank=True, max_length=40)),
                ('currency', models.CharField(default='GBP', max_length=3)),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=19)),
                ('valid_on', django.contrib.postgres.fields.ranges.DateRangeField(blank=True, default=None, help_text='Empty: always', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PurchaseOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('sent', 'Sent'), ('partly_received', 'Partly received'), ('received', 'Received'), ('closed', 'Closed'), ('cancelled', 'Cancelled')], default='draft', max_length=20, protected=True)),
                ('currency', models.CharField(default='GBP', max_length=3)),
                ('expected_on', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=100)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ReorderRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('point', models.PositiveIntegerField()),
                ('target', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_id', models.BigIntegerField()),
                ('order_id', models.BigIntegerField()),
                ('quantity', models.IntegerField()),
                ('state', models.CharField(choices=[('soft', 'Held for a while'), ('firm', 'Reserved'), ('consumed', 'Gone out'), ('released', 'Released')], default='firm', max_length=10)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Sku',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('barcode', models.CharField(blank=True, max_length=40)),
                ('unit', models.CharField(default='each', max_length=20)),
                ('weight_grams', models.PositiveIntegerField(default=0)),
                ('length_mm', models.PositiveIntegerField(default=0)),
                ('width_mm', models.PositiveIntegerField(default=0)),
                ('height_mm', models.PositiveIntegerField(default=0)),
                ('tax_category', models.CharField(default='standard', max_length=20)),
                ('cost', models.DecimalField(decimal_places=4, default=0, help_text='What a unit costs where nothing better is known', max_digits=19)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'SKU',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='StockLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_hand', models.IntegerField(default=0)),
                ('reserved', models.IntegerField(default=0)),
                ('value', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
            ],
        ),
        migrations.CreateModel(
            name='Vendor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('language', models.CharField(default='en', max_length=10)),
                ('currency', models.CharField(default='GBP', max_length=3)),
                ('lead_time_days', models.PositiveSmallIntegerField(default=14)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Warehouse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=20, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('lines', models.TextField(blank=True)),
                ('city', models.CharField(blank=True, max_length=100)),
                ('postcode', models.CharField(blank=True, max_length=20)),
                ('country', models.CharField(default='GB', max_length=2)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('rank', models.PositiveSmallIntegerField(default=10)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['rank', 'id'],
            },
        ),
        migrations.CreateModel(
            name='MovementToPost',
            fields=[
                ('movement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='inventory.stockmovement')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'movements to post',
                'ordering': ['movement_id'],
            },
        ),
        migrations.CreateModel(
            name='PurchaseOrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('received', models.PositiveIntegerField(default=0)),
                ('unit_cost', models.DecimalField(decimal_places=4, max_digits=19)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='inventory.purchaseorder')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Made by the form, so that a repeat is known as one', max_length=100, unique=True)),
                ('received_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=100)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='inventory.purchaseorder')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PurchaseNeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('state', django_fsm.FSMField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('ordered', 'Ordered'), ('rejected', 'Rejected')], default='proposed', max_length=10, protected=True)),
                ('created_at', models.DateTimeField()),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inventory.reorderrule')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='stockmovement',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='inventory.sku'),
        ),
        migrations.AddIndex(
            model_name='sku',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('code'), name='gin_trgm_ops'), name='sku_code_trgm'),
        ),
        migrations.AddIndex(
            model_name='sku',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='sku_name_trgm'),
        ),
        migrations.AddConstraint(
            model_name='sku',
            constraint=models.CheckConstraint(condition=models.Q(('code', django.db.models.functions.text.Upper('code')), models.Q(('code', ''), _negated=True)), name='sku_code_upper'),
        ),
        migrations.AddConstraint(
            model_name='sku',
            constraint=models.CheckConstraint(condition=models.Q(('cost__gte', 0)), name='sku_cost_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='sku',
            constraint=models.UniqueConstraint(condition=models.Q(('barcode', ''), _negated=True), fields=('barcode',), name='sku_barcode_once'),
        ),
        migrations.AddField(
            model_name='reservation',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='reorderrule',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reorder_rules', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='purchaseorderline',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='purchaseneed',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='price',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='stocklevel',
            name='sku',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='inventory.sku'),
        ),
        migrations.AddField(
            model_name='reorderrule',
            name='vendor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.vendor'),
        ),
        migrations.AddField(
            model_name='purchaseorder',
            name='vendor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='inventory.vendor'),
        ),
        migrations.AddField(
            model_name='purchaseneed',
            name='vendor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.vendor'),
        ),
        migrations.AddField(
            model_name='stockmovement',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.warehouse'),
        ),
        migrations.AddField(
            model_name='stocklevel',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='inventory.warehouse'),
        ),
        migrations.AddField(
            model_name='reservation',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.warehouse'),
        ),
        migrations.AddField(
            model_name='reorderrule',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.warehouse'),
        ),
        migrations.AddField(
            model_name='purchaseorder',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.warehouse'),
        ),
        migrations.AddField(
            model_name='purchaseneed',
            name='warehouse',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.warehouse'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receipt',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='30da92bd02d0f4e64e848281d052f167529ca17d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_35469', table='inventory_receipt', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receipt',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='055ff379edaef1e769cf4a1edb72c3be5e1c79f4', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_b9caf', table='inventory_receipt', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='purchaseorderline',
            constraint=models.UniqueConstraint(fields=('order', 'sku'), name='one_purchase_line_per_sku'),
        ),
        migrations.AddConstraint(
            model_name='purchaseorderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='purchase_line_buys_something'),
        ),
        migrations.AddConstraint(
            model_name='purchaseorderline',
            constraint=models.CheckConstraint(condition=models.Q(('received__lte', models.F('quantity'))), name='received_within_ordered'),
        ),
        migrations.AddConstraint(
            model_name='purchaseorderline',
            constraint=models.CheckConstraint(condition=models.Q(('unit_cost__gte', 0)), name='purchase_cost_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__gt', 0)), name='price_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('sku', '='), ('list_name', '='), ('currency', '='), (models.Func('valid_on', template="COALESCE(%(expressions)s, '(,)'::daterange)"), '&&')], name='price_periods_never_overlap'),
        ),
        migrations.AddIndex(
            model_name='stockmovement',
            index=models.Index(fields=['sku', 'warehouse', '-id'], name='movement_place'),
        ),
        migrations.AddConstraint(
            model_name='stockmovement',
            constraint=models.CheckConstraint(condition=models.Q(('quantity', 0), _negated=True), name='movement_moves_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stockmovement',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0d157d8e171eaeca0471e6cb948f16b6c55d78eb', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_353f0', table='inventory_stockmovement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stockmovement',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='8572466ddaffe711f04557c2edcd434377e87e3a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_4d8b5', table='inventory_stockmovement', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='stocklevel',
            constraint=models.UniqueConstraint(fields=('sku', 'warehouse'), name='one_level_per_place'),
        ),
        migrations.AddConstraint(
            model_name='stocklevel',
            constraint=models.CheckConstraint(condition=models.Q(('reserved__gte', 0), ('reserved__lte', models.F('on_hand'))), name='reserved_within_on_hand'),
        ),
        migrations.AddConstraint(
            model_name='stocklevel',
            constraint=models.CheckConstraint(condition=models.Q(('value__gte', 0)), name='stock_value_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='stocklevel',
            constraint=models.CheckConstraint(condition=models.Q(('on_hand__gt', 0), ('value', 0), _connector='OR'), name='no_value_without_stock'),
        ),
        migrations.AddIndex(
            model_name='reservation',
            index=models.Index(fields=['order_id'], name='reservation_order'),
        ),
        migrations.AddIndex(
            model_name='reservation',
            index=models.Index(condition=models.Q(('state__in', ['soft', 'firm'])), fields=['sku', 'warehouse'], name='reservation_open'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='reservation_reserves_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reservation',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{firm:consumed,firm:released,soft:firm,soft:released}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='c8a1f367c82077bc5f76ef7cc5e0bf0ae1d00a01', operation='UPDATE', pgid='pgtrigger_state_moves_ac780', table='inventory_reservation', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='reorderrule',
            constraint=models.UniqueConstraint(fields=('sku', 'warehouse'), name='one_reorder_rule_per_place'),
        ),
        migrations.AddConstraint(
            model_name='reorderrule',
            constraint=models.CheckConstraint(condition=models.Q(('target__gt', models.F('point'))), name='reorder_target_above_point'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='purchaseorder',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{approved:cancelled,approved:sent,draft:approved,draft:cancelled,partly_received:closed,partly_received:received,received:closed,sent:cancelled,sent:partly_received,sent:received}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='6eeadf14c49933476c11d73c6de0d10c0b8a9afb', operation='UPDATE', pgid='pgtrigger_state_moves_17a6a', table='inventory_purchaseorder', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='purchaseneed',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'approved'])), fields=('sku', 'warehouse'), name='one_open_need'),
        ),
        migrations.AddConstraint(
            model_name='purchaseneed',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='need_needs_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='purchaseneed',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{approved:ordered,approved:rejected,proposed:approved,proposed:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='758e20dd5ad57017aea7c29956b97646f88be184', operation='UPDATE', pgid='pgtrigger_state_moves_73488', table='inventory_purchaseneed', when='BEFORE')),
        ),
    ]
