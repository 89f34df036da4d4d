"""What was wanted and not sold: summed up by SKU and reason, opened onto the calls, taken along as a file, and over REST."""

import io
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from customers.models import Customer
from inventory.models import Price
from oms.core.errors import Invalid
from oms.core.pages import cursor_of
from orders.lost_sales import HEADER, asked_for, calls_lost, exported, lost_sales, total_lost
from orders.models import Draft, LostLine, LostSale
from tests import cast
from tests.api.storefront import Storefront

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
NOVEMBER = {"since": "2026-11-01", "until": "2026-11-30"}


@pytest.fixture
def clerk(house):
    return cast.person("ben", "clerk")


@pytest.fixture
def lose(house, clerk):
    """Give a function that notes a call which came to nothing, with what was wanted: a SKU or, in words, what we do not have."""

    def noted(*wanted, reason="stock", customer=house.anna, at=NOON, note=""):
        instant = {"started_at": at, "saved_at": at, "lapses_at": at}
        draft = Draft.objects.create(key=uuid.uuid4(), owner=clerk, customer=customer, **instant)
        sale = LostSale.objects.create(draft=draft, customer=customer, reason=reason, note=note, noted_by="user:ben", noted_at=at)
        for what, units in wanted:
            text = what if isinstance(what, str) else ""
            LostLine.objects.create(lost_sale=sale, sku=None if text else what, text=text, quantity=units)
        return sale

    return noted


@pytest.fixture
def desk(clerk):
    client = Client()
    client.force_login(clerk)
    return client


def rows(**wanted):
    page = lost_sales(asked_for(NOVEMBER | wanted))
    return [(row.sku or row.words, row.reason, row.units, row.times, row.worth) for row in page.rows]


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- what is summed up ---


def test_what_was_lost_is_summed_by_sku_and_reason_at_the_list_price_the_dearest_first(house, lose):
    lose((house.lamp, 2), (house.chair, 4), ("flux capacitor", 5))
    lose((house.chair, 1))
    lose((house.chair, 2), reason="price")
    lose(("Flux Capacitor", 1))

    assert rows() == [
        ("CHAIR", "stock", 5, 2, Decimal("247.50")),
        ("CHAIR", "price", 2, 1, Decimal("99.00")),
        ("LAMP", "stock", 2, 1, Decimal("58.00")),
        ("flux capacitor", "stock", 6, 2, None),
    ]
    assert rows(by="sku") == [
        ("CHAIR", "", 7, 3, Decimal("346.50")),
        ("LAMP", "", 2, 1, Decimal("58.00")),
        ("flux capacitor", "", 6, 2, None),
    ]
    assert rows(by="reason") == [("", "stock", 13, 3, Decimal("305.50")), ("", "price", 2, 1, Decimal("99.00"))]


def test_a_sku_that_stands_twice_in_a_call_was_asked_for_in_one(house, lose):
    lose((house.chair, 1), (house.chair, 2))

    assert rows() == [("CHAIR", "stock", 3, 1, Decimal("148.50"))]


def test_each_call_is_worth_what_the_goods_cost_on_its_day(house, lose):
    Price.objects.filter(sku=house.mug).update(valid_on=(None, date(2026, 11, 5)))
    Price.objects.create(sku=house.mug, unit_price=Decimal("6.00"), valid_on=(date(2026, 11, 5), None))
    Price.objects.create(sku=house.mug, unit_price=Decimal("1.00"), from_quantity=10)
    lose((house.mug, 10), at=datetime(2026, 11, 4, 23, 30, tzinfo=UTC))
    lose((house.mug, 10))

    assert rows() == [("MUG", "stock", 20, 2, Decimal("109.50"))]


def test_calls_in_which_nothing_was_named_are_counted_by_reason_and_in_the_total(house, lose):
    lose(reason="asked")
    lose((house.lamp, 1), at=NOON + timedelta(hours=1))

    assert rows() == [("LAMP", "stock", 1, 1, Decimal("29.00"))]
    assert rows(by="reason") == [("", "stock", 1, 1, Decimal("29.00")), ("", "asked", 0, 1, None)]
    total = total_lost(asked_for(NOVEMBER))
    assert (total.times, total.units, total.worth, total.last_at) == (2, 1, Decimal("29.00"), NOON + timedelta(hours=1))
    nothing = total_lost(asked_for({"since": "2020-01-01", "until": "2020-01-01"}))
    assert (nothing.times, nothing.units, nothing.worth, nothing.last_at) == (0, 0, None, None)


# --- what is asked for ---


