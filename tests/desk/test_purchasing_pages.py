"""The pages of purchasing: what they say, what they cost, what they do with nonsense."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import PurchaseNeed, PurchaseOrder, PurchaseOrderLine, ReorderRule, Vendor, VendorContact, VendorItem, VendorPrice
from inventory.purchasing.ordering import Draft, Wanted, draft_order, order_from_vendor
from inventory.purchasing.receiving import receive_goods
from inventory.sourcing import change_rules
from oms.core.models import Document, Message, User
from tests import cast

ACTOR = "user:manager"


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def late(house, *lines, days=4):
    order = order_from_vendor(house.vendor, house.leeds, list(lines), actor=ACTOR)
    PurchaseOrder.objects.filter(pk=order.pk).update(expected_on=timezone.localdate() - timedelta(days=days))
    return order


def test_a_late_vendor_lists_the_customers_it_affects(house, desk):
    order = late(house, (house.chair, 5))
    waiting = house.place(("CHAIR", 3))
    cast.run_line("screen", "reserve", "peg")

    for path in ("/purchasing/", f"/purchasing/{order.number}/"):
        said = text(desk.get(path))
        assert "Anna Field" in said
        assert "Late" in said
    assert waiting.number in desk.get(f"/purchasing/{order.number}/").content.decode()


@pytest.mark.parametrize("path", ["/purchasing/", "/purchasing/needs/", "/purchasing/orders/", "/purchasing/rules/", "/vendors/"])
def test_a_page_of_purchasing_costs_the_same_for_three_rows_and_for_twenty(house, desk, path):
    counts = []
    for size in (3, 17):
        for i in range(size):
            vendor = Vendor.objects.create(name=f"Vendor {size}-{i}", minimum_order=Decimal(900))
            item = VendorItem.objects.create(vendor=vendor, sku=house.chair)
            VendorPrice.objects.create(item=item, unit_price=Decimal(9))
            late(house, (house.chair, 1), (house.lamp, 2))
            house.place(("CHAIR", 1))
            sku = type(house.chair).objects.create(code=f"S{size}-{i}", name="Thing", cost=Decimal(1))
            full = type(house.chair).objects.create(code=f"T{size}-{i}", name="Thing", cost=Decimal(1))
            house.stock(full, 5)
            ReorderRule.objects.create(sku=sku, warehouse=house.leeds, vendor=vendor, point=2, target=5)
            ReorderRule.objects.create(sku=full, warehouse=house.leeds, vendor=vendor, point=2, target=50)
        cast.run_line("screen", "reserve", "peg", "learn", "replenish")
        desk.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_purchase_orders_page_costs_the_same_for_two_lines_and_for_twenty(house, desk):
    counts = []
    for size in (2, 20):
        skus = [type(house.chair).objects.create(code=f"P{size}-{i}", name="Thing", cost=Decimal(1)) for i in range(size)]
        order = order_from_vendor(house.vendor, house.leeds, [(sku, 3) for sku in skus], actor=ACTOR)
        desk.get(f"/purchasing/{order.number}/")
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(f"/purchasing/{order.number}/").status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", ["/purchasing/needs/", "/purchasing/orders/", "/purchasing/rules/", "/vendors/?q=nobody"])
def test_an_empty_page_of_purchasing_says_what_to_do(house, desk, path):
    assert "empty-state" in desk.get(path).content.decode()


def test_one_button_buys_what_is_chosen_and_a_second_press_buys_nothing_more(house, desk):
    cast.reorder(house, house.chair, point=2, target=4)
    cast.reorder(house, house.lamp, point=9, target=20)
    cast.run_line("replenish")
    chair, lamp = PurchaseNeed.objects.get(sku=house.chair), PurchaseNeed.objects.get(sku=house.lamp)
    form = {"action": "approve", "need": [chair.pk, lamp.pk], f"units-{chair.pk}": "7", f"units-{lamp.pk}": "15"}

    for _press in range(2):
        answer = desk.post("/purchasing/decide", form, follow=True)

    order = PurchaseOrder.objects.get()
    assert sorted(order.lines.values_list("sku__code", "quantity")) == [("CHAIR", 7), ("LAMP", 15)]
    assert f"Ordered: {order.number}" in text(answer)


def test_what_another_warehouse_has_is_moved_instead_of_bought(house, desk):
    change_rules([("split_value", 10, True, Decimal(60))], actor=ACTOR)
    house.place(("MUG", 35))
    cast.run_line("screen", "reserve", "peg", "replenish")

    page = desk.get("/purchasing/needs/")

    assert "MUG: Ghent has some that nobody waits for there. Move 5 instead" in text(page)
    [link] = re.findall(r'href="([^"]+transfers/new/[^"]+)"', page.content.decode())
    form = desk.get(link.replace("&amp;", "&")).content.decode()
    assert '<option value="ghent" selected>' in form
    assert '<option value="leeds" selected>' in form
    assert "MUG 5</textarea>" in form


def test_advice_to_take_the_next_break_is_taken_with_a_button(house, desk):
    item = VendorItem.objects.create(vendor=house.vendor, sku=house.chair, pack_size=2)
    for units, price in ((1, "20"), (6, "15")):
        VendorPrice.objects.create(item=item, from_quantity=units, unit_price=Decimal(price))
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")
    need = PurchaseNeed.objects.get()
    assert "CHAIR: 2 more take the next break: saves £30.00, £10.00 more to pay." in text(desk.get("/purchasing/needs/"))

    desk.post(f"/purchasing/needs/{need.pk}", {"quantity": "6"})

    need = PurchaseNeed.objects.get()
    assert (need.quantity, need.is_fixed) == (6, True)


def test_a_purchase_order_is_made_by_hand_and_a_mistake_keeps_what_was_typed(house, desk):
    form = {
        "vendor": house.vendor.number,
        "warehouse": "leeds",
        "sku": ["chair", ""],
        "quantity": ["3", ""],
        "unit_cost": ["18.50", ""],
        "note": "Hello",
    }
    wrong = desk.post("/purchasing/new/", form | {"sku": ["NOTHING", ""]})
    assert (wrong.status_code, PurchaseOrder.objects.count()) == (422, 0)
    assert "There is no SKU NOTHING" in text(wrong)
    assert 'value="18.50"' in wrong.content.decode()

    desk.post("/purchasing/new/", form)

    order = PurchaseOrder.objects.get()
    assert (order.state, order.note, order.lines.get().unit_cost) == ("draft", "Hello", Decimal("18.50"))
    desk.post(f"/purchasing/{order.number}/approve", {"version": order.version})
    assert PurchaseOrder.objects.get().state == "sent"


def test_confirming_changing_and_calling_off_work_from_the_page(house, desk):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    line = order.lines.get().pk
    day = (timezone.localdate() + timedelta(days=30)).isoformat()

    desk.post(f"/purchasing/{order.number}/acknowledge", {"version": 1, f"quantity-{line}": "4", f"expected-{line}": day, "vendor_reference": "AB"})
    desk.post(f"/purchasing/{order.number}/change", {"version": 2, f"quantity-{line}": "8", f"expected-{line}": day})
    stale = desk.post(f"/purchasing/{order.number}/change", {"version": 2, f"quantity-{line}": "9"}, follow=True)

    row = PurchaseOrderLine.objects.get()
    assert (row.quantity, row.expected_on.isoformat(), PurchaseOrder.objects.get().revision) == (8, day, 2)
    assert "changed meanwhile" in text(stale)
    desk.post(f"/purchasing/{order.number}/cancel", {"version": 3, "reason": "no"})
    assert PurchaseOrder.objects.get().state == "cancelled"


def test_an_order_is_made_longer_on_its_page_while_nothing_has_come(house, desk):
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    line, address = order.lines.get().pk, f"/purchasing/{order.number}"
    assert 'name="sku"' in desk.get(f"{address}/").content.decode()

    form = {"version": 1, f"quantity-{line}": "5", "sku": ["lamp", ""], "quantity": ["4", ""], "unit_cost": ["8.50", ""]}
    said = text(desk.post(f"{address}/change", form, follow=True))

    assert "revision 2 goes to the vendor" in said
    assert [(one.sku.code, one.quantity, one.unit_cost) for one in order.lines.order_by("id")][1:] == [("LAMP", 4, Decimal("8.50"))]
    wrong = desk.post(f"{address}/change", {"version": 2, "sku": "NOPE", "quantity": "1", "unit_cost": ""})
    assert wrong.status_code == 422 and "There is no SKU NOPE." in text(wrong)
    receive_goods(order.pk, {line: 1}, key="a", actor=ACTOR)
    assert 'name="sku"' not in desk.get(f"{address}/").content.decode()


NONSENSE = ["", "x", "-1", "\x00", "9" * 30, "1e9", "NaN", "2026-13-40"]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_in_a_form_of_purchasing_is_refused_in_words(house, desk, nonsense):
    order = draft_order(Draft(house.vendor.pk, house.leeds.pk, [Wanted(house.chair.pk, 3)]), actor=ACTOR)
    sent = order_from_vendor(house.vendor, house.leeds, [(house.lamp, 3)], actor=ACTOR)
    rule = cast.reorder(house, house.mug, point=1, target=2)
    line, other = order.lines.get().pk, sent.lines.get().pk
    for path, form in (
        ("/purchasing/decide", {"need": nonsense, "action": "approve"}),
        ("/purchasing/needs/add", {"rule": nonsense}),
        ("/purchasing/needs/1", {"quantity": nonsense, "vendor": nonsense}),
        ("/purchasing/new/", {"vendor": nonsense, "warehouse": nonsense, "sku": nonsense, "quantity": nonsense, "unit_cost": nonsense}),
        ("/purchasing/new/", {"vendor": house.vendor.number, "warehouse": "leeds", "sku": "CHAIR", "quantity": nonsense, "expected_on": nonsense}),
        (f"/purchasing/{order.number}/change", {"version": nonsense}),
        (f"/purchasing/{order.number}/change", {"version": 1, "sku": "MUG", "quantity": nonsense, "unit_cost": nonsense}),
        (f"/purchasing/{order.number}/change", {"version": 1, f"quantity-{line}": nonsense, f"cost-{line}": nonsense, f"expected-{line}": nonsense}),
        (f"/purchasing/{sent.number}/acknowledge", {f"quantity-{other}": nonsense, f"expected-{other}": nonsense}),
        (f"/purchasing/rules/{rule.pk}/", {"vendor": nonsense, "point": nonsense, "target": nonsense, "service_level": nonsense}),
        ("/purchasing/rules/new/", {"sku": nonsense, "warehouse": nonsense, "vendor": nonsense, "point": nonsense}),
    ):
        assert desk.post(path, form).status_code < 500, path
    for path in ("/purchasing/orders/?q=", "/vendors/?q=", "/purchasing/rules/?q=", "/purchasing/needs/?vendor=", "/vendors/"):
        assert desk.get(path + nonsense.replace("\x00", "%00")).status_code < 500, path

    assert order.lines.get().quantity == 3


def test_a_vendors_page_says_what_he_sells_and_whom_to_ask(house, desk):
    VendorContact.objects.create(vendor=house.vendor, name="Joan Clay", role="Sales", email="joan@potteries.example")
    item = VendorItem.objects.create(vendor=house.vendor, sku=house.mug, pack_size=6)
    VendorPrice.objects.create(item=item, unit_price=Decimal("1.90"))
    VendorPrice.objects.create(item=item, from_quantity=144, unit_price=Decimal("1.70"))

    said = text(desk.get(f"/vendors/{house.vendor.number}/"))

    for part in ("Joan Clay", "1.90", "1.70 from 144", "nothing has come yet"):
        assert part in said


def test_a_rules_page_draws_what_is_sold_and_sets_the_rule(house, desk):
    rule = cast.reorder(house, house.mug, point=10, target=40)

    page = desk.get(f"/purchasing/rules/{rule.pk}/").content.decode()
    assert page.count('<rect class="bar"') == 13
    assert "Set by hand: at 10 or fewer, buy up to 40" in page

    form = {
        "vendor": house.vendor.number,
        "point": "12",
        "target": "50",
        "safety": "3",
        "is_learned": "yes",
        "service_level": "97.5",
        "cover_days": "21",
    }
    desk.post(f"/purchasing/rules/{rule.pk}/", form)
    rule = ReorderRule.objects.get()
    assert (rule.point, rule.target, rule.safety, rule.is_learned, rule.service_level, rule.cover_days) == (12, 50, 3, True, Decimal("0.975"), 21)
    assert desk.post(f"/purchasing/rules/{rule.pk}/", form | {"target": "12"}).status_code == 422


@pytest.mark.parametrize("path", ["/purchasing/rules/", "/vendors/", "/purchasing/orders/", "vendor"])
def test_a_list_longer_than_a_page_goes_on(house, desk, path):
    for i in range(60):
        sku = type(house.chair).objects.create(code=f"S{i:02}", name="Thing", cost=Decimal(1))
        ReorderRule.objects.create(sku=sku, warehouse=house.leeds, vendor=house.vendor, point=2, target=5)
        VendorItem.objects.create(vendor=house.vendor, sku=sku)
        Vendor.objects.create(name=f"Vendor {i:02}")
        order_from_vendor(house.vendor, house.leeds, [(sku, 1)], actor=ACTOR)
    path = f"/vendors/{house.vendor.number}/" if path == "vendor" else path

    first = desk.get(path).content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = desk.get(path + following)

    assert second.status_code == 200
    assert 'rel="next"' not in second.content.decode()


def test_a_price_of_zero_and_a_break_without_a_base_are_refused_with_a_sentence(house, desk):
    base = {
        "vendor": house.vendor.pk, "sku": house.mug.pk, "pack_size": 1, "minimum_order": 1, "vendor_code": "", "lead_time_days": "",
        "prices-TOTAL_FORMS": 1, "prices-INITIAL_FORMS": 0,
    }  # fmt: skip
    zero = desk.post("/admin/inventory/vendoritem/add/", base | {"prices-0-from_quantity": 1, "prices-0-unit_price": "0"})
    assert "A price is above zero" in text(zero)
    broken = desk.post("/admin/inventory/vendoritem/add/", base | {"prices-0-from_quantity": 12, "prices-0-unit_price": "2"})
    assert "needs a price from 1 unit on" in text(broken)
    early = desk.post("/admin/inventory/vendoritem/add/", base | {"lead_time_days": "-2", "prices-0-from_quantity": 1, "prices-0-unit_price": "2"})
    assert "greater than or equal to 0" in text(early)

    assert not VendorItem.objects.exists()
    desk.post("/admin/inventory/vendoritem/add/", base | {"prices-0-from_quantity": 1, "prices-0-unit_price": "2"})
    assert VendorItem.objects.get().prices.get().unit_price == Decimal(2)


def test_the_order_is_rendered_mailed_and_mailed_again_when_it_is_changed(house, desk):
    pytest.importorskip("weasyprint", exc_type=OSError)
    order = order_from_vendor(house.vendor, house.leeds, [(house.chair, 5)], actor=ACTOR)
    cast.run_line("purchase_pdf")
    cast.run_line("purchase_pdf")
    line = order.lines.get().pk
    desk.post(f"/purchasing/{order.number}/change", {"version": 1, f"quantity-{line}": "8"})
    cast.run_line("purchase_pdf")

    assert list(Document.objects.order_by("id").values_list("name", flat=True)) == [f"{order.number}.pdf", f"{order.number}-2.pdf"]
    mails = Message.objects.order_by("id")
    assert [(mail.kind, mail.document.name, mail.recipient) for mail in mails] == [
        ("purchase_order", f"{order.number}.pdf", "sales@potteries.example"),
        ("purchase_change", f"{order.number}-2.pdf", "sales@potteries.example"),
    ]
    assert bytes(Document.objects.first().content).startswith(b"%PDF")
