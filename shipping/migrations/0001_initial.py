import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
        ('inventory', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Carrier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=30, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('adapter', models.CharField(default='manual', max_length=30)),
                ('mode', models.CharField(choices=[('parcel', 'Parcel'), ('freight', 'Freight (LTL)')], default='parcel', max_length=10)),
                ('service', models.CharField(blank=True, max_length=40)),
                ('scac', models.CharField(blank=True, help_text='Standard Carrier Alpha Code, for bills of lading', max_length=4)),
                ('max_weight_grams', models.PositiveIntegerField(blank=True, help_text='Heavier shipments go to the next carrier', null=True)),
                ('rank', models.PositiveSmallIntegerField(default=10)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['rank', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', django_fsm.FSMField(choices=[('planned', 'To pick'), ('picking', 'Being picked'), ('packed', 'Packed'), ('booked', 'Booked'), ('dispatched', 'Dispatched'), ('in_transit', 'In transit'), ('delivered', 'Delivered'), ('exception', 'Exception'), ('returned', 'Returned'), ('lost', 'Lost'), ('voided', 'Voided')], default='planned', max_length=12, protected=True)),
                ('weight_grams', models.BigIntegerField(default=0)),
                ('packages', models.PositiveSmallIntegerField(default=1)),
                ('carrier_reference', models.CharField(blank=True, max_length=60)),
                ('tracking_number', models.CharField(blank=True, max_length=60)),
                ('tracking_url', models.CharField(blank=True, max_length=300)),
                ('last_status', models.CharField(blank=True, help_text='What the carrier said last', max_length=200)),
                ('last_status_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('packed_at', models.DateTimeField(null=True)),
                ('booked_at', models.DateTimeField(null=True)),
                ('dispatched_at', models.DateTimeField(null=True)),
                ('handed_over_at', models.DateTimeField(help_text='The carrier was told that its driver has the goods', null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('carrier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shipping.carrier')),
                ('label', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='orders.order')),
                ('warehouse', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.warehouse')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ShipmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('order_line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.orderline')),
                ('reservation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.reservation')),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shipping.shipment')),
                ('sku', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.sku')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='TrackingEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(help_text="The carrier's own: a repeat is known by it", max_length=100)),
                ('tracking_number', models.CharField(max_length=60)),
                ('status', models.CharField(max_length=30)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('location', models.CharField(blank=True, max_length=100)),
                ('occurred_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('applied_at', models.DateTimeField(null=True)),
                ('carrier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shipping.carrier')),
            ],
            options={
                'ordering': ['occurred_at', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(fields=['order'], name='shipment_order'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(fields=['state', '-id'], name='shipment_state'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('state', 'packed')), fields=['packed_at', 'id'], name='shipment_q_book'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('dispatched_at__isnull', False), ('handed_over_at__isnull', True)), fields=['dispatched_at', 'id'], name='shipment_q_handover'),
        ),
        migrations.AddConstraint(
            model_name='shipment',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('tracking_number', ''), _negated=True), models.Q(('state', 'voided'), _negated=True)), fields=('tracking_number',), name='one_shipment_per_tracking_number'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{booked:dispatched,booked:voided,dispatched:delivered,dispatched:exception,dispatched:in_transit,dispatched:lost,dispatched:returned,exception:delivered,exception:in_transit,exception:lost,exception:returned,in_transit:delivered,in_transit:exception,in_transit:lost,in_transit:returned,packed:booked,packed:voided,picking:packed,picking:voided,planned:picking,planned:voided}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='07cc5772c8a2ca751724b086c706fba8c8220c87', operation='UPDATE', pgid='pgtrigger_state_moves_991ae', table='shipping_shipment', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='shipment_line_ships_something'),
        ),
        migrations.AddIndex(
            model_name='trackingevent',
            index=models.Index(fields=['tracking_number'], name='tracking_number'),
        ),
        migrations.AddIndex(
            model_name='trackingevent',
            index=models.Index(condition=models.Q(('applied_at__isnull', True)), fields=['id'], name='tracking_q'),
        ),
        migrations.AddConstraint(
            model_name='trackingevent',
            constraint=models.UniqueConstraint(fields=('carrier', 'event_id'), name='tracking_event_once'),
        ),
    ]
