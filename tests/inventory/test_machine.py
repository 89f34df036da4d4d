"""The services against a plain model: whatever is done in whatever order, both come to the same figures, and everything is proved.

The usual run is short and the same every time; `HYPOTHESIS_PROFILE=long` looks for hours' worth of new stories.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from inventory.adjusting import adjust_stock
from inventory.availability import availability_of
from inventory.baskets import hold_stock, let_go
from inventory.costing import correct_cost
from inventory.counting import enter_counts, open_count
from inventory.kits import define_kit
from inventory.models import Backorder, CountLine, Peg, PegsDue, PurchaseOrder, PurchaseOrderLine, Reservation, StockLevel, TransferLine, Warehouse
from inventory.purchasing.changing import Changed, cancel_purchase, change_order, close_purchase
from inventory.purchasing.landing import add_landed_cost
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.receiving import receive_goods, reverse_receipt
from inventory.states import ReservationState, WarehouseKind
from inventory.transferring import cancel_transfer, lose_rest, plan_transfer, receive_transfer, send_transfer
from oms.core.errors import BusinessError
from oms.core.invariants import prove
from oms.core.models import Trouble
from oms.desk.proof import all_invariants
from orders.cancelling import cancel_order
from orders.holding import place_hold, release_hold
from orders.models import Hold, OrderLine
from orders.prioritising import set_priority
from orders.swapping import apply_swap, preview_swap
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.losses import post_count, write_off
from shipping.models import Shipment
from tests import cast
from tests.inventory import plain

GOODS = ("MUG", "LAMP", "CHAIR")
CODES = (*GOODS, "SET", "DUO")
BASKETS = ("b1", "b2")
IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
PROFILE = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "400")) if IS_LONG else 20,
    stateful_step_count=60 if IS_LONG else 25,
    derandomize=not IS_LONG,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)

some = st.integers(1, 9)
which = st.integers(0, 30)
lines = st.lists(st.tuples(st.sampled_from(CODES), some), min_size=1, max_size=3)


class Proof:
    """Every invariant in one prepared statement: proved after every step in a few milliseconds."""

    def __init__(self) -> None:
        self.invariants = all_invariants()
        asked = " UNION ALL ".join(f"SELECT {number} WHERE EXISTS ({one.broken})" for number, one in enumerate(self.invariants))
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
            cursor.execute(f"PREPARE proof AS {asked}")

    def check(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("EXECUTE proof")
            broken = [self.invariants[number] for (number,) in cursor.fetchall()]
        assert not broken, prove(broken)


@dataclass
class Sheet:
    """A count of a shelf that is still to be booked. `expected`: what was there at that moment, as the books say it now."""

    key: tuple[int, int]
    counted: int
    expected: int


class StockMachine(RuleBasedStateMachine):
    """Everything that is done to stock, with both."""

    house: cast.House
    proof: Proof

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        house = self.house
        self.leeds, self.ghent = house.leeds.pk, house.ghent.pk
        road = Warehouse.objects.get(kind=WarehouseKind.TRANSIT)
        self.model = plain.Plain([self.leeds, self.ghent], road=road.pk)
        house.vendor.over_receipt_percent = 15
        house.vendor.save()
        self.sku_of = {"MUG": house.mug, "LAMP": house.lamp, "CHAIR": house.chair}
        self.model.cost = {sku.pk: sku.cost for sku in self.sku_of.values()}
        self.parts = {code: ((sku.pk, 1),) for code, sku in self.sku_of.items()}
        self.kits = {"SET": cast.kit(house, "SET", MUG=2, LAMP=1), "DUO": cast.kit(house, "DUO", LAMP=1, CHAIR=1)}
        self.made_of(SET={"MUG": 2, "LAMP": 1}, DUO={"LAMP": 1, "CHAIR": 1})
        with self.model.changing():
            for code, place, units in (("MUG", self.leeds, 30), ("MUG", self.ghent, 20), ("LAMP", self.leeds, 5)):
                self.model.move(self.sku_of[code].pk, place, units)
        self.number = 0
        self.sheets: dict[int, Sheet] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def made_of(self, **kits: dict[str, int]) -> None:
        for code, components in kits.items():
            self.parts[code] = tuple(sorted((self.sku_of[part].pk, units) for part, units in components.items()))

    def next(self) -> int:
        self.number += 1
        return self.number

    def order(self, which: int) -> plain.Order:
        return list(self.model.orders.values())[which % len(self.model.orders)]

    @initialize(wanted=st.lists(lines, min_size=2, max_size=4))
    def a_busy_morning(self, wanted):
        for some_lines in wanted:
            self.place(some_lines, "", True, False)
        self.reserve()

    # --- orders -------------------------------------------------------------------------------------------------------

    @rule(wanted=lines)
    def place_and_reserve(self, wanted):
        self.place(wanted, "", True, True)

    @rule(wanted=lines, basket=st.sampled_from(("", "", *BASKETS)), in_parts=st.booleans(), at_once=st.booleans())
    def place(self, wanted, basket, in_parts, at_once):
        order = self.house.place(*wanted, basket=basket, accepts_part_deliveries=in_parts)

        rows = [plain.Line(row.pk, self.parts[code], units, code) for row, (code, units) in zip(order.placed_lines, wanted, strict=True)]
        self.model.place(plain.Order(order.pk, rows, in_parts), basket)
        if at_once:
            self.reserve()

    @rule()
    def reserve(self):
        cast.run_line("screen", "reserve")

        self.model.reserve()

    @rule()
    def fill(self):
        planned = set(OrderLine.objects.filter(planned__gt=0).values_list("order_id", flat=True))
        cast.run_line("backorders")

        for order in self.model.orders.values():
            order.is_planned = order.pk in planned
        self.model.fill()

    @precondition(lambda self: self.model.orders)
    @rule(which=which)
    def cancel(self, which):
        order = self.order(which)
        try:
            cancel_order(order.pk, actor="user:test")
        except BusinessError:
            assert any(line.shipped for line in order.lines)
        else:
            self.model.cancel(order)

    @precondition(lambda self: self.model.orders)
    @rule(which=which)
    def hold_back(self, which):
        order = self.order(which)
        try:
            place_hold(order.pk, kind="manual", reason="why?", actor="user:test")
        except BusinessError:
            assert order.holds or order.is_cancelled or all(line.shipped for line in order.lines)
        else:
            order.holds += 1

    @rule(which=which)
    def let_on(self, which):
        held = list(Hold.objects.filter(released_at=None).order_by("id"))
        if held:
            hold = held[which % len(held)]
            release_hold(hold.pk, actor="user:test")
            self.model.orders[hold.order_id].holds -= 1

    @precondition(lambda self: self.model.orders)
    @rule(which=which, urgency=st.integers(1, 9))
    def make_urgent(self, which, urgency):
        order = self.order(which)
        try:
            set_priority(order.pk, urgency, actor="user:test")
        except BusinessError:
            assert order.is_cancelled
        else:
            order.urgency = urgency

    @precondition(lambda self: any(line.waiting for line in self.model.lines()))
    @rule(which=which, whom=which, units=some)
    def swap(self, which, whom, units):
        """Whose is whose is seen before, and is afterwards as it was shown."""
        owner = {line.pk: order for order in self.model.orders.values() for line in order.lines}
        waiting = [line for line in self.model.lines() if line.waiting]
        first = waiting[which % len(waiting)]
        others = [line for line in self.model.lines() if (line.code, line.parts) == (first.code, first.parts)]
        others = [line for line in others if owner[line.pk] is not owner[first.pk]]
        if not others:
            return
        second, units = others[whom % len(others)], min(units, first.waiting)
        try:
            seen = preview_swap(first.pk, second.pk, units=units)
            apply_swap(first.pk, second.pk, units=units, seen=seen.seen, actor="user:test")
        except BusinessError:
            return
        if seen.kind == "place":
            one, other = owner[first.pk], owner[second.pk]
            one.urgency, one.since, other.urgency, other.since = other.urgency, other.since, one.urgency, one.since
            return
        both = self.together(first, second)
        second.tried = second.tried if second.waiting else None
        for line in (first, second):
            line.held = self.held_now(line)
        assert self.together(first, second) == both
        first.waiting -= units
        second.waiting += units
        first.tried = first.tried if first.waiting else None

    def together(self, *lines):
        return {key: units for key, units in plain.what_it_takes(*lines).items() if units}

    def held_now(self, line):
        rows = Reservation.objects.filter(state=ReservationState.FIRM, line_id=line.pk).order_by().values_list("warehouse")
        return defaultdict(int, rows.annotate(units=Sum("line_units")))

    def spoken_for(self):
        """SKU → units that somebody waits for and nothing on its way is pegged to."""
        pegged = dict(Peg.objects.order_by().values_list("backorder__sku").annotate(units=Sum("quantity")))
        waiting = defaultdict(int)
        for (_, sku), units in self.model.waits().items():
            waiting[sku] += units
        return {sku: units - pegged.get(sku, 0) for sku, units in waiting.items()}

    # --- baskets ------------------------------------------------------------------------------------------------------

    @rule(basket=st.sampled_from(BASKETS), wanted=lines)
    def hold_softly(self, basket, wanted):
        spoken_for = self.spoken_for()
        held = hold_stock(basket, wanted, actor="user:test")

        expected = self.model.hold(basket, [(self.parts[code], units) for code, units in wanted], spoken_for=spoken_for)
        assert list(held.units.values()) == expected

    @rule(basket=st.sampled_from(BASKETS))
    def let_go_of_it(self, basket):
        assert let_go(basket, actor="user:test") == self.model.let_go(basket)

    @rule(basket=st.sampled_from(BASKETS))
    def its_time_runs_out(self, basket):
        held = Reservation.objects.filter(basket=basket, order_id=None, state=ReservationState.SOFT)
        held.update(expires_at=timezone.now() - timedelta(hours=1))
        cast.run_line("lapse")

        self.model.let_go(basket)

    # --- stock --------------------------------------------------------------------------------------------------------

    @rule(code=st.sampled_from(GOODS), in_leeds=st.booleans(), units=st.integers(-12, 12).filter(bool))
    def adjust(self, code, in_leeds, units):
        sku, place = self.sku_of[code], self.house.leeds if in_leeds else self.house.ghent
        may = units > 0 or self.model.may_leave(sku.pk, place.pk) >= -units
        try:
            adjust_stock(sku, place, quantity=units, kind="correction", note="so", actor="user:test")
        except BusinessError:
            assert not may
        else:
            assert may
            with self.model.changing():
                self.model.move(sku.pk, place.pk, units)
            self.moved_on_the_books((sku.pk, place.pk), units, goods=False)

    @rule(code=st.sampled_from(GOODS), in_leeds=st.booleans(), units=some)
    def lose(self, code, in_leeds, units):
        """What is gone was reserved perhaps: then no more of it is taken back than is missing, and whoever had it waits again."""
        sku, place = self.sku_of[code], self.house.leeds if in_leeds else self.house.ghent
        key = sku.pk, place.pk
        try:
            write_off(sku, place, units=units, kind="damage", note="wet", actor="user:test")
        except BusinessError:
            assert units > self.model.on_hand[key] or Shipment.objects.filter(state__in=["packed", "booked"]).exists()
            return
        with self.model.changing():
            self.take_back_what_is_gone(key, units)
            self.model.move(*key, -units)
            self.moved_on_the_books(key, -units, goods=True)

    def take_back_what_is_gone(self, key, units):
        """Read whose it was, and check that it was no more than had to be."""
        before = self.model.reserved().get(key, 0)
        for line in self.model.lines():
            now = self.held_now(line)
            for place, had in list(line.held.items()):
                if had != now[place]:
                    assert had > now[place] and place == key[1]
                    self.model.lose_reserved(line, place, had - now[place])
        soft = Reservation.objects.filter(state=ReservationState.SOFT).order_by().values_list("basket", "order_id", "sku", "warehouse")
        held = defaultdict(dict)
        for basket, order, sku, place, quantity in soft.annotate(units=Sum("quantity")):
            held[order or basket][sku, place] = quantity
        self.model.baskets = {basket: held.get(basket, {}) for basket in self.model.baskets}
        for order in self.model.orders.values():
            order.soft = held.get(order.pk, {})
        left, after = self.model.on_hand[key] - units, self.model.reserved().get(key, 0)
        most = max((each for line in self.model.lines() for sku, each in line.parts if sku == key[0]), default=1)
        assert after <= left
        assert after == before or after > left - most

    @rule(code=st.sampled_from(GOODS), in_leeds=st.booleans(), units=st.integers(0, 40))
    def count(self, code, in_leeds, units):
        sku, place = self.sku_of[code], self.house.leeds if in_leeds else self.house.ghent
        sheet = open_count(place.code, skus=[code], actor="user:test")
        enter_counts(sheet.pk, {sheet.lines.get().pk: units}, actor="user:test")

        self.sheets[sheet.pk] = Sheet((sku.pk, place.pk), units, self.model.on_hand[sku.pk, place.pk])

    @precondition(lambda self: self.sheets)
    @rule(which=which)
    def post(self, which):
        """A count is of its moment: what came and went since then is neither lost nor found, and what was corrected since is not corrected twice."""
        pk = list(self.sheets)[which % len(self.sheets)]
        sheet = self.sheets[pk]
        difference = sheet.counted - sheet.expected
        try:
            post_count(pk, actor="user:test")
        except BusinessError:
            packed = Shipment.objects.filter(state__in=["packed", "booked"]).exists()
            assert self.model.on_hand[sheet.key] + difference < 0 or (difference < 0 and packed)
            return
        del self.sheets[pk]
        assert CountLine.objects.get(count=pk).difference == difference
        if difference:
            with self.model.changing():
                self.take_back_what_is_gone(sheet.key, -difference)
                self.model.move(*sheet.key, difference)
                self.moved_on_the_books(sheet.key, difference, goods=False)

    def moved_on_the_books(self, key, units, *, goods):
        for sheet in self.sheets.values():
            if sheet.key == key and not goods:
                sheet.expected += units

    @rule(code=st.sampled_from(GOODS), in_leeds=st.booleans(), pounds=st.integers(-40, 40).filter(bool))
    def correct_the_cost(self, code, in_leeds, pounds):
        sku, place = self.sku_of[code], self.house.leeds if in_leeds else self.house.ghent
        key, amount = (sku.pk, place.pk), Decimal(pounds) / 4
        worth = self.model.value[key] + amount
        try:
            correct_cost(sku, place, amount=amount, note="invoice was wrong", actor="user:test")
        except BusinessError:
            assert worth < 0 or not self.model.on_hand[key]
            return
        if self.model.on_hand[key]:
            assert worth >= 0
            self.model.value[key] = worth

    @rule(code=st.sampled_from(("SET", "DUO")), mugs=st.integers(0, 2), lamps=st.integers(0, 2), chairs=st.integers(1, 2))
    def redefine(self, code, mugs, lamps, chairs):
        components = {part: units for part, units in (("MUG", mugs), ("LAMP", lamps), ("CHAIR", chairs)) if units}
        define_kit(self.kits[code].pk, components, actor="user:test")

        self.made_of(**{code: components})

    @rule(which=which)
    def ship(self, which):
        cast.run_line("plan")
        shipments = list(Shipment.objects.filter(state__in=["planned", "picking", "packed", "booked"]).order_by("id"))
        if not shipments:
            return
        shipment = shipments[which % len(shipments)]
        order = self.model.orders[shipment.order_id]
        try:
            pack_shipment(shipment.pk, actor="user:test")
            cast.run_line("book")
            dispatch_shipment(shipment.pk, actor="user:test")
        except BusinessError:
            assert order.is_cancelled or order.holds
            return
        by_pk = {line.pk: line for line in order.lines}
        with self.model.changing():
            for part in shipment.lines.order_by("id"):
                self.model.ship(by_pk[part.order_line_id], shipment.warehouse_id, part.line_units)
                self.model.move(part.sku_id, shipment.warehouse_id, -part.quantity)

    # --- what comes in ------------------------------------------------------------------------------------------------

    def one_of(self, supplies, which):
        pk = list(supplies)[which % len(supplies)]
        return pk, supplies[pk]

    @rule(code=st.sampled_from(GOODS), units=st.integers(1, 20), in_leeds=st.booleans(), days=st.integers(-3, 30))
    def buy(self, code, units, in_leeds, days):
        place = self.house.leeds if in_leeds else self.house.ghent
        purchase = order_from_vendor(self.house.vendor, place, [(self.sku_of[code], units)], actor="user:test")
        on = timezone.localdate() + timedelta(days=days)
        PurchaseOrder.objects.filter(pk=purchase.pk).update(expected_on=on)

        line = purchase.lines.get()
        self.model.purchases[line.pk] = plain.Supply(line.sku_id, place.pk, on, units, cost=line.unit_cost, over=units * 15 // 100)

    @precondition(lambda self: self.model.purchases)
    @rule(which=which, units=st.integers(1, 23), again=st.booleans())
    def receive(self, which, units, again):
        pk, supply = self.one_of(self.model.purchases, which)
        purchase, key = PurchaseOrderLine.objects.get(pk=pk).order_id, f"r{self.next()}"
        try:
            receipt = receive_goods(purchase, {pk: units}, key=key, actor="user:test")
        except BusinessError:
            assert units > supply.may_come
            return
        assert units <= supply.may_come
        if again:
            assert receive_goods(purchase, {pk: units}, key=key, actor="user:test") == receipt
        self.model.receive(supply, units)
        supply.receipts[receipt.pk] = units

    @precondition(lambda self: any(supply.receipts for supply in self.model.purchases.values()))
    @rule(which=which)
    def take_back(self, which):
        receipts = {pk: supply for supply in self.model.purchases.values() for pk in supply.receipts}
        pk, supply = self.one_of(receipts, which)
        units = supply.receipts[pk]
        free = self.model.may_leave(supply.sku, supply.place)
        try:
            reverse_receipt(pk, actor="user:test", reason="wrong")
        except BusinessError:
            assert free < units or supply.is_over or not self.model.value[supply.sku, supply.place]
            return
        assert free >= units
        self.model.take_back(supply, units)
        del supply.receipts[pk]

    @precondition(lambda self: any(supply.received for supply in self.model.purchases.values()))
    @rule(which=which, pounds=st.integers(1, 40))
    def freight(self, which, pounds):
        """Of what it cost to bring goods in, what is here still is worth more by its part."""
        came = {pk: supply for pk, supply in self.model.purchases.items() if supply.received}
        pk, supply = self.one_of(came, which)
        purchase = PurchaseOrderLine.objects.get(pk=pk).order_id
        add_landed_cost(purchase, kind="freight", amount=Decimal(pounds), spread_by="value", key=f"f{self.next()}", actor="user:test")

        here = min(self.model.on_hand[supply.sku, supply.place], supply.received)
        self.model.value[supply.sku, supply.place] += plain.cents(Decimal(pounds) * here / supply.received)

    @precondition(lambda self: self.model.purchases)
    @rule(which=which, units=st.integers(0, 25))
    def order_another_number(self, which, units):
        pk, supply = self.one_of(self.model.purchases, which)
        purchase = PurchaseOrderLine.objects.get(pk=pk).order
        try:
            change_order(purchase.pk, {pk: Changed(quantity=units)}, version=purchase.version, actor="user:test")
        except BusinessError:
            assert units < supply.received or not units or not supply.coming
            return
        if units != supply.quantity:
            supply.quantity, supply.over = units, 0 if units == supply.received else units * 15 // 100

    @precondition(lambda self: self.model.purchases)
    @rule(which=which)
    def expect_no_more(self, which):
        """Of what has come in part the rest is closed, and what has not come at all is called off."""
        pk, supply = self.one_of(self.model.purchases, which)
        purchase = PurchaseOrderLine.objects.get(pk=pk).order_id
        try:
            (close_purchase if supply.received else cancel_purchase)(purchase, actor="user:test")
        except BusinessError:
            assert supply.is_over
        else:
            supply.is_over = True

    @rule(code=st.sampled_from(GOODS), units=st.integers(1, 15), to_ghent=st.booleans(), days=st.integers(0, 9))
    def send(self, code, units, to_ghent, days):
        source, destination = (self.house.leeds, self.house.ghent) if to_ghent else (self.house.ghent, self.house.leeds)
        sku, on = self.sku_of[code].pk, timezone.localdate() + timedelta(days=days)
        free = self.model.may_leave(sku, source.pk)
        transfer = plan_transfer(source.code, destination.code, [(code, units)], expected_on=on, actor="user:test")
        try:
            send_transfer(transfer.pk, actor="user:test")
        except BusinessError:
            assert free < units
            cancel_transfer(transfer.pk, actor="user:test")
            return
        assert free >= units
        before = self.model.value[sku, source.pk]
        self.model.move(sku, source.pk, -units)
        value = before - self.model.value[sku, source.pk]
        self.model.move(sku, self.model.road, units, value)
        self.model.transfers[transfer.lines.get().pk] = plain.Supply(sku, destination.pk, on, units, value=value)

    @precondition(lambda self: self.model.transfers)
    @rule(which=which, units=st.integers(1, 15))
    def unload(self, which, units):
        pk, supply = self.one_of(self.model.transfers, which)
        try:
            receive_transfer(TransferLine.objects.get(pk=pk).transfer_id, {pk: units}, actor="user:test")
        except BusinessError:
            assert units > supply.coming
        else:
            self.model.receive(supply, units)

    @precondition(lambda self: self.model.transfers)
    @rule(which=which)
    def it_never_arrives(self, which):
        pk, supply = self.one_of(self.model.transfers, which)
        lose_rest(TransferLine.objects.get(pk=pk).transfer_id, note="fell off the lorry", actor="user:test")

        if supply.coming:
            self.model.lose(supply)

    @rule()
    def peg(self):
        cast.run_line("peg")

        pegged = dict(Peg.objects.values_list("backorder__sku").annotate(units=Sum("quantity")).order_by())
        for sku in self.model.cost:
            waiting = sum(units for key, units in self.model.waits().items() if key[1] == sku)
            coming = sum(supply.coming for supply in self.model.bringing(sku))
            assert min(max(waiting - self.model.there(sku), 0), coming) <= pegged.get(sku, 0) <= min(waiting, coming)

    # --- promises -----------------------------------------------------------------------------------------------------

    @rule(wanted=lines)
    def ask(self, wanted):
        answers = availability_of(wanted)

        today = timezone.localdate()
        tomorrow = today + timedelta(days=1)
        kept = [(code, answer) for (code, _), answer in zip(wanted, answers, strict=True) if answer.code in ("now", "coming")]
        pegs_are_made, spoken_for = not PegsDue.objects.exists(), self.spoken_for()
        for sku in self.model.cost:
            there = self.model.there(sku)
            waiting = sum(units for key, units in self.model.waits().items() if key[1] == sku)
            brings = [(supply.on if supply.on >= today else tomorrow, supply.coming) for supply in self.model.bringing(sku)]
            promised = [(answer.ships_on, answer.quantity * each) for code, answer in kept for part, each in self.parts[code] if part == sku]
            for day in {on for on, _ in promised}:
                assert sum(units for on, units in promised if on <= day) <= there + sum(units for on, units in brings if on <= day)
            if pegs_are_made:
                unpegged = sum(units for _, units in brings) - (waiting - spoken_for.get(sku, 0))
                assert sum(units for _, units in promised) <= max(there - spoken_for.get(sku, 0), 0) + unpegged

    # --- after every step ---------------------------------------------------------------------------------------------

    @invariant()
    def both_have_the_same_figures(self):
        model = self.model
        reserved = model.reserved()
        levels = {(row[0], row[1]): row[2:] for row in StockLevel.objects.values_list("sku", "warehouse", "on_hand", "reserved", "value")}
        for key in levels.keys() | model.on_hand.keys() | reserved.keys():
            assert levels.get(key, (0, 0, Decimal(0))) == (model.on_hand[key], reserved.get(key, 0), model.value[key])
        counters = {row[0]: row[1:] for row in OrderLine.objects.values_list("id", "reserved", "backordered", "shipped", "cancelled")}
        assert counters == {line.pk: (line.reserved, line.waiting, line.shipped, line.cancelled) for line in model.lines()}
        waits = {row[:2]: row[2] for row in Backorder.objects.values_list("line_id", "sku", "quantity")}
        assert waits == model.waits()
        firm = (
            Reservation.objects.filter(state=ReservationState.FIRM).values_list("line_id", "warehouse").annotate(units=Sum("line_units")).order_by()
        )
        held = {(line.pk, place): units for line in model.lines() for place, units in line.held.items() if units}
        assert {(line, place): units for line, place, units in firm} == held
        bought = {row[0]: row[1:] for row in PurchaseOrderLine.objects.values_list("id", "quantity", "received")}
        assert bought == {pk: (supply.quantity, supply.received) for pk, supply in model.purchases.items()}
        moved = {row[0]: row[1:] for row in TransferLine.objects.exclude(transfer__state="cancelled").values_list("id", "received", "lost", "value")}
        assert moved == {pk: (supply.received, supply.lost, supply.value) for pk, supply in model.transfers.items()}

    @invariant()
    def everything_is_proved(self):
        self.proof.check()
        assert list(Trouble.objects.values_list("station", "error")) == []


@pytest.mark.usefixtures("plain_labels")
def test_whatever_is_done_to_stock_the_services_and_a_plain_model_come_to_the_same(house):
    StockMachine.house, StockMachine.proof = house, Proof()

    run_state_machine_as_test(StockMachine, settings=PROFILE)
