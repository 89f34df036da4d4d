"""What happened, told upward: a row in the transaction that did it, and a wake-up for whoever waits for it."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from oms.core import bulk, stations
from oms.core.models import Event


def fact(kind: str, subject: str, subject_id: int, *, order_id: int | None = None, actor: str, **data: Any) -> Event:
    """Word a fact, past tense and in business words (`order.placed`), for `record`. Saves nothing."""
    return Event(
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        order_id=order_id,
        actor=actor,
        data=data,
        happened_at=timezone.now(),
    )


def record(facts: Iterable[Event]) -> None:
    """Write `facts` in one statement and, after the commit, wake the stations that wait for their kinds.

    Call it inside the transaction that did the work.
    """
    facts = list(facts)
    if not facts:
        return
    if not transaction.get_connection().in_atomic_block:
        raise AssertionError("an event is recorded in the transaction that did the work")
    bulk.insert_all(facts)
    wake(*{event.kind for event in facts})


def wake(*kinds: str) -> None:
    """Wake the stations that wait for `kinds`, after the commit."""
    names = stations.woken_by(kinds)
    if names:
        transaction.on_commit(lambda: stations.wake(names), robust=True)
