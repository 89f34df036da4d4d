"""Standing orders: every second Monday, the first of the month. They place themselves, and say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Address, Channel, Customer
from customers.services import draft_of
from customers.states import PaymentMethod
from inventory.models import Sku
from oms.core import bulk
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from oms.core.models import Event, Trouble
from orders.models import StandingLine, StandingOrder
from orders.placing import MOST_UNITS, LineDraft, OrderDraft, place_orders
from orders.recurring import next_from
from orders.states import RecurrenceUnit, StandingState

ACTOR = "station:standing"
MOST_LINES = 200
MOST_EVERY = {RecurrenceUnit.WEEK: 52, RecurrenceUnit.MONTH: 24}


@dataclass(frozen=True)
class StandingDraft:
    """A standing order as somebody wants it. `lines`: SKU code → units. `ship_to`: one of the customer's addresses; None: the usual one."""

    lines: Mapping[str, int]
    next_on: date
    unit: str = RecurrenceUnit.WEEK
    every: int = 1
    ends_on: date | None = None
    ship_to: int | None = None
    payment_method: str = ""
    accepts_part_deliveries: bool | None = None
    note: str = ""


def set_up_standing_order(customer_id: int, draft: StandingDraft, *, channel: Channel, actor: str) -> StandingOrder:
    """Set up a standing order. Raises Invalid for what makes no sense, NotFound. Records `standing.set_up`. Not safe to repeat."""
    with transaction.atomic():
        if not Customer.objects.filter(pk=customer_id).exists():
            raise NotFound(_("There is no such customer."))
        standing = StandingOrder(customer_id=customer_id, channel=channel, created_by=actor)
        _write(standing, draft)
        record([_fact("standing.set_up", standing, actor, rhythm=standing.rhythm)])
    return standing


def change_standing_order(pk: int, draft: StandingDraft, *, version: int, actor: str) -> StandingOrder:
    """Have a standing order as `draft` says from now on. Locks it. Raises Invalid, NotFound, and Conflict where it is over or another `version`
    by now. Records `standing.changed`.
    """
    with transaction.atomic():
        standing = _locked(pk)
        if standing.version != version:
            raise Conflict(_("Somebody has changed %(number)s in the meantime: look at it again.") % {"number": standing.number})
        _write(standing, draft)
        _forget_trouble(standing)
        record([_fact("standing.changed", standing, actor, rhythm=standing.rhythm)])
    return standing


def pause_standing_order(pk: int, *, actor: str) -> StandingOrder:
    """Have it place nothing until it is resumed. Locks it. Pausing it twice changes nothing. Records `standing.paused`."""
    with transaction.atomic():
        standing = _locked(pk)
        if standing.state == StandingState.ACTIVE:
            standing.pause()
            _forget_trouble(standing)
            _move(standing, "standing.paused", actor)
    return standing


def resume_standing_order(pk: int, *, actor: str) -> StandingOrder:
    """Have it go on with its next turn that is still to come. Locks it. Safe to repeat. Records `standing.resumed`."""
    with transaction.atomic():
        standing = _locked(pk)
        if standing.state == StandingState.PAUSED:
            standing.resume()
            if standing.next_on < timezone.localdate():
                standing.next_on = _next_on(standing)
            _move(standing, "standing.resumed", actor)
    return standing


def skip_next(pk: int, *, version: int, actor: str) -> StandingOrder:
    """Leave its next turn out. Locks it. `version`: as seen, so that two presses leave out one. Raises Conflict. Records `standing.skipped`."""
    with transaction.atomic():
        standing = _locked(pk)
        if standing.version != version:
            raise Conflict(_("Somebody has changed %(number)s in the meantime: look at it again.") % {"number": standing.number})
        skipped = standing.next_on
        standing.next_on = next_from(skipped, unit=standing.unit, every=standing.every, day=standing.day, today=max(skipped, timezone.localdate()))
        _end_if_over(standing)
        _forget_trouble(standing)
        _move(standing, "standing.skipped", actor, on=skipped.isoformat())
    return standing


def end_standing_order(pk: int, *, actor: str) -> StandingOrder:
    """End it: it places nothing any more, and stays to be read. Locks it. Raises Conflict where it is over. Records `standing.ended`."""
    with transaction.atomic():
        standing = _locked(pk)
        standing.end()
        _forget_trouble(standing)
        _move(standing, "standing.ended", actor)
    return standing


def standing_due() -> QuerySet[StandingOrder]:
    """Give the standing orders whose day has come, the longest due first."""
    return StandingOrder.objects.filter(state=StandingState.ACTIVE, next_on__lte=timezone.localdate()).order_by("next_on", "id")


