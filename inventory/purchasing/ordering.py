"""Ordering from vendors: by hand or from what is needed, approved and sent, with the prices of that quantity."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, Sku, Vendor, VendorItem, Warehouse
from inventory.pegging import supply_changed
from inventory.purchasing.grouping import price_at
from inventory.purchasing.receiving import tolerated
from oms.core import bulk
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock_one
from oms.core.money import ZERO, round_amount

MOST_LINES = 500
MOST_UNITS = 1_000_000_000
MOST_COST = Decimal(1_000_000_000)
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Wanted:
    """So many units of a SKU to buy. `unit_cost`: in the vendor's currency; None takes the vendor's price at that quantity, or what the SKU costs.

    `drop_ship_line_id`: the order line that the vendor ships it for.
    """

    sku_id: int
    quantity: int
    unit_cost: Decimal | None = None
    drop_ship_line_id: int | None = None


@dataclass(frozen=True)
class Draft:
    """An order to be made: with a vendor, for a warehouse; or for a customer's order, which the vendor ships to the address `ship_to`."""

    vendor_id: int
    warehouse_id: int
    wanted: Sequence[Wanted]
    expected_on: date | None = None
    note: str = ""
    drop_ship_order_id: int | None = None
    ship_to: Mapping[str, Any] | None = None


@dataclass
class _Catalogue:
    """What vendors say of SKUs, loaded once: (vendor, SKU) → item, SKU → what it costs us."""

    vendors: dict[int, Vendor]
    items: dict[tuple[int, int], VendorItem] = field(default_factory=dict)
    costs: dict[int, Decimal] = field(default_factory=dict)

    def cost(self, vendor: int, sku: int, quantity: int) -> Decimal:
        item = self.items.get((vendor, sku))
        breaks = [(price.from_quantity, price.unit_price) for price in item.prices.all()] if item else []
        return price_at(breaks, quantity) if breaks else (self.costs[sku] / self.vendors[vendor].books_rate).quantize(FOUR_PLACES)

    def lead_days(self, vendor: int, sku: int) -> int:
        item = self.items.get((vendor, sku))
        return self.vendors[vendor].lead_time_days if item is None or item.lead_time_days is None else item.lead_time_days


def place_purchase_order(
    vendor_id: int,
    warehouse_id: int,
    wanted: Sequence[Wanted],
    *,
    actor: str,
    drop_ship_order_id: int | None = None,
    ship_to: Mapping[str, Any] | None = None,
) -> PurchaseOrder:
    """Order `wanted`, approved and sent. As `place_purchase_orders`, for one."""
    [order] = place_purchase_orders([Draft(vendor_id, warehouse_id, wanted, drop_ship_order_id=drop_ship_order_id, ship_to=ship_to)], actor=actor)
    return order


def place_purchase_orders(drafts: Sequence[Draft], *, actor: str) -> list[PurchaseOrder]:
    """Make orders that are approved and sent: a station renders and mails them. In the caller's transaction.

    A constant number of statements, whatever their number. Raises Invalid as `draft_order`. Records `purchase.ordered`; has the pegs made anew.
    """
    orders, catalogue = _worded(drafts, actor=actor)
    for order in orders:
        order.approve()
        _send(order)
    bulk.insert_all(orders)
    lines = _lines(orders, drafts, catalogue)
    record(_ordered(order, catalogue.vendors[order.vendor_id], actor) for order in orders)
    supply_changed(line.sku_id for line in lines)
    return orders


def draft_order(draft: Draft, *, actor: str) -> PurchaseOrder:
    """Draft an order by hand, to be approved by somebody. Records `purchase.drafted`.

    Raises Invalid for no lines or too many, units or a cost out of bounds, a SKU twice, a kit, and a vendor or SKU that is given up.
    """
    with transaction.atomic():
        orders, catalogue = _worded([draft], actor=actor)
        bulk.insert_all(orders)
        lines = _lines(orders, [draft], catalogue)
        [order] = orders
        record([fact("purchase.drafted", "purchase", order.pk, actor=actor, number=order.number, vendor=catalogue.vendors[order.vendor_id].name)])
        supply_changed(line.sku_id for line in lines)
    return order


def approve_order(pk: int, *, accept_below_minimum: bool = False, version: int | None = None, actor: str) -> PurchaseOrder:
    """Approve a draft and send it: currency, rate, terms and tolerance are frozen, a station renders and mails it.

    Locks the order. Safe to repeat: one that is approved already is given back as it is. Raises NotFound; Conflict where it was changed since
    `version`, is below the vendor's minimum order without `accept_below_minimum`, or cannot be approved. Records `purchase.ordered`.
    """
    with transaction.atomic():
        order = locked_order(pk)
        if order.sent_at is not None:
            return order
        if not order.can_approve:
            raise Conflict(_("%(number)s is not a draft any more.") % {"number": order.number})
        check_version(order, version)
        lines = list(order.lines.all())
        total = sum((line.net for line in lines), ZERO)
        check_minimum(order.vendor, total, accept_below_minimum=accept_below_minimum)
        if order.currency != order.vendor.currency:
            raise Conflict(
                _("%(vendor)s sells in %(currency)s now: make the order anew.") % {"vendor": order.vendor.name, "currency": order.vendor.currency}
            )
        order.approve()
        order.save(update_fields=["state"])
        _send(order)
        order.version += 1
        order.save(update_fields=["state", "books_rate", "terms_days", "sent_at", "version"])
        for line in lines:
            line.over = tolerance(order, line.quantity)
        bulk.save_all(lines, "over")
        record([_ordered(order, order.vendor, actor)])
        supply_changed(line.sku_id for line in lines)
    return order


