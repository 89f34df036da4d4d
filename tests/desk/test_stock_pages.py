"""The pages of stock: the list with its filters, a SKU, and what makes each of its numbers."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.explaining import TITLES
from inventory.models import Sku
from oms.core.models import Proof, User
from tests import cast


@pytest.fixture
def desk(house):
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_number_opens_onto_the_sum_that_makes_it(house, desk):
    house.place(("MUG", 7))
    cast.run_line("screen", "reserve")

    page = desk.get("/stock/MUG/explain/free?warehouse=leeds")

    assert "Free 23 = 30 on hand − 7 reserved" in text_of(page)
    assert 'href="/stock/MUG/explain/reserved?warehouse=leeds"' in page.content.decode()


def test_an_explanation_says_when_it_was_proved_and_what_the_proof_is_worth(house, desk):
    Proof.objects.create(checks=20, broken=[], seconds=0.1)

    assert "proved 0 s ago" in text_of(desk.get("/stock/MUG/explain/on_hand", headers={"HX-Request": "true"}))

    Proof.objects.create(checks=20, broken=["x"], seconds=0.1)

    assert "An invariant is broken" in text_of(desk.get("/stock/MUG/explain/on_hand", headers={"HX-Request": "true"}))


def test_a_dialog_gets_the_part_and_a_browser_the_page(house, desk):
    part = desk.get("/stock/MUG/explain/on_hand", headers={"HX-Request": "true"}).content.decode()
    page = desk.get("/stock/MUG/explain/on_hand").content.decode()

    assert "<html" not in part and 'method="dialog"' in part
    assert "<html" in page and 'method="dialog" >' not in page


@pytest.mark.parametrize("path", ["/stock/MUG/", "/stock/", "/stock/CHAIR/"])
def test_every_number_on_a_page_leads_to_an_explanation_that_says_the_same(house, desk, path):
    house.place(("MUG", 7), ("CHAIR", 2))
    cast.run_line("screen", "reserve", "peg")

    links = re.findall(r'<a class="number[^"]*" href="([^"]+)"[^>]*>([^<]+)</a>', desk.get(path).content.decode())

    assert len(links) >= 7
    for address, shown in set(links):
        answer = desk.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address
        assert f"{shown} = " in text_of(answer), (address, shown)


@pytest.mark.parametrize("number", TITLES)
@pytest.mark.parametrize("code", ["MUG", "CHAIR", "TEASET"])
def test_every_number_of_everything_has_a_page(house, desk, code, number):
    cast.kit(house, "TEASET", MUG=2, LAMP=1)

    answer = desk.get(f"/stock/{code}/explain/{number}")

    assert answer.status_code == 200
    assert "add up to" not in text_of(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stock/NOTHING/explain/free", 404),
        ("/stock/MUG/explain/password", 404),
        ("/stock/MUG/explain/free?warehouse=nowhere", 404),
        ("/stock/MUG/explain/on_hand?after=forged", 422),
        ("/stock/MUG/explain/on_hand?kind=forged", 200),
        ("/stock/MUG%00/explain/on_hand", 200),
    ],
)
def test_nonsense_is_refused_politely(house, desk, path, status):
    assert desk.get(path).status_code == status


def test_a_sku_page_costs_the_same_however_much_happened(house, desk):
    cast.reorder(house, house.mug, point=5, target=20)
    costs = []
    for size in (2, 30):
        for _ in range(size):
            house.stock(house.mug, 1)
            house.place(("MUG", 1))
        cast.run_line("screen", "reserve")
        desk.get("/stock/MUG/")
        with CaptureQueriesContext(connection) as captured:
            assert desk.get("/stock/MUG/").status_code == 200
        costs.append(len(captured))

    assert costs[0] == costs[1]


def codes(answer):
    return re.findall(r'<tr data-href="/stock/([^/]+)/"', answer.content.decode())


def test_the_list_shows_what_is_asked_for(house, desk):
    cast.kit(house, "TEASET", MUG=2, LAMP=1)
    Sku.objects.create(code="OLD", name="Forgotten thing", is_active=False, abc_class="A")
    cast.reorder(house, house.lamp, point=5, target=20)
    house.place(("CHAIR", 2))
    cast.run_line("screen", "reserve")

    shown = {show: codes(desk.get(f"/stock/?show={show}")) for show in ("all", "low", "out", "safety", "waiting", "coming", "dead", "kits", "gone")}

    assert shown == {
        "all": ["CHAIR", "LAMP", "MUG", "OLD", "TEASET"],
        "low": ["LAMP"],
        "out": ["CHAIR", "OLD"],
        "safety": [],
        "waiting": ["CHAIR"],
        "coming": [],
        "dead": [],
        "kits": ["TEASET"],
        "gone": ["OLD"],
    }
    assert codes(desk.get("/stock/?abc=A")) == ["OLD"]
    assert codes(desk.get("/stock/?warehouse=ghent")) == ["MUG", "TEASET"]
    assert codes(desk.get("/stock/?q=lamp")) == ["LAMP"]


@pytest.mark.parametrize(
    ("query", "status"), [("show=forged", 422), ("abc=Z", 422), ("show=dead&days=-1", 422), ("warehouse=no", 404), ("q=%00", 200)]
)
def test_a_filter_that_is_none_is_refused(house, desk, query, status):
    assert desk.get(f"/stock/?{query}").status_code == status


def test_a_line_of_an_order_opens_onto_what_was_reserved_shipped_and_waits(house, desk):
    order = house.place(("MUG", 2), ("CHAIR", 3))
    cast.run_line("screen", "reserve", "invoice", "plan", "peg")
    page = desk.get(f"/orders/{order.number}/").content.decode()

    assert f'href="/orders/{order.number}/lines/1/"' in page
    mugs, chairs = (text_of(desk.get(f"/orders/{order.number}/lines/{position}/")) for position in (1, 2))

    assert "Ordered 2 = 0 not looked at yet + 2 reserved + 0 waiting + 0 shipped + 0 cancelled" in mugs
    assert "SH-" in mugs and "Nothing was reserved for it yet." in chairs
    assert "Ordered 3 = 0 not looked at yet + 0 reserved + 3 waiting + 0 shipped + 0 cancelled" in chairs
    assert "nothing on its way yet" in chairs
    assert "add up to" not in mugs + chairs
    assert desk.get(f"/orders/{order.number}/lines/3/").status_code == 404
    assert desk.get("/orders/SO-9999999/lines/1/").status_code == 404


def test_a_line_of_a_kit_counts_kits(house, desk):
    cast.kit(house, "TEASET", MUG=2, LAMP=1)
    order = house.place(("TEASET", 7))
    cast.run_line("screen", "reserve", "peg")

    said = text_of(desk.get(f"/orders/{order.number}/lines/1/", headers={"HX-Request": "true"}))

    assert "Ordered 7 = 0 not looked at yet + 5 reserved + 2 waiting + 0 shipped + 0 cancelled" in said
    assert "add up to" not in said
