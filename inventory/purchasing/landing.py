"""Landed cost: what bringing goods in cost beside their price, spread over what has come.

IAS 2 §10-11: freight and duty are part of what inventory cost. What of them belongs to units that have left already is the cost of those sales,
so that stock is never worth something where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import LandedCost, PurchaseOrder, PurchaseOrderLine, ReceiptLine, StockLevel
from inventory.moving import Move, move_stock
from inventory.purchasing.receiving import lock_purchase
from inventory.reserving import lock_places
from inventory.states import LandedKind, MovementKind, SpreadBy
from oms.core.errors import Conflict, Invalid
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.money import ZERO, round_amount, split

CAUSE = "landed_cost"
MOST = Decimal(10) ** 12


@dataclass(frozen=True)
class Basis:
    """A line that has come: how many units of it, how many of them are still here, and its part in the spreading."""

    received: int
    here: int
    weight: Decimal | int


@dataclass(frozen=True)
class Share:
    """What a line takes of a cost: what its units here are worth more by, and what is a cost of those that have left."""

    stays: Decimal
    gone: Decimal

    @property
    def total(self) -> Decimal:
        return self.stays + self.gone


def spread(amount: Decimal, bases: Sequence[Basis], currency: str) -> list[Share]:
    """Spread `amount` over `bases` by their weights, to the last cent; no unit here, nothing stays. Pure. Some weight is above zero."""
    shares = []
    for part, basis in zip(split(amount, [basis.weight for basis in bases], currency), bases, strict=True):
        here = min(basis.here, basis.received)
        stays = round_amount(part * here / basis.received, currency) if here > 0 else ZERO
        shares.append(Share(stays, part - stays))
    return shares


def add_landed_cost(pk: int, *, kind: str, amount: Decimal, spread_by: str, key: str, actor: str, note: str = "") -> LandedCost:
    """Add a cost of bringing in the goods of a purchase order, and spread it over all that has come of it.

    `amount`: in the books' currency. By value: what each line's receipts are worth; by weight: what its units weigh. `key`: the same again gives
    the first back. Locks the order, its lines and the stock levels. A constant number of statements. Raises NotFound; Invalid for an amount that is
    none, or a weight that nobody knows; Conflict where nothing has come. Records `purchase.landed`.
    """
    amount = _checked_amount(amount)
    if kind not in LandedKind.values or spread_by not in SpreadBy.values:
        raise Invalid(_("Say what kind of cost it is, and whether to spread it by value or by weight."), pointer="/kind")
    if not key:
        raise Invalid(_("The form has no key: open the page again."))
    with transaction.atomic():
        order = lock_purchase(pk)
        known = LandedCost.objects.filter(key=key).first()
        if known is not None:
            if known.order_id != pk:
                raise Conflict(_("That cost was added to another purchase order."))
            return known
        lines = _received_lines(order)
        levels = lock_places({(line.sku_id, order.warehouse_id) for line in lines})
        bases = _bases(order, lines, levels, spread_by)
        landed = LandedCost.objects.create(
            order=order, key=key, kind=kind, amount=amount, spread_by=spread_by, note=note[:200], created_at=timezone.now(), actor=actor
        )
        shares = spread(amount, bases, settings.BOOKS_CURRENCY)
        moves = [move for line, share in zip(lines, shares, strict=True) for move in _moves(order, landed, line, share)]
        move_stock(moves, actor=actor)
        expensed = sum((share.gone for share in shares), ZERO)
        record(
            [
                fact(
                    "purchase.landed",
                    "purchase",
                    pk,
                    order_id=order.drop_ship_order_id,
                    actor=actor,
                    number=order.number,
                    cost=kind,
                    amount=str(amount),
                    currency=settings.BOOKS_CURRENCY,
                    expensed=str(expensed),
                )
            ]
        )
    return landed


def _checked_amount(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not ZERO < amount < MOST or amount != round_amount(amount, settings.BOOKS_CURRENCY):
        raise Invalid(
            _("Give an amount above zero in %(currency)s, with no more digits than it has.") % {"currency": settings.BOOKS_CURRENCY},
            pointer="/amount",
        )
    return amount


def _received_lines(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    lines = [line for line in lock(order.lines.select_related("sku")) if line.received]
    if not lines:
        raise Conflict(_("Nothing of %(number)s has come yet: receive the goods first, then add what it cost.") % {"number": order.number})
    return lines


def _bases(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], levels: dict[tuple[int, int], StockLevel], spread_by: str) -> list[Basis]:
    if spread_by == SpreadBy.WEIGHT:
        weights: dict[int, Decimal] = {line.pk: Decimal(line.sku.weight_grams * line.received) for line in lines}
        problem = _("Nobody has said what the goods of %(number)s weigh: enter their weights at the SKUs, or spread the cost by value.")
    else:
        weights = dict(ReceiptLine.objects.filter(line__in=lines).values_list("line").annotate(value=Sum("value")).order_by())
        problem = _("The goods of %(number)s cost nothing, so there is no value to spread by: spread the cost by weight.")
    if not any(weights.values()):
        raise Invalid(problem % {"number": order.number}, pointer="/spread_by")
    return [Basis(line.received, levels[line.sku_id, order.warehouse_id].on_hand, weights[line.pk]) for line in lines]


def _moves(order: PurchaseOrder, landed: LandedCost, line: PurchaseOrderLine, share: Share) -> list[Move]:
    """Give the movements of a share: all of it onto the stock, and what belongs to units that have left off it again."""
    both = ((MovementKind.LANDED, share.total), (MovementKind.EXPENSED, -share.gone))
    return [
        Move(
            sku_id=line.sku_id,
            warehouse_id=order.warehouse_id,
            quantity=0,
            kind=kind,
            cause=CAUSE,
            cause_id=landed.pk,
            value=value,
            order_id=order.drop_ship_order_id,
            note=" · ".join(text for text in (order.number, str(landed.get_kind_display()), landed.note) if text)[:200],
        )
        for kind, value in both
        if value
    ]
