"""What an address or a body names: SKUs, warehouses, vendors and purchase orders."""

from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, Sku, Vendor, Warehouse
from oms.core.errors import Invalid, NotFound
from oms.core.readable import row_of


def sku_called(code: str) -> Sku:
    """Give the SKU called `code`. Raises NotFound."""
    sku = Sku.objects.filter(code=code.replace("\x00", "").strip().upper()).first()
    if sku is None:
        raise NotFound(_("There is no SKU %(code)s.") % {"code": code[:40]})
    return sku


def sku_and_warehouse(code: str, place: str) -> tuple[Sku, Warehouse]:
    """Give the SKU of the address and the warehouse of the body. Raises NotFound."""
    sku = sku_called(code)
    warehouse = Warehouse.objects.filter(code=place).first()
    if warehouse is None:
        raise NotFound(_("There is no warehouse %(code)s.") % {"code": place[:20]}, pointer="/warehouse")
    return sku, warehouse


def asked_warehouse(wanted: dict[str, str]) -> Warehouse | None:
    """Give the warehouse of a list's filter, None where it asks for all. Raises Invalid."""
    if "warehouse" not in wanted:
        return None
    place = Warehouse.objects.filter(code=wanted["warehouse"][:20]).first()
    if place is None:
        raise Invalid(_("There is no warehouse %(code)s.") % {"code": wanted["warehouse"][:20]}, parameter="warehouse")
    return place


def vendor_numbered(number: str) -> Vendor:
    """Give the vendor called `number` (V-1001). Raises NotFound."""
    vendor = Vendor.objects.filter(pk=row_of(number, Vendor.NUMBER_PREFIX) or 0).first()
    if vendor is None:
        raise NotFound(_("There is no vendor %(number)s.") % {"number": number[:40]})
    return vendor


def order_numbered(number: str) -> PurchaseOrder:
    """Give the purchase order called `number` (PO-1001), with its lines. Raises NotFound."""
    rows = PurchaseOrder.objects.select_related("vendor", "warehouse").prefetch_related("lines__sku")
    order = rows.filter(pk=row_of(number, PurchaseOrder.NUMBER_PREFIX) or 0).first()
    if order is None:
        raise NotFound(_("There is no purchase order %(number)s.") % {"number": number[:40].replace("\x00", "")})
    return order