def test_a_period_takes_whole_days_of_here_and_goes_back_ninety_days_by_itself(house, lose):
    lose((house.lamp, 1), at=datetime(2026, 7, 31, 22, 59, tzinfo=UTC))  # in London it is still July
    lose((house.chair, 1), at=datetime(2026, 7, 31, 23, 1, tzinfo=UTC))
    lose((house.mug, 1), at=datetime(2026, 8, 31, 22, 59, tzinfo=UTC))

    found = lost_sales(asked_for({"since": "2026-08-01", "until": "2026-08-31"})).rows
    assert [row.sku for row in found] == ["CHAIR", "MUG"]
    usual = asked_for({})
    assert (usual.until, usual.until - usual.since) == (timezone.localdate(), timedelta(days=89))


def test_lost_sales_are_narrowed_to_a_sku_to_words_and_to_a_reason(house, lose):
    both = lose((house.lamp, 2), ("desk clock", 1))
    lose((house.chair, 1), reason="price")

    assert rows(sku="lamp") == [("LAMP", "stock", 2, 1, Decimal("58.00"))]
    assert rows(sku="LAMP", by="reason") == [("", "stock", 2, 1, Decimal("58.00"))]
    assert rows(words="Desk Clock") == [("desk clock", "stock", 1, 1, None)]
    assert [row[0] for row in rows(q="desk")] == ["LAMP", "desk clock"]
    assert [row[0] for row in rows(reason="price")] == ["CHAIR"]
    assert [call.pk for call in calls_lost(asked_for(NOVEMBER | {"sku": "LAMP", "reason": "stock"}))] == [both.pk]
    assert total_lost(asked_for(NOVEMBER | {"words": "desk clock"})).units == 1


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"since": "yesterday"}, "“yesterday” is not a date"),
        ({"since": "2026-12-01", "until": "2026-11-01"}, "ends before it begins"),
        ({"reason": "spite"}, "A reason is one of: stock, price"),
        ({"by": "moon"}, "listed by one of: both, sku, reason"),
    ],
)
def test_what_is_no_filter_is_refused_with_a_sentence(wanted, says):
    with pytest.raises(Invalid, match=says):
        asked_for(wanted)


def test_pages_follow_each_other_without_a_gap_or_a_repeat(house, lose):
    lose(*[(f"thing {n:02}", n % 3 + 1) for n in range(11)])
    lose((house.chair, 1), (house.lamp, 1))
    asked = asked_for(NOVEMBER)
    seen, after = [], ""
    while True:
        page = lost_sales(asked, after=after, size=3)
        seen += [row.sku or row.words for row in page.rows]
        after = page.next
        if not after:
            break

    assert seen == [row.sku or row.words for row in lost_sales(asked).rows]
    assert len(seen) == len(set(seen)) == 13
    for forged in ("nonsense", cursor_of(["abc", 1, "x", "y"])):
        with pytest.raises(Invalid, match="not a cursor of this list"):
            lost_sales(asked, after=forged)


# --- the pages ---


def test_the_list_opens_onto_the_calls_and_these_onto_who_called(house, desk, lose):
    lose((house.chair, 4), ("flux capacitor", 5), note="by Friday")
    lose((house.chair, 1), customer=None, reason="price", at=NOON + timedelta(days=1))

    page = desk.get("/orders/lost/", NOVEMBER)

    assert "CHAIR Garden chair Not there in time 4 1 198.00 10 Nov 2026" in text_of(page)
    assert "2 calls in which nothing was ordered 10 units wanted £247.50" in text_of(page)
    html = page.content.decode()
    [address] = set(re.findall(r'href="(/orders/lost/calls/\?[^"]*sku=CHAIR&amp;reason=stock)"', html))
    calls = text_of(desk.get(address.replace("&amp;", "&")))
    assert "10 Nov 2026 12:00 Anna Field Not there in time 4 × CHAIR 5 × flux capacitor by Friday" in calls
    assert "ben" in calls and "Too dear" not in calls.partition("Taken by")[2]
    everything = text_of(desk.get("/orders/lost/calls/", NOVEMBER))
    assert everything.index("nobody known") < everything.index("Anna Field")


