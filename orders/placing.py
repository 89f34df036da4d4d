"""Placing orders: the one way in, whichever face they come through."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import DecimalField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Address, Channel, Customer
from customers.services import AddressDraft, checked_email, checked_phone
from customers.states import PaymentMethod, ShipPolicy
from inventory.baskets import take_up
from inventory.kits import Composition, compositions
from inventory.models import Sku
from oms.core import bulk
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.money import ZERO, round_amount
from oms.core.reading import columns_of, instance, read
from orders.models import Order, OrderCharge, OrderLine, TaxRate
from orders.pricing import Amounts, add_up, price
from orders.states import ChargeKind

MOST_LINES = 1000
MOST_UNITS = 1_000_000


@dataclass(frozen=True)
class LineDraft:
    """So many units of a SKU. `unit_price`: agreed by somebody who may; None takes it from the price list."""

    sku: str
    quantity: int
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class ChargeDraft:
    """Something charged beside the goods. `amount`: with tax where the channel's prices are."""

    description: str
    amount: Decimal
    kind: str = ChargeKind.SHIPPING


@dataclass(frozen=True)
class OrderDraft:
    """An order as a face understood it. What is left out comes from the customer and the channel.

    `external_reference`: the other side's own number; the channel takes each only once. `placed_at`: now, where it is not an old order.
    `basket`: what it still holds softly becomes the order's.
    """

    channel: Channel
    customer_id: int
    lines: Sequence[LineDraft]
    charges: Sequence[ChargeDraft] = ()
    bill_to: AddressDraft | None = None
    ship_to: AddressDraft | None = None
    email: str = ""
    phone: str = ""
    note: str = ""
    external_reference: str = ""
    payment_method: str = ""
    accepts_part_deliveries: bool | None = None
    placed_at: datetime | None = None
    basket: str = ""
    standing_order_id: int | None = None


@dataclass(frozen=True)
class _Catalogue:
    """What is needed to price drafts, loaded once for the whole batch."""

    customers: Mapping[int, Customer]
    addresses: Mapping[int, Sequence[Address]]
    skus: Mapping[str, Sku]
    kits: Mapping[int, Composition]
    tax: Mapping[tuple[str, str], TaxRate]
    taken_references: frozenset[tuple[int, str]]


@dataclass
class _Priced:
    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge] = field(default_factory=list)


def place_order(draft: OrderDraft, *, actor: str, known_to: Channel | None = None) -> Order:
    """Place one order. As `place_orders`, but raises what is wrong with it. The order's lines are on `order.placed_lines`."""
    [result] = place_orders([draft], actor=actor, known_to=known_to)
    if isinstance(result, BusinessError):
        raise result
    return result


def place_orders(drafts: Sequence[OrderDraft], *, actor: str, known_to: Channel | None = None) -> list[Order | BusinessError]:
    """Place `drafts` together; give for each the order, or why it was refused. A refused draft never harms its neighbours.

    `known_to`: only customers that a storefront of this channel may see are known; the desk (None) knows all.

    Prices and taxes are ours, frozen on the lines here. A constant number of queries whatever the batch's size; locks nothing. Not safe
    to repeat but for drafts with an `external_reference`, which a channel takes once (Conflict). Records `order.placed`.
    """
    with transaction.atomic(savepoint=False):
        catalogue = _load(drafts, known_to)
        results: list[_Priced | BusinessError] = [_priced(draft, catalogue, actor) for draft in drafts]
        results = _without_repeats(results)
        placed = [result for result in results if isinstance(result, _Priced)]
        if placed:
            _save(placed, actor)
    return [result if isinstance(result, BusinessError) else result.order for result in results]


def price_draft(draft: OrderDraft) -> Order:
    """Price a draft as `place_order` would, without saving it. The order's lines are on `order.placed_lines`.

    Raises what `place_order` would raise.
    """
    priced = _prepared(draft, _load([draft], None), actor="")
    priced.order.placed_lines = priced.lines
    return priced.order


# What everybody pays for a SKU in a currency on a day: None where the price list has nothing.
_LIST_PRICE = (
    "(SELECT unit_price FROM inventory_price WHERE inventory_price.sku_id = inventory_sku.id AND list_name = '' AND currency = %s"
    " AND (valid_on IS NULL OR valid_on @> %s::date) LIMIT 1)"
)


def priced_skus(*, currency: str, on: date | None = None) -> QuerySet[Sku]:
    """Give SKUs with `list_price`, None where the price list has none."""
    price_now = RawSQL(_LIST_PRICE, [currency, on or timezone.localdate()], output_field=DecimalField())
    return Sku.objects.annotate(list_price=price_now)


def _load(drafts: Sequence[OrderDraft], known_to: Channel | None) -> _Catalogue:
    customers = _customers({draft.customer_id for draft in drafts}, known_to)
    references = {draft.external_reference for draft in drafts if draft.external_reference}
    taken = (
        Order.objects.filter(external_reference__in=references, channel__in={draft.channel.pk for draft in drafts}).values_list(
            "channel_id", "external_reference"
        )
        if references
        else []
    )
    skus = _skus({line.sku.strip().upper() for draft in drafts for line in draft.lines})
    return _Catalogue(
        customers=customers,
        addresses=_addresses(customers),
        skus=skus,
        kits=compositions([sku.pk for sku in skus.values() if sku.is_kit]),
        tax=_tax_rates(),
        taken_references=frozenset(taken),
    )


