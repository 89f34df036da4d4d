"""Sales that are not finished: saved at every scan, parked while the next customer is served, taken up at any till of the shop."""

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounting.models import Till
from oms.core.access import actor_of
from oms.core.errors import Invalid
from oms.core.models import User
from oms.desk.counter.basket import Basket
from oms.desk.counter.selling import take_away
from orders.drafts import AlreadyPlaced, Seen, abandon_draft, lock_draft, note_placed, park_draft, save_draft, take_up
from orders.models import Draft, Order
from orders.states import DraftState

MOST_SHOWN = 30


def desk_of(till: Till) -> str:
    """Give what drafts call a till."""
    return f"till:{till.pk}"


def in_progress(till: Till, *, person: User) -> Draft | None:
    """Give the sale that somebody is at, or was when this till, or they, went away. One query."""
    mine = Draft.objects.unfinished().filter(desk=desk_of(till), owner=person, state=DraftState.OPEN)
    return mine.select_related("customer").first()


def waiting_at(till: Till, *, person: User, but: UUID) -> list[tuple[Draft, Till]]:
    """Give what can be taken up here, each with its till: what is parked in this shop, lies unfinished at this till, or is one's own. Two queries."""
    shop = _shop(till)
    rows = Draft.objects.unfinished().filter(Q(state=DraftState.PARKED) | Q(owner=person) | Q(desk=desk_of(till)), desk__in=shop)
    return [(draft, shop[draft.desk]) for draft in rows.exclude(key=but).select_related("owner", "customer")[:MOST_SHOWN]]


def save_basket(basket: Basket, till: Till, *, person: User) -> None:
    """Save a basket as it stands; one in which nothing was ever scanned is worth no row. As `save_draft`."""
    if basket.is_empty and not basket.seen.version:
        return
    customer = basket.chosen_customer
    saved = save_draft(basket.key, basket.typed(), customer_id=customer.pk if customer else None, seen=basket.seen, person=person, desk=desk_of(till))
    basket.seen = Seen(saved.version, basket.seen.page)


def park_basket(basket: Basket, till: Till, *, note: str = "", person: User) -> None:
    """Save a basket and leave it to whoever takes it up, at any till of the shop. Raises Invalid for an empty one; as `park_draft`."""
    if basket.is_empty:
        raise Invalid(_("Nothing is scanned yet: there is nothing to park."), pointer="/entry")
    save_basket(basket, till, person=person)
    park_draft(basket.key, note=note, person=person)


def take_up_basket(key: UUID, till: Till, *, person: User) -> None:
    """Go on at `till` with what waits in its shop. As `take_up`."""
    take_up(key, desk=desk_of(till), desks=_shop(till), person=person)


def give_up_basket(basket: Basket, *, person: User) -> None:
    """Give up what was scanned. As `abandon_draft`."""
    if basket.seen.version:
        abandon_draft(basket.key, person=person)


def sell_basket(basket: Basket, till: Till, *, person: User) -> Order:
    """Sell what is in a basket: once, however often it is sent, and from however many tills. Locks the draft, then as `take_away`.

    A card is charged before: its reference is saved first, and outlives whatever happens to the sale. Raises what `take_away` does, Invalid where
    a line means no SKU yet, Overtaken.
    """
    if basket.reference:
        with suppress(AlreadyPlaced):
            save_basket(basket, till, person=person)
    with transaction.atomic():
        draft = lock_draft(basket.key, seen=basket.seen, person=person, desk=desk_of(till))
        if draft.order is not None:
            return draft.order
        order = take_away(till.pk, basket.sale(), actor=actor_of(person))
        note_placed(draft, order, basket.typed(), seen=basket.seen)
    return order


def _shop(till: Till) -> dict[str, Till]:
    """Give the tills that sell from the same warehouse, each by what drafts call it."""
    return {desk_of(one): one for one in Till.objects.filter(warehouse=till.warehouse)}
