"""Taking somebody's name, number and address out of what was written down about their orders, where the law asks for it and allows it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pgtrigger
from django.db.models import Q

from oms.core.models import Document, Event, Message, StoredResponse, Trouble

GONE = "…"
NOBODY = "erased@invalid"
LEAST_LETTERS = 3


def scrubbed(value: Any, words: Sequence[str]) -> Any:
    """Give `value`, text or JSON, with every one of `words` in it taken out, whatever its case."""
    pattern = _pattern(words)
    return value if pattern is None else _scrub(value, pattern)


def scrub_what_was_told(order_ids: Sequence[int], *, subjects: Sequence[tuple[str, int]], words: Sequence[str]) -> dict[str, int]:
    """Scrub events, mails, kept answers and troubles of orders and `subjects`; give how many of each. The caller holds the transaction.

    Events are append-only to everybody else: here alone the guard is told to look away, for exactly these rows.
    """
    words = [word for word in words if len(word) >= LEAST_LETTERS]
    about = Q(order_id__in=order_ids)
    for subject, pk in subjects:
        about |= Q(subject=subject, subject_id=pk)
    told = Event.objects.filter(about).only("pk", "data")
    changed = []
    for event in told.iterator():
        before, event.data = event.data, scrubbed(event.data, words)
        if event.data != before:
            changed.append(event)
    with pgtrigger.ignore("core.Event:append_only"):
        Event.objects.bulk_update(changed, ["data"], batch_size=500)
    mails = Message.objects.filter(Q(order_id__in=order_ids) | Q(recipient__in=words) | _holds("data", words) | _holds("body", words))
    count = mails.update(recipient=NOBODY, subject=GONE, body="", data={})
    answers = StoredResponse.objects.filter(_holds("body", words)).update(body="{}")
    troubles = Trouble.objects.filter(_holds("error", words) | _holds("detail", words)).update(error=GONE, detail="")
    return {"events": len(changed), "mails": count, "answers": answers, "troubles": troubles}


def empty_documents(pks: Iterable[int]) -> int:
    """Empty files that no law keeps: a label with a name and an address on it. Give how many."""
    with pgtrigger.ignore("core.Document:append_only"):
        return Document.objects.filter(pk__in=list(pks)).update(content=b"", sha256=hashlib.sha256(b"").hexdigest())


def _holds(column: str, words: Sequence[str]) -> Q:
    wanted = Q(pk__in=[])
    for word in words:
        wanted |= Q(**{f"{column}__icontains": word})
    return wanted


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    wanted = sorted({word for word in words if len(word) >= LEAST_LETTERS}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, wanted)), re.IGNORECASE) if wanted else None


def _scrub(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, list):
        return [_scrub(one, pattern) for one in value]
    if isinstance(value, dict):
        return {key: _scrub(one, pattern) for key, one in value.items()}
    return value
