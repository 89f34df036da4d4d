"""The pages of stock: the list with its filters, a SKU, and what makes each of its numbers."""

import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from inventory.explaining import TITLES
from inventory.low import PAGE, running_low
from inventory.models import PurchaseNeed, Sku, SkuImport
from oms.core.models import Proof, User
from oms.core.pages import cursor_of
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

    assert re.search(r"proved \d s ago", text_of(desk.get("/stock/MUG/explain/on_hand", headers={"HX-Request": "true"})))

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


# What a quantity of stock is called. Where a template shows one it is a link to what makes it, or stands here with the reason why not.
QUANTITY = "on_hand|reserved|free|safety|to_promise|coming|in_transit|backordered|waits|waits_after|unknown|makes|received|lost|units"
SHOWN = re.compile(rf"\{{\{{\s*((?:\w+\.)*(?:{QUANTITY}))\b(?!\.)[^}}]*\}}\}}|\b\w+=((?:\w+\.)+(?:{QUANTITY}))\b")
BARE = {
    "a row of the sum itself": {
        "desk/_line_parts.html": {"part.units"},
        "inventory/_explanation.html": {"part.units", "part.makes", "rule.safety", "safety"},
        "inventory/_steps.html": {"step.units", "found.opening.units"},
        "inventory/_supplies.html": {"line.coming"},
    },
    "of several SKUs together: its row opens onto them": {
        "accounting/unbilled.html": {"row.units"},
        "desk/_cross_dock.html": {"units"},
        "desk/_purchase_actions.html": {"units"},
        "inventory/_purchase_receive.html": {"receipt.units"},
        "inventory/transfers.html": {"transfer.units"},
    },
    "how many make one: a kit's part, a pack, a price from so many on": {
        "inventory/_kit.html": {"part.units"},
        "inventory/sku.html": {"part.units", "barcode.units"},
        "inventory/vendor.html": {"units"},
    },
    "not stock yet, or not any more: just typed or scanned, sold, lost, to be bought or moved, another way it could have gone": {
        "inventory/_kit_says.html": {"making.makes"},
        "inventory/_receiving_said.html": {"last.units"},
        "inventory/_rule_chart.html": {"bar.units", "line.units", "units"},
        "inventory/_sales.html": {"week.units"},
        "inventory/needs.html": {"units", "place.units"},
        "orders/_lost_sales.html": {"row.lost", "lost.units", "total.units"},
        "orders/_phone_read_back.html": {"units"},
        "orders/_simulation.html": {"units"},
    },
    "what a customer or the floor reads, on paper or without an account": {
        "desk/public_order.html": {"line.backordered"},
        "shipping/documents/packing_slip.html": {"units"},
        "shipping/documents/pick_list.html": {"units"},
    },
    "an option, which holds no link: it stands beside the box": {"orders/_phone_skus.html": {"sku.free"}},
}


def bare(text):
    """Give the quantities of stock that a template shows as they are: not within a link to what makes them, nor as an attribute."""
    explained = set(re.findall(r"\{% (?:number|line_number) [^%]* as (\w+) %\}", text))
    text = re.sub(r'<a class="number.*?</a>', "", text, flags=re.S)
    text = re.sub(r'(?<=\s)[\w-]+="[^"]*"', "", text)
    return {first or second for first, second in SHOWN.findall(text)} - explained


def test_a_quantity_of_stock_is_shown_nowhere_but_as_a_link_to_what_makes_it():
    allowed = {}
    for templates in BARE.values():
        for name, quantities in templates.items():
            allowed[name] = allowed.get(name, set()) | quantities
    root = Path(settings.BASE_DIR) / "templates"

    found = {str(path.relative_to(root)): quantities for path in root.rglob("*.html") if (quantities := bare(path.read_text()))}

    assert found == allowed


@pytest.mark.parametrize(
    "text",
    ["<td>{{ row.free }}</td>", "{% blocktranslate with n=level.on_hand %}{{ n }} there{% endblocktranslate %}", "<b>{{ units|default:0 }}</b>"],
)
def test_a_quantity_that_is_only_written_is_seen(text):
    assert bare(text)


@pytest.mark.parametrize(
    "text",
    [
        '{% number row.free "free" sku.code %}',
        '<td><a class="number" href="{% explanation_of sku \'free\' %}">{{ row.free }}</a></td>',
        '<input name="units" value="{{ row.units }}">',
        '{% number x.free "free" sku as units %}{% blocktranslate %}{{ units }} free{% endblocktranslate %}',
    ],
)
def test_a_quantity_that_opens_is_not(text):
    assert not bare(text)


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


