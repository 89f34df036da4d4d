"""Real orders replayed: every row read is accepted, known already, or rejected with its reason."""

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.models import Channel, Customer
from inventory.models import Sku
from oms.desk.importing import online_retail
from oms.desk.importing.online_retail import replay
from orders.models import Order, OrderCharge
from tests import cast

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
    channel = Channel.objects.get(code="wholesale")
    tally = replay([Path(path)], channel=channel, rejects_path=folder / "r.csv", batch=1)

    assert (tally.read, tally.accepted, tally.already, tally.rejected) == (6, 3, 3, 0)
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


def test_a_month_of_real_orders_adds_up(folder, prove):
    month = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "online-retail" / "2011-02.csv.gz"
    if not month.exists():
        pytest.skip("the real data is not beside this checkout")
    bring_in(folder, str(month))

    assert Order.objects.count() > 900
    prove()
