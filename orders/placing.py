"""Placing orders: the one way in, whichever face they come through."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial

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
from inventory.kits import Composition, compositions, cost_kits
from inventory.models import Sku
from oms.core import bulk
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import fact, record
from oms.core.money import ZERO
from oms.core.reading import columns_of, instance, read
from orders import reasons
from orders.models import Hold, Order, OrderCharge, OrderLine
from orders.pricebook import Code, PriceBook, Taken, offers, prices_of, read_book
from orders.pricing import (
    Basket,
    BasketCharge,
    BasketLine,
    Buyer,
    Effect,
    Explanation,
    NoPrice,
    PricedBasket,
    Refused,
    Tax,
    Why,
    add_up,
    price_basket,
)
from orders.redeeming import Redeemed, claim, is_scarce, redeem
from orders.states import ChargeKind, HoldKind

MOST_LINES = 1000
MOST_UNITS = 1_000_000
MOST_COUNTED = 2_000_000_000
MOST_CODES = 10
HUNDRED = Decimal(100)
CHARGED_AS = "standard"
"""The tax class of what is charged beside the goods."""
Taxes = Callable[[str], Tax]
"""The tax of each class where an order goes."""


@dataclass(frozen=True)
class LineDraft:
    """So many units of a SKU. `unit_price`: agreed by somebody who may; None takes it from the price lists. `discount_percent`: what whoever
    takes the order takes off; above their limit a second person must agree.
    """

    sku: str
    quantity: int
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None


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
    `basket`: what it still holds softly becomes the order's. `codes`: of promotions, as typed. Without a customer it can only be quoted.
    `delivery`: the name of the way that was chosen, and `carrier` the code of who shall take it (orders.delivering sets both, and the charge).
    """

    channel: Channel
    customer_id: int | None
    lines: Sequence[LineDraft]
    charges: Sequence[ChargeDraft] = ()
    bill_to: AddressDraft | None = None
    ship_to: AddressDraft | None = None
    email: str = ""
    phone: str = ""
    note: str = ""
    external_reference: str = ""
    payment_method: str = ""
    payment_reference: str = ""
    accepts_part_deliveries: bool | None = None
    placed_at: datetime | None = None
    basket: str = ""
    standing_order_id: int | None = None
    codes: Sequence[str] = ()
    delivery: str = ""
    carrier: str = ""


@dataclass(frozen=True)
class _Article:
    """A SKU with its prices: (list, from so many units, price of one) on all lists that somebody in the batch buys by, as far as they are reached."""

    sku: Sku
    prices: Sequence[tuple[int, int, Decimal]]


@dataclass(frozen=True)
class _Catalogue:
    """What is needed to price drafts, loaded once for the whole batch."""

    customers: Mapping[int | None, Customer]
    addresses: Mapping[int | None, Sequence[Address]]
    articles: Mapping[str, _Article]
    kits: Mapping[int, Composition]
    book: PriceBook
    taken_references: frozenset[tuple[int, str]]


@dataclass
class _Priced:
    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    used: list[tuple[Effect, Code | None]]
    refused: list[Refused]
    approvals: list[str]
    why: list[Explanation]


def place_order(draft: OrderDraft, *, actor: str, known_to: Channel | None = None) -> Order:
    """Place one order. As `place_orders`, but raises what is wrong with it. The order's lines are on `order.placed_lines`."""
    [result] = place_orders([draft], actor=actor, known_to=known_to)
    if isinstance(result, BusinessError):
        raise result
    return result


