"""Screening: does anything speak against an order? Each reason is a hold, a row with its kind; one whose cause is gone is released by itself."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from customers.blocking import Key, blocked_reasons, keys_of
from customers.models import Customer
from customers.services import Bought, lock_customers, note_orders
from customers.states import ShipPolicy
from customers.terms import limits_for
from oms.core import bulk
from oms.core.events import fact, record
from oms.core.messages import queue
from oms.core.models import Message
from oms.core.money import ZERO
from oms.core.reading import read
from orders.models import Hold, Order, StandingOrder
from orders.objections import Case, Rule, objections
from orders.states import HoldKind, ScreeningKind, StandingState

ACTOR = "station:screen"
RELEASER = "station:release"
# How long until a hold that nobody has released is looked at again. What is told of at once (a payment, a rule) does not wait for it.
AGAIN = timedelta(minutes=1)


def screen_orders(orders: list[Order], *, kinds: Collection[str] = tuple(ScreeningKind.values)) -> None:
    """Screen `orders`, locked by the caller: place the holds, add them to their customers' history, confirm them by mail.

    `kinds`: the rules that are asked; the others have nothing to say where somebody pays and takes away.

    Locks the customers, so that two orders never share the same credit. A constant number of queries. Records `order.screened`.
    """
    customers = _locked(orders)
    rules = {kind: rule for kind, rule in rules_in_force().items() if kind in kinds}
    cases = _Cases(orders, customers, rules, earlier=_counted(orders, customers))
    held_already = _held_already(orders)
    now = timezone.now()
    holds: list[Hold] = []
    for order in orders:
        order.screened_at = now
        found = _objections(order, cases)
        for kind, reason in found:
            if (order.pk, kind) not in held_already:
                holds.append(Hold(order=order, kind=kind, reason=reason[:300], placed_by=ACTOR, placed_at=now, look_again_at=now + AGAIN))
                order.open_holds += 1
        if not any(kind == ScreeningKind.CREDIT for kind, _reason in found):
            cases.grant(order)
    bulk.insert_all(holds)
    bulk.save_all(orders, "screened_at", "open_holds")
    note_orders(customers, [Bought(order.customer_id, order.total, order.placed_at) for order in orders if order.placed_at])
    next_on = _next_on(orders)
    queue(_confirmation(order, next_on.get(order.standing_order_id)) for order in orders if order.email)
    held: dict[int, list[str]] = {}
    for hold in holds:
        held.setdefault(hold.order_id, []).append(hold.reason)
    record(
        fact(
            "order.held" if order.pk in held else "order.screened",
            "order",
            order.pk,
            order_id=order.pk,
            actor=ACTOR,
            **({"reason": "; ".join(held[order.pk])} if order.pk in held else {}),
        )
        for order in orders
    )


def _locked(orders: list[Order]) -> dict[int, Customer]:
    """Lock the customers of `orders`. An order that came for one who was merged in that moment goes to who stands for them."""
    customers = lock_customers({order.customer_id for order in orders})
    merged = {pk: customer.merged_into_id for pk, customer in customers.items() if customer.merged_into_id}
    if not merged:
        return customers
    moved = [order for order in orders if order.customer_id in merged]
    for order in moved:
        order.customer_id = merged[order.customer_id]
    bulk.save_all(moved, "customer")
    return _locked(orders)


def held_and_due() -> QuerySet[Order]:
    """Give the orders with a hold of the screening's that is to be looked at again, the oldest first."""
    due = Hold.objects.filter(order=OuterRef("pk"), released_at__isnull=True, look_again_at__lte=Now())
    return Order.objects.open().filter(Exists(due), open_holds__gt=0).order_by("placed_at", "id")


