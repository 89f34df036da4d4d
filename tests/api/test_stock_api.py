"""Stock over REST: filters, what makes a number, kits, exports and imports."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.baskets import hold_stock
from inventory.models import Sku
from tests import cast
from tests.api.storefront import Storefront


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def cells(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_list_is_filtered_and_tells_every_number(house, shop):
    house.place(("CHAIR", 2), ("MUG", 4))
    cast.run_line("screen", "reserve")

    waited = shop.send("get", "/stock?show=waiting").json()["data"]
    ghent = shop.send("get", "/stock?warehouse=ghent&q=mug").json()["data"]

    assert [(row["sku"], row["waiting"]) for row in waited] == [("CHAIR", 2)]
    assert [(row["sku"], row["on_hand"], row["reserved"], row["to_promise"]) for row in ghent] == [("MUG", 20, 0, 20)]
    assert shop.send("get", "/stock?show=everything").status_code == 422
    assert shop.send("get", "/stock?warehouse=moon").status_code == 422
    assert shop.send("get", "/stock?days=x").status_code == 422


def test_a_number_is_explained_by_its_terms(house, shop):
    house.place(("MUG", 7))
    cast.run_line("screen", "reserve")

    free = shop.send("get", "/stock/mug/explanation?warehouse=leeds").json()
    value = shop.send("get", "/stock/MUG/explanation?number=value").json()

    assert (free["number"], free["kept"], free["counted"], free["agrees"]) == ("free", "23", "23", True)
    assert [(term["label"], term["value"], term["number"]) for term in free["terms"]] == [
        ("on hand", "30", "on_hand"),
        ("reserved", "-7", "reserved"),
    ]
    assert (value["counted"], value["terms"][0]["movement_kind"]) == ("105.00", "opening")
    assert shop.send("get", "/stock/MUG/explanation?number=magic").status_code == 422
    assert shop.send("get", "/stock/NOTHING/explanation").status_code == 404


def test_movements_and_reservations_are_listed_by_cursor(house, shop):
    house.place(("MUG", 7))
    cast.run_line("screen", "reserve")
    hold_stock("web:b", [("MUG", 2)], actor="key:x")

    first = shop.send("get", "/stock/MUG/movements?limit=1").json()
    second = shop.send("get", f"/stock/MUG/movements?limit=1&cursor={first['next_cursor']}").json()
    reserved = shop.send("get", "/stock/MUG/reservations").json()["data"]

    assert [(row["kind"], row["warehouse"], row["quantity"], row["value"]) for row in first["data"] + second["data"]] == [
        ("opening", "ghent", 20, "42.00"),
        ("opening", "leeds", 30, "63.00"),
    ]
    assert [(row["state"], row["quantity"], row["order"] is None, row["expires_at"] is None) for row in reserved] == [
        ("soft", 2, True, False),
        ("firm", 7, False, True),
    ]
    assert shop.send("get", "/stock/MUG/movements?kind=magic").status_code == 422


def test_a_kit_is_defined_read_and_made_plain_again(house, shop, prove):
    house.stock(house.lamp, 1)
    Sku.objects.create(code="TEASET", name="Tea set")

    made = shop.send("put", "/skus/teaset/kit", {"components": [{"sku": "mug", "units": 2}, {"sku": "LAMP", "units": 1}]})

    assert made.status_code == 200
    assert made.json() == {
        "sku": "TEASET",
        "is_kit": True,
        "components": [{"sku": "MUG", "units": 2, "to_promise": 50}, {"sku": "LAMP", "units": 1, "to_promise": 6}],
        "makes": 6,
        "limited_by": ["LAMP"],
    }
    assert shop.send("get", "/skus/TEASET/kit").json() == made.json()
    assert shop.send("get", "/stock/TEASET").json()["to_promise"] == 6
    plain = shop.send("put", "/skus/TEASET/kit", {"components": []}).json()
    assert (plain["is_kit"], plain["makes"]) == (False, None)
    prove()


@pytest.mark.parametrize(
    ("components", "status"),
    [
        ([{"sku": "TEASET", "units": 1}], 409),
        ([{"sku": "NOTHING", "units": 1}], 422),
        ([{"sku": "MUG", "units": 0}], 422),
        ([{"sku": "MUG", "units": 1}, {"sku": "mug", "units": 1}], 422),
        ([{"sku": "MUG", "units": 1, "price": 3}], 422),
        ([{"sku": "MUG", "units": 1}] * 101, 422),
    ],
)
def test_a_kit_that_cannot_be_is_refused(house, shop, components, status):
    cast.kit(house, "TEASET", LAMP=1)

    assert shop.send("put", "/skus/TEASET/kit", {"components": components}).status_code == status

    assert [part["sku"] for part in shop.send("get", "/skus/TEASET/kit").json()["components"]] == ["LAMP"]


def test_the_export_tells_what_the_list_tells_and_no_text_becomes_a_formula(house, shop):
    Sku.objects.create(code="-EVIL", name='=HYPERLINK("http://x")', barcode="@SUM(1)")
    Sku.objects.create(code="ZED", name="＝1+1, “quoted”")

    answer = shop.send("get", "/exports/stock")
    rows = cells(answer)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0][:4] == ["code", "name", "barcode", "abc_class"]
    by_code = {row[0]: row for row in rows[1:]}
    assert by_code["'-EVIL"][1:3] == ['\'=HYPERLINK("http://x")', "'@SUM(1)"]
    assert by_code["ZED"][1] == "'＝1+1, “quoted”"
    assert by_code["MUG"] == ["MUG", "Blue mug", "", "C", "no", "yes", "50", "0", "50", "0", "50", "0", "0", "0", "105.0000", "GBP"]
    assert shop.send("get", "/exports/stock?show=x").status_code == 422


def test_movements_are_exported_with_their_signs_as_numbers(house, shop):
    from inventory.adjusting import adjust_stock

    adjust_stock(house.mug, house.leeds, quantity=-4, kind="damage", note="=dropped", actor="user:w")

    rows = cells(shop.send("get", "/exports/movements?sku=MUG"))

    assert [(row[2], row[4], row[5], row[9]) for row in rows[1:]] == [
        ("damage", "-4", "-8.4000", "'=dropped"),
        ("opening", "20", "42.0000", ""),
        ("opening", "30", "63.0000", ""),
    ]
    assert shop.send("get", "/exports/movements").status_code == 404


def test_an_export_reads_page_by_page(house, shop, monkeypatch):
    Sku.objects.bulk_create([Sku(code=f"S{number:03d}", name="Thing") for number in range(20)])
    monkeypatch.setattr("oms.core.exports.all_of.__kwdefaults__", {"size": 5}, raising=False)

    with CaptureQueriesContext(connection) as captured:
        rows = cells(shop.send("get", "/exports/stock"))

    assert [row[0] for row in rows[1:]] == sorted(Sku.objects.values_list("code", flat=True))
    assert len([query for query in captured if 'FROM "inventory_sku"' in query["sql"]]) == 5


def send_file(shop, content, query=""):
    return shop.send("post", f"/sku-imports{query}", raw=content, content_type="text/csv")


def test_a_file_is_tried_imported_and_harmless_again(house, shop):
    content = b"code,name,price\nJUG,Jug,9.50\nMUG,Blue mug,\n"

    tried = send_file(shop, content, "?dry_run=true").json()
    assert (tried["dry_run"], tried["new"], tried["same"]) == (True, 1, 1)
    assert not Sku.objects.filter(code="JUG").exists()
    done, again = send_file(shop, content).json(), send_file(shop, content).json()

    assert (done["new"], again["new"], again["same"]) == (1, 0, 2)
    assert [(fate["row"], fate["code"], fate["fate"]) for fate in done["fates"]] == [(2, "JUG", "new"), (3, "MUG", "same")]


def test_a_bad_row_is_named_and_nothing_is_written(house, shop):
    answer = send_file(shop, b"code,name,price\nJUG,Jug,9.50\nJAR,,1.00\n")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/rows/3", "code": "invalid", "detail": "JAR: it is new and has no name"}]
    assert not Sku.objects.filter(code="JUG").exists()
    assert shop.send("post", "/sku-imports", {"code": 1}).status_code == 415
    assert send_file(shop, b"").status_code == 422
    assert send_file(shop, b"\xff\xfec\x00").status_code == 422


def test_more_than_a_file_is_refused_before_it_is_read(house, shop, settings):
    settings.LARGER_BODIES = {"/api/v1/sku-imports": 100}

    assert send_file(shop, b"code,name\n" + b"A,B\n" * 100).status_code == 413