def place_orders(drafts: Sequence[OrderDraft], *, actor: str, known_to: Channel | None = None) -> list[Order | BusinessError]:
    """Place `drafts` together; give for each the order, or why it was refused. A refused draft never harms its neighbours.

    `known_to`: only customers that a storefront of this channel may see are known; the desk (None) knows all.

    Prices and taxes are ours, frozen on the lines here; a code that is not good any more is refused. What a second person must agree to is
    held (HoldKind.PRICE). A constant number of queries whatever the batch's size. Locks nothing but promotions that are scarce: customers,
    promotions, codes. Not safe to repeat but for drafts with an `external_reference`, which a channel takes once (Conflict).
    Records `order.placed` and `order.held`.
    """
    with transaction.atomic(savepoint=False):
        catalogue = _load(drafts, known_to, actor)
        results = _price_all(drafts, catalogue, actor)
        if any(is_scarce(effect) for result in results if isinstance(result, _Priced) for effect, _code in result.used):
            results = _price_all(drafts, replace(catalogue, book=claim(catalogue.book, catalogue.customers.values())), actor)
        placed = [result for result in results if isinstance(result, _Priced)]
        if placed:
            _save(placed, actor)
            redeem([one for priced in placed for one in _redeemed(priced)])
    return [result if isinstance(result, BusinessError) else result.order for result in results]


def place_as_quoted(order: Order, lines: list[OrderLine], charges: list[OrderCharge], *, approvals: Sequence[str], actor: str) -> Order:
    """Place an order exactly as it was priced before, in the caller's transaction; what a second person must agree to holds it.

    Records `order.placed` and `order.held`.
    """
    order.open_holds = 1 if approvals else 0
    _save([_Priced(order, lines, charges, [], [], list(approvals), [])], actor)
    return order


def price_draft(draft: OrderDraft, *, actor: str = "") -> Order:
    """Price a draft as `place_order` would, without saving it. The order's lines are on `order.placed_lines`.

    Codes that take nothing off are on `order.refused_codes`, each with the reason. Raises what else `place_order` would raise.
    """
    return quote(draft, actor=actor).order


@dataclass(frozen=True)
class Quote:
    """What a draft would cost. `promotions`: what each takes off; `refused`: the others with the reason; `codes`: codes that take nothing off;
    `approvals`: what a second person would have to agree to.
    """

    order: Order
    charges: Sequence[OrderCharge]
    promotions: Sequence[Effect]
    refused: Sequence[tuple[str, str]]
    codes: Mapping[str, str]
    approvals: Sequence[str]


def quote(draft: OrderDraft, *, actor: str = "", known_to: Channel | None = None) -> Quote:
    """Say what a draft would cost, and why. As `price_draft`, with all that is worth knowing; reserves no promotion.

    A draft without a customer is priced for somebody nobody knows yet: it says where it goes.
    """
    catalogue = _load([draft], known_to, actor)
    if draft.customer_id is None:
        catalogue = replace(catalogue, customers={None: Customer(name=_("Somebody new"))}, addresses={None: ()})
    priced = _prepared(draft, catalogue, actor, Taken())
    order = priced.order
    order.placed_lines = priced.lines
    order.refused_codes = _refused_codes(draft, catalogue.book, priced)
    return Quote(
        order=order,
        charges=priced.charges,
        promotions=[effect for effect, _code in priced.used],
        refused=[(one.promotion.name, reasons.refusal(one, currency=order.currency)) for one in priced.refused],
        codes=order.refused_codes,
        approvals=priced.approvals,
    )


# What everybody pays for one unit of a SKU in a currency on a day: None where the price list has nothing.
_LIST_PRICE = (
    "(SELECT unit_price FROM inventory_price WHERE inventory_price.sku_id = inventory_sku.id AND price_list_id IS NULL AND currency = %s"
    " AND from_quantity = 1 AND (valid_on IS NULL OR valid_on @> %s::date) LIMIT 1)"
)


def priced_skus(*, currency: str, on: date | None = None) -> QuerySet[Sku]:
    """Give SKUs with `list_price`, None where the price list has none."""
    price_now = RawSQL(_LIST_PRICE, [currency, on or timezone.localdate()], output_field=DecimalField())
    return Sku.objects.annotate(list_price=price_now)


