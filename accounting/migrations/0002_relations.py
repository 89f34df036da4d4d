import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounting', '0001_initial'),
        ('core', '0001_initial'),
        ('customers', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='invoice',
            name='document',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.order'),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='charge',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.ordercharge'),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounting.invoice'),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='order_line',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.orderline'),
        ),
        migrations.AddIndex(
            model_name='journalentry',
            index=models.Index(fields=['posted_on', 'id'], name='entry_day'),
        ),
        migrations.AddIndex(
            model_name='journalentry',
            index=models.Index(fields=['order_id'], name='entry_order'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.UniqueConstraint(fields=('source', 'source_id', 'event'), name='posted_once'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='rate_above_zero'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='journalentry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='efb31768063829ff582b7e875425092bf41a0ad6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_5b079', table='accounting_journalentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='journalentry',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='0a1b071d54a00ad83e846796d2e1e0d61dda4348', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_8b3fc', table='accounting_journalentry', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='journalline',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounting.account'),
        ),
        migrations.AddField(
            model_name='journalline',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounting.journalentry'),
        ),
        migrations.AddField(
            model_name='payment',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='payment',
            name='order',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='orders.order'),
        ),
        migrations.AddField(
            model_name='paymentallocation',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='accounting.invoice'),
        ),
        migrations.AddField(
            model_name='paymentallocation',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='accounting.payment'),
        ),
        migrations.AddConstraint(
            model_name='period',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='period_in_order'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['order', 'id'], name='invoice_order'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('document__isnull', True)), fields=['id'], name='invoice_q_document'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('state__in', ['issued', 'partly_paid'])), fields=['due_on', 'id'], name='invoice_open'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(models.F('net_total'), '+', models.F('tax_total')))), name='invoice_total_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('paid__gte', 0), ('paid__lte', models.F('total'))), name='paid_within_total'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credits__isnull', True), ('kind', 'invoice')), models.Q(('credits__isnull', False), ('kind', 'credit_note')), _connector='OR'), name='credit_note_credits_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoice',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{issued:credited,issued:paid,issued:partly_paid,issued:written_off,paid:credited,paid:issued,paid:partly_paid,partly_paid:credited,partly_paid:issued,partly_paid:paid,partly_paid:written_off}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='3bdafa46de18445f9d60be8bb2d7b5562b51d527', operation='UPDATE', pgid='pgtrigger_state_moves_2ad56', table='accounting_invoice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoice',
            trigger=pgtrigger.compiler.Trigger(name='as_issued', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."order_id" IS DISTINCT FROM (NEW."order_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."credits_id" IS DISTINCT FROM (NEW."credits_id") OR OLD."issued_on" IS DISTINCT FROM (NEW."issued_on") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."bill_to" IS DISTINCT FROM (NEW."bill_to") OR OLD."net_total" IS DISTINCT FROM (NEW."net_total") OR OLD."tax_total" IS DISTINCT FROM (NEW."tax_total") OR OLD."total" IS DISTINCT FROM (NEW."total") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='fbbb1bdb07211c2ae159d086aa6b71a46c5e3272', operation='UPDATE', pgid='pgtrigger_as_issued_4c8fd', table='accounting_invoice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoice',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='617560fc345a98a558b954b8dc1cfc65edc3877a', operation='DELETE', pgid='pgtrigger_never_deleted_42733', table='accounting_invoice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoice',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='470759464c26fcfddd7f4b255f032cf9a5b8f5dd', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_d928a', table='accounting_invoice', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('charge__isnull', True), ('order_line__isnull', False)), models.Q(('charge__isnull', False), ('order_line__isnull', True)), _connector='OR'), name='invoice_line_of_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='invoice_line_bills_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoiceline',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='163b8ff253f41726b1d761b68244312bb01d5d8d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_97684', table='accounting_invoiceline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoiceline',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='139c4ead477dc21b1461e6f37091b2aeeed44125', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_dbe8e', table='accounting_invoiceline', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='journalline',
            constraint=models.CheckConstraint(condition=models.Q(('books_credit__gte', 0), ('books_debit__gte', 0), ('credit__gte', 0), ('debit__gte', 0)), name='journal_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='journalline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('books_credit', 0), ('credit', 0), ('debit__gt', 0)), models.Q(('books_debit', 0), ('credit__gt', 0), ('debit', 0)), _connector='OR'), name='debit_or_credit'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='journalline',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0378a30168985545f40016ae7f7d89d263c588dc', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9bb74', table='accounting_journalline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='journalline',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;", hash='7219622d7ac9e101df0408fb6d7c7b4ac71fcc0a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_1b310', table='accounting_journalline', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['order'], name='payment_order'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('allocated__lt', models.F('amount'))), fields=['order', 'id'], name='payment_unallocated'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('customer', 'method', 'reference'), name='payment_recorded_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('allocated__gte', 0), ('allocated__lte', models.F('amount'))), name='allocated_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='paymentallocation',
            constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='allocation_moves_something'),
        ),
    ]
