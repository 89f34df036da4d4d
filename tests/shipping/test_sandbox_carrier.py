"""The sandbox carrier, from outside: what it answers, how parcels move, and how it calls our webhook."""

import json
import os
import re
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from standardwebhooks.webhooks import Webhook

from oms.core.signing import ForgedCall, MalformedCall
from shipping.carriers.base import Booking, CarrierRefused, Parcel, TrackingUpdate
from shipping.carriers.sandbox import SandboxCarrier
from shipping.carriers.tracking import read_tracking
from shipping.sandbox.carrier import SandboxCarrierServer
from shipping.sandbox.depot import Depot
from shipping.sandbox.requests import read_request
from tests.shipping.outside import (
    ALICE,
    KEY,
    PATIENCE_SECONDS,
    SECRET,
    Called,
    WebhookReceiver,
    config,
    free_port,
    request_for,
)
from tests.shipping.scanning import read_code128

USUAL = ["collected", "in_transit", "out_for_delivery", "delivered"]
REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def server(receiver: WebhookReceiver) -> Iterator[SandboxCarrierServer]:
    with SandboxCarrierServer(config(webhook_url=receiver.url, webhook_secret=SECRET)) as running:
        yield running


def adapter(server: SandboxCarrierServer) -> SandboxCarrier:
    return SandboxCarrier(url=server.url, key=KEY, timeout_seconds=10)


def send(server: SandboxCarrierServer, reference: str, **changed: Any) -> Booking:
    carrier = adapter(server)
    booking = carrier.book(request_for(reference, **changed))
    carrier.hand_over(booking.carrier_reference)
    return booking


