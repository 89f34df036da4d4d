"""Keyset pages: whole, once each, at one price."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from oms.core.errors import Invalid
from oms.core.models import Event
from oms.core.pages import keyset_page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def events(db):
    """Seven events, three of them in one instant."""
    for minutes in (1, 2, 2, 2, 3, 4, 5):
        Event.objects.create(kind="order.placed", subject="order", subject_id=1, actor="user:test", happened_at=NOW + timedelta(minutes=minutes))
    return list(Event.objects.order_by("-happened_at", "-id").values_list("pk", flat=True))


def walk(rows, **options):
    """Turn the pages to the end; give the rows' keys as they came."""
    after, seen, turns = "", [], 0
    while turns < 20:
        page = keyset_page(rows, after=after, **options)
        seen += [row.pk for row in page.rows]
        after, turns = page.next, turns + 1
        if not after:
            break
    return seen


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_of_any_size_show_every_row_once_in_order(events, size):
    assert walk(Event.objects.all(), order=("-happened_at", "-id"), size=size) == events


def test_a_rising_order_is_walked_too(events):
    assert walk(Event.objects.all(), order=("happened_at", "id"), size=2) == events[::-1]


def test_rows_without_a_value_come_last_and_once(house):
    for number in range(5):
        Customer.objects.create(name=f"New {number}", last_order_at=NOW if number == 1 else None)

    seen = walk(Customer.objects.all(), order=("-last_order_at", "-id"), size=2, has_nulls=True)

    assert sorted(seen) == sorted(Customer.objects.values_list("pk", flat=True))
    assert Customer.objects.get(pk=seen[0]).name == "New 1"


def test_what_comes_in_at_the_top_moves_nothing_on_the_next_page(events):
    first = keyset_page(Event.objects.all(), order=("-happened_at", "-id"), size=3)
    Event.objects.create(kind="order.placed", subject="order", subject_id=1, actor="user:test", happened_at=NOW + timedelta(hours=1))

    second = keyset_page(Event.objects.all(), order=("-happened_at", "-id"), after=first.next, size=3)

    assert [row.pk for row in second.rows] == events[3:6]


def test_a_page_costs_one_query_wherever_it_lies(events):
    after = keyset_page(Event.objects.all(), order=("-happened_at", "-id"), size=2).next

    with CaptureQueriesContext(connection) as captured:
        keyset_page(Event.objects.all(), order=("-happened_at", "-id"), after=after, size=2)

    assert len(captured) == 1
    assert "OFFSET" not in captured[0]["sql"] and "COUNT" not in captured[0]["sql"]


def _cursor(values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "zzz",
        "%00",
        "a" * 4000,
        "é",
        "====",
        _cursor({}),
        _cursor([1]),
        _cursor(["soon", 1]),
        _cursor([NOW.isoformat(), "x"]),
        _cursor([[], []]),
        _cursor(["\x00", 1]),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused_with_a_sentence(events, cursor):
    with pytest.raises(Invalid, match="not a cursor"):
        keyset_page(Event.objects.all(), order=("-happened_at", "-id"), after=cursor)