def _customers(keys: set[int], known_to: Channel | None) -> dict[int, Customer]:
    only = " AND channel_id = %s" if known_to else ""
    rows = read(
        f"SELECT {columns_of(Customer)} FROM customers_customer WHERE id = ANY(%s)" + only,
        [list(keys), *([known_to.pk] if known_to else [])],
    )
    return {row[0]: instance(Customer, row) for row in rows}


def _addresses(customers: Mapping[int, Customer]) -> dict[int, list[Address]]:
    found: dict[int, list[Address]] = {pk: [] for pk in customers}
    for row in read(f"SELECT {columns_of(Address)} FROM customers_address WHERE customer_id = ANY(%s) ORDER BY id", [list(customers)]):
        address = instance(Address, row)
        address.customer = customers[address.customer_id]
        found[address.customer_id].append(address)
    return found


def _skus(codes: set[str]) -> dict[str, Sku]:
    skus = {}
    for row in read(
        f"SELECT {columns_of(Sku)}, {_LIST_PRICE} FROM inventory_sku WHERE code = ANY(%s)",
        [settings.BOOKS_CURRENCY, timezone.localdate(), sorted(codes)],
    ):
        sku = instance(Sku, row)
        sku.list_price = row[-1]  # type: ignore[attr-defined]
        skus[sku.code] = sku
    return skus


def _tax_rates() -> dict[tuple[str, str], TaxRate]:
    rows = read(f"SELECT {columns_of(TaxRate)} FROM orders_taxrate WHERE valid_from <= %s ORDER BY valid_from", [timezone.localdate()])
    rates = [instance(TaxRate, row) for row in rows]
    return {(rate.country, rate.category): rate for rate in rates}


def _priced(draft: OrderDraft, catalogue: _Catalogue, actor: str) -> _Priced | BusinessError:
    try:
        if (draft.channel.pk, draft.external_reference) in catalogue.taken_references:
            raise _reference_taken(draft.external_reference)
        return _prepared(draft, catalogue, actor)
    except BusinessError as refusal:
        return refusal


def _prepared(draft: OrderDraft, catalogue: _Catalogue, actor: str) -> _Priced:
    customer = catalogue.customers.get(draft.customer_id)
    if customer is None:
        raise NotFound(_("There is no such customer."), pointer="/customer")
    if draft.channel.currency != settings.BOOKS_CURRENCY:
        raise Invalid(
            _("Channel %(channel)s sells in %(currency)s; the books are kept in %(books)s and there is no rate yet.")
            % {"channel": draft.channel, "currency": draft.channel.currency, "books": settings.BOOKS_CURRENCY}
        )
    order = _headed(draft, customer, catalogue.addresses[customer.pk], actor)
    country = order.ship_to["country"]
    lines = _lines(draft, catalogue, country)
    charges = _charges(draft, catalogue, country)
    amounts = add_up([Amounts(row.net, row.tax) for row in (*lines, *charges)])
    order.net_total, order.tax_total, order.total = amounts.net, amounts.tax, amounts.gross
    order.refresh(lines)
    return _Priced(order, lines, charges)


def _headed(draft: OrderDraft, customer: Customer, addresses: Sequence[Address], actor: str) -> Order:
    ship_to = _address(draft.ship_to, customer, [a for a in addresses if a.is_delivery] or addresses)
    bill_to = _address(draft.bill_to, customer, [a for a in addresses if a.is_billing]) or ship_to
    if ship_to is None or bill_to is None:
        raise Invalid(_("%(customer)s has no address to deliver to: give one.") % {"customer": customer.name}, pointer="/ship_to")
    if draft.payment_method and draft.payment_method not in PaymentMethod.values:
        raise Invalid(_("There is no payment method %(method)s.") % {"method": draft.payment_method}, pointer="/payment_method")
    on_terms = (customer.ship_policy or draft.channel.ship_policy) == ShipPolicy.ON_TERMS
    return Order(
        channel=draft.channel,
        customer=customer,
        external_reference=draft.external_reference,
        public_token=secrets.token_urlsafe(18),
        currency=draft.channel.currency,
        email=checked_email(draft.email) or customer.email,
        phone=checked_phone(draft.phone, country=ship_to["country"]) or customer.phone,
        language=customer.language,
        bill_to=bill_to,
        ship_to=ship_to,
        note=draft.note,
        invoice_policy=customer.invoice_policy or draft.channel.invoice_policy,
        ship_policy=customer.ship_policy or draft.channel.ship_policy,
        payment_method=draft.payment_method or customer.payment_method,
        terms_days=customer.terms_days if on_terms else 0,
        accepts_part_deliveries=(customer.accepts_part_deliveries if draft.accepts_part_deliveries is None else draft.accepts_part_deliveries),
        basket=draft.basket,
        standing_order_id=draft.standing_order_id,
        placed_by=actor,
        placed_at=draft.placed_at or timezone.now(),
    )


