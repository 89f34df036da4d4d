"""What was typed of orders that are none yet: saved at every step, parked, handed on, taken over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from inventory.baskets import let_go
from oms.core import bulk
from oms.core.access import actor_of, may
from oms.core.cards import refuse_card_numbers
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.models import User
from orders.models import Draft, Order
from orders.states import DraftState

KEPT_FOR = timedelta(days=14)


class Overtaken(Conflict):
    """Somebody else, or another page, has gone on with the draft: nothing of theirs is overwritten."""

    code = "overtaken"


class AlreadyPlaced(Conflict):
    """The draft is an order already. `data["order"]`: its number."""

    code = "already_placed"


class GivenUp(Conflict):
    """The call is over: it was quoted, or came to nothing."""

    code = "given_up"


@dataclass(frozen=True)
class Seen:
    """What a page knows of the draft it shows: the version, and the token that the page itself saves under."""

    version: int
    page: str


def save_draft(key: UUID, typed: dict[str, Any], *, customer_id: int | None, seen: Seen, person: User, desk: str = "") -> Draft:
    """Save what was typed. The first time makes the draft, the person's own, at `desk`; one that was parked or given up is taken up again.

    Locks the draft. Raises Overtaken where another page has saved since, or a colleague has it; AlreadyPlaced. Safe to repeat.
    """
    with transaction.atomic():
        draft = lock_draft(key, seen=seen, person=person, desk=desk)
        if draft.order_id:
            raise AlreadyPlaced(_("This order is placed already: %(order)s.") % {"order": draft.order.number}, order=draft.order.number)
        if draft.state == DraftState.OPEN and (draft.typed, draft.customer_id, draft.page) == (typed, customer_id, seen.page):
            return draft
        if draft.state != DraftState.OPEN:
            draft.take_up()
        _keep(draft, typed, customer_id, seen)
        draft.save(update_fields=["state", *_KEPT])
    return draft


def lock_draft(key: UUID, *, seen: Seen, person: User, desk: str = "") -> Draft:
    """Lock the draft for a page that goes on with it, in the caller's transaction; make it at `desk` where there is none. Drafts are locked first.

    Raises Overtaken. A draft that is placed is given to anybody: who sends a form twice is told of the first order.
    """
    # Without a join: who waits for the lock is given the row as it is then, but what was joined to it as it was before.
    mine = Draft.objects.filter(key=key)
    found = lock(mine)
    if not found:
        now = timezone.now()
        fresh = Draft(key=key, desk=desk, owner=person, started_at=now, saved_at=now, lapses_at=now + KEPT_FOR)
        # Two at once: the second one's is ignored, and it waits for the first one's.
        Draft.objects.bulk_create([fresh], ignore_conflicts=True)
        found = lock(mine)
    [draft] = found
    if draft.order_id:
        return draft
    at = time_format(timezone.localtime(draft.saved_at), "H:i")
    if draft.owner_id != person.pk:
        raise Overtaken(_("%(who)s has had this order since %(at)s: take it over if you are to go on.") % {"who": draft.owner.username, "at": at})
    if draft.version != seen.version and draft.page != seen.page:
        raise Overtaken(_("Another window has saved this order at %(at)s: take up what was saved there.") % {"at": at})
    return draft


def note_placed(draft: Draft, order: Order, typed: dict[str, Any], *, seen: Seen) -> None:
    """Note that a locked draft has become `order`. Whoever sends it again is given that order."""
    draft.place(order)
    _keep(draft, typed, order.customer_id, seen)
    draft.save(update_fields=["state", "order", *_KEPT])


def park_draft(key: UUID, *, note: str = "", colleague: str = "", person: User) -> Draft:
    """Leave a draft to whoever takes it up, or to `colleague`. What is held for it stays held until its time is over.

    Locks the draft. Raises Invalid for a colleague who takes no orders; Overtaken, AlreadyPlaced, NotFound. Records `draft.handed_over`.
    """
    refuse_card_numbers({"park_note": note})
    with transaction.atomic():
        draft = _unfinished(key)
        if draft.owner_id != person.pk:
            raise Overtaken(_("%(who)s has this order now.") % {"who": draft.owner.username})
        if draft.state != DraftState.PARKED:
            draft.park()
        draft.note = note.strip()[:500]
        if colleague:
            draft.owner, draft.handed_by = _taker(colleague), person.username
            record([fact("draft.handed_over", "draft", draft.pk, actor=actor_of(person), to=colleague)])
        draft.saved_at = timezone.now()
        draft.version += 1
        draft.save(update_fields=["state", "note", "owner", "handed_by", "saved_at", "version"])
    return draft


def take_over(key: UUID, *, person: User) -> Draft:
    """Go on with a draft that a colleague began or parked. Who had it is told at their next step. Records `draft.taken_over`.

    Locks the draft. Raises AlreadyPlaced, NotFound. Safe to repeat.
    """
    with transaction.atomic():
        draft = _unfinished(key)
        _go_on(draft, person)
    return draft


def take_up(key: UUID, *, desk: str, desks: Collection[str], person: User) -> Draft:
    """Go on at `desk` with what is parked at one of `desks`, lies unfinished at this one, or is the person's own. Records `draft.taken_over`.

    Locks the draft. Raises Overtaken where a colleague goes on with it at another; AlreadyPlaced, NotFound. Safe to repeat.
    """
    with transaction.atomic():
        draft = _unfinished(key)
        if draft.desk not in desks:
            raise NotFound(_("There is no such draft."))
        if draft.state != DraftState.PARKED and draft.owner_id != person.pk and draft.desk != desk:
            raise Overtaken(_("%(who)s has taken it up at another till.") % {"who": draft.owner.username})
        draft.desk = desk
        _go_on(draft, person)
    return draft


def abandon_draft(key: UUID, *, person: User) -> Draft:
    """Give a draft up: nothing came of it. What was held for it is free. Locks the draft, then as `let_go`. Raises AlreadyPlaced, Overtaken."""
    with transaction.atomic():
        draft = _unfinished(key)
        if draft.owner_id != person.pk:
            raise Overtaken(_("%(who)s has this order now.") % {"who": draft.owner.username})
        if draft.state != DraftState.ABANDONED:
            draft.abandon()
            draft.version += 1
            draft.save(update_fields=["state", "version"])
        let_go(draft.basket, actor=actor_of(person))
    return draft


def lapse_drafts(drafts: Sequence[Draft]) -> None:
    """Give up drafts that nobody has come back to. Records `draft.lapsed`."""
    for draft in drafts:
        draft.abandon()
        draft.version += 1
    bulk.save_all(drafts, "state", "version")
    record(fact("draft.lapsed", "draft", draft.pk, actor="station:expire") for draft in drafts)


def _go_on(draft: Draft, person: User) -> None:
    if draft.state != DraftState.OPEN:
        draft.take_up()
    if draft.owner_id != person.pk:
        record([fact("draft.taken_over", "draft", draft.pk, actor=actor_of(person), before=draft.owner.username)])
        draft.handed_by = draft.owner.username
        draft.owner = person
    draft.saved_at = timezone.now()
    draft.lapses_at = draft.saved_at + KEPT_FOR
    draft.version += 1
    draft.save(update_fields=["desk", "state", "owner", "handed_by", "saved_at", "lapses_at", "version"])


_KEPT = ("typed", "customer", "version", "page", "saved_at", "lapses_at")


def _keep(draft: Draft, typed: dict[str, Any], customer_id: int | None, seen: Seen) -> None:
    draft.typed, draft.customer_id = typed, customer_id
    draft.version += 1
    draft.page = seen.page
    draft.saved_at = timezone.now()
    draft.lapses_at = draft.saved_at + KEPT_FOR


def _unfinished(key: UUID) -> Draft:
    found = lock(Draft.objects.filter(key=key))
    if not found:
        raise NotFound(_("There is no such draft."))
    if found[0].order_id:
        raise AlreadyPlaced(_("This order is placed already: %(order)s.") % {"order": found[0].order.number}, order=found[0].order.number)
    return found[0]


def _taker(username: str) -> User:
    colleague = User.objects.filter(username=username).first()
    if colleague is None or not may(colleague, "orders.place_order"):
        raise Invalid(_("%(who)s takes no orders: choose somebody who does.") % {"who": username[:150]}, pointer="/colleague")
    return colleague