def place_standing(rows: list[StandingOrder]) -> None:
    """Place the orders of `rows`, locked by the caller, and set each on to its next turn: one order, whatever was missed.

    What cannot be placed is raised, so that it stands in the exception inbox until somebody has changed it: its sentence says what is wrong.
    A turn is placed once, in one transaction with its being over; the channel takes its reference only once as well. A constant number of
    queries. Records `order.placed` and `standing.placed`.
    """
    known = {
        row.pk: row
        for row in StandingOrder.objects.filter(pk__in=[row.pk for row in rows])
        .select_related("channel", "ship_to")
        .prefetch_related(Prefetch("lines", StandingLine.objects.select_related("sku")))
    }
    placed = place_orders([_order_of(known[row.pk]) for row in rows], actor=ACTOR)
    facts = []
    for standing, order in zip(rows, placed, strict=True):
        if isinstance(order, BusinessError):
            raise order
        standing.placed_count += 1
        standing.version += 1
        standing.next_on = _next_on(standing)
        _end_if_over(standing)
        facts.append(_fact("standing.placed", standing, ACTOR, order_id=order.pk, order=order.number, next_on=standing.next_on.isoformat()))
    bulk.save_all(rows, "placed_count", "version", "next_on", "state")
    record(facts)


def _order_of(standing: StandingOrder) -> OrderDraft:
    address = standing.ship_to
    return OrderDraft(
        channel=standing.channel,
        customer_id=standing.customer_id,
        lines=[LineDraft(line.sku.code, line.quantity) for line in standing.lines.all()],
        ship_to=None if address is None else draft_of(address),
        external_reference=f"{standing.number} {standing.next_on:%Y-%m-%d}",
        payment_method=standing.payment_method,
        accepts_part_deliveries=standing.accepts_part_deliveries,
        note=standing.note,
        standing_order_id=standing.pk,
    )


def _next_on(standing: StandingOrder) -> date:
    return next_from(standing.next_on, unit=standing.unit, every=standing.every, day=standing.day, today=timezone.localdate())


def _end_if_over(standing: StandingOrder) -> None:
    if standing.ends_on and standing.next_on > standing.ends_on:
        standing.end()


def _locked(pk: int) -> StandingOrder:
    """Lock one that is not over. Raises NotFound, Conflict."""
    try:
        standing = lock_one(StandingOrder.objects.all(), pk)
    except StandingOrder.DoesNotExist:
        raise NotFound(_("There is no such standing order.")) from None
    if standing.is_over:
        raise Conflict(_("%(number)s has ended: set up a new one.") % {"number": standing.number})
    return standing


def _forget_trouble(standing: StandingOrder) -> None:
    """Have it tried at once: what kept it may be mended."""
    Trouble.objects.filter(station="standing", subject_id=standing.pk).delete()


def _move(standing: StandingOrder, kind: str, actor: str, *, on: str = "") -> None:
    standing.version += 1
    standing.save(update_fields=["state", "next_on", "version"])
    record([_fact(kind, standing, actor, on=on)])


def _write(standing: StandingOrder, draft: StandingDraft) -> None:
    """Check `draft` and write it to `standing`, lines and all."""
    if draft.unit not in RecurrenceUnit.values:
        raise Invalid(_("It recurs by weeks or by months."), pointer="/unit")
    most = MOST_EVERY[RecurrenceUnit(draft.unit)]
    if not 1 <= draft.every <= most:
        raise Invalid(_("It recurs every 1 to %(most)d.") % {"most": most}, pointer="/every")
    if draft.next_on < timezone.localdate():
        raise Invalid(_("The next order cannot be in the past."), pointer="/next_on")
    if draft.ends_on and draft.ends_on < draft.next_on:
        raise Invalid(_("It would end before its next order."), pointer="/ends_on")
    if draft.payment_method and draft.payment_method not in PaymentMethod.values:
        raise Invalid(_("There is no payment method %(method)s.") % {"method": draft.payment_method}, pointer="/payment_method")
    if draft.ship_to and not Address.objects.filter(pk=draft.ship_to, customer=standing.customer_id).exists():
        raise Invalid(_("That is no address of this customer."), pointer="/ship_to")
    skus = _skus(draft.lines)
    standing.unit, standing.every, standing.day = draft.unit, draft.every, draft.next_on.day
    standing.next_on, standing.ends_on = draft.next_on, draft.ends_on
    standing.ship_to_id = draft.ship_to
    standing.payment_method, standing.accepts_part_deliveries = draft.payment_method, draft.accepts_part_deliveries
    standing.note = draft.note.strip()[:2000]
    if standing.pk:
        standing.version += 1
        standing.lines.all().delete()
    standing.save()
    bulk.insert_all([StandingLine(standing_order=standing, sku=sku, quantity=units) for sku, units in skus])


def _skus(lines: Mapping[str, int]) -> Sequence[tuple[Sku, int]]:
    if not lines:
        raise Invalid(_("A standing order needs at least one line."), pointer="/lines")
    if len(lines) > MOST_LINES:
        raise Invalid(_("A standing order has at most %(most)d lines.") % {"most": MOST_LINES}, pointer="/lines")
    wanted = {code.strip().upper(): units for code, units in lines.items()}
    known = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted, is_active=True)}
    for code, units in wanted.items():
        if code not in known:
            raise Invalid(_("There is no SKU %(code)s for sale.") % {"code": code[:40]}, pointer="/lines", sku=code[:40])
        if not 1 <= units <= MOST_UNITS:
            raise Invalid(_("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": code, "most": MOST_UNITS}, pointer="/lines")
    return [(known[code], units) for code, units in wanted.items()]


def _fact(kind: str, standing: StandingOrder, actor: str, *, order_id: int | None = None, **facts: str) -> Event:
    return fact(kind, "standing", standing.pk, order_id=order_id, actor=actor, number=standing.number, **facts)
