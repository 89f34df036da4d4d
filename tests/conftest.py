"""What every test may ask for: a set-up house, a small cast, and proof at the end."""

import os
from collections.abc import Callable, Iterator

import pytest
import redis
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from oms.core import stations
from oms.core.models import NumberSeries
from oms.desk.setup import set_up
from shipping import booking
from tests import cast

# Passwords of the cast are no secrets: hashed a million times over, they would be a third of the suite's time.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Set the house up once in the test database: roles, accounts, number series."""
    with django_db_blocker.unblock():
        set_up()


_wake = stations.wake


@pytest.fixture(autouse=True)
def _quiet_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run the stations themselves: nobody is woken but where a test asks for real workers."""
    monkeypatch.setattr(stations, "wake", lambda names: None)


@pytest.fixture
def loud_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Redis database of this test process alone, empty, with wake-ups that are really sent. Gives its address."""
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = settings.REDIS_URL.rsplit("/", 1)[0] + f"/{number}"
    monkeypatch.setattr(settings, "REDIS_URL", url)
    monkeypatch.setattr(stations, "_broker", None)
    monkeypatch.setattr(stations, "_quiet_until", 0.0)
    monkeypatch.setattr(stations, "wake", _wake)
    monkeypatch.setattr(current_app.conf, "broker_url", url)
    monkeypatch.setattr(current_app.conf, "broker_write_url", url)
    with redis.Redis.from_url(url) as broker:
        broker.flushdb()
        yield url
        broker.flushdb()


_plain_flush = DatabaseOperations.execute_sql_flush


def _flush_past_the_guards(self: DatabaseOperations, statements: list[str]) -> None:
    """Empty the tables after a committed test, which the guards on append-only tables refuse to everybody else."""
    with self.connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        _plain_flush(self, statements)
    finally:
        with self.connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = origin")


DatabaseOperations.execute_sql_flush = _flush_past_the_guards  # type: ignore[method-assign]


@pytest.fixture
def house(db) -> cast.House:
    """A house with two warehouses, three SKUs, a customer and a channel of each kind, in a transaction that is rolled back."""
    return cast.build()


@pytest.fixture
def real_house(transactional_db) -> Iterator[cast.House]:
    """The same house, committed, for tests with several connections. Its tables are emptied afterwards, and the set-up made again."""
    _set_up_again()
    yield cast.build()


def _set_up_again() -> None:
    for config in apps.get_app_configs():
        create_contenttypes(config, verbosity=0)
        create_permissions(config, verbosity=0)
    set_up()


@pytest.fixture(autouse=True)
def _set_up_is_there(request: pytest.FixtureRequest) -> None:
    """A committed test empties every table: whoever comes after it finds the roles, accounts and series again."""
    if "db" in request.fixturenames or "house" in request.fixturenames:
        request.getfixturevalue("db")
        if not NumberSeries.objects.exists():
            _set_up_again()


@pytest.fixture
def plain_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that take no time to draw, for stories in which many shipments go."""
    monkeypatch.setattr(booking, "own_label", lambda shipment, booked: b"a label")


@pytest.fixture
def prove() -> Callable[[], None]:
    """Give a function that proves the invariants now and fails the test where one is broken."""

    def check() -> None:
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        call_command("check_invariants")

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each call that was played with keystrokes alone how many it took, and how long."""
    for report in terminalreporter.getreports("passed"):
        played = dict(report.user_properties)
        if "keystrokes" in played:
            terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {played['keystrokes']} keystrokes, {played['seconds']} s")
