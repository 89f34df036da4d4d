"""What a call comes to as it stands: prices as placing would give them, stock held while they talk, and when the rest can be there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Channel, Customer
from customers.services import AddressDraft, draft_of, register_customer
from inventory.availability import Availability, availability_of
from inventory.baskets import Held, hold_stock, let_go
from oms.core.errors import BusinessError, Invalid
from oms.core.readable import row_of
from orders.delivering import Way, delivered_by, ways_for
from orders.models import Order, OrderLine
from orders.phone.call import Call, Row
from orders.phone.selectors import Duplicate, Offer, duplicate_of, substitutes_of
from orders.placing import OrderDraft, price_draft, priced_skus


@dataclass(frozen=True)
class QuotedRow:
    """A line as the clerk sees it: with its price and why, what is held of it while they talk, and when all of it can be there.

    `was`: what a unit cost when it was last bought, where that is not what it costs now. `instead`: what may take its place where it is not there.
    """

    sku: str
    quantity: str
    discount: str = ""
    bought_at: str = ""
    description: str = ""
    unit_price: Decimal | None = None
    price_said: str = ""
    has_story: bool = False
    net: Decimal | None = None
    margin: Decimal | None = None
    held: int = 0
    on: date | None = None
    leaves_on: date | None = None
    code: str = ""
    reason: str = ""
    is_wrong: bool = False
    instead: Sequence[Offer] = ()

    @property
    def is_today(self) -> bool:
        return self.on == timezone.localdate()

    @property
    def was(self) -> Decimal | None:
        try:
            before = Decimal(self.bought_at) if self.bought_at else None
        except InvalidOperation:
            return None
        return before if before is not None and self.unit_price is not None and before != self.unit_price else None


@dataclass(frozen=True)
class Quote:
    """The lines of a call as they stand. `order`: with totals, where it is known who pays; `held_until`: when what is held lapses.

    `is_undeliverable`: the way of delivery that was chosen does not take it any more.
    """

    rows: Sequence[QuotedRow]
    order: Order | None = None
    error: BusinessError | None = None
    held_until: datetime | None = None
    ways: Sequence[Way] = ()
    is_undeliverable: bool = False
    duplicate: Duplicate | None = None
    refused_codes: dict[str, str] = field(default_factory=dict)

    @property
    def margin(self) -> Decimal | None:
        """What is earned on all lines together, by what their SKUs cost."""
        return sum((row.margin for row in self.rows if row.margin is not None), Decimal(0)) if self.order else None

    @property
    def credit_left(self) -> Decimal | None:
        """What the customer may still buy on account once this is ordered; None where there is no limit."""
        left = self.order.customer.credit_left if self.order else None
        return left - self.order.total if left is not None and self.order else None

    @property
    def is_beyond_credit(self) -> bool:
        return self.credit_left is not None and self.credit_left < 0

    @property
    def arrives_on(self) -> date | None:
        """The day on which all of it can be there, by the way chosen; None where nobody knows."""
        days = [row.on for row in self.rows]
        return max((day for day in days if day), default=None) if all(days) else None


def quote(call: Call, *, actor: str, holds: bool) -> Quote:
    """Price a call as placing would, and hold its stock for it where it `holds`, which a page that is only looked at does not.

    What cannot be priced yet is shown as typed, with the reason, and holds nothing.
    """
    if not call.rows:
        if holds:
            let_go(call.basket, actor=actor)
        return Quote([])
    try:
        order = _priced(call, actor=actor)
        if order is None:
            return _without_totals(call, actor=actor, holds=holds)
        wanted = [(line.sku.code, line.quantity) for line in order.placed_lines]
        held, waiting = _held(call, wanted, country=order.country, postcode=order.postcode, actor=actor, holds=holds)
    except BusinessError as error:
        return as_typed(call, error)
    lines = zip(call.rows, order.placed_lines, waiting, strict=True)
    rows = _with_substitutes([_of_line(row, line, held, position, later) for position, (row, line, later) in enumerate(lines)])
    ways = ways_for(order, leaves_on=_leaves_on(rows))
    return Quote(
        rows,
        order,
        held_until=held.until if any(held.units.values()) else None,
        ways=ways,
        is_undeliverable=bool(call.delivery) and call.delivery not in {way.code for way in ways},
        duplicate=duplicate_of(order.customer_id, [row.sku for row in rows]),
        refused_codes=order.refused_codes,
    )


def as_typed(call: Call, error: BusinessError) -> Quote:
    """Give the lines as they were typed, with what is wrong."""
    wrong = line_of(error)
    return Quote([replace(_typed(row), is_wrong=wrong == str(position)) for position, row in enumerate(call.rows)], error=error)


def line_of(error: BusinessError) -> str:
    """Give the position of the line that an error is about, as it is written in its pointer; empty where it is about none."""
    return error.pointer.removeprefix("/lines/").partition("/")[0] if error.pointer.startswith("/lines/") else ""


def customer_of(call: Call) -> Customer | None:
    """Give the customer that was chosen."""
    pk = row_of(call.customer, Customer.NUMBER_PREFIX)
    return Customer.objects.prefetch_related("addresses", "payment_preferences").filter(pk=pk).first() if pk else None


def phone_channel() -> Channel:
    channel = Channel.objects.filter(kind="phone", is_active=True).first()
    if channel is None:
        raise Invalid(_("There is no telephone channel: a manager adds one in the admin."))
    return channel


def order_draft(call: Call, customer: Customer, *, actor: str) -> OrderDraft:
    """Give the order that the call amounts to. How it is delivered is for `delivered_by` to say."""
    return OrderDraft(
        channel=phone_channel(),
        customer_id=customer.pk,
        lines=call.drafts,
        basket=call.basket,
        ship_to=_ship_to(call, customer),
        **call.options() | {"payment_method": call.fields.get("payment_method") or usual_payment(customer)},
    )


def usual_payment(customer: Customer) -> str:
    """Give how a customer likes to pay, else how it was agreed."""
    preferred = next((preference.method for preference in customer.payment_preferences.all() if preference.is_default), "")
    return preferred or customer.payment_method


def _ship_to(call: Call, customer: Customer) -> AddressDraft | None:
    chosen = next((address for address in customer.addresses.all() if str(address.pk) == call.fields.get("ship_to")), None)
    return draft_of(chosen) if chosen else None


def _priced(call: Call, *, actor: str) -> Order | None:
    """Give the order as it would be placed; None while nobody knows for whom. Somebody new is registered for it, and forgotten again."""
    customer = customer_of(call)
    if customer is not None:
        return price_draft(_delivered(call, customer, actor=actor), actor=actor)
    if not call.is_new_customer or not call.fields.get("new_lines") or not call.fields.get("new_city"):
        return None
    with transaction.atomic():
        customer = register_customer(call.customer_draft(), channel=phone_channel(), actor=actor)
        order = price_draft(_delivered(call, customer, actor=actor), actor=actor)
        transaction.set_rollback(True)
    return order


def _delivered(call: Call, customer: Customer, *, actor: str) -> OrderDraft:
    """Give the order that the call amounts to, with what its delivery costs where it can be delivered so."""
    draft = order_draft(call, customer, actor=actor)
    if call.delivery:
        with suppress(Invalid):  # what else is wrong with it is said when it is priced, and that it goes another way beside the ways
            return delivered_by(draft, call.delivery, actor=actor)
    return draft


def _without_totals(call: Call, *, actor: str, holds: bool) -> Quote:
    """Show list prices and dates while nobody knows who is calling: a price of theirs, and the tax, are not known yet."""
    drafts = call.drafts
    skus = {sku.code: sku for sku in priced_skus(currency=settings.BOOKS_CURRENCY).filter(code__in=[line.sku.upper() for line in drafts])}
    for position, line in enumerate(drafts):
        if line.sku.upper() not in skus:
            raise Invalid(_("There is no SKU %(code)s.") % {"code": line.sku}, pointer=f"/lines/{position}/sku")
    wanted = [(line.sku.upper(), line.quantity) for line in drafts]
    held, waiting = _held(call, wanted, country="", postcode="", actor=actor, holds=holds)
    rows = []
    for position, (row, (code, units)) in enumerate(zip(call.rows, wanted, strict=True)):
        price = skus[code].list_price  # type: ignore[attr-defined]
        shown = replace(_typed(row), sku=code, description=skus[code].name, unit_price=price, net=price * units if price is not None else None)
        rows.append(_promised(shown, held, position, waiting[position]))
    return Quote(_with_substitutes(rows), held_until=held.until if any(held.units.values()) else None)


def _held(
    call: Call, wanted: Sequence[tuple[str, int]], *, country: str, postcode: str, actor: str, holds: bool
) -> tuple[Held, Sequence[Availability | None]]:
    """Hold what there is, and say of each line when the rest of it can be there; None where all of it is held."""
    if holds:
        held = hold_stock(call.basket, wanted, country=country, postcode=postcode, actor=actor)
    else:
        held = Held(dict.fromkeys(range(len(wanted)), 0), timezone.now(), {}, {})
    missing = [(code, units - held.units[position]) for position, (code, units) in enumerate(wanted)]
    answers = iter(availability_of([line for line in missing if line[1]], country=country, postcode=postcode))
    return held, [next(answers) if units else None for _code, units in missing]


def _typed(row: Row) -> QuotedRow:
    return QuotedRow(row.sku, row.quantity, row.discount, row.was)


def _of_line(row: Row, line: OrderLine, held: Held, position: int, waiting: Availability | None) -> QuotedRow:
    shown = replace(
        _typed(row),
        sku=line.sku.code,
        quantity=str(line.quantity),
        description=line.description,
        unit_price=line.unit_price,
        price_said=line.price_said,
        has_story=line.has_price_story,
        net=line.net,
        margin=line.margin,
    )
    return _promised(shown, held, position, waiting)


def _promised(row: QuotedRow, held: Held, position: int, waiting: Availability | None) -> QuotedRow:
    today = timezone.localdate()
    here = ""
    if held.units[position]:
        facts = {"units": held.units[position], "places": ", ".join(held.places[position])}
        here = _("%(units)d held for this call in %(places)s.") % facts
    return replace(
        row,
        held=held.units[position],
        on=waiting.arrives_on if waiting else today + timedelta(days=held.days.get(position, 0)),
        leaves_on=waiting.ships_on if waiting else today,
        code=waiting.code if waiting else "now",
        reason=f"{here} {waiting.reason}".strip() if waiting else here,
    )


def _leaves_on(rows: Sequence[QuotedRow]) -> date | None:
    days = [row.leaves_on for row in rows]
    return max((day for day in days if day), default=None) if all(days) else None


def _with_substitutes(rows: list[QuotedRow]) -> list[QuotedRow]:
    """Offer something else beside what is not all there now."""
    instead = substitutes_of([row.sku for row in rows if row.code != "now"])
    return [replace(row, instead=instead[row.sku]) if row.sku in instead else row for row in rows]