def _load(drafts: Sequence[OrderDraft], known_to: Channel | None, actor: str) -> _Catalogue:
    customers = _customers({draft.customer_id for draft in drafts}, known_to)
    channels = {draft.channel.pk for draft in drafts}
    today = timezone.localdate()
    articles = _articles(_wanted(drafts), channels, customers, today)
    addresses = _addresses(customers)
    countries = {address.country for some in addresses.values() for address in some}
    countries |= {draft.ship_to.country for draft in drafts if draft.ship_to}
    gives = any(line.discount_percent or line.unit_price is not None for draft in drafts for line in draft.lines)
    kits = compositions([article.sku.pk for article in articles.values() if article.sku.is_kit])
    cost_kits((article.sku, kits[article.sku.pk]) for article in articles.values() if article.sku.is_kit)
    return _Catalogue(
        customers=customers,
        addresses=addresses,
        articles=articles,
        kits=kits,
        book=read_book(
            on=today,
            channels=channels,
            customers=customers,
            countries=countries,
            skus=[article.sku.pk for article in articles.values()],
            codes={_code(code) for draft in drafts for code in draft.codes},
            giver=actor if gives else "",
        ),
        taken_references=_taken_references(drafts, channels),
    )


def _taken_references(drafts: Sequence[OrderDraft], channels: set[int]) -> frozenset[tuple[int, str]]:
    references = {draft.external_reference for draft in drafts if draft.external_reference}
    if not references:
        return frozenset()
    known = Order.objects.filter(external_reference__in=references, channel__in=channels)
    return frozenset(known.values_list("channel_id", "external_reference"))


def _code(text: str) -> str:
    return text.strip().upper()


def _customers(keys: set[int | None], known_to: Channel | None) -> dict[int | None, Customer]:
    only = " AND channel_id = %s" if known_to else ""
    rows = read(
        f"SELECT {columns_of(Customer)} FROM customers_customer WHERE id = ANY(%s)" + only,
        [list(keys), *([known_to.pk] if known_to else [])],
    )
    found: dict[int | None, Customer] = {row[0]: instance(Customer, row) for row in rows}
    for pk, customer in list(found.items()):
        if customer.merged_into_id is not None:
            found[pk] = found[customer.kept.pk] = customer.kept
    return found


def _addresses(customers: Mapping[int | None, Customer]) -> dict[int | None, list[Address]]:
    found: dict[int | None, list[Address]] = {pk: [] for pk in customers}
    for row in read(f"SELECT {columns_of(Address)} FROM customers_address WHERE customer_id = ANY(%s) ORDER BY id", [list(customers)]):
        address = instance(Address, row)
        address.customer = customers[address.customer_id]
        found[address.customer_id].append(address)
    return found


# All prices of each SKU that somebody in the batch could buy it for, as three arrays: on their lists, and for no more units than are wanted.
_ARTICLES = """
    SELECT {columns}, price.lists, price.quantities, price.amounts
    FROM unnest(%s::text[], %s::int[]) AS wanted(code, units) JOIN inventory_sku ON inventory_sku.code = wanted.code LEFT JOIN LATERAL (
        SELECT array_agg(coalesce(price_list_id, 0)) AS lists, array_agg(from_quantity) AS quantities, array_agg(unit_price) AS amounts
        FROM inventory_price
        WHERE inventory_price.sku_id = inventory_sku.id AND currency = %s AND (valid_on IS NULL OR valid_on @> %s::date)
            AND from_quantity <= wanted.units AND (price_list_id IS NULL OR price_list_id IN (
                SELECT price_list_id FROM orders_priceassignment WHERE channel_id = ANY(%s) OR group_id = ANY(%s) OR customer_id = ANY(%s)))
    ) price ON true
"""


def _wanted(drafts: Sequence[OrderDraft]) -> dict[str, int]:
    """Give how many units of each SKU the drafts want together: no break beyond that is reached by any of them."""
    wanted: dict[str, int] = {}
    for draft in drafts:
        for line in draft.lines:
            code = _code(line.sku)
            wanted[code] = min(wanted.get(code, 0) + max(line.quantity, 0), MOST_COUNTED)
    return wanted


