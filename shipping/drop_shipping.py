"""Drop shipment: the vendor ships to our customer what we do not have.

What an order waits for is bought for it, from a vendor who sends it to the customer's address. When he says that he has shipped, the goods come in
and go out again in one transaction, through the place of kind `drop_ship` in which nothing ever lies: receipt, reservation, shipment and issue are
those of any other order, so the counters, the cost of the sale, the invoice and the customer's mail follow as they always do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.backorders import have_vendor_ship, vendor_shipped
from inventory.models import Backorder, PurchaseOrder, PurchaseOrderLine, Receipt, Reservation, Sku, Vendor, VendorItem, Warehouse
from inventory.purchasing.ordering import Wanted, place_purchase_order
from inventory.purchasing.receiving import known_receipt, lock_purchase, take_in
from inventory.reserving import reserve_there
from inventory.states import PurchaseState, WarehouseKind
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.locks import lock
from orders.holding import lock_order
from orders.models import Order, OrderLine
from orders.progress import note_planned, note_step
from orders.reserving import take_from_vendor
from orders.selectors import lines_of
from shipping.dispatching import dispatch_locked
from shipping.handing_out import handed_out, stand_in
from shipping.models import Shipment
from shipping.states import ShipmentState

VENDOR_SHIPS = "vendor"
OPEN = (PurchaseState.DRAFT, PurchaseState.APPROVED, PurchaseState.SENT, PurchaseState.ACKNOWLEDGED, PurchaseState.PARTLY_RECEIVED)


def order_drop_shipment(pk: int, line_ids: Collection[int], *, vendor_id: int, actor: str) -> PurchaseOrder:
    """Have a vendor ship to the customer what lines of an order wait for: all that each of them waits for.

    Makes a purchase order with the customer's address; from then on the lines get nothing from our shelves. Ordering the same lines again gives
    the first purchase order back. Locks the order and its backorders. Raises NotFound, Invalid, and Conflict where nothing waits, a kit is asked for,
    or the order may not go on. Records `order.drop_shipped`, `purchase.ordered`.
    """
    with transaction.atomic():
        order = lock_order(pk)
        lines = _chosen(order, line_ids)
        rows = [row for row in lock(Backorder.objects.filter(order_id=pk)) if row.line_id in lines]
        known = _ordered_already(rows)
        if known is not None:
            return known
        _refuse_unless_it_may_go(order)
        _refuse_unless_they_wait(order, list(lines.values()), rows)
        _refuse_a_second_delivery(order, {line.pk: line.backordered for line in lines.values()})
        purchase = place_purchase_order(
            vendor_id,
            _place().pk,
            [Wanted(line.sku_id, line.backordered, drop_ship_line_id=line.pk) for line in lines.values()],
            actor=actor,
            drop_ship_order_id=pk,
            ship_to=order.ship_to | {"phone": order.phone},
        )
        bought = {line.drop_ship_line_id: line for line in purchase.lines.select_related("order") if line.drop_ship_line_id}
        have_vendor_ship(rows, bought)
        units = sum(line.backordered for line in lines.values())
        record([fact("order.drop_shipped", "order", pk, order_id=pk, actor=actor, number=purchase.number, vendor=purchase.vendor.name, units=units)])
    return purchase


def confirm_drop_shipment(pk: int, quantities: Mapping[int, int], *, tracking_number: str = "", key: str, actor: str) -> Shipment:
    """Note that the vendor has shipped `quantities`, purchase order line → units, to the customer.

    In one transaction the goods come in at their price, are reserved for the order and leave as a shipment that is on its way. `key`: the same again
    gives the first shipment back. Locks the order, the purchase order, its lines, the stock levels and the backorders. Raises NotFound; Invalid for
    nothing; Conflict for more than is waited for, a hold, an order that wants one delivery, or a tracking number that is another's. Records
    `purchase.drop_shipped`, `shipment.dispatched` and what follows.
    """
    order_id = PurchaseOrder.objects.filter(pk=pk).values_list("drop_ship_order_id", flat=True).first()
    if order_id is None:
        raise NotFound(_("There is no such drop shipment."))
    with transaction.atomic():
        order = lock_order(order_id)
        purchase = lock_purchase(pk)
        known = known_receipt(purchase, key)
        if known is not None:
            return Shipment.objects.get(order=order, carrier_reference=_reference(known))
        if order.open_holds:
            raise Conflict(_("%(order)s is on hold: release it first.") % {"order": order.number})
        tracking_number = tracking_number.replace("\x00", "").strip()[:60]
        _refuse_a_strange_number(tracking_number)
        lines = {line.pk: line for line in lock(purchase.lines.select_related("sku"))}
        units = _units_shipped(purchase, lines, quantities)
        _refuse_a_second_delivery(order, units)
        receipt = take_in(purchase, quantities, key=key, actor=actor, notes={})
        wanted = [(row.line.drop_ship_line_id or 0, row.line.sku_id, row.quantity) for row in receipt.taken_in]
        reservations = reserve_there(wanted, order_id=order.pk, warehouse_id=purchase.warehouse_id)
        still_open = {line.drop_ship_line_id for line in purchase.lines.all() if line.open_quantity and line.drop_ship_line_id}
        vendor_shipped(order.pk, units, still_open=still_open)
        take_from_vendor(order, units)
        shipment = _ship(order, purchase, receipt, reservations, tracking_number, actor=actor)
        record(
            [
                fact(
                    "purchase.drop_shipped",
                    "purchase",
                    pk,
                    order_id=order.pk,
                    actor=actor,
                    number=purchase.number,
                    shipment=shipment.number,
                    units=sum(units.values()),
                )
            ]
        )
    return shipment


def _chosen(order: Order, line_ids: Collection[int]) -> dict[int, OrderLine]:
    if not line_ids:
        raise Invalid(_("Choose at least one line that waits."), pointer="/lines")
    lines = {line.pk: line for line in lines_of([order])[order.pk]}
    if not set(line_ids) <= set(lines):
        raise Invalid(_("That line is not on %(number)s.") % {"number": order.number}, pointer="/lines")
    return {pk: lines[pk] for pk in sorted(set(line_ids))}


def _ordered_already(rows: Sequence[Backorder]) -> PurchaseOrder | None:
    """Give the purchase order that all of `rows` wait for already. Raises Conflict where only some do, or for several."""
    ordered = [row for row in rows if row.is_drop_shipped]
    if not ordered:
        return None
    purchases = list(PurchaseOrder.objects.filter(lines__pegs__backorder__in=ordered).select_related("vendor").distinct().order_by("id"))
    if len(ordered) == len(rows) and len(purchases) == 1:
        return purchases[0]
    raise Conflict(
        _("Some of these lines are ordered from a vendor already, on %(numbers)s: choose the others.")
        % {"numbers": ", ".join(purchase.number for purchase in purchases)}
    )


def _refuse_unless_it_may_go(order: Order) -> None:
    if not order.is_open:
        raise Conflict(_("%(number)s is closed: nothing of it is sent any more.") % {"number": order.number})
    if order.open_holds:
        raise Conflict(_("%(order)s is on hold: release it first.") % {"order": order.number})
    if not order.may_ship:
        raise Conflict(_("%(number)s ships when it is paid: have the vendor ship it then.") % {"number": order.number})


def _refuse_unless_they_wait(order: Order, lines: Sequence[OrderLine], rows: Sequence[Backorder]) -> None:
    kits = [line for line in lines if line.kit]
    if kits:
        raise Conflict(_("%(sku)s is a kit, which we pack ourselves: buy its components.") % {"sku": _code(kits[0])})
    waiting = {row.line_id: row.quantity for row in rows}
    idle = [line for line in lines if not line.backordered or waiting.get(line.pk) != line.backordered]
    if idle:
        raise Conflict(_("%(sku)s on %(number)s waits for nothing: it comes from our own stock.") % {"sku": _code(idle[0]), "number": order.number})
    skus = [line.sku_id for line in lines]
    if len(set(skus)) < len(skus):
        raise Conflict(_("The same SKU stands on two of these lines: have the vendor ship one line after the other."))


def _refuse_a_second_delivery(order: Order, units: Mapping[int, int]) -> None:
    """Refuse to send a part to a customer who wants one delivery. `units`: line → units of this shipment."""
    if order.accepts_part_deliveries:
        return
    if any(line.to_ship != units.get(line.pk, 0) for line in order.lines.all()):
        raise Conflict(
            _("The customer of %(number)s wants everything in one delivery: the vendor ships all that is open, or nothing.")
            % {"number": order.number}
        )


def _refuse_a_strange_number(tracking_number: str) -> None:
    if not tracking_number:
        return
    other = Shipment.objects.filter(tracking_number=tracking_number).exclude(state=ShipmentState.VOIDED).first()
    if other is not None:
        raise Conflict(_("That tracking number belongs to %(number)s: check it, or leave it empty.") % {"number": other.number})


def _units_shipped(purchase: PurchaseOrder, lines: Mapping[int, PurchaseOrderLine], quantities: Mapping[int, int]) -> dict[int, int]:
    """Give order line → units shipped. Raises Invalid, Conflict for more than the customer's order still waits for."""
    units: dict[int, int] = {}
    for pk, quantity in quantities.items():
        line = lines.get(pk)
        if line is None or line.drop_ship_line_id is None or quantity < 0:
            raise Invalid(_("That line is not on %(number)s.") % {"number": purchase.number}, pointer="/lines")
        if quantity > line.open_quantity:
            raise Conflict(
                _("The customer still waits for %(open)d of %(sku)s on %(number)s, not %(units)d: what is too many is the vendor's to take back.")
                % {"open": line.open_quantity, "sku": line.sku.code, "number": purchase.number, "units": quantity},
                sku=line.sku.code,
            )
        if quantity:
            units[line.drop_ship_line_id] = quantity
    if not units:
        raise Invalid(_("Say how much of at least one line has been shipped."), pointer="/lines")
    return units


