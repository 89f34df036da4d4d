"""SKUs from a file: all of it or nothing, the bad row named, and the same file again changes nothing."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook

from inventory.importing.writing import import_skus
from inventory.models import Barcode, Price, ReorderRule, Sku, VendorItem, VendorPrice
from oms.core.errors import Invalid
from oms.core.models import Event
from orders.placing import priced_skus
from tests import cast


def bring(text, **how):
    content = text if isinstance(text, bytes) else text.encode()
    return import_skus(io.BytesIO(content), actor="user:manager", **how)


def everything():
    models = (Sku, Price, Barcode, VendorItem, VendorPrice, ReorderRule)
    return [list(model.objects.order_by("id").values()) for model in models], Event.objects.count()


WHOLE = (
    "code,name,barcode,unit,weight_grams,cost,tax_category,abc_class,is_active,price,currency,case_barcode,case_units,"
    "vendor,vendor_code,vendor_price,pack_size,minimum_order,lead_time_days,reorder_warehouse,reorder_point,reorder_target\n"
    "jug-1,Jug,5012345678900,each,900,4.1,standard,A,yes,12.50,GBP,15012345678907,6,potteries ltd,J-1,4.05,6,12,9,leeds,10,40\n"
    "MUG,,,,,,,,,,,,,,,,,,,,,\n"
)


def test_a_file_brings_skus_with_all_that_belongs_to_them(house, prove):
    report = bring(WHOLE)

    assert (report.rows, report.new, report.changed, report.same, report.refused) == (2, 1, 0, 1, 0)
    jug = Sku.objects.get(code="JUG-1")
    assert (jug.name, jug.barcode, jug.weight_grams, jug.cost, jug.abc_class) == ("Jug", "5012345678900", 900, Decimal("4.10"), "A")
    assert [(b.code, b.units) for b in jug.barcodes.all()] == [("15012345678907", 6)]
    assert [(p.unit_price, p.currency, p.valid_on) for p in jug.prices.all()] == [(Decimal("12.50"), "GBP", None)]
    item = VendorItem.objects.get(sku=jug)
    assert (item.vendor, item.vendor_code, item.pack_size, item.minimum_order, item.lead_time_days, item.is_preferred) == (
        house.vendor,
        "J-1",
        6,
        12,
        9,
        True,
    )
    assert [(p.from_quantity, p.unit_price) for p in item.prices.all()] == [(1, Decimal("4.05"))]
    rule = ReorderRule.objects.get(sku=jug)
    assert (rule.warehouse, rule.vendor, rule.point, rule.target) == (house.leeds, house.vendor, 10, 40)
    assert Event.objects.get(kind="sku.imported").data == {"new": 1, "changed": 0, "rows": 2}
    prove()


def test_the_same_file_again_changes_nothing(house):
    bring(WHOLE)
    before = everything()

    report = bring(WHOLE)

    assert (report.new, report.changed, report.same) == (0, 0, 2)
    assert everything() == before


def test_one_bad_row_and_nothing_is_written(house):
    before = everything()

    report = bring("code,name,price\nA-1,One,1.00\nA-2,Two,nothing\nA-3,Three,3.00\n")

    assert not report.is_written
    assert [(fate.row, fate.code, fate.reason) for fate in report.fates] == [
        (3, "A-2", "price is an amount such as 12.50, with at most four decimals, not “nothing”")
    ]
    assert everything() == before


def test_a_hundred_thousand_skus_with_one_bad_row_write_nothing_and_the_row_is_named(house):
    before = everything()
    rows = "".join(f"N-{number},Thing {number},1.25,{4_000_000_000_000 + number}\n" for number in range(99_999))

    report = bring(f"code,name,cost,barcode\n{rows}N-500,Thing again,1.25,\n")

    assert not report.is_written
    assert (report.rows, report.refused) == (100_000, 1)
    assert [(fate.row, fate.code, fate.reason) for fate in report.fates] == [(100_001, "N-500", "its code is on row 502 already")]
    assert everything() == before


def test_a_dry_run_tells_the_fate_of_each_row_and_writes_nothing(house):
    before = everything()

    report = bring("code,name\nMUG,Blue mug\nLAMP,Desk lamp with a shade\nJUG,Jug\n", dry_run=True)

    assert [(fate.code, fate.fate) for fate in report.fates] == [("MUG", "same"), ("LAMP", "changed"), ("JUG", "new")]
    assert everything() == before


def test_a_price_that_changes_holds_from_today_and_the_old_one_ended_yesterday(house):
    today = timezone.localdate()

    report = bring("code,price\nMUG,5.50\n")

    assert report.changed == 1
    old, new = Price.objects.filter(sku=house.mug).order_by("id")
    assert (old.unit_price, old.valid_on.lower, old.valid_on.upper) == (Decimal("4.95"), None, today)
    assert (new.unit_price, new.valid_on.lower, new.valid_on.upper) == (Decimal("5.50"), today, None)
    assert priced_skus(currency="GBP").get(code="MUG").list_price == Decimal("5.50")

    bring("code,price\nMUG,5.75\n")

    assert [price.unit_price for price in Price.objects.filter(sku=house.mug).order_by("id")] == [Decimal("4.95"), Decimal("5.75")]


def test_a_new_price_ends_where_one_that_is_agreed_for_later_begins(house):
    later = timezone.localdate() + timedelta(days=30)
    Price.objects.filter(sku=house.mug).update(valid_on=(None, later))
    Price.objects.create(sku=house.mug, unit_price=Decimal("6.00"), valid_on=(later, None))

    bring("code,price,currency\nMUG,5.50,GBP\nMUG2,9,GBP\n".replace("MUG2,9,GBP\n", ""))

    assert [(p.unit_price, p.valid_on.upper) for p in Price.objects.filter(sku=house.mug).order_by("valid_on")] == [
        (Decimal("4.95"), timezone.localdate()),
        (Decimal("5.50"), later),
        (Decimal("6.00"), None),
    ]


REFUSED = [
    ("code,name\nJUG,Jug\njug,Jug\n", "JUG", "its code is on row 2 already"),
    ("code,name\nJUG,\n", "JUG", "it is new and has no name"),
    ("code,name\n,Jug\n", "", "it has no code"),
    ("code,name\n=cmd,Jug\n", "=cmd", "code begins like a formula: =CMD"),
    ("code,name,barcode\nJUG,Jug,+4412\n", "JUG", "barcode begins like a formula: +4412"),
    ("code,name,barcode\nJUG,Jug,501\nJAR,Jar,501\n", "JAR", "its barcode 501 is in the file more than once"),
    ("code,name,barcode\nJUG,Jug,777\n", "JUG", "its barcode belongs to MUG already"),
    ("code,name,case_barcode,case_units\nJUG,Jug,777,6\n", "JUG", "its barcode belongs to MUG already"),
    ("code,name,case_barcode,case_units\nJUG,Jug,888,6\n", "JUG", "its barcode belongs to LAMP already"),
    ("code,name,barcode\nJUG,Jug,888\n", "JUG", "its barcode belongs to LAMP already"),
    ("code,name,cost\nJUG,Jug,-1\n", "JUG", "cost is an amount"),
    ("code,name,cost\nJUG,Jug,NaN\n", "JUG", "cost is an amount"),
    ("code,name,cost\nJUG,Jug,1e3\n", "JUG", "cost is an amount"),
    ("code,name,cost\nJUG,Jug,1.00005\n", "JUG", "cost is an amount"),
    ("code,name,price\nJUG,Jug,0.00\n", "JUG", "price must be above zero"),
    ("code,name,currency\nJUG,Jug,GBP\n", "JUG", "currency says nothing without price"),
    ("code,name,price,currency\nJUG,Jug,1,XYZ\n", "JUG", "currency is three letters"),
    ("code,name,weight_grams\nJUG,Jug,99999999999\n", "JUG", "weight_grams is a whole number"),
    ("code,name,abc_class\nJUG,Jug,D\n", "JUG", "abc_class is A, B or C"),
    ("code,name,is_active\nJUG,Jug,perhaps\n", "JUG", "is_active is yes or no"),
    ("code,name\nJUG,Ju\x00g\n", "JUG", "name has a NUL character"),
    ("code,name\nJUG,Ju\x07g\n", "JUG", "name has characters that cannot be printed"),
    (b"code,name\nJUG,J\xfcg\n", "JUG", "name is not UTF-8"),
    ("code,name\nJUG,Jug,more\n", "JUG", "it has 3 cells, and the header 2"),
    ("code,name\n" + "J" * 41 + ",Jug\n", "J" * 40, "code is longer than 40 letters"),
    ("code,name,vendor\nJUG,Jug,Nobody\n", "JUG", "there is no vendor “Nobody”"),
    ("code,name,vendor_price,vendor\nJUG,Jug,0,Potteries Ltd\n", "JUG", "vendor_price must be above zero"),
    ("code,name,reorder_point,reorder_target\nJUG,Jug,1,5\n", "JUG", "nobody to buy from"),
    ("code,name,vendor,reorder_point,reorder_target,reorder_warehouse\nJUG,Jug,Potteries Ltd,1,5,moon\n", "JUG", "there is no warehouse “moon”"),
    ("code,name,vendor,reorder_point,reorder_target\nJUG,Jug,Potteries Ltd,5,5\n", "JUG", "reorder_target must be above reorder_point"),
    ("code,vendor\nTEASET,Potteries Ltd\n", "TEASET", "it is a kit"),
]


@pytest.mark.parametrize(("text", "code", "reason"), REFUSED, ids=[reason for _, _, reason in REFUSED])
def test_a_row_that_cannot_be_is_named_with_its_reason(house, text, code, reason):
    cast.kit(house, "TEASET", MUG=1)
    Sku.objects.filter(code="MUG").update(barcode="777")
    Barcode.objects.create(code="888", sku=house.lamp, units=4)
    before = everything()

    report = bring(text)

    assert (report.refused, report.is_written) == (1, False)
    [fate] = report.fates
    assert (fate.code, fate.fate) == (code, "refused")
    assert reason in fate.reason
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The first row names the columns"),
        (b"name,price\nJug,1\n", "The first row names the columns"),
        (b"code,name,colour\nJUG,Jug,red\n", "Not known: colour"),
        (b"code,code\nA,B\n", "each once"),
        ("code,name\nJUG,Jug\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest of a workbook", "workbook cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(house, content, why):
    before = everything()

    with pytest.raises(Invalid, match=why):
        bring(content)

    assert everything() == before


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_spreadsheets_of_all_countries_are_read(house, mark):
    price = "12,50" if mark != "," else "12.50"
    content = "\ufeffcode,name,price\r\nJUG,Jüg,PRICE\r\n\r\n".replace(",", mark).replace("PRICE", price)

    report = bring(content)

    assert report.new == 1
    assert Sku.objects.get(code="JUG").name == "Jüg"
    assert Price.objects.get(sku__code="JUG").unit_price == Decimal("12.50")


def test_a_workbook_is_read_as_a_csv_file_is(house):
    book, file = Workbook(), io.BytesIO()
    for row in (["code", "name", "price", "weight_grams"], ["JUG", "Jug", 12.5, 900], [4711, "Jar"]):
        book.active.append(row)
    book.save(file)

    assert bring(file.getvalue()).new == 2
    assert Sku.objects.get(code="4711").name == "Jar"
    assert Price.objects.get(sku__code="JUG").unit_price == Decimal("12.50")


def test_what_our_own_export_guarded_comes_back_as_it_was(house):
    bring("code,name\nJUG,'=SUM(A1)\n")

    assert Sku.objects.get(code="JUG").name == "=SUM(A1)"


def test_every_bad_row_is_counted_and_the_first_hundred_are_named(house):
    rows = "".join(f"N{number},{'' if number % 2 else 'Thing'},{'x' if number % 10 == 0 else ''}\n" for number in range(1000))

    report = bring("code,name,cost\n" + rows)

    assert (report.rows, report.refused, len(report.fates)) == (1000, 600, 100)
    assert [fate.row for fate in report.fates] == sorted(fate.row for fate in report.fates)


def test_a_file_costs_the_same_number_of_statements_however_long(house):
    costs = []
    for size in (3, 300):
        with CaptureQueriesContext(connection) as captured:
            bring("code,name,price\n" + "".join(f"S{size}-{number},Thing,1.00\n" for number in range(size)))
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_the_command_names_the_bad_row_and_leaves_with_an_error(house, tmp_path, capsys):
    file = tmp_path / "skus.csv"
    file.write_text("code,name\nJUG,Jug\nJUG,Jug\n")

    with pytest.raises(CommandError, match="Nothing was written: 1 of 2 rows are refused"):
        call_command("import_skus", str(file))

    assert "row 3, JUG: its code is on row 2 already" in capsys.readouterr().err
    file.write_text("code,name\nJUG,Jug\n")
    call_command("import_skus", str(file))
    assert "1 rows in" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_skus", str(tmp_path / "nothing.csv"))
