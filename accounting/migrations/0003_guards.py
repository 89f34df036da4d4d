from django.db import migrations

XACT = (
    "ALTER TABLE accounting_journalentry ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()",
    "ALTER TABLE accounting_journalentry DROP COLUMN xact",
)

BALANCED = (
    """
    CREATE FUNCTION accounting_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        lines int; off numeric; books_off numeric;
    BEGIN
        SELECT count(*), coalesce(sum(debit - credit), 0), coalesce(sum(books_debit - books_credit), 0)
        INTO lines, off, books_off
        FROM accounting_journalline WHERE entry_id = NEW.id;
        IF lines < 2 THEN
            RAISE EXCEPTION 'journal entry % has % lines, at least 2 are needed', NEW.id, lines
                USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_two_lines';
        END IF;
        IF off <> 0 OR books_off <> 0 THEN
            RAISE EXCEPTION 'journal entry % is out of balance by % (books %)', NEW.id, off, books_off
                USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_balanced';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER entry_balanced AFTER INSERT ON accounting_journalentry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounting_entry_balanced();
    """,
    "DROP TRIGGER entry_balanced ON accounting_journalentry; DROP FUNCTION accounting_entry_balanced();",
)

NO_LATE_LINE = (
    """
    CREATE FUNCTION accounting_no_late_line() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added JOIN accounting_journalentry entry ON entry.id = added.entry_id
            WHERE entry.xact <> pg_current_xact_id()
        ) THEN
            RAISE EXCEPTION 'a posted journal entry takes no more lines'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_no_late_line';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER no_late_line AFTER INSERT ON accounting_journalline
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION accounting_no_late_line();
    """,
    "DROP TRIGGER no_late_line ON accounting_journalline; DROP FUNCTION accounting_no_late_line();",
)

# FOR SHARE: whoever closes the period waits for the posts under way, and posts that come later see it closed.
OPEN_PERIOD = (
    """
    CREATE FUNCTION accounting_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        period record;
    BEGIN
        FOR period IN
            SELECT ends_on, closed_at FROM accounting_period
            WHERE EXISTS (SELECT FROM added WHERE added.posted_on BETWEEN starts_on AND ends_on)
            FOR SHARE
        LOOP
            IF period.closed_at IS NOT NULL THEN
                RAISE EXCEPTION 'the period to % is closed: post on a later day', period.ends_on
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_open_period';
            END IF;
        END LOOP;
        RETURN NULL;
    END $$;
    CREATE TRIGGER open_period AFTER INSERT ON accounting_journalentry
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION accounting_open_period();
    """,
    "DROP TRIGGER open_period ON accounting_journalentry; DROP FUNCTION accounting_open_period();",
)


class Migration(migrations.Migration):
    """Let the database itself refuse an entry that is out of balance, grows later, or falls into a closed period."""

    dependencies = [("accounting", "0002_relations")]

    operations = [migrations.RunSQL(up, down) for up, down in (XACT, BALANCED, NO_LATE_LINE, OPEN_PERIOD)]
