"""What the phone form looks up while somebody types: each one query or two, whatever there is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from inventory.availability import Availability, availability_of
from inventory.baskets import Held, hold_stock, let_go
from inventory.models import Sku
from inventory.selectors import to_promise
from oms.core.errors import BusinessError
from orders.models import Order, OrderLine
from orders.phone.call import Call
from orders.placing import OrderDraft, price_draft, priced_skus

MOST_FOUND = 8


def skus_matching(text: str) -> list[Sku]:
    """Give the SKUs that `text` may mean, with `list_price` and `free` units over all warehouses; an exact code or barcode first."""
    if not text.strip():
        return []
    rows = priced_skus(currency=settings.BOOKS_CURRENCY).filter(is_active=True)
    found = list(rows.matching(text)[:MOST_FOUND])  # type: ignore[attr-defined]
    free = to_promise(found)
    for sku in found:
        sku.free = free[sku.pk]  # type: ignore[attr-defined]
    exact = text.strip().upper()
    return sorted(found, key=lambda sku: (sku.code != exact and sku.barcode != exact, not sku.code.startswith(exact), sku.code))


def meant(text: str) -> Sku | None:
    """Give the one SKU that `text` means: an exact code or barcode, or the only one that matches."""
    found = skus_matching(text)
    exact = text.strip().upper()
    if found and (len(found) == 1 or found[0].code == exact or found[0].barcode == exact):
        return found[0]
    return None


def last_orders(customer: Customer) -> list[Order]:
    """Give the customer's last five orders."""
    return list(Order.objects.filter(customer=customer, placed_at__isnull=False).order_by("-placed_at", "-id")[:5])


@dataclass(frozen=True)
class PricedRow:
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

    @property
    def is_today(self) -> bool:
        return self.on == timezone.localdate()


@dataclass(frozen=True)
class Quote:
    """The lines of a call as they stand, with totals where they can be priced. `held_until`: when what is held for the call lapses."""

    rows: list[PricedRow]
    order: Order | None
    error: BusinessError | None
    held_until: datetime | None = None


def quote(call: Call, draft: OrderDraft | None, *, actor: str) -> Quote:
    """Price a call as placing would, and hold its stock for it. What cannot be priced yet is shown as typed, with the reason, and holds nothing."""
    as_typed = [PricedRow(row.sku, row.quantity) for row in call.rows]
    if draft is None or not call.rows:
        let_go(call.basket, actor=actor)
        return Quote(as_typed, None, None)
    try:
        order = price_draft(draft)
        lines = [(line.sku.code, line.quantity) for line in order.placed_lines]
        held = hold_stock(call.basket, lines, country=order.country, postcode=order.postcode, actor=actor)
    except BusinessError as error:
        return Quote(as_typed, None, error)
    missing = [(code, units - held.units[position]) for position, (code, units) in enumerate(lines)]
    answers = iter(availability_of([line for line in missing if line[1]], country=order.country, postcode=order.postcode))
    rows = [_row(line, held, position, next(answers) if missing[position][1] else None) for position, line in enumerate(order.placed_lines)]
    return Quote(rows, order, None, held.until if any(held.units.values()) else None)


def _row(line: OrderLine, held: Held, position: int, waiting: Availability | None) -> PricedRow:
    here = ""
    if held.units[position]:
        facts = {"units": held.units[position], "places": ", ".join(held.places[position])}
        here = _("%(units)d held for this call in %(places)s.") % facts
    return PricedRow(
        sku=line.sku.code,
        quantity=str(line.quantity),
        description=line.description,
        unit_price=line.unit_price,
        net=line.net,
        held=held.units[position],
        on=waiting.arrives_on if waiting else timezone.localdate() + timedelta(days=held.days.get(position, 0)),
        code=waiting.code if waiting else "now",
        reason=f"{here} {waiting.reason}".strip() if waiting else here,
    )