def order_from_vendor(vendor: Vendor, warehouse: Warehouse, lines: Sequence[tuple[Sku, int]], *, actor: str) -> PurchaseOrder:
    """Order goods without a need: (SKU, units ≥ 1), approved and sent. As `place_purchase_orders`."""
    with transaction.atomic():
        return place_purchase_order(vendor.pk, warehouse.pk, [Wanted(sku.pk, units) for sku, units in lines], actor=actor)


def locked_order(pk: int) -> PurchaseOrder:
    """Lock a purchase order and give it with its vendor and warehouse. Raises NotFound."""
    try:
        return lock_one(PurchaseOrder.objects.select_related("vendor", "warehouse"), pk)
    except PurchaseOrder.DoesNotExist:
        raise NotFound(_("There is no such purchase order.")) from None


def check_version(order: PurchaseOrder, version: int | None) -> None:
    """Refuse a change that was decided on an older state of the order. Raises Conflict."""
    if version is not None and version != order.version:
        raise Conflict(_("%(number)s was changed meanwhile: look at it again.") % {"number": order.number}, version=order.version)


def check_minimum(vendor: Vendor, total: Decimal, *, accept_below_minimum: bool) -> None:
    """Refuse an order below what the vendor asks for, unless somebody has accepted that. Raises Conflict."""
    short = round_amount(vendor.minimum_order - total, vendor.currency)
    if short > 0 and not accept_below_minimum:
        raise Conflict(
            _("%(vendor)s takes orders from %(minimum)s %(currency)s on, this one lacks %(short)s: add to it, or confirm that it is to go as it is.")
            % {
                "vendor": vendor.name,
                "minimum": round_amount(vendor.minimum_order, vendor.currency),
                "currency": vendor.currency,
                "short": short,
            },
            short=str(short),
            currency=vendor.currency,
        )


def price_for(vendor: Vendor, sku_ids: Sequence[int]) -> _Catalogue:
    """Give what a vendor asks for SKUs: `.cost(vendor, sku, quantity)`. Four queries."""
    return _catalogue({vendor.pk}, set(sku_ids))


def _worded(drafts: Sequence[Draft], *, actor: str) -> tuple[list[PurchaseOrder], _Catalogue]:
    """Check drafts and make orders of them, not saved yet."""
    catalogue = _catalogue({draft.vendor_id for draft in drafts}, {want.sku_id for draft in drafts for want in draft.wanted})
    skus = Sku.objects.in_bulk({want.sku_id for draft in drafts for want in draft.wanted})
    for draft in drafts:
        _check(draft, catalogue, skus)
    now, today = timezone.now(), timezone.localdate()
    orders = [
        PurchaseOrder(
            vendor=(vendor := catalogue.vendors[draft.vendor_id]),
            warehouse_id=draft.warehouse_id,
            currency=vendor.currency,
            books_rate=vendor.books_rate,
            terms_days=vendor.terms_days,
            expected_on=draft.expected_on or today + timedelta(days=vendor.lead_time_days),
            note=draft.note.replace("\x00", "").strip()[:500],
            drop_ship_order_id=draft.drop_ship_order_id,
            ship_to=dict(draft.ship_to) if draft.ship_to is not None else None,
            created_at=now,
            created_by=actor,
        )
        for draft in drafts
    ]
    return orders, catalogue


def _catalogue(vendors: set[int], skus: set[int]) -> _Catalogue:
    found = _Catalogue(Vendor.objects.in_bulk(vendors))
    for item in VendorItem.objects.filter(vendor__in=vendors, sku__in=skus).prefetch_related("prices"):
        found.items[item.vendor_id, item.sku_id] = item
    found.costs = dict(Sku.objects.filter(pk__in=skus).values_list("id", "cost"))
    return found


def _check(draft: Draft, catalogue: _Catalogue, skus: Mapping[int, Sku]) -> None:
    vendor = catalogue.vendors.get(draft.vendor_id)
    if vendor is None or not vendor.is_active:
        raise Invalid(_("Choose a vendor that is still bought from."), pointer="/vendor")
    if not draft.wanted or len(draft.wanted) > MOST_LINES:
        raise Invalid(_("A purchase order needs 1 to %(most)d lines.") % {"most": MOST_LINES}, pointer="/lines")
    check_wanted(draft.wanted, skus)


