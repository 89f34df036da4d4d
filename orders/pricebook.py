"""What prices are made of, read once for a whole batch of drafts: lists and who buys by them, promotions, tax, limits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from customers.models import Customer
from oms.core.reading import read
from orders.pricing import EVERYBODYS, Kind, PriceList, PriceRow, Promotion, Source, Tax, Zone, tax_on, zone_of

PERSON = "user:"


@dataclass(frozen=True)
class Code:
    """A promotion code that somebody named. `uses_left`: None where any number may use it."""

    pk: int
    promotion: int
    uses_left: int | None


@dataclass(frozen=True)
class PriceBook:
    """All that a batch of drafts is priced by, as it was read. Nothing in it changes: claiming gives another one.

    `per_customer`: promotion → the orders of one customer that it is good for; `had`: promotion, customer → orders that have had it.
    """

    on: date
    areas: Mapping[str, Sequence[tuple[str, Zone]]]
    of_channel: Mapping[int, Sequence[PriceList]]
    of_group: Mapping[int | None, Sequence[PriceList]]
    of_customer: Mapping[int | None, Sequence[PriceList]]
    promotions: Sequence[Promotion]
    with_code: frozenset[int]
    codes: Mapping[str, Code]
    floors: Mapping[int | None, Decimal]
    per_customer: Mapping[int, int]
    had: Mapping[tuple[int, int | None], int]
    discount_limit: Decimal | None = None
    has_ordered: frozenset[int] = frozenset()

    def lists(self, channel: int, customer: Customer) -> dict[int, PriceList]:
        """Give the lists that `customer` buys by through `channel`, by key: the stronger claim where there are two to the same list."""
        lists = {0: EVERYBODYS}
        for some in (self.of_channel.get(channel, ()), self.of_group.get(customer.group_id, ()), self.of_customer.get(customer.pk, ())):
            lists |= {one.key: one for one in some}
        return lists

    def tax(self, category: str, *, country: str, postcode: str, customer: Customer) -> Tax:
        """Give the tax on goods of a class that go somewhere to `customer`."""
        return tax_on(
            zone_of(self.areas, country=country, postcode=postcode),
            category,
            is_exempt=bool(customer.tax_exemption),
            has_vat_number=bool(customer.vat_number),
        )

    def floor(self, channel: int) -> Decimal | None:
        return self.floors.get(channel, self.floors.get(None))

    def is_first(self, customer: Customer) -> bool:
        """Say whether `customer` has never ordered; an order that was cancelled is none. Only asked where a promotion is for first orders."""
        return customer.pk not in self.has_ordered


@dataclass
class Taken:
    """What a batch has taken of promotions so far, before it is written: so that its own orders do not share the same budget."""

    amounts: dict[int, Decimal] = field(default_factory=dict)
    uses: dict[int, int] = field(default_factory=dict)
    turns: dict[tuple[int, int | None], int] = field(default_factory=dict)
    customers: set[int] = field(default_factory=set)


def prices_of(row: Sequence[tuple[int, int, Decimal]], lists: Mapping[int, PriceList]) -> list[PriceRow]:
    """Give the price rows of a SKU, as they were read, that are on one of `lists`."""
    return [PriceRow(unit_price, from_quantity, lists[key]) for key, from_quantity, unit_price in row if key in lists]


def offers(book: PriceBook, codes: Iterable[str], taken: Taken, customer: int | None) -> list[Promotion]:
    """Give the promotions that an order of `customer` with `codes` may have, with what `taken` leaves of them."""
    named: dict[int, tuple[str, Code]] = {}
    for typed in codes:
        if typed in book.codes:
            named.setdefault(book.codes[typed].promotion, (typed, book.codes[typed]))
    found = []
    for promotion in book.promotions:
        changes: dict[str, object] = {}
        if promotion.key in book.with_code:
            if promotion.key not in named:
                continue
            text, code = named[promotion.key]
            changes["code"] = text
            if code.uses_left is not None:
                changes["uses_left"] = code.uses_left - taken.uses.get(code.pk, 0)
        if promotion.budget_left is not None and promotion.key in taken.amounts:
            changes["budget_left"] = promotion.budget_left - taken.amounts[promotion.key]
        if promotion.key in book.per_customer:
            turn = (promotion.key, customer)
            changes["turns_left"] = book.per_customer[promotion.key] - book.had.get(turn, 0) - taken.turns.get(turn, 0)
        found.append(replace(promotion, **changes) if changes else promotion)  # type: ignore[arg-type]
    return found


# Those of some customers who have an order that was not cancelled.
HAVE_ORDERED = """
    SELECT buyer.pk FROM unnest(%s::bigint[]) AS buyer(pk) WHERE EXISTS (
        SELECT FROM orders_order WHERE customer_id = buyer.pk AND placed_at IS NOT NULL AND state NOT IN ('cancelled', 'expired'))
