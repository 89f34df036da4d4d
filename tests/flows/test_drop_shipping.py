"""The vendor ships to the customer: from the order that waits to the invoice that is paid."""

from decimal import Decimal

import pytest

from accounting.models import Invoice, JournalLine
from accounting.paying import record_payment
from inventory.models import Backorder, Peg, PurchaseOrder, Receipt, StockLevel, Vendor
from inventory.purchasing.changing import Changed, cancel_purchase, change_order, close_purchase
from inventory.purchasing.documents import keep_purchase_orders, purchase_order_context
from inventory.purchasing.receiving import receive_goods
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.messages import worded
from oms.core.models import Event, Message
from orders.cancelling import cancel_order
from orders.holding import place_hold
from orders.models import Order
from shipping.dispatching import dispatch_shipment
from shipping.drop_shipping import confirm_drop_shipment, order_drop_shipment
from shipping.fulfilling import pack_shipment
from shipping.models import Shipment
from shipping.tracking import mark_delivered
from tests import cast

INSIDE = ("screen", "reserve", "backorders", "peg", "invoice", "plan", "post_stock", "complete")


@pytest.fixture(autouse=True)
def _plain(plain_labels):
    pass


def wait_for(house, *lines, **changes):
    """Have Anna order what is not there, and the line look at it."""
    order = house.place(*lines, **changes)
    cast.run_line(*INSIDE)
    return order


def have_shipped(house, order, *codes):
    lines = [line.pk for line in order.lines.select_related("sku") if line.sku.code in codes]
    return order_drop_shipment(order.pk, lines, vendor_id=house.vendor.pk, actor="user:clerk")


def confirm(purchase, units, key="k", **more):
    quantities = {line.pk: units[line.sku.code] for line in purchase.lines.select_related("sku") if line.sku.code in units}
    return confirm_drop_shipment(purchase.pk, quantities, key=key, actor="user:clerk", **more)


def state(order):
    return Order.objects.get(pk=order.pk).state


def line(order, code):
    return order.lines.get(sku__code=code)


def balance(role):
    return sum(row.books_debit - row.books_credit for row in JournalLine.objects.filter(account__role=role))


def test_a_vendor_ships_an_order_and_the_books_and_counters_are_right(house, prove):
    cast.on_shipment(house.web)
    order = wait_for(house, ("CHAIR", 3), ("MUG", 2))
    purchase = have_shipped(house, order, "CHAIR")

    assert purchase.warehouse.kind == "drop_ship"
    assert (purchase.ship_to["name"], purchase.ship_to["postcode"]) == ("Anna Field", "LS2 7AA")
    assert Backorder.objects.get().is_drop_shipped
    assert Peg.objects.get().purchase_line.order_id == purchase.pk
    house.stock(house.chair, 10)
    cast.run_line(*INSIDE)
    assert line(order, "CHAIR").reserved == 0
    prove()

    shipment = confirm(purchase, {"CHAIR": 3}, tracking_number="VND-1")
    cast.run_line(*INSIDE)

    assert (shipment.carrier.name, Shipment.objects.get(pk=shipment.pk).state) == ("The vendor ships", "dispatched")
    chair = line(order, "CHAIR")
    assert (chair.backordered, chair.reserved, chair.planned, chair.shipped, chair.invoiced) == (0, 0, 0, 3, 3)
    assert not Backorder.objects.exists() and not Peg.objects.exists()
    assert StockLevel.objects.get(sku=house.chair, warehouse=purchase.warehouse).on_hand == 0
    assert StockLevel.objects.get(sku=house.chair, warehouse=house.leeds).on_hand == 10
    assert balance("cost_of_goods") == Decimal("57.00")
    assert balance("goods_received_not_invoiced") == Decimal("-57.00")
    assert PurchaseOrder.objects.get(pk=purchase.pk).state == "received"
    assert "VND-1" in str(Message.objects.filter(kind="shipped").get().data)
    assert Order.objects.get(pk=order.pk).fulfilment_status == "partly_shipped"
    prove()

    mine = Shipment.objects.get(order=order, warehouse=house.leeds)
    pack_shipment(mine.pk, actor="user:w")
    cast.run_line("book")
    dispatch_shipment(mine.pk, actor="user:w")
    for one in (mine, shipment):
        mark_delivered(one.pk, actor="user:w")
    cast.run_line(*INSIDE)
    assert Invoice.objects.filter(order=order).count() == 2
    record_payment(order.pk, amount=Order.objects.get(pk=order.pk).balance, method="card", reference="P", actor="user:a")
    cast.run_line(*INSIDE)

    assert state(order) == "completed"
    prove()


