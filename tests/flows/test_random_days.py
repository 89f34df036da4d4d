"""Days on which everything happens in any order: whatever people do, they get an answer or a refusal, and the books are right."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.paying import record_payment
from inventory.models import PurchaseNeed, PurchaseOrder
from inventory.purchasing.needs import approve_needs, reject_needs
from inventory.purchasing.receiving import receive_goods
from oms.core.errors import BusinessError
from oms.core.models import Trouble
from orders.cancelling import cancel_order
from orders.holding import place_hold, release_hold
from orders.models import Hold, Order
from orders.placing import ChargeDraft
from shipping.carriers.base import TrackingUpdate
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment, start_picking
from shipping.losses import correct_stock
from shipping.models import Carrier, Shipment
from shipping.tracking import keep_update, mark_delivered
from tests import cast

STATIONS = ("screen", "reserve", "backorders", "replenish", "invoice", "plan", "book", "hand_over", "track", "post_stock", "complete", "credit")
STATIONS += ("void",)
STATUSES = ("collected", "in_transit", "exception", "out_for_delivery", "delivered")


class Day:
    """What people may do to a house, each with whatever is at hand."""

    def __init__(self, house: cast.House, dice: random.Random) -> None:
        self.house, self.dice, self.number = house, dice, 0

    def acts(self) -> list[Callable[[], object]]:
        return [self.place, self.place, self.pay, self.pay, self.cancel, self.hold, self.release, self.release, self.pick, self.pack,
                self.pack, self.pack, self.dispatch, self.dispatch, self.deliver, self.tell, self.tell, self.adjust, self.buy, self.receive,
                self.run_one, self.run_one, self.run_all, self.run_all, self.run_all]  # fmt: skip

    def one_of(self, rows):
        found = list(rows.order_by("pk"))
        return self.dice.choice(found) if found else None

    def next(self) -> int:
        self.number += 1
        return self.number

    def place(self):
        lines = [(self.dice.choice(["MUG", "LAMP", "CHAIR"]), self.dice.randint(1, 12)) for _ in range(self.dice.randint(1, 3))]
        charges = [ChargeDraft("Carriage", Decimal("4.99"))] if self.dice.random() < 0.5 else []
        channel = self.dice.choice([self.house.web, self.house.phone])
        self.house.place(*lines, channel=channel, charges=charges, accepts_part_deliveries=self.dice.random() < 0.7)

    def pay(self):
        order = self.one_of(Order.objects.exclude(payment_status="paid"))
        if order:
            amount = self.dice.choice([order.balance, order.balance / 2, Decimal("7.77"), order.total])
            reference = f"R{self.next()}" if self.dice.random() < 0.8 else "R1"
            record_payment(order.pk, amount=amount.quantize(Decimal("0.01")), method="card", reference=reference, actor="user:a")

    def cancel(self):
        order = self.one_of(Order.objects.all())
        if order and self.dice.random() < 0.3:
            cancel_order(order.pk, actor="user:a")

    def hold(self):
        order = self.one_of(Order.objects.all())
        if order and self.dice.random() < 0.4:
            place_hold(order.pk, kind=self.dice.choice(["manual", "credit"]), reason="why?", actor="user:a")

    def release(self):
        hold = self.one_of(Hold.objects.filter(released_at=None))
        if hold:
            release_hold(hold.pk, actor="user:a")

    def pick(self):
        start_picking(list(Shipment.objects.values_list("pk", flat=True))[:3], actor="user:w")

    def pack(self):
        if shipment := self.one_of(Shipment.objects.filter(state__in=["planned", "picking"])):
            pack_shipment(shipment.pk, actor="user:w", packages=self.dice.randint(1, 3))

    def dispatch(self):
        states = ["booked"] if self.dice.random() < 0.8 else ["planned", "packed", "dispatched", "delivered", "voided"]
        if shipment := self.one_of(Shipment.objects.filter(state__in=states)):
            dispatch_shipment(shipment.pk, actor="user:w")

    def deliver(self):
        if shipment := self.one_of(Shipment.objects.exclude(state="planned")):
            mark_delivered(shipment.pk, actor="user:w")

    def tell(self):
        if shipment := self.one_of(Shipment.objects.exclude(tracking_number="").exclude(state="packed")):
            at = timezone.now() - timedelta(minutes=self.dice.randint(0, 60))
            status = self.dice.choice(STATUSES)
            keep_update(
                Carrier.objects.get(),
                TrackingUpdate(event_id=f"t{self.next()}", tracking_number=shipment.tracking_number, status=status, occurred_at=at),
            )

    def adjust(self):
        sku = self.dice.choice([self.house.mug, self.house.lamp, self.house.chair])
        warehouse = self.dice.choice([self.house.leeds, self.house.ghent])
        correct_stock(
            sku, warehouse, quantity=self.dice.choice([-6, -3, -1, 1, 5]), kind=self.dice.choice(["count", "scrap"]), note="so", actor="user:w"
        )

    def buy(self):
        needs = list(PurchaseNeed.objects.values_list("pk", flat=True))
        if needs:
            (approve_needs if self.dice.random() < 0.8 else reject_needs)(needs, actor="user:m")

    def receive(self):
        if purchase := self.one_of(PurchaseOrder.objects.all()):
            wanted = {line.pk: self.dice.randint(0, line.quantity) for line in purchase.lines.all()}
            receive_goods(purchase.pk, wanted, key=f"k{self.dice.randint(1, 6)}-{purchase.pk}", actor="user:w")

    def run_one(self):
        cast.run_line(self.dice.choice(STATIONS))

    def run_all(self):
        cast.run_line(*STATIONS)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_people_do_the_books_are_right(house, prove, plain_labels, seed):
    dice = random.Random(seed)
    for channel in (house.web, house.phone):
        channel.invoice_policy = dice.choice(["on_allocation", "on_shipment"])
        channel.ship_policy = dice.choice(["prepaid", "on_terms"])
        channel.save()
    house.anna.credit_limit = dice.choice([None, Decimal(500), Decimal(3000)])
    house.anna.is_blocked = seed == 7
    house.anna.save()
    for sku in (house.mug, house.lamp, house.chair):
        cast.reorder(house, sku, point=8, target=30)
    day = Day(house, dice)

    for turn in range(120):
        act = dice.choice(day.acts())
        try:
            act()
        except BusinessError as refusal:
            assert refusal.sentence
        if turn % 20 == 19:
            prove()
    cast.run_line(*STATIONS)

    surprises = Trouble.objects.exclude(error__endswith="have the carrier bring it back.")
    assert list(surprises.values("station", "label", "error")) == []
    prove()