"""

# How many orders of each customer have had a promotion; what those had who were merged into them is theirs.
_HAD = """
    WITH RECURSIVE same(kept, pk) AS (
        SELECT buyer.pk, buyer.pk FROM unnest(%s::bigint[]) AS buyer(pk)
        UNION SELECT kept, gone.id FROM same JOIN customers_customer gone ON merged_into_id = same.pk
    )
    SELECT promotion_id, kept, count(*) FROM same JOIN orders_promotionredemption ON customer_id = same.pk
    WHERE promotion_id = ANY(%s) AND given_back_at IS NULL GROUP BY 1, 2
"""

_RULES = f"""
    SELECT
        (SELECT json_agg(json_build_array(country, postcode_prefix, zone_id, has_reverse_charge))
            FROM orders_taxarea area JOIN orders_taxzone zone ON zone.id = zone_id WHERE country = ANY(%(countries)s)),
        (SELECT json_agg(json_build_array(zone_id, category, name, rate::text)) FROM orders_taxrate
            WHERE (valid_on IS NULL OR valid_on @> %(on)s::date)
                AND zone_id IN (SELECT zone_id FROM orders_taxarea WHERE country = ANY(%(countries)s))),
        (SELECT json_agg(json_build_array(a.channel_id, a.group_id, a.customer_id, l.id, l.name, l.includes_tax))
            FROM orders_priceassignment a JOIN inventory_pricelist l ON l.id = a.price_list_id
            WHERE l.is_active AND (a.valid_on IS NULL OR a.valid_on @> %(on)s::date)
                AND (a.channel_id = ANY(%(channels)s) OR a.group_id = ANY(%(groups)s) OR a.customer_id = ANY(%(customers)s))),
        (SELECT json_agg(json_build_array(channel_id, floor::text)) FROM orders_marginfloor),
        (SELECT json_agg(json_build_array(id, name, kind, percent::text, amount::text, buy, get, is_per_sku,
                CASE WHEN NOT is_for_all_goods THEN ARRAY(
                    SELECT sku_id FROM orders_promotion_skus WHERE promotion_id = p.id AND sku_id = ANY(%(skus)s)) END,
                minimum::text, needs_code, channel_id, group_id, customer_id, is_for_first_orders, lower(valid_on), upper(valid_on) - 1,
                (budget - used_amount)::text, is_exclusive, priority, is_off_contracts, most_per_customer))
            FROM orders_promotion p
            WHERE is_active AND (id = ANY(%(named)s) OR (NOT needs_code AND (valid_on IS NULL OR valid_on @> %(on)s::date)
                AND (channel_id IS NULL OR channel_id = ANY(%(channels)s))
                AND (group_id IS NULL OR group_id = ANY(%(groups)s)) AND (customer_id IS NULL OR customer_id = ANY(%(customers)s))))),
        CASE WHEN EXISTS (SELECT FROM orders_promotion WHERE is_active AND is_for_first_orders)
            THEN ARRAY({HAVE_ORDERED.replace("%s", "%(customers)s")}) END