def release_settled(orders: list[Order]) -> None:
    """Look at the screening's holds on `orders`, locked by the caller, again: what nothing speaks for any more is released.

    The oldest order has the credit first. Locks the customers. A constant number of queries. Records `order.hold_released`.
    """
    customers = lock_customers({order.customer_id for order in orders})
    cases = _Cases(orders, customers, rules_in_force(), earlier=_looked_up(orders))
    holds: dict[int, list[Hold]] = {}
    for hold in Hold.objects.filter(order__in=orders, released_at__isnull=True, look_again_at__isnull=False).order_by("id"):
        holds.setdefault(hold.order_id, []).append(hold)
    now = timezone.now()
    facts = []
    for order in orders:
        found = dict(_objections(order, cases))
        for hold in holds.get(order.pk, []):
            if hold.kind in found:
                hold.reason, hold.look_again_at = found[hold.kind][:300], now + AGAIN
                continue
            hold.released_at, hold.released_by, hold.look_again_at = now, RELEASER, None
            order.open_holds -= 1
            order.version += 1
            facts.append(fact("order.hold_released", "order", order.pk, order_id=order.pk, actor=RELEASER, reason=hold.reason))
            if hold.kind == HoldKind.CREDIT:
                cases.grant(order)
    bulk.save_all([hold for some in holds.values() for hold in some], "released_at", "released_by", "look_again_at", "reason")
    bulk.save_all(orders, "open_holds", "version")
    record(facts)


def rules_in_force() -> dict[str, Rule]:
    """Give kind → rule of those that are switched on. One query."""
    rows = read("SELECT kind, amount, count, factor FROM orders_screeningrule WHERE is_active", [])
    return {kind: Rule(amount, count, factor) for kind, amount, count, factor in rows}


class _Cases:
    """What speaks for and against a batch, loaded once. What is granted to one order counts for the next.

    `earlier`: order → how many orders of its customer there were before it, and for how much.
    """

    def __init__(
        self, orders: Sequence[Order], customers: Mapping[int, Customer], rules: Mapping[str, Rule], *, earlier: Mapping[int, tuple[int, Decimal]]
    ) -> None:
        self.customers = customers
        self.rules = rules
        self.earlier = earlier
        self.exposure = _exposure(customers)
        limits = limits_for(customers, [(order.customer_id, order.placed_at) for order in orders if order.placed_at])
        self.limits = dict(zip((order.pk for order in orders if order.placed_at), limits, strict=True))
        self.keys: dict[int, list[Key]] = {}
        if ScreeningKind.BLOCKED in rules:
            self.keys = {o.pk: keys_of(email=o.email, phone=o.phone, addresses=[o.bill_to, o.ship_to]) for o in orders}
        self.reasons = blocked_reasons(key for keys in self.keys.values() for key in keys)
        self.within_hour = _within_hour(orders) if ScreeningKind.MANY_ORDERS in rules else {}

    def of(self, order: Order) -> Case:
        customer = self.customers[order.customer_id]
        earlier, earlier_total = self.earlier[order.pk]
        return Case(
            total=order.total,
            currency=order.currency,
            customer=customer.name,
            is_on_terms=order.ship_policy == ShipPolicy.ON_TERMS,
            is_paid=order.paid_total >= order.total,
            credit_limit=self.limits.get(order.pk, customer.credit_limit),
            exposure=self.exposure[customer.pk],
            is_customer_blocked=customer.is_blocked,
            blocked=[self.reasons[key] for key in self.keys.get(order.pk, []) if key in self.reasons],
            bill_to=order.bill_to,
            ship_to=order.ship_to,
            earlier=earlier,
            earlier_total=earlier_total,
            within_hour=self.within_hour.get(order.pk, 0),
        )

    def grant(self, order: Order) -> None:
        self.exposure[order.customer_id] += order.total


def _objections(order: Order, cases: _Cases) -> list[tuple[str, str]]:
    return objections(cases.of(order), cases.rules)