def _articles(wanted: Mapping[str, int], channels: set[int], customers: Mapping[int | None, Customer], on: date) -> dict[str, _Article]:
    groups = {customer.group_id for customer in customers.values() if customer.group_id}
    values = [list(wanted), list(wanted.values()), settings.BOOKS_CURRENCY, on, list(channels), list(groups), list(customers)]
    found = {}
    for row in read(_ARTICLES.format(columns=columns_of(Sku)), values):
        sku, (lists, quantities, amounts) = instance(Sku, row), row[-3:]
        found[sku.code] = _Article(sku, list(zip(lists or (), quantities or (), amounts or (), strict=True)))
    return found


def _price_all(drafts: Sequence[OrderDraft], catalogue: _Catalogue, actor: str) -> list[_Priced | BusinessError]:
    """Price `drafts` one after the other: what one has of a promotion, or a reference, the next cannot have."""
    taken = Taken()
    references = set(catalogue.taken_references)
    results: list[_Priced | BusinessError] = []
    for draft in drafts:
        reference = (draft.channel.pk, draft.external_reference)
        try:
            if reference in references:
                raise _reference_taken(draft.external_reference)
            priced = _prepared(draft, catalogue, actor, taken)
            _insist_on_codes(draft, catalogue.book, priced)
        except BusinessError as refusal:
            results.append(refusal)
            continue
        if draft.external_reference:
            references.add(reference)
        _note(taken, priced)
        results.append(priced)
    return results


def _note(taken: Taken, priced: _Priced) -> None:
    taken.customers.add(priced.order.customer_id)
    for effect, code in priced.used:
        turn = (effect.promotion.key, priced.order.customer_id)
        taken.turns[turn] = taken.turns.get(turn, 0) + 1
        taken.amounts[effect.promotion.key] = taken.amounts.get(effect.promotion.key, ZERO) + effect.total
        if code:
            taken.uses[code.pk] = taken.uses.get(code.pk, 0) + 1


def _prepared(draft: OrderDraft, catalogue: _Catalogue, actor: str, taken: Taken) -> _Priced:
    customer = catalogue.customers.get(draft.customer_id)
    if customer is None:
        raise NotFound(_("There is no such customer."), pointer="/customer")
    if draft.channel.currency != settings.BOOKS_CURRENCY:
        raise Invalid(
            _("Channel %(channel)s sells in %(currency)s; the books are kept in %(books)s and there is no rate yet.")
            % {"channel": draft.channel, "currency": draft.channel.currency, "books": settings.BOOKS_CURRENCY}
        )
    order = _headed(draft, customer, catalogue.addresses[customer.pk], actor)
    articles = _ordered(draft, catalogue)
    taxes = cache(partial(catalogue.book.tax, country=order.country, postcode=order.postcode, customer=customer))
    priced = _priced(draft, customer, articles, catalogue, taxes, taken)
    lines = _lines(draft, articles, catalogue, taxes, priced, actor)
    charges = _charges(draft, taxes, priced)
    amounts = add_up([part.amounts for part in (*priced.lines, *priced.charges)])
    order.net_total, order.tax_total, order.total = amounts.net, amounts.tax, amounts.gross
    order.discount_total = sum((row.discount for row in (*lines, *charges)), ZERO)
    order.refresh(lines)
    used = [(effect, catalogue.book.codes.get(effect.promotion.code)) for effect in priced.used]
    names = {article.sku.pk: article.sku.code for article in articles}
    approvals = [reasons.approval(one, sku=names[one.sku], by=actor, currency=order.currency) for one in priced.approvals]
    order.open_holds = 1 if approvals else 0
    return _Priced(order, lines, charges, used, priced.refused, approvals, [part.why for part in priced.lines])


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
        prices_include_tax=draft.channel.prices_include_tax,
        email=checked_email(draft.email) or customer.email,
        phone=checked_phone(draft.phone, country=ship_to["country"]) or customer.phone,
        language=customer.language,
        bill_to=bill_to,
        ship_to=ship_to,
        note=draft.note,
        invoice_policy=customer.invoice_policy or draft.channel.invoice_policy,
        ship_policy=customer.ship_policy or draft.channel.ship_policy,
        payment_method=draft.payment_method or customer.payment_method,
        payment_reference=draft.payment_reference,
        terms_days=customer.terms_days if on_terms else 0,
        accepts_part_deliveries=(customer.accepts_part_deliveries if draft.accepts_part_deliveries is None else draft.accepts_part_deliveries),
        basket=draft.basket,
        standing_order_id=draft.standing_order_id,
        delivery=draft.delivery,
        carrier=draft.carrier or customer.preferred_carrier,
        delivery_window=customer.delivery_window,
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