def test_a_part_is_given_to_htmx_and_the_empty_list_says_what_to_do(house, desk, lose):
    part = desk.get("/orders/lost/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "No sale was lost in these days" in part
    assert "No lost sale matches" in text_of(desk.get("/orders/lost/?q=x"))
    assert "No call matches" in text_of(desk.get("/orders/lost/calls/?q=x"))
    lose(reason="asked")
    assert "Nothing was named in these calls" in text_of(desk.get("/orders/lost/", NOVEMBER))
    assert desk.get("/orders/lost/?since=never").status_code == 422


def test_a_sku_and_the_tabs_lead_to_what_was_lost_of_it(house, desk):
    assert 'href="/orders/lost/calls/?sku=CHAIR"' in desk.get("/stock/CHAIR/").content.decode()
    assert 'href="/orders/lost/"' in desk.get("/orders/").content.decode()


@pytest.mark.parametrize("address", ["/orders/lost/", "/orders/lost/calls/", "/api/v1/lost-sales", "/api/v1/lost-sales/calls"])
def test_many_lost_sales_take_as_many_queries_as_one(house, desk, lose, address):
    lose((house.chair, 1), ("thing", 1))
    desk.get(address, NOVEMBER)
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(address, NOVEMBER).status_code == 200
        counts.append(len(captured))
        for each in range(12):
            who = Customer.objects.create(name=f"Caller {number} {each}", channel=house.web)
            lose((house.chair, 1), (house.lamp, 1), (house.mug, 1), (f"thing {each}", 1), customer=who)

    assert counts[0] == counts[1]


# --- taken along ---


def test_the_list_is_taken_along_as_csv_and_as_a_workbook_and_nothing_in_it_becomes_a_formula(house, desk, lose):
    lose((house.chair, 4), ("=1+1", 5))
    header, *lines = desk.get("/orders/lost/export.csv", NOVEMBER | {"reason": "stock"}).getvalue().decode("utf-8-sig").splitlines()
    assert header == ",".join(HEADER)
    assert lines == [
        "CHAIR,Garden chair,,stock,4,1,198.0000,GBP,2026-11-10T12:00:00+00:00",
        ",,'=1+1,stock,5,1,,GBP,2026-11-10T12:00:00+00:00",
    ]

    book = load_workbook(io.BytesIO(desk.get("/orders/lost/export.xlsx", NOVEMBER).getvalue()))
    [head, *rest] = book.worksheets[0].iter_rows(values_only=True)
    assert head == HEADER and rest[0][:7] == ("CHAIR", "Garden chair", None, "stock", 4, 1, 198) and rest[1][2] == "=1+1"
    assert rest[0][8] == datetime(2026, 11, 10, 12)


def test_an_export_has_what_lies_on_the_second_page_too(house, lose, monkeypatch):
    monkeypatch.setattr("orders.lost_sales.BATCH", 2)
    lose((house.chair, 1), (house.lamp, 1), (house.mug, 1), ("thing", 1), ("other", 1))

    assert [row[0] or row[2] for row in exported(asked_for(NOVEMBER))] == ["CHAIR", "LAMP", "MUG", "other", "thing"]


# --- over REST ---


def test_lost_sales_are_read_over_rest_page_by_page(house, desk, lose):
    lose((house.chair, 4), ("flux capacitor", 5), note="by Friday")

    first = desk.get("/api/v1/lost-sales", NOVEMBER | {"limit": "1"}).json()
    assert first["data"] == [
        {
            "sku": "CHAIR", "name": "Garden chair", "wanted": "", "reason": "stock", "units": 4, "times": 1, "value": "198.00", "currency": "GBP",
            "last_at": "2026-11-10T12:00:00Z",
        }
    ]  # fmt: skip
    rest = desk.get("/api/v1/lost-sales", NOVEMBER | {"cursor": first["next_cursor"]}).json()
    assert (rest["data"][0]["sku"], rest["data"][0]["wanted"], rest["data"][0]["value"], rest["has_more"]) == (None, "flux capacitor", None, False)
    [call] = desk.get("/api/v1/lost-sales/calls", NOVEMBER | {"sku": "CHAIR"}).json()["data"]
    assert (call["customer"], call["noted_by"], call["note"]) == (house.anna.number, "user:ben", "by Friday")
    assert call["lines"][1] == {"sku": None, "wanted": "flux capacitor", "quantity": 5}
    for wrong in ({"since": "x"}, {"reason": "x"}, {"by": "x"}, {"colour": "x"}, {"cursor": "x"}):
        assert desk.get("/api/v1/lost-sales", wrong).status_code == 422, wrong


def test_a_key_is_told_of_its_own_channels_customers_alone(house, lose):
    lose((house.chair, 4))
    lose((house.lamp, 1), customer=None)
    asked = "?since=2026-11-01&until=2026-11-30"
    own, other = Storefront(house.web), Storefront(house.phone)

    assert [row["sku"] for row in own.send("get", f"/lost-sales{asked}").json()["data"]] == ["CHAIR"]
    assert [row["customer"] for row in own.send("get", f"/lost-sales/calls{asked}").json()["data"]] == [house.anna.number]
    assert other.send("get", f"/lost-sales{asked}").json()["data"] == other.send("get", f"/lost-sales/calls{asked}").json()["data"] == []
