"""A request that is sent again: whenever, however often, by however many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from accounting.models import Payment
from oms.core.api import idempotency
from oms.core.models import StoredResponse
from orders.models import Order
from tests.api.storefront import Storefront, order_of


@pytest.fixture
def shop(house):
    return Storefront(house.web)


def test_a_repeat_of_what_waited_gets_what_the_first_one_got(house, shop):
    first = shop.place(order_of(house), key="k", Prefer="respond-async, wait=10")
    repeat = shop.place(order_of(house), key="k")

    assert first.json()["state"] == "fulfilling"
    assert (repeat.content, repeat["Location"]) == (first.content, first["Location"])


def test_the_order_of_the_fields_does_not_make_another_request(house, shop):
    body = order_of(house, note="x")
    first = shop.place(body, key="k")

    assert shop.place(dict(reversed(body.items())), key="k").content == first.content


def test_a_key_is_for_one_address(house, shop):
    number = shop.place(order_of(house), key="k").json()["number"]

    answer = shop.send("post", f"/orders/{number}/payments", {"amount": "1.00", "method": "card", "reference": "r"}, key="k")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert not Payment.objects.exists()


def test_a_refused_request_may_be_corrected_under_its_key(house, shop):
    assert shop.place(order_of(house, ("NOPE", 1)), key="k").status_code == 422
    assert not StoredResponse.objects.exists()

    assert shop.place(order_of(house, ("MUG", 1)), key="k").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "caf\u00e9"])
def test_a_key_that_is_none_is_refused(house, shop, key):
    answer = shop.place(order_of(house), key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert not Order.objects.exists()


def test_a_payment_needs_a_key_too(house, shop):
    number = shop.place(order_of(house)).json()["number"]

    answer = shop.send("post", f"/orders/{number}/payments", {"amount": "1.00", "method": "card", "reference": "r"})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert not Payment.objects.exists()


def test_a_crash_before_the_answer_is_stored_leaves_nothing(house, shop, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_store", lambda *_: 1 / 0)
        crashed = shop.place(order_of(house), key="k")

    assert (crashed.status_code, crashed.json()["code"]) == (500, "server_error")
    assert not Order.objects.exists()
    assert shop.place(order_of(house), key="k").status_code == 201
    assert Order.objects.count() == 1


@pytest.mark.parametrize("reference", [{}, {"external_reference": "W-1"}], ids=["without reference", "with reference"])
def test_who_looks_just_before_the_first_commits_gets_its_answer(house, shop, monkeypatch, reference):
    """The race inside one statement: its snapshot is older than the commit, its lock younger."""
    first = shop.place(order_of(house, **reference), key="k")
    look, looks = idempotency._stored, []

    def stale(*arguments):
        looks.append(arguments)
        return None if len(looks) == 1 else look(*arguments)

    monkeypatch.setattr(idempotency, "_stored", stale)
    repeat = shop.place(order_of(house, **reference), key="k")

    assert (repeat.status_code, repeat.content) == (201, first.content)
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_in_flight_is_a_conflict_until_it_is_answered(real_house):
    shop = Storefront(real_house.web)
    holds, done = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            idempotency._stored(f"key:{shop.key.prefix}", "k")
            holds.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert holds.wait(20)
    meanwhile = shop.place(order_of(real_house), key="k")
    elsewhere = shop.place(order_of(real_house), key="another")
    done.set()
    thread.join()

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency_key_in_flight")
    assert elsewhere.status_code == 201
    assert shop.place(order_of(real_house), key="k").status_code == 201
    assert Order.objects.count() == 2


def _at_once(shop: Storefront, body: dict, count: int) -> list:
    barrier = threading.Barrier(count, timeout=60)

    def send(_: int):
        try:
            barrier.wait()
            return shop.place(body, key="same")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_a_hundred_at_once_places_one_order(real_house, prove):
    shop = Storefront(real_house.web)
    body = order_of(real_house)

    answers = _at_once(shop, body, 100)

    placed = {answer.content for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_flight"}
    assert (len(placed), Order.objects.count(), StoredResponse.objects.count()) == (1, 1, 1)
    assert {shop.place(body, key="same").content for _ in range(3)} == placed
    prove()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_constraint_still_lets_only_one_through(real_house, monkeypatch, prove):
    """The twin: nobody takes the lock, everybody works, and all but one are taken back."""

    def unlocked(principal: str, key: str) -> tuple[int, str, str] | None:
        row = StoredResponse.objects.filter(principal=principal, key=key).first()
        return (row.status_code, row.body, row.request_sha256) if row else None

    monkeypatch.setattr(idempotency, "_stored", unlocked)

    answers = _at_once(Storefront(real_house.web), order_of(real_house), 20)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == 1
    prove()