def _address(given: AddressDraft | None, customer: Customer, known: Sequence[Address]) -> dict[str, str] | None:
    if given is not None:
        return given.frozen(customer.name)
    if not known:
        return None
    address = known[0]
    return address.frozen() | {"name": address.name or customer.name}


def _lines(draft: OrderDraft, catalogue: _Catalogue, country: str) -> list[OrderLine]:
    if not draft.lines:
        raise Invalid(_("An order needs at least one line."), pointer="/lines")
    if len(draft.lines) > MOST_LINES:
        raise Invalid(_("An order has at most %(most)d lines: split it.") % {"most": MOST_LINES}, pointer="/lines")
    return [_line(line, position, draft, catalogue, country) for position, line in enumerate(draft.lines, start=1)]


def _line(line: LineDraft, position: int, draft: OrderDraft, catalogue: _Catalogue, country: str) -> OrderLine:
    pointer = f"/lines/{position - 1}"
    sku = catalogue.skus.get(line.sku.strip().upper())
    if sku is None:
        raise Invalid(_("There is no SKU %(code)s.") % {"code": line.sku}, pointer=f"{pointer}/sku", sku=line.sku)
    if not sku.is_active:
        raise Invalid(_("%(code)s is no longer sold.") % {"code": sku.code}, pointer=f"{pointer}/sku", sku=sku.code)
    if not 1 <= line.quantity <= MOST_UNITS:
        raise Invalid(
            _("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": sku.code, "most": MOST_UNITS},
            pointer=f"{pointer}/quantity",
            sku=sku.code,
        )
    kit = catalogue.kits.get(sku.pk)
    if sku.is_kit and not kit:
        raise Invalid(_("%(code)s is a kit of nothing: give it components.") % {"code": sku.code}, pointer=f"{pointer}/sku", sku=sku.code)
    unit_price = line.unit_price if line.unit_price is not None else sku.list_price  # type: ignore[attr-defined]
    if unit_price is None or unit_price <= 0:
        raise Invalid(_("%(code)s has no price: give it one in the price list.") % {"code": sku.code}, pointer=pointer, sku=sku.code)
    rate = catalogue.tax.get((country, sku.tax_category))
    amounts = price(
        line.quantity,
        unit_price,
        rate=rate.rate if rate else ZERO,
        includes_tax=draft.channel.prices_include_tax,
        currency=draft.channel.currency,
    )
    return OrderLine(
        position=position,
        sku=sku,
        description=sku.name,
        quantity=line.quantity,
        unit_price=unit_price,
        net=amounts.net,
        tax_name=rate.name if rate else "",
        tax_rate=rate.rate if rate else ZERO,
        tax=amounts.tax,
        kit=kit,
    )


def _charges(draft: OrderDraft, catalogue: _Catalogue, country: str) -> list[OrderCharge]:
    rate = catalogue.tax.get((country, "standard"))
    charges = []
    for charge in draft.charges:
        amounts = price(
            1,
            round_amount(charge.amount, draft.channel.currency),
            rate=rate.rate if rate else ZERO,
            includes_tax=draft.channel.prices_include_tax,
            currency=draft.channel.currency,
        )
        charges.append(
            OrderCharge(
                kind=charge.kind,
                description=charge.description,
                net=amounts.net,
                tax_name=rate.name if rate else "",
                tax_rate=rate.rate if rate else ZERO,
                tax=amounts.tax,
            )
        )
    return charges


def _without_repeats(results: list[_Priced | BusinessError]) -> list[_Priced | BusinessError]:
    """Refuse the second of two drafts in one batch with the same reference."""
    seen: set[tuple[int, str]] = set()
    kept: list[_Priced | BusinessError] = []
    for result in results:
        if isinstance(result, _Priced) and result.order.external_reference:
            reference = (result.order.channel_id, result.order.external_reference)
            if reference in seen:
                result = _reference_taken(result.order.external_reference)
            seen.add(reference)
        kept.append(result)
    return kept


def _reference_taken(reference: str) -> Conflict:
    return Conflict(
        _("There is already an order with the reference %(reference)s on this channel.") % {"reference": reference},
        pointer="/external_reference",
        reference=reference,
    )


def _save(placed: list[_Priced], actor: str) -> None:
    bulk.insert_all([priced.order for priced in placed])
    for priced in placed:
        for row in (*priced.lines, *priced.charges):
            row.order_id = priced.order.pk
        priced.order.placed_lines = priced.lines
    bulk.insert_all([line for priced in placed for line in priced.lines])
    bulk.insert_all([charge for priced in placed for charge in priced.charges])
    take_up({priced.order.pk: priced.order.basket for priced in placed if priced.order.basket})
    record(
        fact(
            "order.placed",
            "order",
            priced.order.pk,
            order_id=priced.order.pk,
            actor=actor,
            total=str(priced.order.total),
            currency=priced.order.currency,
            lines=len(priced.lines),
        )
        for priced in placed
    )
