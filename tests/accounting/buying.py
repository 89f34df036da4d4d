"""Buying, for tests: orders placed, goods taken in, bills entered, accounts read."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from accounting.billing import BillDraft, BillLineDraft, enter_bill
from accounting.models import JournalLine, VendorBill
from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine, Receipt, Sku, Warehouse
from inventory.purchasing.receiving import receive_goods
from tests.cast import House

TODAY = timezone.localdate


def order(
    house: House,
    *lines: tuple[Sku, int, str],
    warehouse: Warehouse | None = None,
    currency: str = "GBP",
    rate: str = "1",
    terms_days: int = 30,
) -> PurchaseOrder:
    """Order goods of the house's vendor, (SKU, units, price), sent."""
    placed = PurchaseOrder(
        vendor=house.vendor,
        warehouse=warehouse or house.leeds,
        currency=currency,
        books_rate=Decimal(rate),
        terms_days=terms_days,
        expected_on=TODAY() + timedelta(days=7),
        created_at=timezone.now(),
        created_by="user:buyer",
    )
    placed.approve()
    placed.send()
    placed.save()
    for sku, units, price in lines:
        PurchaseOrderLine.objects.create(order=placed, sku=sku, quantity=units, unit_cost=Decimal(price))
    return placed


def take_in(placed: PurchaseOrder, **units: int) -> Receipt:
    """Receive units by SKU: `take_in(order, MUG=60)`."""
    lines = {line.sku.code: line.pk for line in placed.lines.select_related("sku")}
    return receive_goods(placed.pk, {lines[code]: count for code, count in units.items()}, key=uuid.uuid4().hex, actor="user:warehouse")


def bill_of(
    placed: PurchaseOrder, reference: str, *, price: dict[str, str] | None = None, costs: dict[LandedCost, str] | None = None, **units: int
) -> BillDraft:
    """Word a bill over units by SKU, at the ordered prices where no `price` is given; fields of BillDraft go in as `_field`."""
    fields: dict[str, Any] = {name.removeprefix("_"): units.pop(name) for name in list(units) if name.startswith("_")}
    lines = {line.sku.code: line for line in placed.lines.select_related("sku")}
    drafts = [
        BillLineDraft(Decimal((price or {}).get(code, str(lines[code].unit_cost))), count, purchase_line_id=lines[code].pk)
        for code, count in units.items()
    ]
    drafts += [BillLineDraft(Decimal(amount), landed_cost_id=cost.pk) for cost, amount in (costs or {}).items()]
    return BillDraft(**({"vendor_id": placed.vendor_id, "reference": reference, "billed_on": TODAY(), "lines": drafts} | fields))


def bill(placed: PurchaseOrder, reference: str, *, actor: str = "user:ada", **said: Any) -> VendorBill:
    return enter_bill(bill_of(placed, reference, **said), actor=actor)


def land(placed: PurchaseOrder, amount: str, kind: str = "freight") -> LandedCost:
    """A landed cost that stands there alone: its stock is not moved."""
    return LandedCost.objects.create(
        order=placed, key=uuid.uuid4().hex, kind=kind, amount=Decimal(amount), spread_by="value", created_at=timezone.now(), actor="user:test"
    )


def balance(role: str) -> Decimal:
    """What stands on an account: debits less credits, in the books' currency."""
    sums = JournalLine.objects.filter(account__role=role).aggregate(debit=Sum("books_debit"), credit=Sum("books_credit"))
    return (sums["debit"] or Decimal(0)) - (sums["credit"] or Decimal(0))


def balances(*roles: str) -> tuple[Decimal, ...]:
    return tuple(balance(role) for role in roles)
