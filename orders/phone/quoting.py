"""What a call comes to as it stands: prices as placing would give them, stock held while they talk, and when the rest can be there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Channel, Customer
from customers.services import register_customer
from inventory.availability import Availability, availability_of
from inventory.baskets import Held, hold_stock, let_go
from oms.core.errors import BusinessError, Invalid
from oms.core.readable import row_of
from orders.models import Order
from orders.phone.call import Call
from orders.placing import OrderDraft, price_draft, priced_skus


@dataclass(frozen=True)
class QuotedRow:
    """A line as the clerk sees it: with its price, what is held of it while they talk, and when all of it can be there."""

    sku: str
    quantity: str
    description: str = ""
    unit_price: Decimal | None = None
    net: Decimal | None = None
    held: int = 0
    on: date | None = None
    code: str = ""
    reason: str = ""
    is_wrong: bool = False

    @property
    def is_today(self) -> bool:
        return self.on == timezone.localdate()


@dataclass(frozen=True)
class Quote:
    """The lines of a call as they stand. `order`: with totals, where it is known who pays; `held_until`: when what is held lapses."""

    rows: Sequence[QuotedRow]
    order: Order | None = None
    error: BusinessError | None = None
    held_until: datetime | None = None


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
    rows = [
        _row(line.sku.code, line.quantity, line.description, line.unit_price, line.net, held, position, waiting[position])
        for position, line in enumerate(order.placed_lines)
    ]
    return Quote(rows, order, held_until=held.until if any(held.units.values()) else None)


def customer_of(call: Call) -> Customer | None:
    """Give the customer that was chosen."""
    pk = row_of(call.customer, Customer.NUMBER_PREFIX)
    return Customer.objects.prefetch_related("addresses").filter(pk=pk).first() if pk else None


def phone_channel() -> Channel:
    channel = Channel.objects.filter(kind="phone", is_active=True).first()
    if channel is None:
        raise Invalid(_("There is no telephone channel: a manager adds one in the admin."))
    return channel


def order_draft(call: Call, customer: Customer) -> OrderDraft:
    """Give the order that the call amounts to."""
    return OrderDraft(channel=phone_channel(), customer_id=customer.pk, lines=call.drafts, basket=call.basket, **call.options())


def _priced(call: Call, *, actor: str) -> Order | None:
    """Give the order as it would be placed; None while nobody knows for whom. Somebody new is registered for it, and forgotten again."""
    customer = customer_of(call)
    if customer is not None:
        return price_draft(order_draft(call, customer))
    if not call.is_new_customer or not call.fields.get("new_lines") or not call.fields.get("new_city"):
        return None
    with transaction.atomic():
        customer = register_customer(call.customer_draft(), channel=phone_channel(), actor=actor)
        order = price_draft(order_draft(call, customer))
        transaction.set_rollback(True)
    return order


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
    for position, (code, units) in enumerate(wanted):
        price = skus[code].list_price  # type: ignore[attr-defined]
        net = price * units if price is not None else None
        rows.append(_row(code, units, skus[code].name, price, net, held, position, waiting[position]))
    return Quote(rows, held_until=held.until if any(held.units.values()) else None)


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


def as_typed(call: Call, error: BusinessError) -> Quote:
    """Give the lines as they were typed, with what is wrong."""
    wrong = error.pointer.removeprefix("/lines/").partition("/")[0] if error.pointer.startswith("/lines/") else ""
    rows = [QuotedRow(row.sku, row.quantity, is_wrong=wrong == str(position)) for position, row in enumerate(call.rows)]
    return Quote(rows, error=error)


def _row(
    code: str,
    units: int,
    description: str,
    unit_price: Decimal | None,
    net: Decimal | None,
    held: Held,
    position: int,
    waiting: Availability | None,
) -> QuotedRow:
    here = ""
    if held.units[position]:
        facts = {"units": held.units[position], "places": ", ".join(held.places[position])}
        here = _("%(units)d held for this call in %(places)s.") % facts
    return QuotedRow(
        sku=code,
        quantity=str(units),
        description=description,
        unit_price=unit_price,
        net=net,
        held=held.units[position],
        on=waiting.arrives_on if waiting else timezone.localdate() + timedelta(days=held.days.get(position, 0)),
        code=waiting.code if waiting else "now",
        reason=f"{here} {waiting.reason}".strip() if waiting else here,
    )