def check_wanted(wanted: Sequence[Wanted], skus: Mapping[int, Sku], *, on_it: Collection[int] = (), pointer: str = "/lines") -> None:
    """Refuse what cannot be bought: a SKU that is given up, a kit, one twice or `on_it` already, units or a cost out of bounds. Raises Invalid."""
    seen: set[int] = set()
    for position, want in enumerate(wanted):
        sku = skus.get(want.sku_id)
        if sku is None or not sku.is_active:
            raise Invalid(_("That SKU is not sold any more."), pointer=f"{pointer}/{position}/sku")
        if sku.is_kit:
            raise Invalid(_("%(sku)s is a kit: buy its components.") % {"sku": sku.code}, pointer=f"{pointer}/{position}/sku")
        if want.sku_id in seen:
            raise Invalid(_("%(sku)s stands there twice: add the two lines up.") % {"sku": sku.code}, pointer=f"{pointer}/{position}/sku")
        if want.sku_id in on_it:
            raise Invalid(_("%(sku)s is on the order already: change its quantity.") % {"sku": sku.code}, pointer=f"{pointer}/{position}/sku")
        seen.add(want.sku_id)
        check_quantity(want.quantity, sku.code, pointer=f"{pointer}/{position}/quantity")
        if want.unit_cost is not None:
            check_cost(want.unit_cost, sku.code, pointer=f"{pointer}/{position}/unit_cost")


def check_quantity(quantity: int, sku: str, *, least: int = 1, pointer: str = "/quantity") -> None:
    if not least <= quantity <= MOST_UNITS:
        raise Invalid(
            _("The quantity of %(sku)s must be between %(least)d and %(most)d.") % {"sku": sku, "least": least, "most": MOST_UNITS}, pointer=pointer
        )


def check_cost(cost: Decimal, sku: str, *, pointer: str = "/unit_cost") -> None:
    if not cost.is_finite() or not 0 <= cost <= MOST_COST:
        raise Invalid(_("The price of %(sku)s is zero, for what comes free of charge, or more.") % {"sku": sku}, pointer=pointer)


def _lines(orders: Sequence[PurchaseOrder], drafts: Sequence[Draft], catalogue: _Catalogue) -> list[PurchaseOrderLine]:
    today = timezone.localdate()
    lines = []
    for order, draft in zip(orders, drafts, strict=True):
        usual = catalogue.vendors[draft.vendor_id].lead_time_days
        for want in draft.wanted:
            days = catalogue.lead_days(draft.vendor_id, want.sku_id)
            lines.append(_line(order, want, catalogue, expected_on=None if draft.expected_on or days == usual else today + timedelta(days=days)))
    return list(bulk.insert_all(lines))


def add_lines(order: PurchaseOrder, wanted: Sequence[Wanted], *, on_it: Collection[int]) -> list[PurchaseOrderLine]:
    """Put lines on an order that has the SKUs `on_it`. What takes longer than the order is expected a day of its own. Six queries. Raises Invalid."""
    skus = Sku.objects.in_bulk({want.sku_id for want in wanted})
    if len(on_it) + len(wanted) > MOST_LINES:
        raise Invalid(_("A purchase order needs 1 to %(most)d lines.") % {"most": MOST_LINES}, pointer="/add")
    check_wanted(wanted, skus, on_it=on_it, pointer="/add")
    catalogue, today = price_for(order.vendor, list(skus)), timezone.localdate()
    lines = []
    for want in wanted:
        day = today + timedelta(days=catalogue.lead_days(order.vendor_id, want.sku_id))
        line = _line(order, want, catalogue, expected_on=day if order.expected_on is None or day > order.expected_on else None)
        line.sku = skus[want.sku_id]
        lines.append(line)
    return list(bulk.insert_all(lines))


def _line(order: PurchaseOrder, want: Wanted, catalogue: _Catalogue, *, expected_on: date | None) -> PurchaseOrderLine:
    cost = catalogue.cost(order.vendor_id, want.sku_id, want.quantity) if want.unit_cost is None else want.unit_cost
    return PurchaseOrderLine(
        order=order,
        sku_id=want.sku_id,
        quantity=want.quantity,
        over=tolerance(order, want.quantity) if order.sent_at else 0,
        unit_cost=cost,
        expected_on=expected_on,
        drop_ship_line_id=want.drop_ship_line_id,
    )


def _send(order: PurchaseOrder) -> None:
    """Send an approved order, with what holds on this day frozen. The caller saves it: the database wants to see each move."""
    order.send()
    order.books_rate = Decimal(1) if order.currency == settings.BOOKS_CURRENCY else order.vendor.books_rate
    order.terms_days = order.vendor.terms_days
    order.sent_at = timezone.now()


def tolerance(order: PurchaseOrder, quantity: int) -> int:
    """Give how many more than `quantity` may come. What a vendor ships himself has none: our customer ordered so many."""
    return 0 if order.drop_ship_order_id else tolerated(quantity, order.vendor.over_receipt_percent)


def _ordered(order: PurchaseOrder, vendor: Vendor, actor: str) -> Any:
    return fact("purchase.ordered", "purchase", order.pk, actor=actor, number=order.number, vendor=vendor.name)