def ask(url: str, method: str, path: str, body: bytes | None = None, *, key: str = KEY, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
    shown = {"Authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, shown)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    is_json = response.headers["Content-Type"].startswith("application/json")
    return response.status, json.loads(content) if is_json else content.decode()


def read(call: Called) -> TrackingUpdate:
    return read_tracking(call.body, call.headers, secrets=[SECRET])


# --- the door ----------------------------------------------------------------------------------------------------------


def test_its_health_needs_no_key_and_all_else_does(server: SandboxCarrierServer) -> None:
    assert ask(server.url, "GET", "/health", key="") == (200, {"status": "ok", "shipments": 0})
    for method, path in [
        ("POST", "/v1/rates"),
        ("POST", "/v1/shipments"),
        ("GET", "/v1/shipments?reference=x"),
        ("GET", "/v1/shipments/shp_1"),
        ("DELETE", "/v1/shipments/shp_1"),
        ("POST", "/v1/shipments/shp_1/handover"),
        ("POST", "/v1/_behave"),
    ]:
        assert ask(server.url, method, path, key="wrong")[0] == 401


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{}", {}, 400, "key_missing"),
        (b"", {"Idempotency_Key": "k"}, 400, "malformed"),
        (b"[]", {"Idempotency_Key": "k"}, 400, "malformed"),
        (b"{", {"Idempotency_Key": "k"}, 400, "malformed"),
        (b"\xff\xfe", {"Idempotency_Key": "k"}, 400, "malformed"),
        (b"[" * 100_000, {"Idempotency_Key": "k"}, 400, "malformed"),
        (b'{"mode": "parcel", "reference": "\\ud800"}', {"Idempotency_Key": "k"}, 400, "malformed"),
        (b'{"mode": ["parcel"]}', {"Idempotency_Key": "k"}, 400, "malformed"),
        (b" " * 256_001, {"Idempotency_Key": "k"}, 413, "too_large"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_so(server: SandboxCarrierServer, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answered, said = ask(server.url, "POST", "/v1/shipments", body, **headers)

    assert (answered, said["error"]["code"]) == (status, code)
    assert server.depot.count() == 0


@pytest.mark.parametrize("said", [{"fail": "explode"}, {"on": "x"}, {"slow_seconds": 1e9}, {"times": "3"}, {"tiems": 3}, [1], "fail"])
def test_an_order_to_misbehave_that_makes_no_sense_changes_nothing(server: SandboxCarrierServer, said: Any) -> None:
    assert ask(server.url, "POST", "/v1/_behave", json.dumps(said).encode())[0] == 400

    assert adapter(server).book(request_for("SH-1")).tracking_number


def test_it_misbehaves_as_often_as_it_is_told_to(server: SandboxCarrierServer) -> None:
    told = ask(server.url, "POST", "/v1/_behave", b'{"fail": "refuse", "times": 2}')

    assert told[0] == 200
    for _ in range(2):
        with pytest.raises(CarrierRefused):
            adapter(server).book(request_for("SH-1"))
    assert adapter(server).book(request_for("SH-1")).tracking_number


def test_a_tracking_page_shows_the_way_so_far(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    booking = send(server, "SH-1", recipient=replace(ALICE, city="<b>York</b>"))
    receiver.next(4)

    status, page = ask(server.url, "GET", f"/track/{booking.tracking_number}", key="")

    assert status == 200
    assert "Delivered, signed for at the door" in page
    assert "&lt;b&gt;York" in page and "<b>York" not in page
    assert ask(server.url, "GET", "/track/SB0", key="")[0] == 404


# --- the way of a parcel -----------------------------------------------------------------------------------------------


def test_a_parcel_moves_only_after_the_driver_has_it_and_then_to_the_door(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    waiting = adapter(server).book(request_for("SH-1"))
    going = send(server, "SH-2")

    updates = [read(call) for call in receiver.next(4)]

    assert [update.status for update in updates] == USUAL
    assert {update.tracking_number for update in updates} == {going.tracking_number}
    assert len({update.event_id for update in updates}) == 4
    assert [u.occurred_at for u in updates] == sorted(u.occurred_at for u in updates)
    assert updates[0].location == "Leeds, GB" and updates[-1].location == "York, GB"
    assert server.depot.get(waiting.carrier_reference).status == "booked"


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("SANDBOX-EXCEPTION", [*USUAL[:3], "exception", "in_transit", "out_for_delivery", "delivered"]),
        ("SANDBOX-RETURN", [*USUAL[:3], "exception", "returned"]),
        ("sandbox-lost", ["collected", "in_transit", "lost"]),
    ],
)
def test_a_magic_word_sends_a_parcel_astray(server: SandboxCarrierServer, receiver: WebhookReceiver, word: str, way: list[str]) -> None:
    send(server, "SH-1", recipient=replace(ALICE, company=word))

    assert [read(call).status for call in receiver.next(len(way))] == way


def test_freight_moves_under_its_pro_number(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    booking = send(server, "SH-1", mode="freight", parcels=(Parcel(weight_grams=380_000),) * 2)

    assert re.fullmatch(r"\d{10}", booking.tracking_number)
    assert {read(call).tracking_number for call in receiver.next(4)} == {booking.tracking_number}


def test_a_voided_parcel_cannot_be_handed_over(server: SandboxCarrierServer) -> None:
    booking = adapter(server).book(request_for("SH-1"))
    adapter(server).void(booking.carrier_reference)

    with pytest.raises(CarrierRefused, match="voided"):
        adapter(server).hand_over(booking.carrier_reference)


# --- our webhook -------------------------------------------------------------------------------------------------------


def test_calls_are_signed_as_standard_webhooks_and_nothing_else_passes(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    booking = send(server, "SH-1")
    call = receiver.next(1)[0]
    other = "whsec_" + "A" * 32

    assert json.loads(call.body)["type"] == "shipment.tracking"
    assert json.loads(call.body)["data"]["reference"] == "SH-1"
    assert json.loads(call.body)["data"]["shipment_id"] == booking.carrier_reference
    assert read_tracking(call.body, call.headers, secrets=["", other, SECRET]) == read(call)
    headers = {name.lower(): value for name, value in call.headers.items()}
    assert headers["webhook-id"] == read(call).event_id
    for forged_body, forged_headers, secrets in [
        (call.body, headers, [other]),
        (call.body, headers, []),
        (call.body.replace(b"collected", b"delivered"), headers, [SECRET]),
        (call.body + b" ", headers, [SECRET]),
        (b"\xff" + call.body, headers, [SECRET]),
        (call.body, headers | {"webhook-id": "evt_other"}, [SECRET]),
        (call.body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}, [SECRET]),
        (call.body, headers | {"webhook-timestamp": "nan"}, [SECRET]),
        (call.body, headers | {"webhook-signature": "v1"}, [SECRET]),
        (call.body, headers | {"webhook-signature": "v1,%%%"}, [SECRET]),
        (call.body, headers | {"webhook-signature": "v2" + headers["webhook-signature"][2:]}, [SECRET]),
        (call.body, {k: v for k, v in headers.items() if k != "webhook-signature"}, [SECRET]),
        (call.body, {}, [SECRET]),
    ]:
        with pytest.raises(ForgedCall):
            read_tracking(forged_body, forged_headers, secrets=secrets)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "eaten"},
        {"event_id": ""},
        {"event_id": "e" * 101},
        {"tracking_number": "SB\u0000"},
        {"tracking_number": None},
        {"occurred_at": "2026-11-24T10:00:00"},
        {"occurred_at": "yesterday"},
        {"occurred_at": 5},
    ],
)
def test_a_signed_call_that_is_no_tracking_update_is_malformed(wrong: dict[str, Any]) -> None:
    good = {"event_id": "e", "tracking_number": "SB1", "status": "lost", "occurred_at": "2026-11-24T10:00:00Z"}

    assert read(signed({"data": good | {"description": "Lo\u0000st"}})).description == "Lost"
    malformed: list[Any] = [{"data": good | wrong}, {"data": None}, [], None]
    for content in malformed:
        with pytest.raises(MalformedCall):
            read(signed(content))


def signed(content: Any) -> Called:
    body, now = json.dumps(content), datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", now, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return Called(body.encode(), headers)


def test_calls_are_made_twice_when_told_to(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    server.temper.tell({"duplicate_webhooks": True})
    send(server, "SH-1")

    updates = [read(call) for call in receiver.next(8)]

    assert [update.status for update in updates] == [status for status in USUAL for _ in range(2)]
    assert len({update.event_id for update in updates}) == 4


def test_calls_come_newest_first_when_told_to_shuffle(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    server.temper.tell({"shuffle_webhooks": True})
    send(server, "SH-1")

    assert [read(call).status for call in receiver.next(4)] == USUAL[::-1]


def test_a_call_that_we_answer_badly_is_made_again(server: SandboxCarrierServer, receiver: WebhookReceiver) -> None:
    for status in (500, 401, 503):
        receiver.answers.put(status)
    send(server, "SH-1")

    updates = [read(call) for call in receiver.next(4 + 3)]

    assert {update.status for update in updates} == set(USUAL)
    assert len({update.event_id for update in updates}) == 4


def test_calls_wait_while_nobody_is_there_and_all_come_later() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with SandboxCarrierServer(config(webhook_url=url, webhook_secret=SECRET)) as server:
        for n in range(10):
            send(server, f"SH-{n}")

        with WebhookReceiver(port) as receiver:
            updates = [read(call) for call in receiver.next(40)]

    by_parcel: dict[str, list[str]] = {}
    for update in updates:
        by_parcel.setdefault(update.tracking_number, []).append(update.status)
    assert list(by_parcel.values()) == [USUAL] * 10


# --- what it remembers -------------------------------------------------------------------------------------------------


def test_after_a_restart_it_knows_its_bookings_and_parcels_go_on(tmp_path: Path, receiver: WebhookReceiver) -> None:
    kept = config(webhook_url=receiver.url, webhook_secret=SECRET, state_path=str(tmp_path / "state.sqlite3"))
    with SandboxCarrierServer(replace(kept, step_seconds=0.2)) as before:
        going = send(before, "SH-1")
        waiting = adapter(before).book(request_for("SH-2"))
        seen = [read(call).status for call in receiver.next(1)]

    with SandboxCarrierServer(kept) as after:
        assert adapter(after).book(request_for("SH-2")).label == waiting.label
        assert adapter(after).look_up("SH-1").carrier_reference == going.carrier_reference  # type: ignore[union-attr]
        while seen[-1] != "delivered":  # at least once: the call under way at the stop may come again
            seen += [read(call).status for call in receiver.next(1)]

    assert list(dict.fromkeys(seen)) == USUAL


def test_it_forgets_the_oldest_shipments_rather_than_grow() -> None:
    depot = Depot(most_shipments=300)
    party = {"name": "A", "lines": ["1 Road"], "city": "York", "country": "GB"}
    for n in range(1000):
        body: dict[str, Any] = {"reference": f"r{n}", "mode": "parcel", "sender": party, "recipient": party}
        body["parcels"] = [{"weight_grams": 100}]
        depot.book(f"k{n}", read_request(body), body)

    assert depot.count() == 300
    assert depot.under("r999") and not depot.under("r0")
    depot.close()


def test_twenty_at_once_under_one_key_are_one_shipment(server: SandboxCarrierServer) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: adapter(server).book(request_for("SH-1")), range(40)))

    assert server.depot.count() == 1


# --- the label ---------------------------------------------------------------------------------------------------------


def test_a_label_is_four_by_six_inches_one_page_a_parcel_and_its_barcode_reads(server: SandboxCarrierServer) -> None:
    booking = adapter(server).book(request_for("SH-1", parcels=(Parcel(weight_grams=900), Parcel(weight_grams=1100))))

    assert booking.label is not None
    pages = drawn_on(booking.label)
    assert booking.label.count(b"/MediaBox [0 0 288 432]") == len(pages) == 2
    for n, page in enumerate(pages, start=1):
        assert f"Piece {n} of 2" in page
        assert code128_in(page) == booking.tracking_number
    assert "(Alice Ward)" in pages[0] and "(0.90 kg)" in pages[0] and "(1.10 kg)" in pages[1]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Zoë Łukasz (Müller)", "Zoë Lukasz \\(Müller\\)"),
        ("فاطمة ١٢", "fatma 12"),
        ("Αθήνα \\ 北京", "????? \\\\ ??"),
        ("Nguyễn Đức", "Nguyen Duc"),
    ],
)
def test_a_label_is_written_with_the_letters_that_its_font_has(server: SandboxCarrierServer, name: str, written: str) -> None:
    booking = adapter(server).book(request_for("SH-1", recipient=replace(ALICE, name=name)))

    assert booking.label is not None
    assert f"({written})" in drawn_on(booking.label)[0]


