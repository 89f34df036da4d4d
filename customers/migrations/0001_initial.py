import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=30, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('web', 'Web'), ('store', 'Store'), ('phone', 'Telephone'), ('edi', 'EDI')], max_length=10)),
                ('currency', models.CharField(default='GBP', max_length=3)),
                ('prices_include_tax', models.BooleanField(default=False)),
                ('invoice_policy', models.CharField(choices=[('on_allocation', 'When its stock is reserved'), ('on_shipment', 'When the goods leave')], default='on_allocation', max_length=20)),
                ('ship_policy', models.CharField(choices=[('prepaid', 'Paid first'), ('on_terms', 'On account')], default='on_terms', max_length=20)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=12, unique=True)),
                ('sha256', models.CharField(max_length=64)),
                ('scopes', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='customers.channel')),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ['channel', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('person', 'Person'), ('company', 'Company')], default='person', max_length=10)),
                ('name', models.CharField(max_length=200)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, help_text='E.164: +441134960000', max_length=20)),
                ('phone_digits', models.CharField(blank=True, editable=False, max_length=20)),
                ('language', models.CharField(default='en', max_length=10)),
                ('external_reference', models.CharField(blank=True, max_length=100)),
                ('vat_number', models.CharField(blank=True, max_length=30)),
                ('note', models.TextField(blank=True)),
                ('is_blocked', models.BooleanField(default=False)),
                ('currency', models.CharField(default='GBP', max_length=3)),
                ('payment_method', models.CharField(choices=[('account', 'On account'), ('bank_transfer', 'Bank transfer'), ('card', 'Card'), ('cash', 'Cash')], default='bank_transfer', max_length=20)),
                ('invoice_policy', models.CharField(blank=True, choices=[('on_allocation', 'When its stock is reserved'), ('on_shipment', 'When the goods leave')], max_length=20)),
                ('ship_policy', models.CharField(blank=True, choices=[('prepaid', 'Paid first'), ('on_terms', 'On account')], max_length=20)),
                ('terms_days', models.PositiveSmallIntegerField(default=30)),
                ('credit_limit', models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ('accepts_part_deliveries', models.BooleanField(default=True)),
                ('open_balance', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('orders_count', models.PositiveIntegerField(default=0)),
                ('orders_total', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('first_order_at', models.DateTimeField(blank=True, null=True)),
                ('last_order_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='customers.channel')),
            ],
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('role', models.CharField(blank=True, max_length=100)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='customers.customer')),
            ],
        ),
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('lines', models.TextField(help_text='Street and building, one line each')),
                ('city', models.CharField(max_length=100)),
                ('region', models.CharField(blank=True, max_length=100)),
                ('postcode', models.CharField(blank=True, max_length=20)),
                ('country', models.CharField(default='GB', help_text='ISO 3166-1 code of two letters', max_length=2)),
                ('is_billing', models.BooleanField(default=False)),
                ('is_delivery', models.BooleanField(default=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='customers.customer')),
            ],
            options={
                'verbose_name_plural': 'addresses',
            },
        ),
        migrations.AddIndex(
            model_name='customer',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='customer_name_trgm'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('email'), name='gin_trgm_ops'), name='customer_email_trgm'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('phone_digits', name='gin_trgm_ops'), name='customer_phone_trgm'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.OrderBy(models.F('last_order_at'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='customer_recent'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(fields=['email'], name='customer_email'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='customer_named'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('credit_limit__isnull', True), ('credit_limit__gte', 0), _connector='OR'), name='credit_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('phone', ''), ('phone__regex', '^\\+[0-9]{5,18}$'), _connector='OR'), name='customer_phone_e164'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(condition=models.Q(('external_reference', ''), _negated=True), fields=('channel', 'external_reference'), name='customer_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.UniqueConstraint(condition=models.Q(('is_billing', True)), fields=('customer',), name='one_billing_address'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.UniqueConstraint(condition=models.Q(('is_delivery', True)), fields=('customer',), name='one_delivery_address'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='address_country'),
        ),
    ]