def test_an_order_of_nothing_but_what_the_vendor_ships_goes_the_whole_way(house, prove):
    order = wait_for(house, ("CHAIR", 2))
    assert state(order) == "backordered"
    purchase = have_shipped(house, order, "CHAIR")

    confirm(purchase, {"CHAIR": 1}, key="a")
    assert state(order) == "fulfilling"
    assert Backorder.objects.get().quantity == Peg.objects.get().quantity == 1
    prove()
    second = confirm(purchase, {"CHAIR": 1}, key="b", tracking_number="VND-2")
    cast.run_line(*INSIDE)
    assert state(order) == "shipped"
    for shipment in Shipment.objects.all():
        mark_delivered(shipment.pk, actor="user:w")
    record_payment(order.pk, amount=order.total, method="card", reference="P", actor="user:a")
    cast.run_line(*INSIDE)

    assert second.tracking_number == "VND-2"
    assert state(order) == "completed"
    assert Invoice.objects.get().total == order.total
    prove()


def test_ordering_and_confirming_twice_do_it_once(house, prove):
    order = wait_for(house, ("CHAIR", 2))
    purchase, again = have_shipped(house, order, "CHAIR"), have_shipped(house, order, "CHAIR")

    first, second = confirm(purchase, {"CHAIR": 2}), confirm(purchase, {"CHAIR": 2})

    assert (purchase, first) == (again, second)
    assert (PurchaseOrder.objects.count(), Receipt.objects.count(), Shipment.objects.count()) == (1, 1, 1)
    assert line(order, "CHAIR").shipped == 2
    with pytest.raises(Conflict):
        confirm(purchase, {"CHAIR": 1}, key="another")
    prove()


def test_goods_that_go_to_the_customer_are_not_received_here(house, prove):
    order = wait_for(house, ("CHAIR", 2))
    purchase = have_shipped(house, order, "CHAIR")

    with pytest.raises(Conflict, match="goes straight to the customer: nothing of it comes here. Confirm the drop shipment"):
        receive_goods(purchase.pk, {purchase.lines.get().pk: 2}, key="k", actor="user:w")

    assert not Receipt.objects.exists()
    prove()


def test_more_than_the_customer_waits_for_is_the_vendors_to_take_back(house, prove):
    Vendor.objects.update(over_receipt_percent=100)
    order = wait_for(house, ("CHAIR", 2))
    purchase = have_shipped(house, order, "CHAIR")

    with pytest.raises(Conflict, match="still waits for 2 of CHAIR"):
        confirm(purchase, {"CHAIR": 3})
    with pytest.raises(Invalid):
        confirm(purchase, {"CHAIR": 0})
    with pytest.raises(Invalid):
        confirm(purchase, {"CHAIR": 2}, key="")
    with pytest.raises(NotFound):
        confirm_drop_shipment(99_999, {}, key="k", actor="user:w")

    assert not Shipment.objects.exists()
    prove()


@pytest.mark.parametrize("case", ["nothing waits", "kit", "hold", "unpaid", "one delivery", "closed", "none", "strange"])
def test_what_no_vendor_may_ship_is_refused(house, prove, case):
    wanted = {"kit": ("TEASET", 1), "nothing waits": ("MUG", 1)}.get(case, ("CHAIR", 2))
    if case == "kit":
        cast.kit(house, "TEASET", CHAIR=2)
    if case == "unpaid":
        cast.prepaid(house.web)
    if case == "one delivery":
        house.anna.accepts_part_deliveries = False
        house.anna.save()
    order = wait_for(house, wanted, *([("MUG", 1)] if case == "one delivery" else []))
    lines = [row.pk for row in order.lines.all() if row.sku.code == wanted[0]]
    if case == "hold":
        place_hold(order.pk, reason="who is that?", actor="user:clerk")
    if case == "closed":
        cancel_order(order.pk, actor="user:clerk")
    lines = {"none": [], "strange": [99_999]}.get(case, lines)

    with pytest.raises((Conflict, Invalid)):
        order_drop_shipment(order.pk, lines, vendor_id=house.vendor.pk, actor="user:clerk")

    assert not PurchaseOrder.objects.exists()
    assert not Backorder.objects.filter(is_drop_shipped=True).exists()
    prove()