def test_what_runs_low_stands_in_the_queue_with_what_is_done_about_it(house, desk):
    rule = cast.reorder(house, house.lamp, point=5, target=20)
    cast.reorder(house, house.chair, point=2, target=9)
    cast.reorder(house, house.mug, point=5, target=20)

    page = desk.get("/stock/low/")
    assert codes(page) == ["CHAIR", "LAMP"]
    assert text_of(page).count("Nothing yet") == 2
    answer = desk.post("/stock/low/propose", {"rule": [rule.pk, "x"]}, follow=True)

    assert "1 is proposed to buy." in text_of(answer)
    assert "15 proposed" in text_of(desk.get("/stock/low/"))
    assert [(need.sku, need.quantity, need.state) for need in PurchaseNeed.objects.all()] == [(house.lamp, 15, "proposed")]
    again = desk.post("/stock/low/propose", {"rule": [rule.pk]}, follow=True)
    assert "Nothing was left to propose" in text_of(again)
    assert PurchaseNeed.objects.count() == 1


def test_the_queue_costs_the_same_for_one_row_and_for_many(house, desk):
    costs = []
    for size in (1, 20):
        for number in range(size):
            sku = Sku.objects.create(code=f"LOW{size}-{number}", name="Thing")
            cast.reorder(house, sku, point=5, target=20)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get("/stock/low/").status_code == 200
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_the_queue_is_paged_and_shows_every_rule_once_in_order(house, desk):
    for number in range(7):
        sku = Sku.objects.create(code=f"LOW-{number}", name="Thing")
        cast.reorder(house, sku, point=10, target=20)
        house.stock(sku, number % 3 + 1)
    cursor, seen, costs = "", [], []

    while True:
        with CaptureQueriesContext(connection) as captured:
            page = running_low(size=2, after=cursor)
        costs.append(len(captured))
        seen += [(row.code, row.free) for row in page.rows]
        if not (cursor := page.next):
            break

    assert seen == [("LOW-0", 1), ("LOW-3", 1), ("LOW-6", 1), ("LOW-1", 2), ("LOW-4", 2), ("LOW-2", 3), ("LOW-5", 3)]
    assert costs == [2, 2, 2, 2]
    assert [desk.get(f"/stock/low/?after={cursor_of(values)}").status_code for values in ([1], [0.5, "\x00", ""], ["x", "", ""])] == [422, 422, 422]


def test_the_queue_goes_on_behind_its_first_page_with_the_same_filter(house, desk):
    skus = Sku.objects.bulk_create([Sku(code=f"LOW-{number:03}", name="Thing") for number in range(PAGE + 1)])
    for sku in skus:
        cast.reorder(house, sku, point=5, target=20)

    first = desk.get("/stock/low/?warehouse=leeds")
    further = re.search(r'rel="next" href="([^"]+)"', first.content.decode()).group(1).replace("&amp;", "&")
    second = desk.get(f"/stock/low/{further}")

    assert "warehouse=leeds" in further
    assert (len(codes(first)), codes(second)) == (PAGE, [f"LOW-{PAGE}"])
    assert 'rel="next"' not in second.content.decode()


def test_a_kit_is_defined_on_its_page_and_told_what_it_makes_while_typing(house, desk, prove):
    Sku.objects.create(code="TEASET", name="Tea set")
    form = {"sku": ["mug", "LAMP", ""], "units": ["2", "1", ""]}

    assert "Makes 5 now, limited by LAMP." in text_of(desk.post("/stock/TEASET/kit/check", form))
    assert not Sku.objects.get(code="TEASET").is_kit
    assert "There is no SKU NOTHING." in text_of(desk.post("/stock/TEASET/kit/check", {"sku": "NOTHING", "units": "1"}))
    assert "stands there twice" in text_of(desk.post("/stock/TEASET/kit/check", {"sku": ["MUG", "mug"], "units": ["1", "1"]}))
    desk.post("/stock/TEASET/kit", form)

    assert Sku.objects.get(code="TEASET").is_kit
    assert "Makes 5 now, limited by LAMP." in text_of(desk.get("/stock/TEASET/"))
    assert "2 in one" in text_of(desk.get("/stock/MUG/"))
    refused = desk.post("/stock/MUG/kit", {"sku": "TEASET", "units": "1"})
    assert refused.status_code == 409 and "has stock of its own" in text_of(refused)
    prove()


def upload(desk, content, action):
    """Send a file, as the form does; give the address of its import, and its page once the station has worked it."""
    file = SimpleUploadedFile("skus.csv", content, content_type="text/csv")
    sent = desk.post("/stock/import/", {"file": file, "action": action})
    assert sent.status_code == 302
    cast.run_line("import_skus")
    return sent.url, text_of(desk.get(sent.url))