def _exposure(customers: Mapping[int, Customer]) -> dict[int, Decimal]:
    """Give per customer what they owe and what is ordered, screened, granted and not yet invoiced: what is held for credit has none."""
    limited = [pk for pk, customer in customers.items() if customer.credit_limit is not None]
    uninvoiced: dict[int, Decimal] = {}
    if limited:
        held = Hold.objects.filter(order=OuterRef("pk"), kind=HoldKind.CREDIT, released_at__isnull=True)
        uninvoiced = dict(
            Order.objects.open()
            .filter(~Exists(held), customer__in=limited, screened_at__isnull=False)
            .values_list("customer_id")
            .annotate(amount=Sum(F("total") - F("invoiced_total")))
        )
    return {pk: customer.open_balance + uninvoiced.get(pk, ZERO) for pk, customer in customers.items()}


def _counted(orders: Sequence[Order], customers: Mapping[int, Customer]) -> dict[int, tuple[int, Decimal]]:
    """Give for each of new `orders`, in their turn, how many its customer had before it, and for how much: as counted on the customer."""
    known = {pk: (customer.orders_count, customer.orders_total) for pk, customer in customers.items()}
    earlier = {}
    for order in orders:
        count, total = earlier[order.pk] = known[order.customer_id]
        known[order.customer_id] = (count + 1, total + order.total)
    return earlier


def _looked_up(orders: Sequence[Order]) -> dict[int, tuple[int, Decimal]]:
    """Give for each of `orders` how many its customer had before it that were not called off, and for how much. One query."""
    rows = read(
        "SELECT held.id, count(earlier.id), coalesce(sum(earlier.total), 0) FROM orders_order held LEFT JOIN orders_order earlier"
        " ON earlier.customer_id = held.customer_id AND (earlier.placed_at, earlier.id) < (held.placed_at, held.id)"
        " AND earlier.state NOT IN ('draft', 'expired', 'cancelled') WHERE held.id = ANY(%s) GROUP BY held.id",
        [[order.pk for order in orders]],
    )
    return {pk: (count, total) for pk, count, total in rows}


def _within_hour(orders: Sequence[Order]) -> dict[int, int]:
    """Give for each of `orders` how many its customer placed in the hour before it that were not called off. One query."""
    rows = read(
        "SELECT asked.id, count(earlier.id)::int FROM orders_order asked JOIN orders_order earlier"
        " ON earlier.customer_id = asked.customer_id AND earlier.placed_at > asked.placed_at - interval '1 hour'"
        " AND (earlier.placed_at, earlier.id) < (asked.placed_at, asked.id) AND earlier.state <> 'cancelled'"
        " WHERE asked.id = ANY(%s) GROUP BY asked.id",
        [[order.pk for order in orders]],
    )
    return dict(rows)


def _held_already(orders: Sequence[Order]) -> set[tuple[int, str]]:
    """Give (order, kind) of the holds that somebody was quicker to place than the screening."""
    held = [order.pk for order in orders if order.open_holds]
    if not held:
        return set()
    return set(Hold.objects.filter(order__in=held, released_at__isnull=True).values_list("order_id", "kind"))


def _next_on(orders: Sequence[Order]) -> dict[int | None, date]:
    """Give standing order → its next day, where it goes on. One query; none where none of `orders` is of one."""
    standing = {order.standing_order_id for order in orders if order.standing_order_id}
    if not standing:
        return {}
    return dict(StandingOrder.objects.filter(pk__in=standing, state=StandingState.ACTIVE).order_by().values_list("pk", "next_on"))


def _confirmation(order: Order, next_on: date | None) -> Message:
    return Message(
        kind="order_confirmation",
        recipient=order.email,
        language=order.language,
        order_id=order.pk,
        data={
            "number": order.number,
            "name": order.bill_to.get("name", ""),
            "total": str(order.total),
            "currency": order.currency,
            "token": order.public_token,
            **({"standing": True, "next_on": next_on.isoformat() if next_on else ""} if order.standing_order_id else {}),
        },
    )