"""


def read_book(
    *,
    on: date,
    channels: Collection[int],
    customers: Mapping[int | None, Customer],
    countries: Collection[str],
    skus: Collection[int],
    codes: Collection[str],
    giver: str = "",
) -> PriceBook:
    """Read all that drafts of `customers` for `skus` are priced by on the day `on`. One statement; one more each for codes, for a `giver`, and
    where a promotion is bounded for each customer.

    `countries`: all that something may go to.

    `giver`: who gives a discount, or agrees on a price: a person has a limit, everything else has none.
    """
    known = _codes(codes) if codes else {}
    values = {
        "on": on,
        "channels": list(channels),
        "customers": list(customers),
        "groups": list({customer.group_id for customer in customers.values() if customer.group_id}),
        "countries": list(countries),
        "skus": list(skus),
        "named": [code.promotion for code in known.values()],
    }
    [(areas, rates, assignments, floors, promotions, have_ordered)] = read(_RULES, values)
    of_channel: dict[int, list[PriceList]] = {}
    of_group: dict[int | None, list[PriceList]] = {}
    of_customer: dict[int | None, list[PriceList]] = {}
    for channel, group, customer, pk, name, includes_tax in assignments or ():
        if customer is not None:
            of_customer.setdefault(customer, []).append(PriceList(pk, name, Source.CONTRACT, includes_tax))
        elif group is not None:
            of_group.setdefault(group, []).append(PriceList(pk, name, Source.GROUP, includes_tax))
        else:
            of_channel.setdefault(channel, []).append(PriceList(pk, name, Source.CHANNEL, includes_tax))
    per_customer = {row[0]: row[-1] for row in promotions or () if row[-1] is not None}
    return PriceBook(
        on=on,
        areas=_areas(areas or (), rates or ()),
        of_channel=of_channel,
        of_group=of_group,
        of_customer=of_customer,
        promotions=[_promotion(row) for row in promotions or ()],
        with_code=frozenset(row[0] for row in promotions or () if row[10]),
        codes=known,
        per_customer=per_customer,
        had=had_by(customers, per_customer),
        floors={channel: Decimal(floor) for channel, floor in floors or ()},
        discount_limit=_limit_of(giver.removeprefix(PERSON)) if giver.startswith(PERSON) else None,
        has_ordered=frozenset(have_ordered or ()),
    )


def had_by(customers: Collection[int | None], promotions: Collection[int]) -> dict[tuple[int, int | None], int]:
    """Give how many orders of each of `customers` have had each of `promotions`: promotion, customer → orders. One statement; none without any."""
    if not promotions:
        return {}
    return {(promotion, customer): orders for promotion, customer, orders in read(_HAD, [list(customers), list(promotions)])}


def _areas(areas: Iterable[Sequence], rates: Iterable[Sequence]) -> dict[str, list[tuple[str, Zone]]]:
    of_zone: dict[int, dict[str, Tax]] = {}
    for zone, category, name, rate in rates:
        of_zone.setdefault(zone, {})[category] = Tax(name, Decimal(rate))
    of_country: dict[str, list[tuple[str, Zone]]] = {}
    for country, prefix, zone, has_reverse_charge in areas:
        of_country.setdefault(country, []).append((prefix, Zone(of_zone.get(zone, {}), has_reverse_charge)))
    return of_country


def _promotion(row: Sequence) -> Promotion:
    skus = row[_SKUS]
    return _made((*row[:_SKUS], None if skus is None else frozenset(skus), *row[_SKUS + 1 :]))


_SKUS = 8
"""Where in the row of a promotion its goods stand."""


@lru_cache(maxsize=4096)
def _made(row: tuple) -> Promotion:
    """Make a promotion of what was read of it. Made once for all that read the same.

    It is never an old one: the row, as this transaction reads it now, is the key, so a promotion that somebody has changed, in a transaction that
    is not committed, or was rolled back, is another one.
    """
    (pk, name, kind, percent, amount, buy, get, per_sku, skus, minimum, _needs_code, channel, group, customer, first, since, until, left, *rest) = row
    is_exclusive, priority, with_contracts, _most_per_customer = rest
    return Promotion(
        key=pk,
        name=name,
        kind=Kind(kind),
        percent=Decimal(percent),
        amount=Decimal(amount),
        buy=buy,
        get=get,
        same_sku=per_sku,
        skus=skus,
        minimum=Decimal(minimum),
        channel=channel,
        group=group,
        customer=customer,
        first_order_only=first,
        since=date.fromisoformat(since) if since else None,
        until=date.fromisoformat(until) if until else None,
        budget_left=None if left is None else Decimal(left),
        is_exclusive=is_exclusive,
        priority=priority,
        with_contracts=with_contracts,
    )


def _codes(codes: Collection[str]) -> dict[str, Code]:
    rows = read("SELECT code, id, promotion_id, most_uses - used FROM orders_promotioncode WHERE code = ANY(%s)", [list(codes)])
    return {code: Code(pk, promotion, left) for code, pk, promotion, left in rows}


def _limit_of(username: str) -> Decimal:
    """Give the discount that somebody may give: their own limit, or else the highest of their roles."""
    [(limit,)] = read(
        """
        SELECT coalesce(max(percent) FILTER (WHERE l.user_id IS NOT NULL), max(percent), 0)
        FROM orders_discountlimit l JOIN core_user u ON u.username = %s
        WHERE l.user_id = u.id OR l.group_id IN (SELECT group_id FROM core_user_groups WHERE user_id = u.id)
        """,
        [username],
    )
    return Decimal(limit)