def test_a_file_is_checked_first_and_then_imported_without_being_sent_again(house, desk):
    address, checked = upload(desk, b"code,name,price\nJUG,Jug,9.50\n", "check")

    assert "All 1 rows can be imported: 1 new, 0 changed, 0 the same. Nothing is written yet." in checked
    assert not Sku.objects.filter(code="JUG").exists()
    desk.post(f"{address}import")
    desk.post(f"{address}import")
    cast.run_line("import_skus")

    assert "Imported 1 rows: 1 new, 0 changed, 0 the same." in text_of(desk.get(address))
    assert Sku.objects.get(code="JUG").name == "Jug"
    row = SkuImport.objects.get()
    assert (row.state, row.total, row.read, row.checked, row.written, row.content) == ("done", 1, 1, 1, 1, None)


def test_a_refused_file_says_why_and_is_not_kept(house, desk):
    _address, refused = upload(desk, b"code,name,price\nJAR,Jar,nothing\n", "import")

    assert "Nothing is written: 1 of 1 rows is refused." in refused and "price is an amount" in refused
    row = SkuImport.objects.get()
    assert (row.state, row.written, row.content) == ("done", 0, None)
    _address, strange = upload(desk, b"PK\x03\x04 a workbook", "check")
    assert "The workbook cannot be read" in strange
    assert "Choose a file." in text_of(desk.post("/stock/import/", {"action": "check"}))


def test_how_far_an_import_is_stands_on_its_page_and_the_page_asks_until_it_is_over(house, desk):
    file = SimpleUploadedFile("skus.csv", b"code,name\nJUG,Jug\nJAR,Jar", content_type="text/csv")
    address = desk.post("/stock/import/", {"file": file, "action": "import"}).url

    waiting = desk.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "0 of 2 rows" in waiting and "<html" not in waiting
    SkuImport.objects.update(read=2, checked=2, written=1)
    assert "Read 2 of 2 rows Checked 2 of 2 rows Written 1 of 2 rows" in text_of(desk.get(address))
    cast.run_line("import_skus")

    over = desk.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in over and "Imported 2 rows: 2 new" in over
    assert "skus.csv" in text_of(desk.get("/stock/import/"))
    assert desk.get("/stock/import/9999/").status_code == 404


def test_one_file_a_person_waits_for_a_decision(house, desk):
    first, _said = upload(desk, b"code,name\nJUG,Jug\n", "check")
    second, _said = upload(desk, b"code,name\nJAR,Jar\n", "check")

    assert "Import it" not in text_of(desk.get(first)) and "Import it" in text_of(desk.get(second))
    assert desk.post(f"{first}import").status_code == 409


def test_a_file_that_is_too_large_is_answered_with_a_page_that_says_what_to_do(house, desk, settings):
    settings.LARGER_BODIES = {"/stock/import/": 1000}
    file = SimpleUploadedFile("skus.csv", b"x" * 3000, content_type="text/csv")

    answer = desk.post("/stock/import/", {"file": file, "action": "check"}, headers={"Accept": "text/html,*/*"})

    assert (answer.status_code, answer["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert "Go back and send less at a time" in text_of(answer)
    assert not SkuImport.objects.exists()


def test_the_list_and_a_skus_movements_can_be_taken_along(house, desk):
    stock = b"".join(desk.get("/stock/export.csv?q=mug").streaming_content).decode("utf-8-sig").splitlines()
    moved = b"".join(desk.get("/stock/MUG/movements.csv").streaming_content).decode("utf-8-sig").splitlines()

    assert [line.split(",")[0] for line in stock] == ["code", "MUG"]
    assert [line.split(",")[2:5] for line in moved] == [["kind", "warehouse", "quantity"], ["opening", "ghent", "20"], ["opening", "leeds", "30"]]


def test_the_list_is_a_workbook_too_with_numbers_as_numbers_up_to_what_one_holds(house, desk, monkeypatch):
    answer = desk.get("/stock/export.xlsx?q=mug")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active

    assert [[cell.value for cell in row][:2] + [row[6].value] for row in sheet.iter_rows()] == [["code", "name", "on_hand"], ["MUG", "Blue mug", 50]]
    monkeypatch.setattr("inventory.views.stock.MOST_IN_A_WORKBOOK", 2)
    refused = desk.get("/stock/export.xlsx")
    assert refused.status_code == 409 and "take it as CSV" in text_of(refused)


def test_dead_stock_is_what_lies_there_and_has_not_moved(house, desk):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE inventory_stockmovement SET moved_at = now() - interval '100 days' WHERE sku_id = %s", [house.lamp.pk])
        cursor.execute("SET session_replication_role = origin")

    assert codes(desk.get("/stock/?show=dead")) == ["LAMP"]
    assert codes(desk.get("/stock/?show=dead&days=120")) == []
    assert codes(desk.get("/stock/?show=dead&warehouse=ghent")) == []
