"""What is being bought at a till, read from the form as it stands: nothing is saved before it is sold."""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounting.denominations import likely_notes
from accounting.drawers import Tendered
from accounting.models import Till
from customers.looking_up import find_customers
from customers.models import Customer
from customers.states import PaymentMethod
from inventory.models import StockLevel
from oms.core.cards import refuse_card_numbers
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.money import ZERO
from oms.core.readable import row_of
from oms.desk.counter.selling import Sale, known_walk_in, sale_draft
from orders.models import Order, OrderLine
from orders.phone.acting import settled
from orders.phone.call import Row, Unmatched
from orders.phone.quoting import line_of
from orders.phone.reading import pasted_lines
from orders.placing import LineDraft, quote

MOST_ROWS = 200


@dataclass(frozen=True)
class PricedRow:
    """A line as the page shows it. `free`: units that lie free at the till; None of a kit, which lies nowhere."""

    sku: str
    quantity: str
    line: OrderLine | None = None
    free: int | None = None
    is_wrong: bool = False

    @property
    def gross(self) -> Decimal | None:
        return self.line.net + self.line.tax if self.line else None

    @property
    def is_short(self) -> bool:
        return self.line is not None and self.free is not None and self.free < self.line.quantity


@dataclass(frozen=True)
class Bill:
    """What a basket comes to. `given`: what somebody is likely to put down for it."""

    rows: list[PricedRow] = field(default_factory=list)
    order: Order | None = None
    given: list[Decimal] = field(default_factory=list)


@dataclass
class Basket:
    """A sale as far as it has come. `key`: of the form, which sells once; `is_paying`: the lines are all there, and money is asked for."""

    key: str
    rows: list[Row] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    customer: str = ""
    caller: str = ""
    given: str = ""
    reference: str = ""
    told: str = ""
    is_paying: bool = False
    error: BusinessError | None = None

    @classmethod
    def new(cls) -> "Basket":
        return cls(uuid.uuid4().hex)

    @classmethod
    def of(cls, data: QueryDict) -> "Basket":
        """Read the form. Rows that were emptied are gone."""
        rows = zip(data.getlist("sku"), data.getlist("quantity"), strict=False)
        unmatched = zip(data.getlist("unmatched"), data.getlist("unmatched_quantity"), strict=False)
        return cls(
            key=_clean(data, "key", 32) or uuid.uuid4().hex,
            rows=[Row(sku[:40], quantity[:10]) for sku, quantity in rows if quantity.strip() not in ("", "0")][:MOST_ROWS],
            unmatched=[Unmatched(text[:200], quantity[:10]) for text, quantity in unmatched if text.strip()][:MOST_ROWS],
            customer=_clean(data, "customer", 20),
            caller=_clean(data, "caller", 200),
            given=_clean(data, "given", 20),
            reference=_clean(data, "reference", 100),
            told=_clean(data, "told", 20),
            is_paying=data.get("step") == "pay",
        )

    @property
    def chosen_customer(self) -> Customer | None:
        """Give the customer who was found; None for whoever walked in."""
        pk = row_of(self.customer, Customer.NUMBER_PREFIX) if self.customer else None
        return Customer.objects.filter(pk=pk).first() if pk else None

    def add(self, text: str) -> None:
        """Add what was scanned or typed; what means nothing, or several, stays to be resolved. Raises Invalid for a card number."""
        refuse_card_numbers({"entry": text})
        self.unmatched += [Unmatched(line, "1") for line in pasted_lines(text)]

    def settle(self) -> None:
        """Make lines of what means one SKU by now. Scanned again, a line counts one more."""
        self.unmatched = settled(self.unmatched, self.customer, lambda code, units, _discount: self._count(code, units))

    def _count(self, sku: str, units: int) -> None:
        for position, row in enumerate(self.rows):
            if row.sku == sku and row.quantity.strip().isdigit():
                self.rows[position] = Row(sku, str(int(row.quantity) + units))
                return
        self.rows.append(Row(sku, str(units)))

    def find_customer(self) -> None:
        """Choose the customer where only one is meant. Raises Invalid."""
        found = find_customers(self.caller)
        if len(found) != 1:
            why = _("Nobody known is meant by “%(text)s”.") if not found else _("“%(text)s” may be several customers: give the customer number.")
            raise Invalid(why % {"text": self.caller}, pointer="/caller")
        self.customer = found[0].number

    def lines(self) -> list[LineDraft]:
        return [row.draft(position) for position, row in enumerate(self.rows)]

    def sale(self) -> Sale:
        """Word the basket as a sale: by card where the terminal's reference is given, else in cash. Raises Invalid."""
        if self.unmatched:
            raise Invalid(_("Some lines mean no SKU yet: write them anew, or take them out."), pointer="/unmatched")
        method = PaymentMethod.CARD if self.reference else PaymentMethod.CASH
        tendered = Tendered(method, given=_amount(self.given) if self.given else None, reference=self.reference)
        customer = self.chosen_customer
        told = _amount(self.told) if self.told else None
        return Sale(lines=self.lines(), tendered=tendered, customer_id=customer.pk if customer else None, told=told)


def bill(basket: Basket, till: Till, *, actor: str) -> Bill:
    """Say what a basket comes to, and what of it lies at the till; where that cannot be said, why is in `basket.error`."""
    if not basket.rows:
        return Bill()
    customer = basket.chosen_customer
    try:
        order = quote(sale_draft(till, basket.lines(), customer.pk if customer else known_walk_in(till.channel)), actor=actor).order
    except BusinessError as error:
        basket.error = basket.error or error
        return Bill([PricedRow(row.sku, row.quantity, is_wrong=line_of(error) == str(position)) for position, row in enumerate(basket.rows)])
    levels = StockLevel.objects.filter(warehouse=till.warehouse, sku__in=[line.sku_id for line in order.placed_lines])
    free = {level.sku_id: level.free for level in levels}
    wrong = line_of(basket.error) if basket.error else ""
    rows = [
        PricedRow(
            row.sku,
            row.quantity,
            line,
            free=None if line.kit else free.get(line.sku_id, 0),
            is_wrong=wrong == str(position),
        )
        for position, (row, line) in enumerate(zip(basket.rows, order.placed_lines, strict=True))
    ]
    return Bill(rows, order, likely_notes(order.total, order.currency))


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", ".").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < ZERO:
        raise Invalid(_("%(text)s is not an amount: write it like 20 or 12.50.") % {"text": text}, pointer="/given")
    return amount


def _clean(data: QueryDict, name: str, most: int) -> str:
    return data.get(name, "").replace("\x00", "").strip()[:most]


def refuse_strays(basket: Basket, entry: str) -> None:
    """Raise Conflict where a line still stands in its field: it is added, and seen before it is paid."""
    if entry.strip():
        basket.add(entry)
        raise Conflict(_("A line still stood in its field: it is added now. Look at it, then take the payment."), pointer="/entry")
