"""What is being bought at a till: a call of the phone form, whose customer stands here and pays at once."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Self
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounting.denominations import likely_notes
from accounting.drawers import Tendered
from accounting.models import Till
from customers.looking_up import find_customers
from customers.models import Customer
from customers.states import PaymentMethod
from inventory.models import StockLevel
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.money import ZERO
from oms.core.readable import row_of
from oms.desk.counter.agreeing import agreement_in
from oms.desk.counter.selling import Sale, known_walk_in, sale_draft
from orders.models import Order, OrderLine
from orders.phone.call import Call, Row
from orders.phone.quoting import line_of
from orders.placing import Quote, quote


@dataclass(frozen=True)
class PricedRow:
    """A line as the page shows it: as typed, with what it costs and why. `free`: units that lie free at the till; None of a kit: it lies nowhere."""

    typed: Row
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
    """What a basket comes to. `given`: what somebody is likely to put down for it; `refused_codes`: promotion codes that take nothing off, each
    with the reason; `approvals`: what a second person must agree to, unless they have.
    """

    rows: list[PricedRow] = field(default_factory=list)
    order: Order | None = None
    given: list[Decimal] = field(default_factory=list)
    refused_codes: dict[str, str] = field(default_factory=dict)
    approvals: list[str] = field(default_factory=list)
    agreed_by: str = ""


@dataclass
class Basket(Call):
    """A sale as far as it has come. `given`, `told`: the cash put down, and what they were told it comes to; `is_paying`: the lines are all
    there, and money is asked for. None of these three outlives the page.
    """

    kept: ClassVar[dict[str, int]] = {"caller": 200, "codes": 300, "reference": 100, "agreed": 400}
    given: str = ""
    told: str = ""
    is_paying: bool = False

    @classmethod
    def of(cls, key: UUID, data: QueryDict) -> Self:
        """Read the form. Rows that were emptied are gone."""
        basket = super().of(key, data)
        basket.given = data.get("given", "").strip()[:20]
        basket.told = data.get("told", "").strip()[:20]
        basket.is_paying = data.get("step") == "pay"
        return basket

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.unmatched

    @property
    def reference(self) -> str:
        """What the card terminal has printed."""
        return self.fields.get("reference", "").strip()

    @property
    def chosen_customer(self) -> Customer | None:
        """Give the customer who was found; None for whoever walked in."""
        pk = row_of(self.customer, Customer.NUMBER_PREFIX) if self.customer else None
        return Customer.objects.filter(pk=pk).first() if pk else None

    def find_customer(self) -> None:
        """Choose the customer where only one is meant. Raises Invalid."""
        text = self.fields.get("caller", "")
        found = find_customers(text)
        if len(found) != 1:
            why = _("Nobody known is meant by “%(text)s”.") if not found else _("“%(text)s” may be several customers: give the customer number.")
            raise Invalid(why % {"text": text}, pointer="/caller")
        self.customer = found[0].number

    def sale(self) -> Sale:
        """Word the basket as a sale: by card where the terminal's reference is given, else in cash. Raises Invalid."""
        if self.unmatched:
            raise Invalid(_("Some lines mean no SKU yet: choose one for each, or take them out."), pointer="/unmatched")
        method = PaymentMethod.CARD if self.reference else PaymentMethod.CASH
        customer = self.chosen_customer
        return Sale(
            lines=self.drafts,
            tendered=Tendered(method, given=_amount(self.given) if self.given else None, reference=self.reference),
            customer_id=customer.pk if customer else None,
            codes=self.codes,
            told=_amount(self.told) if self.told else None,
            agreement=agreement_in(self.fields.get("agreed", ""), key=self.key),
        )


def priced(basket: Basket, till: Till, *, actor: str) -> Quote:
    """Price a basket as selling it would. Raises what is wrong with it."""
    customer = basket.chosen_customer
    return quote(sale_draft(till, basket.drafts, customer.pk if customer else known_walk_in(till.channel), basket.codes), actor=actor)


def bill(basket: Basket, till: Till, *, actor: str) -> Bill:
    """Say what a basket comes to, and what of it lies at the till; where that cannot be said, why is in `basket.error`."""
    if not basket.rows:
        return Bill()
    try:
        quoted = priced(basket, till, actor=actor)
    except BusinessError as error:
        basket.error = basket.error or error
        return Bill([PricedRow(row, is_wrong=line_of(error) == str(position)) for position, row in enumerate(basket.rows)])
    order = quoted.order
    levels = StockLevel.objects.filter(warehouse=till.warehouse, sku__in=[line.sku_id for line in order.placed_lines])
    free = {level.sku_id: level.free for level in levels}
    wrong = line_of(basket.error) if basket.error else ""
    rows = [
        PricedRow(row, line, free=None if line.kit else free.get(line.sku_id, 0), is_wrong=wrong == str(position))
        for position, (row, line) in enumerate(zip(basket.rows, order.placed_lines, strict=True))
    ]
    agreement = agreement_in(basket.fields.get("agreed", ""), key=basket.key)
    agreed_by = agreement.username if quoted.approvals and agreement and agreement.is_to(order) else ""
    return Bill(rows, order, likely_notes(order.total, order.currency), dict(quoted.codes), list(quoted.approvals), agreed_by)


def refuse_strays(entry: str) -> None:
    """Raise Conflict where a line still stood in its field: it is seen before it is paid."""
    if entry.strip():
        raise Conflict(_("A line still stood in its field: it is added now. Look at it, then take the payment."), pointer="/entry")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", ".").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < ZERO:
        raise Invalid(_("%(text)s is not an amount: write it like 20 or 12.50.") % {"text": text}, pointer="/given")
    return amount
