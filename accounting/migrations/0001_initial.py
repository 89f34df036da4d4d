import django.db.models.deletion
import django_fsm
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=10, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('asset', 'Asset'), ('liability', 'Liability'), ('equity', 'Equity'), ('income', 'Income'), ('expense', 'Expense')], max_length=10)),
                ('role', models.SlugField(blank=True, max_length=40, null=True, unique=True)),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='InvoiceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('description', models.CharField(max_length=250)),
                ('quantity', models.IntegerField()),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=19)),
                ('net', models.DecimalField(decimal_places=4, max_digits=19)),
                ('tax_name', models.CharField(blank=True, max_length=40)),
                ('tax_rate', models.DecimalField(decimal_places=5, max_digits=6)),
                ('tax', models.DecimalField(decimal_places=4, max_digits=19)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(help_text='invoice, payment, shipment, receipt', max_length=30)),
                ('source_id', models.BigIntegerField()),
                ('event', models.CharField(help_text='issued, received, dispatched', max_length=30)),
                ('posted_on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('rate', models.DecimalField(decimal_places=8, default=1, help_text="Books' currency for one unit of currency", max_digits=18)),
                ('memo', models.CharField(max_length=200)),
                ('order_id', models.BigIntegerField(null=True)),
                ('actor', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'journal entries',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='JournalLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('credit', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('books_debit', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('books_credit', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('account', 'On account'), ('bank_transfer', 'Bank transfer'), ('card', 'Card'), ('cash', 'Cash')], max_length=20)),
                ('reference', models.CharField(help_text="The bank's or the gateway's own: a repeat is known by it", max_length=100)),
                ('currency', models.CharField(max_length=3)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=19)),
                ('allocated', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('received_on', models.DateField()),
                ('actor', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PaymentAllocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=19)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Period',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-starts_on'],
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invoice', 'Invoice'), ('credit_note', 'Credit note')], default='invoice', max_length=12)),
                ('number', models.CharField(max_length=40, unique=True)),
                ('issued_on', models.DateField()),
                ('due_on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('bill_to', models.JSONField()),
                ('net_total', models.DecimalField(decimal_places=4, max_digits=19)),
                ('tax_total', models.DecimalField(decimal_places=4, max_digits=19)),
                ('total', models.DecimalField(decimal_places=4, max_digits=19)),
                ('created_at', models.DateTimeField()),
                ('state', django_fsm.FSMField(choices=[('issued', 'Issued'), ('partly_paid', 'Partly paid'), ('paid', 'Paid'), ('credited', 'Credited'), ('written_off', 'Written off')], default='issued', max_length=12, protected=True)),
                ('paid', models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ('credits', models.OneToOneField(help_text='The invoice this note credits', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit_note', to='accounting.invoice')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='customers.customer')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
    ]