def test_a_hold_and_a_used_tracking_number_stop_a_confirmation(house, prove):
    first, second = wait_for(house, ("CHAIR", 1)), wait_for(house, ("CHAIR", 1))
    confirm(have_shipped(house, first, "CHAIR"), {"CHAIR": 1}, tracking_number="T-1", key="a")
    purchase = have_shipped(house, second, "CHAIR")

    with pytest.raises(Conflict, match="That tracking number belongs to SH-"):
        confirm(purchase, {"CHAIR": 1}, tracking_number="T-1", key="b")
    place_hold(second.pk, reason="who is that?", actor="user:clerk")
    with pytest.raises(Conflict, match="on hold: release it first"):
        confirm(purchase, {"CHAIR": 1}, key="b")

    assert Shipment.objects.count() == 1
    prove()


def test_cancelling_the_order_calls_the_vendor_off(house, prove):
    order = wait_for(house, ("CHAIR", 2))
    purchase = have_shipped(house, order, "CHAIR")

    cancel_order(order.pk, actor="user:clerk", reason="Changed their mind")

    assert PurchaseOrder.objects.get(pk=purchase.pk).state == "cancelled"
    assert Event.objects.filter(kind="purchase.cancelled", order_id=order.pk).exists()
    assert Message.objects.filter(kind="purchase_cancelled").exists()
    with pytest.raises(Conflict, match="takes no more goods: it is cancelled"):
        confirm(purchase, {"CHAIR": 2})
    assert not Backorder.objects.exists()
    prove()


@pytest.mark.parametrize("shipped", [0, 1])
def test_a_vendor_who_will_not_ship_leaves_the_line_to_our_own_stock(house, prove, shipped):
    order = wait_for(house, ("CHAIR", 3))
    purchase = have_shipped(house, order, "CHAIR")
    if shipped:
        confirm(purchase, {"CHAIR": 1})
        close_purchase(purchase.pk, actor="user:manager")
    else:
        cancel_purchase(purchase.pk, actor="user:manager", reason="Too dear")
    prove()

    cast.run_line("peg")
    house.stock(house.chair, 10)
    cast.run_line(*INSIDE)

    assert (line(order, "CHAIR").shipped, line(order, "CHAIR").reserved) == (shipped, 3 - shipped)
    again = wait_for(house, ("CHAIR", 20))
    assert have_shipped(house, again, "CHAIR") != purchase
    prove()


def test_what_a_customer_waits_for_is_not_changed_on_the_vendors_order(house, prove):
    purchase = have_shipped(house, wait_for(house, ("CHAIR", 3)), "CHAIR")

    with pytest.raises(Conflict, match="A customer waits for just that much"):
        change_order(purchase.pk, {purchase.lines.get().pk: Changed(quantity=2)}, version=purchase.version, actor="user:manager")

    assert purchase.lines.get().quantity == 3
    prove()


def test_the_vendor_is_told_where_to_ship(house):
    purchase = have_shipped(house, wait_for(house, ("CHAIR", 3)), "CHAIR")
    keep_purchase_orders([(PurchaseOrder.objects.select_related("vendor", "warehouse").get(pk=purchase.pk), b"a pdf")])

    mail = worded(Message.objects.get(kind="purchase_order"))

    assert purchase_order_context(purchase)["deliver_to"][:2] == ["Anna Field", "7 Mill Lane"]
    assert "Please ship it to our customer, Anna Field, 7 Mill Lane," in mail.body
    assert "warehouse" not in mail.body


# --- the pages ---


def test_the_desk_has_the_vendor_ship_it(house, client, prove):
    client.force_login(cast.person("mia", "manager"))
    order = wait_for(house, ("CHAIR", 3))
    page = client.get(f"/orders/{order.number}/").content.decode()
    assert "Have the vendor ship it" in page

    client.post(f"/orders/{order.number}/drop-ship", {"line": line(order, "CHAIR").pk, "vendor": house.vendor.pk})
    purchase = PurchaseOrder.objects.get()
    page = client.get(f"/purchasing/{purchase.number}/").content.decode()
    assert "The vendor ships it to our customer" in page and order.number in page
    form = {f"line-{purchase.lines.get().pk}": "3", "tracking_number": "T-1", "key": "k"}
    for _ in range(2):
        answer = client.post(f"/purchasing/{purchase.number}/shipped", form)
        assert answer["Location"] == f"/orders/{order.number}/"

    assert Shipment.objects.get().tracking_number == "T-1"
    assert "Have the vendor ship it" not in client.get(f"/orders/{order.number}/").content.decode()
    assert client.get(f"/shipments/{Shipment.objects.get().number}/").status_code == 200
    prove()
