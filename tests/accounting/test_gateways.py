"""What every payment gateway's adapter promises, and how the networked one reads every failure."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from accounting.gateways.base import (
    CheckoutRequest,
    GatewayError,
    GatewayRefused,
    GatewayRetryable,
    GatewayUnknown,
    Outcome,
)
from accounting.gateways.sandbox import SandboxGateway, read_news
from accounting.sandbox.gateway import Config, SandboxGatewayServer
from oms.core.signing import ForgedCall, MalformedCall
from tests.accounting.online import KEY, SECRET, press
from tests.shipping.outside import PATIENCE_SECONDS, WebhookReceiver

NOON = "2026-11-26T12:00:00+00:00"


@pytest.fixture
def server():
    with SandboxGatewayServer(Config(key=KEY)) as running:
        yield running


def adapter(server: SandboxGatewayServer, *, key: str = KEY, timeout_seconds: float = 5.0) -> SandboxGateway:
    return SandboxGateway(url=server.url, key=key, timeout_seconds=timeout_seconds)


def wanted(reference: str, **changed: Any) -> CheckoutRequest:
    fields = {"reference": reference, "amount": Decimal("16.68"), "currency": "GBP", "title": "SO-1", "return_url": "http://127.0.0.1/o/x/paid"}
    return CheckoutRequest(**(fields | changed))


def test_twenty_at_once_under_one_reference_open_one_checkout(server):
    with ThreadPoolExecutor(20) as pool:
        found = set(pool.map(lambda _: adapter(server).open(wanted("A")), range(20)))

    assert len(found) == server.register.count() == 1


def test_a_reference_that_was_never_opened_is_not_found(server):
    adapter(server).open(wanted("A"))

    assert adapter(server).look_up("B") is None
    assert adapter(server).look_up("../?reference=A&") is None


@pytest.mark.parametrize(("answer", "outcome", "charged"), [("pay", Outcome.PAID, [Decimal("16.68")]), ("decline", Outcome.DECLINED, [])])
def test_what_the_customer_presses_is_seen_and_pressing_twice_charges_once(server, answer, outcome, charged):
    page = adapter(server).open(wanted("A")).page_url

    assert [press(page, answer), press(page, "pay")] == [303, 303]

    found = adapter(server).look_up("A")
    assert found is not None
    assert (found.outcome, [charge.amount for charge in found.charges]) == (outcome, charged)


@pytest.mark.parametrize("fault", ["500", "after", "cut", "late", "reset"])
def test_what_became_of_a_failed_call_is_unknown_and_settled_by_looking_up(server, fault):
    server.temper.tell({"fail": fault, "times": 1})
    with pytest.raises(GatewayUnknown):
        adapter(server, timeout_seconds=0.3 if fault == "late" else 5.0).open(wanted("A"))

    gateway = adapter(server)
    found = gateway.look_up("A") or gateway.open(wanted("A"))
    assert (found.outcome, server.register.count()) == (Outcome.OPEN, 1)


def test_the_ways_to_fail_are_told_apart(server):
    gone = SandboxGateway(url="http://127.0.0.1:1", key=KEY, timeout_seconds=1)
    server.temper.tell({"fail": "refuse", "times": 1})

    with pytest.raises(GatewayRefused):
        adapter(server).open(wanted("A"))
    with pytest.raises(GatewayRetryable):
        adapter(server, key="wrong").open(wanted("A"))
    with pytest.raises(GatewayRetryable):
        gone.look_up("A")
    adapter(server).open(wanted("B"))
    with pytest.raises(GatewayRefused, match="another checkout"):
        adapter(server).open(wanted("B", amount=Decimal("1.00")))


def test_a_page_that_is_not_the_gateways_own_is_not_gone_to(server, monkeypatch):
    gateway = adapter(server)
    monkeypatch.setattr(gateway, "_url", "https://pay.example")

    with pytest.raises(GatewayError, match="not its own"):
        gateway.open(wanted("A"))


def test_a_checkout_that_nobody_pays_in_time_is_over():
    with WebhookReceiver() as receiver:
        config = Config(key=KEY, lifetime_seconds=0, webhook_url=receiver.url, webhook_secret=SECRET, first_pause_seconds=0.02)
        with SandboxGatewayServer(config) as running:
            adapter(running).open(wanted("A"))
            with running.register.news:
                running.register.news.notify_all()
            call = receiver.calls.get(timeout=PATIENCE_SECONDS)
            assert read_news(call.body, call.headers, secrets=[SECRET]).outcome == Outcome.EXPIRED
            assert adapter(running).look_up("A").outcome == Outcome.EXPIRED


def test_the_gateway_calls_again_until_it_is_heard_and_signs_each_call():
    with WebhookReceiver() as receiver:
        receiver.answers.put(503)
        config = Config(key=KEY, webhook_url=receiver.url, webhook_secret=SECRET, first_pause_seconds=0.02)
        with SandboxGatewayServer(config) as running:
            press(adapter(running).open(wanted("A")).page_url, "pay")
            first, second = receiver.next(2)

    news = read_news(second.body, second.headers, secrets=["whsec_AAAA", SECRET])
    assert first.body.split(b"timestamp")[0] == second.body.split(b"timestamp")[0]
    assert (news.reference, news.outcome, news.charge.amount, news.charge.currency) == ("A", "paid", Decimal("16.68"), "GBP")
    with pytest.raises(ForgedCall):
        read_news(second.body + b" ", second.headers, secrets=[SECRET])
    with pytest.raises(ForgedCall):
        read_news(second.body, second.headers, secrets=[""])


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "1e99", "1.00001", 16.68, None])
def test_an_amount_that_is_none_is_not_read(amount):
    charge = {"id": "c", "amount": amount, "currency": "GBP", "taken_at": NOON}
    body = json.dumps({"data": {"event_id": "e", "reference": "A", "status": "paid", "occurred_at": NOON, "charge": charge}})
    now = datetime.now(UTC)
    headers = {"webhook-id": "e", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": Webhook(SECRET).sign("e", now, body)}

    with pytest.raises(MalformedCall):
        read_news(body.encode(), headers, secrets=[SECRET])
