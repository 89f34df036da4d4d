"""Raising invoices for what is due, and crediting those of orders that were called off."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounting import posting
from accounting.ledger import Draft, post
from accounting.models import Invoice, InvoiceLine, Payment, PaymentAllocation
from accounting.states import InvoiceKind
from customers.services import add_to_balances
from oms.core import bulk
from oms.core.events import fact, record
from oms.core.locks import lock
from oms.core.money import ZERO, portion
from oms.core.numbering import take_numbers
from orders.models import Order, OrderCharge, OrderLine
from orders.progress import note_invoiced
from orders.selectors import lines_of

ACTOR = "station:invoice"


@dataclass
class _Bill:
    """An invoice in the making."""

    order: Order
    lines: list[InvoiceLine] = field(default_factory=list)
    goods: Decimal = ZERO
    charges: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.goods + self.charges + self.tax


def raise_invoices(orders: list[Order]) -> None:
    """Raise one invoice for each of `orders` (locked by the caller) over what is due on it, book it, and put deposits against it.

    Locks deposits, customers and, last, the invoice series. A constant number of queries. Safe to repeat: what is invoiced is not due again.
    Records `invoice.issued`.
    """
    lines = lines_of(orders)
    charges = _charges_of(orders)
    bills = [_bill(order, lines[order.pk], charges[order.pk]) for order in orders]
    bills = [bill for bill in bills if bill.lines]
    deposits = _deposits_of(bills)
    note_invoiced(orders, lines, {bill.order.pk: bill.total for bill in bills})
    taken = {bill.order.pk: _draw(deposits[bill.order.pk], bill.total) for bill in bills}
    owed: dict[int, Decimal] = defaultdict(Decimal)
    for bill in bills:
        owed[bill.order.customer_id] += bill.total - sum(amount for _, amount in taken[bill.order.pk])
    add_to_balances(owed)
    invoices = _issue(bills, {pk: sum((amount for _, amount in some), ZERO) for pk, some in taken.items()})
    _allocate_deposits(invoices, taken)


def _charges_of(orders: list[Order]) -> dict[int, list[OrderCharge]]:
    """Give the charges of orders that have had no invoice yet: they go on the first."""
    first = [order.pk for order in orders if not order.invoiced_total]
    charges: dict[int, list[OrderCharge]] = defaultdict(list)
    for charge in OrderCharge.objects.filter(order__in=first).order_by("id"):
        charges[charge.order_id].append(charge)
    return charges


def _bill(order: Order, lines: list[OrderLine], charges: list[OrderCharge]) -> _Bill:
    bill = _Bill(order)
    for line in lines:
        quantity = order.invoiceable(line) - line.invoiced
        if quantity > 0:
            _bill_line(bill, line, quantity)
    if bill.lines:
        for charge in charges:
            _bill_charge(bill, charge)
    return bill


def _bill_line(bill: _Bill, line: OrderLine, quantity: int) -> None:
    def share(total: Decimal) -> Decimal:
        return portion(total, done=line.invoiced, quantity=quantity, of=line.quantity, currency=bill.order.currency)

    net, tax = share(line.net), share(line.tax)
    bill.goods += net
    bill.tax += tax
    bill.lines.append(
        InvoiceLine(
            order_line_id=line.pk,
            description=line.description,
            quantity=quantity,
            unit_price=line.unit_price,
            net=net,
            tax_name=line.tax_name,
            tax_rate=line.tax_rate,
            tax=tax,
            discount=share(line.discount),
        )
    )


def _bill_charge(bill: _Bill, charge: OrderCharge) -> None:
    bill.charges += charge.net
    bill.tax += charge.tax
    bill.lines.append(
        InvoiceLine(
            charge_id=charge.pk,
            description=charge.description,
            quantity=1,
            unit_price=charge.net + charge.discount + (charge.tax if bill.order.prices_include_tax else ZERO),
            net=charge.net,
            tax_name=charge.tax_name,
            tax_rate=charge.tax_rate,
            tax=charge.tax,
            discount=charge.discount,
        )
    )


def _deposits_of(bills: list[_Bill]) -> dict[int, list[Payment]]:
    """Lock what was paid on the orders before there was an invoice, the oldest first."""
    paid = [bill.order.pk for bill in bills if bill.order.paid_total]
    deposits: dict[int, list[Payment]] = defaultdict(list)
    if paid:
        for payment in lock(Payment.objects.filter(order__in=paid)):
            if payment.unallocated and payment.order_id is not None:
                deposits[payment.order_id].append(payment)
    return deposits


def _draw(deposits: list[Payment], amount: Decimal) -> list[tuple[Payment, Decimal]]:
    """Draw up to `amount` from `deposits`, in order."""
    taken = []
    for payment in deposits:
        part = min(payment.unallocated, amount)
        if part > 0:
            payment.allocated += part
            amount -= part
            taken.append((payment, part))
    return taken


def _issue(bills: list[_Bill], paid: dict[int, Decimal]) -> list[Invoice]:
    numbers = take_numbers("invoice", len(bills))
    today, now = timezone.localdate(), timezone.now()  # read under the lock of the series, so dates never run backwards
    invoices = [_invoice(bill, number, paid[bill.order.pk], today, now) for bill, number in zip(bills, numbers, strict=True)]
    bulk.insert_all(invoices)
    for bill, invoice in zip(bills, invoices, strict=True):
        for line in bill.lines:
            line.invoice_id = invoice.pk
    bulk.insert_all([line for bill in bills for line in bill.lines])
    post(
        [
            Draft(
                source="invoice",
                source_id=invoice.pk,
                event="issued",
                currency=invoice.currency,
                memo=f"Invoice {invoice.number}",
                lines=posting.invoice(goods=bill.goods, charges=bill.charges, tax=bill.tax),
                actor=ACTOR,
                order_id=bill.order.pk,
            )
            for bill, invoice in zip(bills, invoices, strict=True)
        ],
        on=today,
    )
    record(
        fact(
            "invoice.issued",
            "invoice",
            invoice.pk,
            order_id=invoice.order_id,
            actor=ACTOR,
            number=invoice.number,
            total=str(invoice.total),
            currency=invoice.currency,
        )
        for invoice in invoices
    )
    return invoices


def _invoice(bill: _Bill, number: str, paid: Decimal, today: date, now: datetime) -> Invoice:
    invoice = Invoice(
        number=number,
        order=bill.order,
        customer_id=bill.order.customer_id,
        issued_on=today,
        due_on=today + timedelta(days=bill.order.terms_days),
        currency=bill.order.currency,
        bill_to=bill.order.bill_to,
        net_total=bill.goods + bill.charges,
        tax_total=bill.tax,
        total=bill.total,
        paid=paid,
        created_at=now,
    )
    invoice.follow_payment()
    return invoice


def _allocate_deposits(invoices: list[Invoice], taken: dict[int, list[tuple[Payment, Decimal]]]) -> None:
    now = timezone.now()
    allocations = [
        PaymentAllocation(payment=payment, invoice=invoice, amount=amount, created_at=now)
        for invoice in invoices
        for payment, amount in taken[invoice.order_id]
    ]
    if not allocations:
        return
    bulk.save_all(list({a.payment_id: a.payment for a in allocations}.values()), "allocated")
    bulk.insert_all(allocations)
    post_allocations(allocations, actor=ACTOR)


def post_allocations(allocations: list[PaymentAllocation], *, actor: str) -> None:
    """Book deposits put against invoices, or taken off again (below zero)."""
    post(
        [
            Draft(
                source="allocation",
                source_id=allocation.pk,
                event="allocated",
                currency=allocation.invoice.currency,
                memo=f"Payment {allocation.payment.reference} on {allocation.invoice.number}",
                lines=posting.allocation(amount=allocation.amount),
                actor=actor,
                order_id=allocation.invoice.order_id,
            )
            for allocation in allocations
        ]
    )


def credit_invoices(invoices: list[Invoice]) -> None:
    """Credit invoices of cancelled orders in full; what was paid on them becomes the customer's deposit again.

    `invoices` are locked by the caller. Locks their payments, customers and, last, the credit note series. A constant number of queries.
    Records `invoice.credited`.
    """
    actor = "station:credit"
    now = timezone.now()
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice__in=invoices).order_by("id"):
        lines[line.invoice_id].append(line)
    withdrawn = _withdraw(invoices, now)
    owed: dict[int, Decimal] = defaultdict(Decimal)
    for invoice in invoices:
        # What was paid had left the balance already: the credit takes off only what was still open.
        owed[invoice.customer_id] -= invoice.total - invoice.paid
        invoice.paid = ZERO
        invoice.credit()
    add_to_balances(owed)
    bulk.save_all(invoices, "state", "paid")
    post_allocations(withdrawn, actor=actor)
    numbers = take_numbers("credit_note", len(invoices))
    today = timezone.localdate()
    notes = bulk.insert_all(
        [
            Invoice(
                kind=InvoiceKind.CREDIT_NOTE,
                number=number,
                order_id=invoice.order_id,
                customer_id=invoice.customer_id,
                credits=invoice,
                issued_on=today,
                due_on=today,
                currency=invoice.currency,
                bill_to=invoice.bill_to,
                net_total=invoice.net_total,
                tax_total=invoice.tax_total,
                total=invoice.total,
                created_at=now,
            )
            for number, invoice in zip(numbers, invoices, strict=True)
        ]
    )
    bulk.insert_all([_repeat(line, note) for note, invoice in zip(notes, invoices, strict=True) for line in lines[invoice.pk]])
    post(
        [
            Draft(
                source="invoice",
                source_id=note.pk,
                event="issued",
                currency=note.currency,
                memo=f"Credit note {note.number} for {invoice.number}",
                lines=posting.credit_note(
                    goods=sum((line.net for line in lines[invoice.pk] if line.order_line_id), ZERO),
                    charges=sum((line.net for line in lines[invoice.pk] if line.charge_id), ZERO),
                    tax=invoice.tax_total,
                ),
                actor=actor,
                order_id=note.order_id,
            )
            for note, invoice in zip(notes, invoices, strict=True)
        ],
        on=today,
    )
    record(
        fact(
            "invoice.credited",
            "invoice",
            invoice.pk,
            order_id=invoice.order_id,
            actor=actor,
            number=invoice.number,
            credit_note=note.number,
            total=str(note.total),
            currency=note.currency,
        )
        for note, invoice in zip(notes, invoices, strict=True)
    )


def _withdraw(invoices: list[Invoice], now: datetime) -> list[PaymentAllocation]:
    """Take off again what was paid on `invoices`: one contrary allocation for each payment that has something on one."""
    paid = [invoice for invoice in invoices if invoice.paid]
    if not paid:
        return []
    by_pk = {invoice.pk: invoice for invoice in paid}
    net: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for allocation in PaymentAllocation.objects.filter(invoice__in=paid).order_by("id"):
        net[allocation.payment_id, allocation.invoice_id] += allocation.amount
    payments = {payment.pk: payment for payment in lock(Payment.objects.filter(pk__in={key[0] for key in net}))}
    contrary = []
    for (payment_id, invoice_id), amount in net.items():
        if amount:
            payments[payment_id].allocated -= amount
            contrary.append(PaymentAllocation(payment=payments[payment_id], invoice=by_pk[invoice_id], amount=-amount, created_at=now))
    bulk.save_all(list(payments.values()), "allocated")
    bulk.insert_all(contrary)
    return contrary


def _repeat(line: InvoiceLine, note: Invoice) -> InvoiceLine:
    return InvoiceLine(
        invoice=note,
        order_line_id=line.order_line_id,
        charge_id=line.charge_id,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net=line.net,
        tax_name=line.tax_name,
        tax_rate=line.tax_rate,
        tax=line.tax,
        discount=line.discount,
    )
