"""Real orders replayed: every row read is accepted, known already, or rejected with its reason."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from customers.models import Channel, Customer
from inventory.models import Sku
from oms.desk.importing import online_retail
from oms.desk.importing.online_retail import Tally, replay
from oms.desk.importing.reading import survey
from orders.models import Order, OrderCharge
from tests import cast

ROOT = Path(__file__).resolve().parent.parent.parent
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = """\
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,85123a,WHITE HANGING HEART,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536370,22728,ALARM CLOCK,24,2010-12-01 08:45:00,3.75,12583.0,France
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583.0,France
536544,21773,DECORATIVE ROSE,1,2010-12-01 14:32:00,2.51,,United Kingdom
536365,21730,GLASS STAR,6,2010-12-01 08:26:00,4.25,17850.0,United Kingdom
"""
BAD = """\
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
536589,21777,,-10,2010-12-01 16:50:00,0.00,,United Kingdom
536414,22139,BOX,56,2010-12-01 11:52:00,0.00,,United Kingdom
536415,22140,,5,2010-12-01 11:52:00,1.00,,United Kingdom
536416,22141,BOX,x,2010-12-01 11:52:00,1.00,,United Kingdom
536417,22142,BOX,1,yesterday,1.00,,United Kingdom
536418,POST,POSTAGE,1,2010-12-01 11:52:00,18.00,,France
536419,gift_0001_20,Voucher,1,2010-12-01 11:52:00,16.67,,United Kingdom
536420,22143
,22143,BOX,1,2010-12-01 11:52:00,1.00,,United Kingdom
"""


@pytest.fixture
def folder(tmp_path, db):
    return tmp_path


def write(folder: Path, text: str, name: str = "orders.csv") -> str:
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress((HEADER + text).encode()))
    else:
        path.write_text(HEADER + text)
    return str(path)


def bring_in(folder: Path, *files: str, opening_stock: bool = True, **options) -> list[dict[str, str]]:
    rejects = folder / "rejects.csv"
    call_command("import_orders", "online-retail", *files, opening_stock=opening_stock, rejects=str(rejects), verbosity=0, **options)
    with open(rejects, newline="") as file:
        return [dict(zip(("file", "row", "reason"), row, strict=False)) for row in list(csv.reader(file))[1:]]


def again(folder: Path, *files: str) -> Tally:
    channel = Channel.objects.get(code="wholesale")
    return replay([(Path(path), survey(Path(path))) for path in files], channel=channel, rejects_path=folder / "again.csv", batch=100)


def test_good_rows_become_orders_as_they_were(folder, prove):
    rejected = bring_in(folder, write(folder, GOOD, "orders.csv.gz"))

    assert rejected == []
    order = Order.objects.get(external_reference="536365")
    assert [(line.sku.code, line.quantity, line.unit_price) for line in order.lines.select_related("sku")] == [
        ("85123A", 6, Decimal("2.55")),
        ("85123A", 2, Decimal("2.55")),
        ("21730", 6, Decimal("4.25")),
    ]
    assert order.placed_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert order.customer.external_reference == "17850"
    assert OrderCharge.objects.get().net == Decimal("54.00")
    assert Order.objects.get(external_reference="536544").customer.name == "Guest (United Kingdom)"
    assert Order.objects.get(external_reference="536370").ship_to["country"] == "FR"
    assert Sku.objects.filter(code="POST").count() == 0
    cast.run_line("screen", "reserve", "backorders", "invoice", "plan", "post_stock")
    assert set(Order.objects.values_list("state", flat=True)) == {"fulfilling"}
    prove()


def test_every_bad_row_is_rejected_with_its_reason(folder, prove):
    rejected = bring_in(folder, write(folder, BAD + GOOD))

    assert len(rejected) == 10
    assert [row["reason"] for row in sorted(rejected, key=lambda row: int(row["row"]))] == [
        "a cancellation: returns cannot be imported yet",
        "the quantity is not above zero",
        "the price is not above zero",
        "no description",
        "quantity, price or date is not readable",
        "quantity, price or date is not readable",
        "the order has charges and no goods",
        "a gift voucher is money, not goods",
        "the row has too few columns",
        "no invoice number",
    ]
    assert Order.objects.count() == 3
    prove()


def test_a_second_run_places_nothing(folder, prove):
    bring_in(folder, write(folder, GOOD))
    customers = Customer.objects.count()

    assert bring_in(folder, write(folder, GOOD)) == []
    assert (Order.objects.count(), Customer.objects.count()) == (3, customers)
    prove()


def test_an_import_that_died_goes_on_behind_what_is_there(folder, monkeypatch, prove):
    path = write(folder, GOOD)
    plain, calls = online_retail.place_orders, []

    def dies(drafts, **kwargs):
        calls.append(drafts)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plain(drafts, **kwargs)

    monkeypatch.setattr(online_retail, "place_orders", dies)
    with pytest.raises(KeyboardInterrupt):
        bring_in(folder, path, batch=1)
    assert Order.objects.count() == 1

    monkeypatch.setattr(online_retail, "place_orders", plain)
    tally = again(folder, path)

    assert (tally.read, tally.accepted, tally.already, tally.rejected) == (6, 4, 2, 0)
    assert Order.objects.count() == 3
    prove()


def test_without_opening_stock_unknown_skus_are_rejected(folder):
    rejected = bring_in(folder, write(folder, GOOD), opening_stock=False)

    assert {row["reason"] for row in rejected} == {
        "there is no such SKU: import with --opening-stock to make it",
        "the order has charges and no goods",
    }
    assert len(rejected) == 6
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"InvoiceNo,Quantity\n1,2\n"), ("a.csv.gz", b"no gzip"), ("a.csv", b""), ("missing.csv", None)],
)
def test_a_file_that_is_none_is_refused_before_anything_is_written(folder, name, content):
    if content is not None:
        (folder / name).write_bytes(content)

    with pytest.raises(CommandError):
        bring_in(folder, write(folder, GOOD, "good.csv"), str(folder / name))

    assert not Order.objects.exists()
    assert not Customer.objects.exists()


LATER = """\
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,22728,ALARM CLOCK,1,2010-12-01 08:26:00,3.75,17850.0,United Kingdom
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583.0,France
"""


def test_a_row_that_is_not_in_the_order_there_is_never_said_to_be_imported(folder, prove):
    bring_in(folder, write(folder, GOOD))

    rejected = bring_in(folder, write(folder, LATER, "later.csv"))

    assert [(row["row"], row["reason"]) for row in rejected] == [
        ("3", "the order is there already, without this row"),
        ("4", "the order is there already, without this row"),
    ]
    tally = again(folder, str(folder / "later.csv"))
    assert (tally.read, tally.accepted, tally.already, tally.rejected) == (4, 0, 2, 2)
    prove()


def test_a_row_rejected_once_is_rejected_again(folder):
    bring_in(folder, write(folder, GOOD))
    text = GOOD.replace("5363", "5373") + "537365,NEW1,NOT KNOWN YET,1,2010-12-01 08:26:00,1.00,17850.0,United Kingdom\n"
    path = write(folder, text, "unknown.csv")

    first = bring_in(folder, path, opening_stock=False)
    tally = again(folder, path)

    assert [row["row"] for row in first] == ["8"]
    assert (tally.read, tally.accepted, tally.already, tally.rejected) == (7, 0, 6, 1)


def test_an_order_the_database_refuses_harms_no_other(folder, prove):
    too_much = "536380,85123A,HEART,1000000,2010-12-01 08:26:00,1000000,18000.0,Spain\n" * 1000
    bring_in(folder, write(folder, GOOD))

    rejected = bring_in(folder, write(folder, GOOD.replace("5363", "5373").replace("17850", "17851") + too_much), opening_stock=False)

    assert len(rejected) == 1000
    assert all(row["reason"].startswith("the database refuses the order: ") for row in rejected)
    assert not Order.objects.filter(external_reference="536380").exists()
    assert not Customer.objects.filter(external_reference="18000").exists()
    assert Order.objects.get(external_reference="537365").customer.external_reference == "17851"
    prove()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{'5' * 101},1,BOX,1,2010-12-01,1,1,France", "the invoice number is longer than 100 letters"),
        (f"5,{'1' * 41},BOX,1,2010-12-01,1,1,France", "the stock code is longer than 40 letters"),
        (f"5,1,BOX,1,2010-12-01,1,{'1' * 81},France", "the customer is longer than 80 letters"),
        (f"5,1,BOX,1,2010-12-01,1,1,{'F' * 81}", "the country is longer than 80 letters"),
        ("5,1,BOX,1_0,2010-12-01,1,1,France", "quantity, price or date is not readable"),
        ("5,1,BOX,1,2010-12-01,NaN,1,France", "quantity, price or date is not readable"),
        ("5,1,BOX,1,2010-12-01,0.00001,1,France", "the price has more than four decimals"),
        ("5,1,BOX,1000001,2010-12-01,1,1,France", "the quantity is above 1000000"),
        ("5,1,BOX,1,2010-12-01,1e9,1,France", "the price is above 1000000"),
        ("", "the row has too few columns"),
    ],
)
def test_what_the_database_would_cut_or_round_is_rejected(folder, row, reason):
    rejected = bring_in(folder, write(folder, GOOD + row + "\n"))

    assert [row["reason"] for row in rejected] == [reason]
    assert Order.objects.count() == 3


def test_latin_1_is_read_as_what_it_is(folder):
    path = folder / "latin.csv"
    path.write_bytes((HEADER + "1,CAFE,CAFÉ £20,1,2010-12-01,1.00,,EIRE\n").encode("latin-1"))

    bring_in(folder, str(path))

    assert Sku.objects.get(code="CAFE").name == "CAFÉ £20"
    assert Order.objects.get().ship_to["country"] == "IE"


def test_a_customer_who_orders_from_two_countries_gets_each_order_where_it_goes(folder):
    text = "1,BOX,BOX,1,2010-12-01,1.00,12370.0,Cyprus\n2,BOX,BOX,1,2010-12-02,1.00,12370.0,Austria\n"

    bring_in(folder, write(folder, text))

    assert list(Order.objects.order_by("external_reference").values_list("ship_to__country", flat=True)) == ["CY", "AT"]
    assert Customer.objects.count() == 1


def test_a_file_damaged_further_on_is_refused_before_anything_is_written(folder):
    whole = gzip.compress((HEADER + GOOD * 400).encode(), mtime=0)
    middle = len(whole) // 2
    for content in (whole[:middle], whole[:middle] + b"\x00" * 40 + whole[middle + 40 :]):
        (folder / "damaged.csv.gz").write_bytes(content)
        with pytest.raises(CommandError, match="damaged.csv.gz cannot be read"):
            bring_in(folder, str(folder / "damaged.csv.gz"))

    with pytest.raises(CommandError, match="field larger than"):
        bring_in(folder, write(folder, GOOD + "x" * 140_000))
    assert not Channel.objects.exists()
    assert not Sku.objects.exists()


def test_rejects_never_overwrite_the_file_they_come_from(folder):
    path = write(folder, GOOD)

    with pytest.raises(CommandError, match="a file of its own"):
        call_command("import_orders", "online-retail", path, rejects=path, verbosity=0)

    assert Path(path).read_text() == HEADER + GOOD


def test_an_import_killed_in_mid_batch_loses_and_doubles_nothing(real_house, tmp_path, prove):
    orders = 600
    lines = [f"{n},{code},{code},1,2010-12-01,1.00,{n % 50},France\n" for n in range(orders) for code in ("MUG", "LAMP")]
    path = write(tmp_path, "".join(lines))
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    command = [sys.executable, "manage.py", "import_orders", "online-retail", path, "--batch", "2", "--rejects", str(tmp_path / "r.csv"), "-v", "0"]
    running = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url})
    end = time.monotonic() + 60
    while Order.objects.count() < 20 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait(20)
    there = Order.objects.count()
    assert 20 <= there < orders

    tally = again(tmp_path, path)

    assert (tally.read, tally.accepted, tally.already, tally.rejected) == (1200, 2 * (orders - there), 2 * there, 0)
    assert Order.objects.count() == orders
    prove()


def test_a_month_of_real_orders_adds_up(folder, prove):
    month = ROOT.parent / "shared" / "data" / "online-retail" / "2011-02.csv.gz"
    if not month.exists():
        pytest.skip("the real data is not beside this checkout")
    bring_in(folder, str(month))

    assert Order.objects.count() > 900
    prove()
