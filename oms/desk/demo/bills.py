"""Bills in the demo house: one that agrees and is in the books, one that is held for its price, and goods that nobody has billed yet."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounting.billing import BillDraft, BillLineDraft, enter_bill
from inventory.models import PurchaseOrder, Sku, Vendor, Warehouse
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods
from oms.core.money import ZERO, round_amount

VAT = Decimal("0.2")


def bill_vendors(warehouse: Warehouse, skus: list[Sku]) -> None:
    """Order twice from each vendor, take most of it in, and enter what the vendors have billed."""
    potteries, hansa = Vendor.objects.order_by("id")[:2]
    agreed = _received(potteries, warehouse, skus[5:9], units=48)
    dear = _received(potteries, warehouse, skus[19:22], units=24)
    _received(hansa, warehouse, skus[32:36], units=60)
    _received(hansa, warehouse, skus[42:44], units=36, percent=50)
    _enter(agreed, "PT-20417", days_ago=12)
    _enter(dear, "PT-20431", days_ago=4, dearer=Decimal("1.08"))


def _received(vendor: Vendor, warehouse: Warehouse, skus: list[Sku], *, units: int, percent: int = 100) -> PurchaseOrder:
    order = order_from_vendor(vendor, warehouse, [(sku, units) for sku in skus], actor="user:manager")
    receive_goods(order.pk, {line.pk: units * percent // 100 for line in order.lines.all()}, key=f"demo {order.number}", actor="user:warehouse")
    return order


def _enter(order: PurchaseOrder, reference: str, *, days_ago: int, dearer: Decimal = Decimal(1)) -> None:
    """Enter a bill over all that has come, its first line `dearer` than ordered."""
    prices = [line.unit_cost for line in order.lines.order_by("id")]
    prices[0] = round_amount(prices[0] * dearer, order.currency)
    lines = [BillLineDraft(price, line.received, purchase_line_id=line.pk) for line, price in zip(order.lines.order_by("id"), prices, strict=True)]
    net = sum((round_amount(line.unit_price * line.quantity, order.currency) for line in lines), ZERO)
    draft = BillDraft(
        vendor_id=order.vendor_id,
        reference=reference,
        billed_on=timezone.localdate() - timedelta(days=days_ago),
        lines=lines,
        tax=round_amount(net * VAT, order.currency),
    )
    enter_bill(draft, actor="user:accountant")