def _ship(
    order: Order, purchase: PurchaseOrder, receipt: Receipt, reservations: Sequence[Reservation], tracking_number: str, *, actor: str
) -> Shipment:
    """Make the shipment, take it through every state up to where the vendor has it, and let it leave."""
    shipment = handed_out(
        order,
        reservations,
        warehouse_id=purchase.warehouse_id,
        carrier=stand_in(VENDOR_SHIPS, name="The vendor ships"),
        carrier_reference=_reference(receipt),
        tracking_number=tracking_number,
    )
    step = order.fulfilment_step
    note_planned([order], {row.for_line: row.line_units for row in reservations})
    dispatch_locked([shipment], actor=actor)
    if order.fulfilment_step == "pick" and step != "pick":
        note_step([order], step)
    return shipment


def _reference(receipt: Receipt) -> str:
    """Give how the shipment of a receipt is found again."""
    return f"{receipt.order.number}/{receipt.pk}"


def _place() -> Warehouse:
    place = Warehouse.objects.filter(kind=WarehouseKind.DROP_SHIP).order_by("id").first()
    if place is None:
        raise Conflict(_("There is no place for goods that vendors ship: run the set-up again."))
    return place


def _code(line: OrderLine) -> str:
    return str(Sku.objects.values_list("code", flat=True).get(pk=line.sku_id))


