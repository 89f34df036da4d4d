"""Orders are priced by lists, promotions and people: as rows, through placing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg2.extras import DateRange

from accounting.models import Invoice
from customers.models import Customer, CustomerGroup
from inventory.models import Price, PriceList
from oms.core.errors import Conflict, Invalid, NotAllowed
from oms.core.models import Event
from orders.cancelling import cancel_order
from orders.holding import release_hold
from orders.models import (
    DiscountLimit,
    Hold,
    MarginFloor,
    Order,
    OrderLine,
    PriceAssignment,
    Promotion,
    PromotionCode,
    PromotionRedemption,
)
from orders.placing import ChargeDraft, LineDraft, place_order, place_orders, price_draft
from shipping.dispatching import dispatch_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from tests import cast

pytestmark = pytest.mark.usefixtures("plain_labels")
LINE = ("screen", "reserve", "backorders", "invoice", "plan", "post_stock", "complete", "credit", "void")


def price_list(house, name, *prices, customer=None, channel=None, group=None, **fields):
    """Make a list with `prices` of mugs, (from so many, price), and say who buys by it."""
    made = PriceList.objects.create(name=name, **fields)
    for units, price in prices:
        Price.objects.create(sku=house.mug, price_list=made, from_quantity=units, unit_price=Decimal(price))
    if customer or channel or group:
        PriceAssignment.objects.create(price_list=made, customer=customer, channel=channel, group=group)
    return made


def promotion(name="Spring", *, code="", most_uses=None, **fields):
    made = Promotion.objects.create(name=name, needs_code=bool(code), **({"kind": "percent", "percent": 10} | fields))
    if code:
        PromotionCode.objects.create(promotion=made, code=code, most_uses=most_uses)
    return made


def prices(house, *lines, **changes):
    return [line.unit_price for line in price_draft(house.draft(*lines, **changes)).placed_lines]


def limit(percent, *, role="clerk"):
    DiscountLimit.objects.create(group=Group.objects.get(name=role), percent=percent)


def test_a_contract_goes_before_the_channel_s_list_and_that_before_everybody_s(house):
    assert prices(house, ("MUG", 1)) == [Decimal("4.95")]
    price_list(house, "Web", (1, "4.80"), channel=house.web)
    assert prices(house, ("MUG", 1)) == [Decimal("4.80")]
    price_list(house, "Field & Daughters", (1, "4.90"), (12, "4.20"), customer=house.anna)

    assert prices(house, ("MUG", 1)) == [Decimal("4.90")]
    assert prices(house, ("MUG", 5), ("LAMP", 1), ("MUG", 7)) == [Decimal("4.20"), Decimal("29.00"), Decimal("4.20")]
    assert prices(house, ("MUG", 1), channel=house.phone) == [Decimal("4.90")]
    stranger = cast.regulars(house, 1)[0]
    assert prices(house, ("MUG", 12), customer_id=stranger.pk) == [Decimal("4.80")]
    assert prices(house, ("MUG", 12), customer_id=stranger.pk, channel=house.phone) == [Decimal("4.95")]


def test_a_group_s_list_stands_between_a_contract_and_a_channel_s(house):
    trade = CustomerGroup.objects.create(code="trade", name="Trade")
    price_list(house, "Web", (1, "4.10"), channel=house.web)
    price_list(house, "Trade", (1, "4.20"), group=trade)
    promotion("Trade week", group=trade)
    assert price_draft(house.draft(("MUG", 10))).total == Decimal("49.20")

    house.anna.group = trade
    house.anna.save()
    order = price_draft(house.draft(("MUG", 10)))
    assert (order.placed_lines[0].unit_price, order.discount_total) == (Decimal("4.20"), Decimal("4.20"))
    assert order.placed_lines[0].price_said == "Price of their group, Trade; Trade week: −4.20"

    price_list(house, "Field", (1, "4.30"), customer=house.anna)
    assert price_draft(house.draft(("MUG", 10))).placed_lines[0].price_said == "Contract price, Field"


def test_a_list_that_is_over_or_put_away_prices_nothing(house):
    yesterday, today = timezone.localdate() - timedelta(days=1), timezone.localdate()
    over = price_list(house, "Winter", (1, "4.00"))
    PriceAssignment.objects.create(price_list=over, channel=house.web, valid_on=DateRange(None, today))
    away = price_list(house, "Away", (1, "3.00"), channel=house.web, is_active=False)
    later = price_list(house, "Later", channel=house.web)
    Price.objects.create(sku=house.mug, price_list=later, unit_price=2, valid_on=DateRange(today + timedelta(days=1), None))

    assert prices(house, ("MUG", 1)) == [Decimal("4.95")]
    PriceAssignment.objects.filter(price_list=over).update(valid_on=DateRange(yesterday, today, "[]"))
    assert prices(house, ("MUG", 1)) == [Decimal("4.00")]
    assert away.is_active is False


def test_a_price_is_frozen_on_its_line_with_the_reason(house):
    price_list(house, "Web", (1, "4.80"), (10, "4.50"), channel=house.web)
    promotion(percent=10)
    order = house.place(("MUG", 10), ("LAMP", 1))

    Price.objects.update(unit_price=99)
    Promotion.objects.update(is_active=False)

    mug, lamp = OrderLine.objects.filter(order=order)
    assert (mug.unit_price, mug.discount, mug.net, mug.tax) == (Decimal("4.50"), Decimal("4.50"), Decimal("40.50"), Decimal("8.10"))
    assert mug.price_said == "Price of the channel, Web, from 10 units on; Spring: −4.50"
    assert lamp.price_said == "List price; Spring: −2.90"
    assert (order.discount_total, order.total) == (Decimal("7.40"), Decimal("79.92"))
    assert mug.margin == Decimal("19.50")


def test_two_rows_of_one_list_never_hold_for_the_same_quantity_on_the_same_day(house):
    trade = price_list(house, "Trade", (1, "4.00"), (10, "3.50"))

    with pytest.raises(IntegrityError, match="price_periods_never_overlap"), transaction.atomic():
        Price.objects.create(sku=house.mug, price_list=trade, from_quantity=10, unit_price=3, valid_on=DateRange(date(2026, 1, 1), None))
    with pytest.raises(IntegrityError, match="price_list_for_one_of_them"), transaction.atomic():
        PriceAssignment.objects.create(price_list=trade, customer=house.anna, channel=house.web)


def test_placing_with_lists_and_promotions_takes_the_same_statements_for_one_order_and_for_twenty(house):
    price_list(house, "Web", (1, "4.80"), channel=house.web)
    promotion(budget=10_000, code="SPRING")
    promotion("First", is_for_first_orders=True)
    regulars = cast.regulars(house, 21)
    counts = []
    for some in (regulars[:1], regulars[1:]):
        with CaptureQueriesContext(connection) as captured:
            placed = place_orders([house.draft(("MUG", 2), ("LAMP", 1), customer_id=one.pk, codes=["spring"]) for one in some], actor="user:a")
        assert {order.discount_total for order in placed} == {Decimal("7.72")}
        counts.append(len(captured))

    assert counts[0] == counts[1]


# --- promotions ---


def test_a_code_that_is_not_good_is_refused_with_the_reason(house):
    promotion(code="SPRING", minimum=20)
    promotion("Gone", code="GONE", valid_on=DateRange(date(2020, 1, 1), date(2020, 2, 1)))

    with pytest.raises(Invalid, match="There is no promotion code NOPE") as unknown:
        house.place(("MUG", 1), codes=["nope"])
    with pytest.raises(Conflict, match="Spring needs 15.05 GBP more"):
        house.place(("MUG", 1), codes=["spring"])
    with pytest.raises(Conflict, match="Gone is over"):
        house.place(("MUG", 1), codes=["gone"])

    assert unknown.value.pointer == "/codes/0"
    assert not Order.objects.exists()
    assert price_draft(house.draft(("MUG", 1), codes=["spring"])).refused_codes == {"SPRING": "Spring needs 15.05 GBP more."}
    assert house.place(("MUG", 10), codes=[" spring "]).discount_total == Decimal("4.95")


def test_a_code_that_gives_way_to_something_better_harms_nobody(house):
    promotion(code="SPRING", percent=5, is_exclusive=True)
    promotion("Summer", percent=20, is_exclusive=True)

    order = house.place(("MUG", 10), codes=["SPRING"])

    assert order.discount_total == Decimal("9.90")
    assert [row.promotion.name for row in PromotionRedemption.objects.all()] == ["Summer"]


def test_a_promotion_is_always_the_one_that_is_read_whatever_was_read_before(house):
    some = promotion(is_for_all_goods=False)
    some.skus.add(house.mug)

    def off():
        return price_draft(house.draft(("MUG", 10), ("LAMP", 1))).discount_total

    assert (off(), off()) == (Decimal("4.95"), Decimal("4.95"))
    with transaction.atomic():
        Promotion.objects.update(percent=50)
        some.skus.add(house.lamp)
        assert off() == Decimal("39.25")
        transaction.set_rollback(True)
    assert off() == Decimal("4.95")
    Promotion.objects.update(percent=20, name="Summer")
    assert price_draft(house.draft(("MUG", 10))).placed_lines[0].price_said == "List price; Summer: −9.90"
    Promotion.objects.update(is_active=False)
    assert off() == 0


def test_a_budget_is_given_away_once_in_a_batch_too(house):
    spring = promotion(kind="amount", amount=5, percent=0, budget=12)

    placed = place_orders([house.draft(("MUG", 2)) for _ in range(4)], actor="user:anna")

    assert [order.discount_total for order in placed] == [5, 5, 0, 0]
    spring.refresh_from_db()
    assert spring.used_amount == 10
    assert house.place(("MUG", 2)).discount_total == 0


def test_a_first_order_comes_once_in_a_batch_too(house):
    promotion(is_for_first_orders=True)

    placed = place_orders([house.draft(("MUG", 2)) for _ in range(3)], actor="user:anna")

    assert [order.discount_total for order in placed] == [Decimal("0.99"), 0, 0]
    assert house.place(("MUG", 2)).discount_total == 0


def test_a_promotion_is_for_its_goods_its_channel_and_its_customer(house):
    some = promotion(is_for_all_goods=False)
    some.skus.add(house.lamp)
    promotion("Phone", channel=house.phone, percent=50)

    order = house.place(("MUG", 1), ("LAMP", 1))

    assert [line.discount for line in order.placed_lines] == [0, Decimal("2.90")]
    assert house.place(("MUG", 2), channel=house.phone).discount_total == Decimal("4.95")
    stranger = Customer.objects.create(name="Bo")
    Promotion.objects.filter(name="Phone").update(channel=None, customer=stranger)
    assert house.place(("MUG", 2)).discount_total == 0


def test_shipping_is_free_from_an_amount_on(house):
    promotion("Free shipping", kind="free_shipping", percent=0, minimum=20)

    order = house.place(("MUG", 5), charges=[ChargeDraft("Carriage", Decimal("6.00"))])

    assert (order.total, order.discount_total) == (Decimal("29.70"), Decimal("6.00"))
    assert PromotionRedemption.objects.get().amount == Decimal("6.00")
    cast.run_line("screen", "reserve", "invoice")
    carriage = Invoice.objects.get().lines.get(charge__isnull=False)
    assert (carriage.unit_price, carriage.discount, carriage.net) == (Decimal("6.00"), Decimal("6.00"), 0)


# --- discounts by people ---


def give(house, percent, *, by="clerk", lines=None):
    draft = house.draft()
    lines = lines or [LineDraft("MUG", 10, discount_percent=Decimal(percent))]
    return place_order(type(draft)(channel=house.phone, customer_id=house.anna.pk, lines=lines), actor=f"user:{by}")


def test_a_discount_within_a_person_s_limit_needs_nobody_else(house, prove):
    cast.person("clerk", "clerk")
    limit(10)

    order = give(house, "10")

    [line] = order.placed_lines
    assert (line.discount, line.net, order.open_holds) == (Decimal("4.95"), Decimal("44.55"), 0)
    assert line.price_said == "List price; 10% off by clerk: −4.95"
    cast.run_line("screen", "reserve", "invoice")
    prove()


def test_a_discount_above_the_limit_waits_for_a_second_person(house, prove):
    cast.person("clerk", "clerk")
    limit(10)
    order = give(house, "12.5")
    cast.run_line("screen", "reserve", "invoice")

    hold = Hold.objects.get()
    assert (hold.kind, hold.released_with) == ("price", "orders.approve_prices")
    assert hold.reason == "clerk gives 12.5% off MUG and may give 10%"
    assert Order.objects.get().state == "placed"
    with pytest.raises(NotAllowed, match="a second person"):
        release_hold(hold.pk, actor="user:clerk")
    with pytest.raises(IntegrityError, match="price_approved_by_a_second_person"), transaction.atomic():
        Hold.objects.update(released_by="user:clerk", released_at=timezone.now())

    release_hold(hold.pk, actor="user:manager")
    cast.run_line("screen", "reserve", "invoice")
    assert Order.objects.get().state != "placed"
    assert Invoice.objects.get().total == order.total
    assert [event.kind for event in Event.objects.filter(order_id=order.pk, kind__contains="hold").order_by("id")] == ["order.hold_released"]
    prove()


def test_a_person_s_own_limit_goes_before_their_role_s_and_without_any_they_may_give_nothing(house):
    clerk = cast.person("clerk", "clerk")
    assert give(house, "1").open_holds == 1
    limit(5)
    assert give(house, "5").open_holds == 0
    DiscountLimit.objects.create(user=clerk, percent=2)
    assert give(house, "5").open_holds == 1
    assert give(house, "2").open_holds == 0


def test_a_lower_price_that_a_person_agrees_on_counts_as_a_discount(house):
    cast.person("clerk", "clerk")
    limit(10)

    assert give(house, 0, lines=[LineDraft("MUG", 10, unit_price=Decimal("4.50"))]).open_holds == 0
    order = give(house, 0, lines=[LineDraft("MUG", 10, unit_price=Decimal("4.40"))])

    assert Hold.objects.get(order=order).reason == "clerk gives 11.11% off MUG and may give 10%"
    assert order.placed_lines[0].price_said == "Price agreed by clerk"


def test_an_old_order_that_is_brought_in_costs_what_it_cost(house):
    promotion()
    order = place_order(
        type(house.draft())(channel=house.web, customer_id=house.anna.pk, lines=[LineDraft("MUG", 10, unit_price=Decimal("1.00"))]),
        actor="import:books",
    )

    assert (order.net_total, order.discount_total, order.open_holds) == (Decimal("10.00"), 0, 0)


def test_goods_below_the_margin_floor_wait_for_a_second_person(house):
    MarginFloor.objects.create(floor=Decimal("0.10"))
    MarginFloor.objects.create(channel=house.phone, floor=Decimal("1.50"))

    assert house.place(("MUG", 10)).open_holds == 0
    order = house.place(("MUG", 10), channel=house.phone)

    assert Hold.objects.get(order=order).reason == "MUG brings 49.50 GBP and must bring 52.50"
    with pytest.raises(IntegrityError, match="one_margin_floor_a_channel"), transaction.atomic():
        MarginFloor.objects.create(floor=0)


def test_a_kit_must_bring_what_its_parts_cost(house):
    MarginFloor.objects.create(floor=Decimal("0.10"))
    cast.kit(house, "TEASET", MUG=2, LAMP=1)
    cast.kit(house, "PARTY", TEASET=1, MUG=3)

    assert house.place(("TEASET", 10)).open_holds == 0
    promotion(percent=45)
    order = house.place(("TEASET", 10), ("PARTY", 1))

    reasons = Hold.objects.get(order=order).reason
    assert reasons == "TEASET brings 165.00 GBP and must bring 167.20; PARTY brings 16.50 GBP and must bring 23.65"
    assert [line.margin for line in order.placed_lines] == [Decimal("13.00"), Decimal("-5.00")]


def test_what_a_kit_costs_takes_two_statements_for_one_and_for_five(house):
    for number in range(6):
        cast.kit(house, f"SET{number}", MUG=2, LAMP=1 + number)
    counts = []
    for lines in ([("MUG", 1)], [("SET0", 1)], [(f"SET{number}", 1) for number in range(1, 6)]):
        with CaptureQueriesContext(connection) as captured:
            price_draft(house.draft(*lines))
        counts.append(len(captured))

    assert counts == [counts[0], counts[0] + 2, counts[0] + 2]


# --- what follows from it ---


@pytest.mark.parametrize("includes_tax", [False, True])
def test_discounts_are_invoiced_to_the_last_cent_in_whatever_parts(house, prove, includes_tax):
    house.web.prices_include_tax = includes_tax
    cast.on_shipment(house.web)
    promotion(kind="amount", percent=0, amount=Decimal("10.00"))
    order = house.place(("CHAIR", 7), ("LAMP", 3), charges=[ChargeDraft("Carriage", Decimal("4.99"))])
    cast.run_line(*LINE)

    for units in (0, 1, 3, 2, 1):
        if units:
            house.stock(house.chair, units)
            cast.run_line(*LINE)
        shipment = Shipment.objects.latest("id")
        pack_shipment(shipment.pk, actor="user:warehouse")
        cast.run_line("book")
        dispatch_shipment(shipment.pk, actor="user:warehouse")
        cast.run_line(*LINE)

    invoices = Invoice.objects.all()
    assert len(invoices) == 5
    assert sum(invoice.total for invoice in invoices) == order.total
    rows = [row for invoice in invoices for row in invoice.lines.all()]
    assert sum(row.discount for row in rows) == order.discount_total == 10
    for row in rows:
        paid = row.net + row.tax if includes_tax else row.net
        assert abs(row.quantity * row.unit_price - row.discount - paid) <= Decimal("0.02")
    prove()


def test_a_credit_note_takes_back_what_was_paid_and_says_what_was_off(house, prove):
    promotion()
    order = house.place(("MUG", 3), charges=[ChargeDraft("Carriage", Decimal("4.99"))])
    cast.run_line(*LINE)

    cancel_order(order.pk, actor="user:clerk")
    cast.run_line(*LINE)

    note = Invoice.objects.get(kind="credit_note")
    assert note.total == order.total
    assert [row.discount for row in note.lines.order_by("id")] == [Decimal("1.49"), 0]
    prove()
