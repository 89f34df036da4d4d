"""What the phone form looks up while somebody types: each one query or two, whatever there is."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from customers.models import Customer
from inventory.models import Sku, StockLevel
from oms.core.errors import BusinessError
from orders.models import Order, OrderLine
from orders.phone.call import Call
from orders.placing import OrderDraft, price_draft, priced_skus

MOST_FOUND = 8


def customers_matching(text: str) -> list[Customer]:
    """Give the customers that `text` may mean: name, number, telephone, e-mail. The latest buyers first."""
    if len(text.strip()) < 2:
        return []
    return list(Customer.objects.matching(text).order_by(F("last_order_at").desc(nulls_last=True), "-id")[:MOST_FOUND])


def skus_matching(text: str) -> list[Sku]:
    """Give the SKUs that `text` may mean, with `list_price` and `free` units over all warehouses; an exact code or barcode first."""
    if not text.strip():
        return []
    free = (
        StockLevel.objects.filter(sku=OuterRef("pk"), warehouse__is_active=True, warehouse__kind="warehouse")
        .values("sku")
        .annotate(units=Sum(F("on_hand") - F("reserved")))
        .values("units")
    )
    rows = priced_skus(currency=settings.BOOKS_CURRENCY).filter(is_active=True).annotate(free=Coalesce(Subquery(free), 0))
    found = list(rows.matching(text)[:MOST_FOUND])  # type: ignore[attr-defined]
    exact = text.strip().upper()
    return sorted(found, key=lambda sku: (sku.code != exact and sku.barcode != exact, not sku.code.startswith(exact), sku.code))


def meant(text: str) -> Sku | None:
    """Give the one SKU that `text` means: an exact code or barcode, or the only one that matches."""
    found = skus_matching(text)
    exact = text.strip().upper()
    if found and (len(found) == 1 or found[0].code == exact or found[0].barcode == exact):
        return found[0]
    return None


def free_units(codes: list[str]) -> dict[str, int]:
    """Give code → free units over all warehouses. One query."""
    rows = StockLevel.objects.filter(sku__code__in=codes, warehouse__is_active=True, warehouse__kind="warehouse").values_list("sku__code")
    return dict(rows.annotate(units=Sum(F("on_hand") - F("reserved"))).order_by())


def last_orders(customer: Customer) -> list[Order]:
    """Give the customer's last five orders."""
    return list(Order.objects.filter(customer=customer, placed_at__isnull=False).order_by("-placed_at", "-id")[:5])


@dataclass(frozen=True)
class PricedRow:
    """A line as the clerk sees it: with its price, and whether it is there."""

    sku: str
    quantity: str
    description: str = ""
    unit_price: Decimal | None = None
    net: Decimal | None = None
    free: int = 0
    is_short: bool = False


@dataclass(frozen=True)
class Quote:
    """The lines of a call as they stand, with totals where they can be priced."""

    rows: list[PricedRow]
    order: Order | None
    error: BusinessError | None


def quote(call: Call, draft: OrderDraft | None) -> Quote:
    """Price a call as placing would. What cannot be priced yet is shown as typed, with the reason."""
    free = free_units([row.sku.upper() for row in call.rows])
    if draft is None or not call.rows:
        return Quote([PricedRow(row.sku, row.quantity, free=free.get(row.sku.upper(), 0)) for row in call.rows], None, None)
    try:
        order = price_draft(draft)
    except BusinessError as error:
        return Quote([PricedRow(row.sku, row.quantity, free=free.get(row.sku.upper(), 0)) for row in call.rows], None, error)
    return Quote([_row(line, free) for line in order.placed_lines], order, None)


def _row(line: OrderLine, free: dict[str, int]) -> PricedRow:
    there = free.get(line.sku.code, 0)
    return PricedRow(
        sku=line.sku.code,
        quantity=str(line.quantity),
        description=line.description,
        unit_price=line.unit_price,
        net=line.net,
        free=there,
        is_short=there < line.quantity,
    )