# --- what the pages show ---


@dataclass(frozen=True)
class DropShip:
    """A purchase order that its vendor ships to the customer, and its lines."""

    purchase: PurchaseOrder
    lines: list[PurchaseOrderLine] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.purchase.can_receive and any(line.open_quantity for line in self.lines)


def drop_ships_of(order: Order) -> list[DropShip]:
    """Give the drop shipments of an order, the oldest first. Two queries."""
    purchases = PurchaseOrder.objects.filter(drop_ship_order_id=order.pk).select_related("vendor").prefetch_related("lines__sku").order_by("id")
    return [DropShip(purchase, list(purchase.lines.all())) for purchase in purchases]


def could_be_drop_shipped(order: Order, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Give the lines of an order that wait for stock and that a vendor could ship. At most one query."""
    waiting = [line for line in lines if line.backordered and not line.kit]
    if not waiting or not order.is_open:
        return []
    taken = set(Backorder.objects.filter(order_id=order.pk, is_drop_shipped=True).values_list("line_id", flat=True))
    return [line for line in waiting if line.pk not in taken]


def vendors_for(sku_ids: Collection[int]) -> list[Vendor]:
    """Give the vendors that are bought from, those who sell most of `sku_ids` first. Two queries."""
    sold: dict[int, int] = {}
    for vendor_id, preferred in VendorItem.objects.filter(sku__in=sku_ids).values_list("vendor", "is_preferred"):
        sold[vendor_id] = sold.get(vendor_id, 0) + (3 if preferred else 2)
    return sorted(Vendor.objects.filter(is_active=True), key=lambda vendor: (-sold.get(vendor.pk, 0), vendor.name))