def _ordered(draft: OrderDraft, catalogue: _Catalogue) -> list[_Article]:
    """Give what is ordered, line by line. Raises Invalid for what cannot be."""
    if not draft.lines:
        raise Invalid(_("An order needs at least one line."), pointer="/lines")
    if len(draft.lines) > MOST_LINES:
        raise Invalid(_("An order has at most %(most)d lines: split it.") % {"most": MOST_LINES}, pointer="/lines")
    if len(draft.codes) > MOST_CODES:
        raise Invalid(_("An order takes at most %(most)d promotion codes.") % {"most": MOST_CODES}, pointer="/codes")
    return [_article(line, position, catalogue) for position, line in enumerate(draft.lines)]


def _article(line: LineDraft, position: int, catalogue: _Catalogue) -> _Article:
    pointer = f"/lines/{position}"
    article = catalogue.articles.get(_code(line.sku))
    if article is None:
        raise Invalid(_("There is no SKU %(code)s.") % {"code": line.sku}, pointer=f"{pointer}/sku", sku=line.sku)
    code = article.sku.code
    if not article.sku.is_active:
        raise Invalid(_("%(code)s is no longer sold.") % {"code": code}, pointer=f"{pointer}/sku", sku=code)
    if not 1 <= line.quantity <= MOST_UNITS:
        raise Invalid(
            _("The quantity of %(code)s must be between 1 and %(most)d.") % {"code": code, "most": MOST_UNITS},
            pointer=f"{pointer}/quantity",
            sku=code,
        )
    if article.sku.is_kit and not catalogue.kits.get(article.sku.pk):
        raise Invalid(_("%(code)s is a kit of nothing: give it components.") % {"code": code}, pointer=f"{pointer}/sku", sku=code)
    if line.unit_price is not None and line.unit_price <= 0:
        raise Invalid(_("The price of %(code)s must be above zero.") % {"code": code}, pointer=pointer, sku=code)
    if line.discount_percent is not None and not 0 <= line.discount_percent <= HUNDRED:
        raise Invalid(_("A discount is a percentage from 0 to 100."), pointer=f"{pointer}/discount_percent", sku=code)
    return article


def _priced(draft: OrderDraft, customer: Customer, articles: Sequence[_Article], catalogue: _Catalogue, taxes: Taxes, taken: Taken) -> PricedBasket:
    book, channel = catalogue.book, draft.channel
    lists = book.lists(channel.pk, customer)
    is_first = book.is_first(customer) and customer.pk not in taken.customers
    basket = Basket(
        lines=[
            BasketLine(
                sku=article.sku.pk,
                quantity=line.quantity,
                rows=prices_of(article.prices, lists),
                agreed=line.unit_price,
                discount_percent=line.discount_percent or ZERO,
                rate=taxes(article.sku.tax_category).rate,
                cost=article.sku.cost,
            )
            for line, article in zip(draft.lines, articles, strict=True)
        ],
        charges=[BasketCharge(charge.amount, taxes(CHARGED_AS).rate, charge.kind == ChargeKind.SHIPPING) for charge in draft.charges],
        currency=channel.currency,
        includes_tax=channel.prices_include_tax,
        on=book.on,
        buyer=Buyer(channel.pk, customer.pk, customer.group_id, is_first),
        promotions=offers(book, [_code(code) for code in draft.codes], taken, customer.pk),
        discount_limit=book.discount_limit,
        margin_floor=book.floor(channel.pk),
    )
    try:
        return price_basket(basket)
    except NoPrice as missing:
        code = articles[missing.position].sku.code
        raise Invalid(
            _("%(code)s has no price: give it one in the price list.") % {"code": code}, pointer=f"/lines/{missing.position}", sku=code
        ) from None


