"""Forms that are sent twice: a form is made with a key, and what came of it the first time is what comes of it again."""

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.errors import Invalid

MOST_CHARACTERS = 100


def taken(actor: str, key: str) -> str | None:
    """Take `key` for this transaction: None the first time, what was kept of it to whoever comes again.

    Whoever comes while the first is still at it waits for the first to commit. An empty key is never taken: the caller knows repeats by itself.
    Call it before any row is locked. Raises Invalid for a key that no form of ours was made with.
    """
    if not key:
        return None
    if len(key) > MOST_CHARACTERS or not key.isascii() or not key.isprintable():
        raise Invalid(_("The form has no key of ours: open the page again."))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_storedresponse (principal, key, request_sha256, status_code, body, created_at)"
            " VALUES (%s, %s, '', 204, '', %s) ON CONFLICT DO NOTHING",
            [actor, f"form:{key}", timezone.now()],
        )
        if cursor.rowcount:
            return None
        cursor.execute("SELECT body FROM core_storedresponse WHERE principal = %s AND key = %s", [actor, f"form:{key}"])
        return str(cursor.fetchone()[0])


def keep(actor: str, key: str, result: str) -> None:
    """Keep what came of `key`, which this transaction has taken."""
    if key:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_storedresponse SET body = %s WHERE principal = %s AND key = %s", [result, actor, f"form:{key}"])
