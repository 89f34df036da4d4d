"""What the prices page shows: lists and for whom they are, promotions and what they have given."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Prefetch, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import PriceList
from oms.core.money import ZERO
from orders.models import PriceAssignment, Promotion, PromotionRedemption
from orders.states import PromotionKind

MOST = 200
MOST_REDEMPTIONS = 100


@dataclass(frozen=True)
class ListRow:
    """A price list, for whom it is today, and how many prices it has."""

    price_list: PriceList
    audience: list[str]
    prices: int


@dataclass(frozen=True)
class PromotionRow:
    """A promotion in words, and what it has given to orders that were not cancelled. `state`: running, coming, over, used_up or off."""

    promotion: Promotion
    gives: str
    terms: list[str]
    orders: int
    given: Decimal
    state: str

    @property
    def left(self) -> Decimal | None:
        """What is left of its budget."""
        return None if self.promotion.budget is None else self.promotion.budget - self.promotion.used_amount


def price_lists() -> list[ListRow]:
    """Give the lists with those who buy by them. Two queries."""
    assignments = PriceAssignment.objects.select_related("channel", "group", "customer").order_by("id")
    lists = PriceList.objects.annotate(rows=Count("prices")).prefetch_related(Prefetch("assignments", queryset=assignments))[:MOST]
    return [ListRow(one, [_whose(row) for row in one.assignments.all()], one.rows) for one in lists]  # type: ignore[attr-defined]


def promotions(currency: str) -> list[PromotionRow]:
    """Give the promotions, those in force first. Three queries."""
    rows = _promotions().order_by("-is_active", "name")[:MOST]
    redeemed = PromotionRedemption.objects.filter(given_back_at__isnull=True).order_by().values_list("promotion")
    return _rows(rows, redeemed, currency)


def promotion_row(pk: int, currency: str) -> PromotionRow | None:
    """Give one promotion as `promotions` gives all. Three queries."""
    redeemed = PromotionRedemption.objects.filter(promotion=pk, given_back_at__isnull=True).order_by().values_list("promotion")
    return next(iter(_rows(_promotions().filter(pk=pk), redeemed, currency)), None)


def redemptions(pk: int) -> list[PromotionRedemption]:
    """Give the latest orders that had a promotion, also those that gave it back. One query."""
    rows = PromotionRedemption.objects.filter(promotion=pk).select_related("order", "code", "customer")
    return list(rows.order_by("-id")[:MOST_REDEMPTIONS])


def _promotions() -> QuerySet[Promotion]:
    return Promotion.objects.select_related("channel", "group", "customer").prefetch_related("codes").annotate(goods=Count("skus"))


def _rows(rows: QuerySet[Promotion], redeemed: QuerySet, currency: str) -> list[PromotionRow]:
    counted = redeemed.annotate(orders=Count("id"), given=Sum(F("amount") - F("given_back")))
    given = {pk: (orders, amount) for pk, orders, amount in counted}
    return [PromotionRow(one, _gives(one, currency), _terms(one, currency), *given.get(one.pk, (0, ZERO)), _state(one)) for one in rows]


def _whose(row: PriceAssignment) -> str:
    if row.customer:
        return _("%(name)s, by contract") % {"name": row.customer.name}
    if row.group:
        return _("customers of %(name)s") % {"name": row.group.name}
    return _("channel %(name)s") % {"name": row.channel}


def _gives(one: Promotion, currency: str) -> str:
    percent = f"{one.percent.normalize():f}"
    if one.kind == PromotionKind.PERCENT:
        return _("%(percent)s%% off") % {"percent": percent}
    if one.kind == PromotionKind.AMOUNT:
        return _("%(amount)s off") % {"amount": f"{one.amount:.2f} {currency}"}
    if one.kind == PromotionKind.FREE_SHIPPING:
        return _("Free shipping")
    facts = {"buy": one.buy, "get": one.get, "percent": percent}
    return (_("Buy %(buy)d, get %(get)d free") if one.percent == 100 else _("Buy %(buy)d, get %(get)d at %(percent)s%% off")) % facts


def _terms(one: Promotion, currency: str) -> list[str]:
    """Word what must be so before it gives anything."""
    terms = []
    if not one.is_for_all_goods:
        goods = one.goods  # type: ignore[attr-defined]
        terms.append(ngettext("%(n)d SKU", "%(n)d SKUs", goods) % {"n": goods})
    if one.minimum:
        terms.append(_("from %(amount)s on") % {"amount": f"{one.minimum:.2f} {currency}"})
    if one.is_per_sku:
        terms.append(_("of the same SKU"))
    terms += [str(whom) for whom in (one.channel, one.group, one.customer) if whom]
    if one.is_for_first_orders:
        terms.append(_("first order"))
    if one.most_per_customer:
        times = one.most_per_customer
        terms.append(ngettext("once for each customer", "%(n)d times for each customer", times) % {"n": times})
    if one.needs_code:
        codes = [code.code for code in one.codes.all()]
        terms.append(_("code %(codes)s") % {"codes": ", ".join(codes[:3]) + (" …" if len(codes) > 3 else "") if codes else "—"})
    if one.is_exclusive:
        terms.append(_("not together with others"))
    return terms


def _state(one: Promotion) -> str:
    today = timezone.localdate()
    if not one.is_active:
        return "off"
    if one.valid_on and one.valid_on.lower and today < one.valid_on.lower:
        return "coming"
    if one.valid_on and one.valid_on.upper and today >= one.valid_on.upper:
        return "over"
    if one.budget is not None and one.used_amount >= one.budget:
        return "used_up"
    return "running"
