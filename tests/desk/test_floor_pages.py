"""The pages of the warehouse floor: transfers, counts and what got lost, as people use them."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.counting import enter_counts, open_count
from inventory.models import Barcode, Count, CountLine, Shortfall, Sku, StockLevel, StockMovement, Transfer
from inventory.transferring import contents_of, plan_transfer, send_transfer
from oms.core.models import User
from orders.models import Order
from shipping.losses import post_count, write_off
from tests import cast

WHO = "user:warehouse"


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def key_of(page):
    return re.search(r'name="key" value="(\w+)"', page.content.decode())[1]


def day(ahead=2):
    return (timezone.localdate() + timedelta(days=ahead)).isoformat()


def on_hand(sku, place):
    return StockLevel.objects.get(sku=sku, warehouse=place).on_hand


def queries(desk, path):
    desk.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(path).status_code == 200
    return len(captured)


def test_a_transfer_is_planned_sent_and_received_in_the_browser(house, desk, prove):
    key = key_of(desk.get("/transfers/new/"))
    form = {"source": "leeds", "destination": "ghent", "expected_on": day(), "lines": "mug 12\nLAMP\t2\r\nMUG;3", "note": "Pallet 7", "key": key}
    first = desk.post("/transfers/new/", form)
    again = desk.post("/transfers/new/", form)
    transfer = Transfer.objects.get()
    assert first["Location"] == again["Location"] == f"/transfers/{transfer.number}/"
    assert [(line.sku.code, line.quantity) for line in transfer.lines.all()] == [("MUG", 15), ("LAMP", 2)]

    address, seen = f"/transfers/{transfer.number}/", contents_of(transfer.lines.all())
    assert "LAMP 2\nMUG 15</textarea>" in desk.get(address).content.decode()
    wrong = desk.post(f"{address}lines", {"lines": "MUG 15\nNOPE 2", "seen": seen})
    assert wrong.status_code == 422 and "There is no SKU NOPE." in wrong.content.decode() and "NOPE 2</textarea>" in wrong.content.decode()
    desk.post(f"{address}lines", {"lines": "MUG 14\nLAMP 2", "seen": seen})
    assert desk.post(f"{address}send", {"seen": seen}).status_code == 409
    desk.post(f"{address}lines", {"lines": "MUG 15\nLAMP 2"})

    desk.post(f"/transfers/{transfer.number}/send", {"seen": seen})
    page = desk.get(f"/transfers/{transfer.number}/")
    units = {f"line-{line.pk}": line.quantity - 1 for line in transfer.lines.all()} | {"key": key_of(page)}
    for _ in range(2):
        assert desk.post(f"/transfers/{transfer.number}/receive", units).status_code == 302
    assert (on_hand(house.mug, house.ghent), on_hand(house.lamp, house.ghent)) == (34, 1)

    desk.post(f"/transfers/{transfer.number}/expect", {"expected_on": day(5)})
    desk.post(f"/transfers/{transfer.number}/lose", {"note": "Broken on the way"})
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.expected_on.isoformat()) == ("received", day(5))
    said = desk.get(f"/transfers/{transfer.number}/").content.decode()
    assert "Broken on the way" in said and "Pallet 7" in said
    cast.run_line("post_stock")
    prove()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"lines": "MUG"}, "Write a SKU and its units"),
        ({"lines": "MUG 1.5"}, "Write a SKU and its units"),
        ({"lines": "MUG \u0663"}, "Write a SKU and its units"),
        ({"lines": "MUG 9999999999"}, "Write a SKU and its units"),
        ({"lines": "NOPE 3"}, "There is no SKU NOPE"),
        ({"lines": "\x00"}, "Say what is to be sent"),
        ({"destination": "leeds"}, "another warehouse"),
        ({"expected_on": "soon"}, "on which day"),
        ({"expected_on": "2026-02-31"}, "on which day"),
        ({"key": "é"}, "open the page again"),
    ],
)
def test_a_form_that_is_wrong_comes_back_as_it_was_typed(house, desk, wrong, why):
    form = {"source": "leeds", "destination": "ghent", "expected_on": day(), "lines": "MUG 1", "note": "Keep me", "key": "k"} | wrong

    answer = desk.post("/transfers/new/", form)

    assert answer.status_code == 422
    assert why in answer.content.decode() and "Keep me" in answer.content.decode()
    assert not Transfer.objects.exists()


def test_a_sheet_is_blind_until_it_is_reviewed_and_booked(house, desk, prove):
    Barcode.objects.create(code="05012345678900", sku=house.mug, units=12)
    StockLevel.objects.filter(sku=house.mug, warehouse=house.leeds)
    key = key_of(desk.get("/counts/"))
    for _ in range(2):
        opened = desk.post("/counts/open", {"warehouse": "leeds", "skus": "mug, lamp", "key": key})
    count = Count.objects.get()
    path = f"/counts/{count.number}/"
    assert opened["Location"] == path
    lines = {line.sku.code: line.pk for line in count.lines.select_related("sku")}
    page = desk.get(path).content.decode()
    assert not re.search(r"\b30\b", re.sub(r"<(script|link|time|input type=.hidden).*?>|csrf\S+", "", page.split("<main")[1]))
    assert "expected" not in page.split("<main")[1].lower()

    written = desk.post(f"{path}enter", {f"line-{lines['MUG']}": "28", f"line-{lines['LAMP']}": ""}, headers={"HX-Request": "true"})
    assert "1 of 2 counted" in written.content.decode()
    refused = desk.post(f"{path}enter", {f"line-{lines['MUG']}": "many"}, headers={"HX-Request": "true"})
    assert (refused.status_code, "whole number" in refused.content.decode()) == (422, True)
    jumped = desk.get(f"{path}?scan=05012345678900").content.decode()
    assert re.search(rf'id="line-{lines["MUG"]}"[^>]*autofocus', jumped)
    assert "is on no line" in desk.get(f"{path}?scan=4711").content.decode()

    review = desk.get(f"{path}review/").content.decode()
    assert "1 line is not counted yet" in review and "−2" in review.replace("-2", "−2")
    desk.post(f"{path}enter", {"again": str(lines["MUG"])})
    assert CountLine.objects.get(pk=lines["MUG"]).counted is None
    at = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    desk.post(f"{path}enter", {f"line-{lines['MUG']}": "29", f"line-{lines['LAMP']}": "5", "at": at})
    for _ in range(2):
        assert desk.post(f"{path}post").status_code == 302
    result = desk.get(path).content.decode()
    assert "-2.10" in result
    assert on_hand(house.mug, house.leeds) == 29
    prove()


def test_a_line_that_nobody_touched_keeps_its_moment(house, desk):
    count = open_count("leeds", skus=["MUG", "LAMP"], actor=WHO)
    lines = {line.sku.code: line.pk for line in count.lines.select_related("sku")}
    enter_counts(count.pk, {lines["MUG"]: 30}, actor=WHO)
    before = CountLine.objects.get(pk=lines["MUG"]).counted_at

    form = {f"line-{lines['MUG']}": "30", f"was-{lines['MUG']}": "30", f"line-{lines['LAMP']}": "5", f"was-{lines['LAMP']}": ""}
    desk.post(f"/counts/{count.number}/enter", form)

    assert CountLine.objects.get(pk=lines["MUG"]).counted_at == before
    assert CountLine.objects.get(pk=lines["LAMP"]).counted == 5


def test_whoever_lost_something_is_shown_until_somebody_has_dealt_with_it(house, desk, prove):
    assert "Nobody is short" in desk.get("/shortfalls/").content.decode()
    order = house.place(("MUG", 30))
    cast.run_line("screen", "reserve")
    key = key_of(desk.get("/stock/MUG/"))
    form = {"warehouse": "leeds", "quantity": "-4", "kind": "damage", "note": "Water from the roof", "key": key}

    said, again = (desk.post("/stock/MUG/adjust", form, follow=True).content.decode() for _ in range(2))
    assert "the orders that wait again" in said and "the orders that wait again" not in again

    page = desk.get("/shortfalls/").content.decode()
    assert order.number in page and "Anna Field" in page and "Water from the roof" in page and ">4</a></strong>" in page
    row = Shortfall.objects.get()
    desk.post(f"/shortfalls/{row.pk}/settle")
    assert order.number not in desk.get("/shortfalls/").content.decode()
    assert order.number in desk.get("/shortfalls/?show=all").content.decode()
    assert "gone: Water from the roof" in desk.get(f"/orders/{order.number}/").content.decode()
    assert on_hand(house.mug, house.leeds) == 26
    prove()


def test_the_worth_of_stock_is_corrected_on_its_page(house, desk, prove):
    key = key_of(desk.get("/stock/LAMP/"))
    form = {"warehouse": "leeds", "amount": "-2.50", "effective_on": timezone.localdate().isoformat(), "note": "Credit note 17", "key": f"{key}c"}

    for _ in range(2):
        assert "stay with the stock" in desk.post("/stock/LAMP/cost", form, follow=True).content.decode()
    for wrong in ({"amount": "much"}, {"effective_on": "2026-13-01"}, {"amount": "1e400"}, {"note": ""}):
        assert desk.post("/stock/LAMP/cost", form | wrong | {"key": "other"}).status_code == 422

    assert StockLevel.objects.get(sku=house.lamp).value == Decimal("52.50")
    assert StockMovement.objects.filter(kind="cost").count() == 1
    cast.run_line("post_stock")
    prove()


def test_the_lists_cost_the_same_for_few_rows_and_for_many(house, desk):
    counts = []
    for size in (2, 12):
        start = Sku.objects.count()
        skus = [Sku.objects.create(code=f"F{start + i}", name="A thing", cost=Decimal(1)) for i in range(size)]
        for sku in skus:
            house.stock(sku, 9)
            send_transfer(plan_transfer("leeds", "ghent", [(sku.code, 1)], expected_on=timezone.localdate(), actor=WHO).pk, actor=WHO)
            count = open_count("leeds", skus=[sku.code], actor=WHO)
            post_count(enter_counts(count.pk, {count.lines.get().pk: 7}, actor=WHO).pk, actor=WHO)
        house.stock(house.chair, size)
        for _ in range(size):
            house.place(("CHAIR", 1))
        cast.run_line("screen", "reserve")
        write_off(house.chair, house.leeds, units=size, kind="damage", note="x", actor=WHO)
        big = plan_transfer("leeds", "ghent", [(sku.code, 1) for sku in skus], expected_on=timezone.localdate(), actor=WHO)
        sheet = open_count("leeds", skus=[sku.code for sku in skus], actor=WHO)
        counted = open_count("ghent", skus=[sku.code for sku in skus], actor=WHO)
        enter_counts(counted.pk, {line.pk: 1 for line in counted.lines.all()}, actor=WHO)
        paths = [
            "/transfers/",
            "/counts/",
            "/shortfalls/",
            f"/transfers/{big.number}/",
            f"/counts/{sheet.number}/",
            f"/counts/{counted.number}/review/",
        ]
        counts.append([queries(desk, path) for path in paths])
        post_count(counted.pk, actor=WHO)
        counts[-1].append(queries(desk, f"/counts/{counted.number}/"))

    assert counts[0] == counts[1]
    assert Order.objects.filter(has_backorders=True).count() == 14