def _lines(draft: OrderDraft, articles: Sequence[_Article], catalogue: _Catalogue, taxes: Taxes, priced: PricedBasket, actor: str) -> list[OrderLine]:
    lines = []
    for position, (line, article, part) in enumerate(zip(draft.lines, articles, priced.lines, strict=True), start=1):
        tax = taxes(article.sku.tax_category)
        lines.append(
            OrderLine(
                position=position,
                sku=article.sku,
                description=article.sku.name,
                quantity=line.quantity,
                unit_price=part.why.unit_price,
                discount=part.why.discount,
                price_reason=reasons.kept(part.why, by=actor),
                net=part.amounts.net,
                tax_name=tax.name,
                tax_rate=tax.rate,
                tax=part.amounts.tax,
                kit=catalogue.kits.get(article.sku.pk),
            )
        )
    return lines


def _charges(draft: OrderDraft, taxes: Taxes, priced: PricedBasket) -> list[OrderCharge]:
    tax = taxes(CHARGED_AS)
    return [
        OrderCharge(
            kind=charge.kind,
            description=charge.description,
            net=part.amounts.net,
            tax_name=tax.name,
            tax_rate=tax.rate,
            tax=part.amounts.tax,
            discount=part.discount,
        )
        for charge, part in zip(draft.charges, priced.charges, strict=True)
    ]


def _refused_codes(draft: OrderDraft, book: PriceBook, priced: _Priced) -> dict[str, str]:
    """Give the codes of a draft that take nothing off, each with the reason."""
    refused = {}
    why = {one.promotion.key: one for one in priced.refused}
    used = {effect.promotion.key: effect.promotion.code for effect, _code in priced.used}
    for text in map(_code, draft.codes):
        code = book.codes.get(text)
        if code is None or (code.promotion not in why and code.promotion not in used):
            refused[text] = _("There is no promotion code %(code)s.") % {"code": text}
        elif code.promotion in why:
            refused[text] = reasons.refusal(why[code.promotion], currency=priced.order.currency)
    return refused


def _insist_on_codes(draft: OrderDraft, book: PriceBook, priced: _Priced) -> None:
    """Raise Conflict for a code that is not good any more, Invalid for one that never was: the customer was told another price.

    A code that only gives way to something better for the customer is no reason to refuse their order.
    """
    if not draft.codes:
        return
    harmless = {one.promotion.code for one in priced.refused if one.why in (Why.ANOTHER, Why.NOTHING)}
    for text, sentence in _refused_codes(draft, book, priced).items():
        if text in harmless:
            continue
        pointer = f"/codes/{[_code(code) for code in draft.codes].index(text)}"
        raise (Conflict if text in book.codes else Invalid)(sentence, pointer=pointer, promotion_code=text)


def _redeemed(priced: _Priced) -> list[Redeemed]:
    """Give what promotions took off an order that is saved, each with what of it is off which line."""
    if not priced.used:
        return []
    parts: dict[int, list[tuple[OrderLine, Decimal]]] = {}
    for line, why in zip(priced.lines, priced.why, strict=True):
        for off in why.offs:
            if off.promotion and off.amount:
                parts.setdefault(off.promotion.key, []).append((line, off.amount))
    return [Redeemed(priced.order, effect, code, parts.get(effect.promotion.key, ())) for effect, code in priced.used]


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
    held = [priced for priced in placed if priced.approvals]
    holds = [
        Hold(order=priced.order, kind=HoldKind.PRICE, reason="; ".join(priced.approvals)[:300], placed_by=actor, placed_at=timezone.now())
        for priced in held
    ]
    bulk.insert_all(holds)
    take_up({priced.order.pk: priced.order.basket for priced in placed if priced.order.basket})
    record(
        [
            *(
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
            ),
            *(fact("order.held", "order", hold.order_id, order_id=hold.order_id, actor=actor, reason=hold.reason) for hold in holds),
        ]
    )