def drawn_on(pdf: bytes) -> list[str]:
    streams = re.findall(rb"/FlateDecode >>\nstream\n(.*?)\nendstream", pdf, re.DOTALL)
    return [zlib.decompress(stream).decode("cp1252") for stream in streams]


def code128_in(page: str) -> str:
    boxes = re.findall(r"([\d.]+) [\d.]+ ([\d.]+) 78\.00 re", page)
    return read_code128([(float(x), float(width)) for x, width in boxes])


# --- the program -------------------------------------------------------------------------------------------------------


def test_it_runs_as_a_program_without_django_and_stops_when_told_to() -> None:
    env = {"PATH": os.environ["PATH"], "SANDBOX_CARRIER_KEY": KEY}
    program = subprocess.Popen([sys.executable, "-m", "shipping.sandbox"], cwd=REPO, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        url = program.stdout.readline().split()[-1]
        assert ask(url, "GET", "/health")[0] == 200
    finally:
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE_SECONDS) == 0

    imported = "import sys, shipping.sandbox.__main__; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", imported], cwd=REPO, timeout=30, check=True)


@pytest.mark.parametrize("env", [{}, {"SANDBOX_CARRIER_KEY": KEY, "SANDBOX_CARRIER_WEBHOOK_URL": "http://127.0.0.1:1/"}])
def test_it_says_what_it_needs_to_run(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shipping.sandbox"],
        cwd=REPO,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("Set ")
