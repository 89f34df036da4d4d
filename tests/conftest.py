"""What every test may ask for: a set-up house, a small cast, and proof at the end."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from oms.desk.setup import set_up
from tests import cast


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Set the house up once in the test database: roles, accounts, number series."""
    with django_db_blocker.unblock():
        set_up()


@pytest.fixture
def house(db) -> cast.House:
    """A house with two warehouses, three SKUs, a customer and a channel of each kind, in a transaction that is rolled back."""
    return cast.build()


@pytest.fixture
def real_house(transactional_db) -> Iterator[cast.House]:
    """The same house, committed, for tests with several connections. Its tables are emptied afterwards."""
    set_up()
    yield cast.build()


@pytest.fixture
def proved() -> Iterator[None]:
    """Prove the invariants when the test is over. Ask for it before the house, so that it is last."""
    yield


@pytest.fixture
def prove():
    """Give a function that proves the invariants now and fails the test where one is broken."""

    def check() -> None:
        call_command("check_invariants")

    return check
