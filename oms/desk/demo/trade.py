"""A month of trade in the demo house, through the same services and stations as real trade."""

import random
from datetime import timedelta
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from accounting.paying import record_payment
from customers.models import Channel, Customer
from customers.states import ChannelKind, CustomerKind
from inventory.models import Sku, Warehouse
from inventory.sourcing import RuleChange
from oms.core import stations
from oms.desk.demo.buying import buy
from oms.desk.demo.habits import keep_habits
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Order
from orders.placing import ChargeDraft, LineDraft, OrderDraft, place_orders
from orders.simulating import ask_for_simulation
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment, start_picking
from shipping.models import Carrier, Shipment
from shipping.states import ShipmentState
from shipping.tracking import mark_delivered

ORDERS = 120
INSIDE = ("screen", "reserve", "backorders", "peg", "replenish", "invoice", "plan", "post_stock", "complete", "credit")


def trade(channels: dict[str, Channel], customers: list[Customer], skus: list[Sku], dice: random.Random) -> None:
    """Place a month of orders and take most of them along the line, so that every state has somebody in it."""
    _place(channels, customers, skus, dice)
    _run(*INSIDE)
    _pay_what_is_prepaid(dice)
    _run(*INSIDE)
    _fulfil(dice)
    _pay_what_is_due(dice)
    _change_minds(dice)
    _run(*INSIDE)
    buy(Warehouse.objects.get(code="leeds"))
    _run("post_stock")
    _wonder()
    keep_habits(channels[ChannelKind.PHONE], customers, skus)


def _place(channels: dict[str, Channel], customers: list[Customer], skus: list[Sku], dice: random.Random) -> None:
    now = timezone.now()
    drafts = []
    for number in range(ORDERS):
        customer = dice.choice(customers)
        is_company = customer.kind == CustomerKind.COMPANY
        kind = dice.choice([ChannelKind.PHONE, ChannelKind.EDI] if is_company else [ChannelKind.WEB, ChannelKind.WEB, ChannelKind.STORE])
        lines = dice.sample(skus, dice.randint(1, 6 if is_company else 3))
        age = timedelta(days=29 * (1 - number / ORDERS) ** 1.5, minutes=dice.randint(0, 90))
        drafts.append(
            OrderDraft(
                channel=channels[kind],
                customer_id=customer.pk,
                lines=[LineDraft(sku.code, dice.randint(2, 18) if is_company else dice.randint(1, 3)) for sku in lines],
                charges=[ChargeDraft("Carriage", Decimal(dice.choice([4, 6, 9])))] if dice.random() < 0.5 else [],
                placed_at=now - age,
            )
        )
    place_orders(drafts, actor="user:clerk")


def _pay_what_is_prepaid(dice: random.Random) -> None:
    for order in Order.objects.open().filter(ship_policy="prepaid", paid_total__lt=F("total")):
        if dice.random() < 0.9:
            record_payment(order.pk, amount=order.balance, method="card", reference=f"PSP-{order.pk:06d}", actor="user:accountant")


def _fulfil(dice: random.Random) -> None:
    """Take most shipments to the customer, with our own van: it needs no network. Leave the latest at every step."""
    van = Carrier.objects.get(code="van")
    planned = list(Shipment.objects.filter(state=ShipmentState.PLANNED, order__open_holds=0).order_by("order__placed_at", "id"))
    going = planned[: int(len(planned) * 0.78)]
    Shipment.objects.filter(pk__in=[shipment.pk for shipment in going]).update(carrier=van)
    for shipment in going:
        pack_shipment(shipment.pk, actor="user:warehouse", packages=dice.choice([1, 1, 1, 2]))
    _run("book", "hand_over")
    booked = Shipment.objects.filter(state=ShipmentState.BOOKED).order_by("id")
    for shipment in booked[: int(len(going) * 0.94)]:
        dispatch_shipment(shipment.pk, actor="user:warehouse")
    _run("hand_over", *INSIDE)
    left = list(Shipment.objects.filter(state=ShipmentState.DISPATCHED).order_by("id"))
    for shipment in left[: int(len(left) * 0.9)]:
        mark_delivered(shipment.pk, actor="user:warehouse")
    start_picking([shipment.pk for shipment in planned[len(going) : len(going) + 4]], actor="user:warehouse")


def _pay_what_is_due(dice: random.Random) -> None:
    for order in Order.objects.open().filter(ship_policy="on_terms", invoiced_total__gt=0).order_by("placed_at"):
        if dice.random() < 0.6:
            record_payment(order.pk, amount=order.balance, method="bank_transfer", reference=f"BACS-{order.pk:06d}", actor="user:accountant")


def _change_minds(dice: random.Random) -> None:
    """Cancel some, invoiced ones among them, which become credit notes; let somebody look at two others first."""
    waiting = [order for order in Order.objects.open().order_by("-placed_at") if order.can_cancel and not order.open_holds]
    invoiced = [order for order in waiting if order.invoiced_total]
    for order in invoiced[:2] + [order for order in waiting if order not in invoiced][:2]:
        cancel_order(order.pk, actor="user:clerk", reason="The customer changed their mind")
    for order in invoiced[2:4]:
        place_hold(order.pk, reason="Asked to check the delivery address", actor="user:clerk")


def _wonder() -> None:
    """Ask what the month would have come to if orders were never split, and freight decided instead of distance."""
    steps = ["serves", "carries", "capacity", "cost", "never_split"]
    ask_for_simulation([RuleChange(policy, 10 * number, True) for number, policy in enumerate(steps, start=1)], days=30, actor="user:manager")
    _run("simulate")


def _run(*names: str) -> None:
    for _ in range(6):
        if not sum(stations.run(stations.named(name)) for name in names):
            return
