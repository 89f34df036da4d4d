"""Writing into the ledger, many entries at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from accounting.models import Account, JournalEntry, JournalLine
from accounting.posting import Posting
from oms.core import bulk
from oms.core.errors import Invalid
from oms.core.money import ZERO


@dataclass(frozen=True)
class Draft:
    """An entry to post. `source`, `source_id` and `event` name its cause, which is posted once and never again. `on`: its own day."""

    source: str
    source_id: int
    event: str
    currency: str
    memo: str
    lines: Sequence[Posting]
    actor: str
    order_id: int | None = None
    on: date | None = None


def post(drafts: Sequence[Draft], *, on: date | None = None) -> Sequence[JournalEntry]:
    """Post `drafts`, each balanced, dated its own day, or `on` (today where neither is given), in three statements whatever their number.

    A draft without lines (nothing to book) is passed over. A repeat of a cause is refused by the database.
    """
    drafts = [draft for draft in drafts if draft.lines]
    if not drafts:
        return []
    accounts = accounts_by_role()
    now = timezone.now()
    entries = bulk.insert_all([_entry(draft, draft.on or on or timezone.localdate(), now) for draft in drafts])
    lines = [_line(entry, accounts[posting.role], posting.amount) for entry, draft in zip(entries, drafts, strict=True) for posting in draft.lines]
    bulk.insert_all(lines)
    return entries


def accounts_by_role() -> dict[str, int]:
    """Give role → account. Raises Invalid when a role has no account, which `manage.py setup` mends."""
    accounts = {str(role): pk for role, pk in Account.objects.filter(role__isnull=False).values_list("role", "id")}
    if not accounts:
        raise Invalid("The chart of accounts is empty: run `manage.py setup`.")
    return accounts


def _entry(draft: Draft, on: date, now: datetime) -> JournalEntry:
    if draft.currency != settings.BOOKS_CURRENCY:
        raise Invalid(f"The books are kept in {settings.BOOKS_CURRENCY}; there is no rate for {draft.currency} yet.")
    return JournalEntry(
        source=draft.source,
        source_id=draft.source_id,
        event=draft.event,
        posted_on=on,
        currency=draft.currency,
        memo=draft.memo[:200],
        order_id=draft.order_id,
        actor=draft.actor,
        created_at=now,
    )


def _line(entry: JournalEntry, account_id: int, amount: Decimal) -> JournalLine:
    debit, credit = (amount, ZERO) if amount > 0 else (ZERO, -amount)
    return JournalLine(
        entry_id=entry.pk,
        account_id=account_id,
        debit=debit,
        credit=credit,
        books_debit=debit,
        books_credit=credit,
    )
