"""What every carrier's adapter promises, held against each of them; then how the networked one reads every failure."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from sandbox.mischief import FAILURES
from shipping.carriers.base import (
    Carrier,
    CarrierRefused,
    CarrierRetryable,
    CarrierUnknown,
    CarrierUnreachable,
    Parcel,
)
from shipping.carriers.manual import ManualCarrier
from shipping.carriers.sandbox import SandboxCarrier
from shipping.sandbox.carrier import SandboxCarrierServer
from tests.shipping.outside import ALICE, KEY, config, free_port, request_for, rude_carrier


@pytest.fixture
def server() -> Iterator[SandboxCarrierServer]:
    with SandboxCarrierServer(config()) as running:
        yield running


@pytest.fixture(params=["manual", "sandbox"])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    if request.param == "manual":
        return ManualCarrier()
    return adapter(request.getfixturevalue("server").url)


def adapter(url: str, *, key: str = KEY, timeout_seconds: float = 10.0) -> SandboxCarrier:
    return SandboxCarrier(url=url, key=key, timeout_seconds=timeout_seconds)


def labels_of(server: SandboxCarrierServer, reference: str) -> int:
    return len(server.depot.under(reference))


# --- promises of every adapter -----------------------------------------------------------------------------------------


def test_a_booking_has_a_reference_and_a_number_that_can_be_kept(carrier: Carrier) -> None:
    booking = carrier.book(request_for("SH-000101"))

    assert 0 < len(booking.carrier_reference) <= 60
    assert 0 < len(booking.tracking_number) <= 60
    assert len(booking.tracking_url) <= 300


def test_booking_again_under_the_same_reference_gives_the_same_booking(carrier: Carrier) -> None:
    first = carrier.book(request_for("SH-000102"))

    assert carrier.book(request_for("SH-000102")) == first


def test_looking_up_and_else_booking_again_settles_an_unknown_outcome(carrier: Carrier) -> None:
    first = carrier.book(request_for("SH-000103"))

    assert (carrier.look_up("SH-000103") or carrier.book(request_for("SH-000103"))) == first


def test_a_reference_that_was_never_booked_is_not_found(carrier: Carrier) -> None:
    carrier.book(request_for("SH-000104"))

    assert carrier.look_up("SH-000105") is None
    assert carrier.look_up("../?reference=SH-000104&") is None


def test_two_references_are_two_bookings(carrier: Carrier) -> None:
    one, two = carrier.book(request_for("SH-000106")), carrier.book(request_for("SH-000107"))

    assert one.carrier_reference != two.carrier_reference
    assert one.tracking_number != two.tracking_number


def test_twenty_at_once_under_one_reference_get_one_booking(carrier: Carrier) -> None:
    with ThreadPoolExecutor(20) as pool:
        bookings = set(pool.map(lambda _: carrier.book(request_for("SH-000108")), range(20)))

    assert len(bookings) == 1


def test_handing_over_and_voiding_can_be_repeated(carrier: Carrier) -> None:
    going, staying = carrier.book(request_for("SH-000109")), carrier.book(request_for("SH-000110"))

    for _ in range(2):
        carrier.hand_over(going.carrier_reference)
        carrier.void(staying.carrier_reference)


def test_freight_gets_no_parcel_label(carrier: Carrier) -> None:
    booking = carrier.book(request_for("SH-000111", mode="freight", parcels=(Parcel(weight_grams=420_000),)))

    assert booking.label is None
    assert booking.tracking_number


def test_rates_come_cheapest_first(carrier: Carrier) -> None:
    rates = carrier.quote(request_for("SH-000112"))

    assert [rate.amount for rate in rates] == sorted(rate.amount for rate in rates)


# --- the manual carrier ------------------------------------------------------------------------------------------------


def test_a_number_typed_by_a_clerk_is_the_tracking_number() -> None:
    manual = ManualCarrier(tracking_url="https://carrier.example/track/{tracking_number}")

    typed = manual.book(request_for("SH-000120", tracking_number="1Z999AA10123456784"))
    own = manual.book(request_for("SH-000121"))

    assert (typed.tracking_number, typed.tracking_url) == (
        "1Z999AA10123456784",
        "https://carrier.example/track/1Z999AA10123456784",
    )
    assert (own.tracking_number, own.tracking_url) == ("SH-000121", "")


# --- the sandbox carrier: what it gives --------------------------------------------------------------------------------


def test_a_parcel_gets_a_label_a_price_and_a_place_to_follow_it(server: SandboxCarrierServer) -> None:
    booking = adapter(server.url).book(request_for("SH-000201", service="express"))

    assert booking.label is not None and booking.label.startswith(b"%PDF-")
    assert booking.label_content_type == "application/pdf"
    assert (str(booking.cost), booking.currency) == ("10.94", "GBP")
    assert booking.tracking_url == f"{server.url}/track/{booking.tracking_number}"


def test_the_rate_of_a_service_is_what_booking_it_costs(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)
    request = request_for("SH-000202", recipient=replace(ALICE, country="DE"))

    rates = carrier.quote(request)

    assert [rate.service for rate in rates] == ["economy", "standard", "express"]
    for n, rate in enumerate(rates):
        assert carrier.book(replace(request, reference=f"SH-000202-{n}", service=rate.service)).cost == rate.amount


def test_a_voided_booking_is_not_found_and_not_given_again(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)
    booking = carrier.book(request_for("SH-000203"))

    carrier.void(booking.carrier_reference)

    assert carrier.look_up("SH-000203") is None
    with pytest.raises(CarrierRefused, match="new reference"):
        carrier.book(request_for("SH-000203"))


def test_what_the_driver_has_cannot_be_voided(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)
    booking = carrier.book(request_for("SH-000204"))
    carrier.hand_over(booking.carrier_reference)

    with pytest.raises(CarrierRefused, match="driver has it"):
        carrier.void(booking.carrier_reference)

    assert carrier.look_up("SH-000204") == booking


# --- the sandbox carrier: how it fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fail", ["500", "after", "cut", "late", "reset"])
def test_a_booking_that_fails_without_a_clear_answer_is_unknown_and_ends_with_one_label(server: SandboxCarrierServer, fail: str) -> None:
    server.temper.tell({"fail": fail, "times": 1, "slow_seconds": 30 if fail == "late" else 0})
    carrier = adapter(server.url, timeout_seconds=0.4 if fail == "late" else 10)

    with pytest.raises(CarrierUnknown):
        carrier.book(request_for("SH-000301"))

    found = carrier.look_up("SH-000301")
    assert (found is None) == (fail == "500")
    assert carrier.book(request_for("SH-000301")) == (found or carrier.look_up("SH-000301"))
    assert labels_of(server, "SH-000301") == 1


def test_a_hundred_bookings_with_every_mischief_end_with_one_label_each(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url, timeout_seconds=1)
    unclear = [fail for fail in FAILURES if fail != "refuse"]

    def settle(n: int) -> None:
        unlucky = replace(ALICE, name=f"Alice SANDBOX-{unclear[n % len(unclear)].upper()}")
        request = request_for(f"SH-{n:06d}", recipient=unlucky)
        with pytest.raises(CarrierUnknown):
            carrier.book(request)
        assert (carrier.look_up(request.reference) or carrier.book(request)) == carrier.look_up(request.reference)

    with ThreadPoolExecutor(25) as pool:
        list(pool.map(settle, range(100)))

    assert [labels_of(server, f"SH-{n:06d}") for n in range(100)] == [1] * 100


def test_twin_asking_anew_without_looking_up_makes_a_second_label(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)
    server.temper.tell({"fail": "after", "times": 1})
    with pytest.raises(CarrierUnknown):
        carrier.book(request_for("SH-000302"))

    carrier._transport.call(  # a careless adapter: the same shipment under a key of its own
        "POST", "/v1/shipments", wire("SH-000302"), idempotency_key="SH-000302-again"
    )

    assert labels_of(server, "SH-000302") == 2


def test_a_refused_address_is_refused_and_nothing_is_booked(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)

    with pytest.raises(CarrierRefused, match="We do not deliver to this address"):
        carrier.book(request_for("SH-000303", recipient=replace(ALICE, postcode="SANDBOX-REFUSE")))

    assert carrier.look_up("SH-000303") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"parcels": ()},
        {"parcels": (Parcel(weight_grams=0),)},
        {"parcels": (Parcel(weight_grams=30_001),)},
        {"recipient": replace(ALICE, city="")},
        {"recipient": replace(ALICE, country="UK!")},
        {"recipient": replace(ALICE, name="A" * 101)},
        {"recipient": replace(ALICE, name="Al\x00ice")},
        {"service": "by-pigeon"},
    ],
)
def test_what_can_never_be_booked_is_refused(server: SandboxCarrierServer, changed: dict[str, Any]) -> None:
    carrier = adapter(server.url)

    with pytest.raises(CarrierRefused):
        carrier.book(request_for("SH-000304", **changed))

    assert server.depot.count() == 0


def test_another_shipment_under_a_used_reference_is_refused(server: SandboxCarrierServer) -> None:
    carrier = adapter(server.url)
    carrier.book(request_for("SH-000305"))

    with pytest.raises(CarrierRefused, match="another request"):
        carrier.book(request_for("SH-000305", service="express"))

    assert labels_of(server, "SH-000305") == 1


def test_a_wrong_key_can_be_put_right_and_tried_again(server: SandboxCarrierServer) -> None:
    with pytest.raises(CarrierRetryable, match="turned us away"):
        adapter(server.url, key="wrong").book(request_for("SH-000306"))

    assert adapter(server.url).book(request_for("SH-000306")).tracking_number


def test_a_closed_door_is_certainly_nothing_done() -> None:
    with pytest.raises(CarrierUnreachable):
        adapter(f"http://127.0.0.1:{free_port()}").book(request_for("SH-000307"))


def test_a_look_up_that_fails_leaves_the_outcome_unknown(server: SandboxCarrierServer) -> None:
    server.temper.tell({"fail": "500", "on": "look_up"})

    with pytest.raises(CarrierUnknown):
        adapter(server.url).look_up("SH-000308")


@pytest.mark.parametrize("fail", ["500", "after", "cut", "reset"])
@pytest.mark.parametrize("on", ["void", "handover"])
def test_voiding_and_handing_over_can_be_repeated_after_an_unknown_outcome(server: SandboxCarrierServer, on: str, fail: str) -> None:
    carrier = adapter(server.url)
    booking = carrier.book(request_for("SH-000309"))
    act = carrier.void if on == "void" else carrier.hand_over
    server.temper.tell({"fail": fail, "on": on, "times": 1})

    with pytest.raises(CarrierUnknown):
        act(booking.carrier_reference)
    act(booking.carrier_reference)

    assert (server.depot.get(booking.carrier_reference).status == "voided") == (on == "void")


def wire(reference: str) -> dict[str, Any]:
    party = {"name": "Alice", "lines": ["7 Mill Lane"], "city": "York", "postcode": "YO1 7HH", "country": "GB"}
    return {
        "reference": reference,
        "mode": "parcel",
        "sender": party,
        "recipient": party,
        "parcels": [{"weight_grams": 9}],
    }


def http(body: bytes, *, status: str = "201 Created", length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


SHIPMENT = {
    "id": "shp_1",
    "status": "booked",
    "tracking_number": "SB1",
    "tracking_url": "https://carrier.example/SB1",
    "cost": {"amount": "4.20", "currency": "GBP"},
    "label": None,
}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 ",
        b"SSH-2.0-OpenSSH\r\n",
        http(b"<html>Bad gateway</html>", status="502 Bad Gateway"),
        http(b"", status="302 Found"),
        http(b"<html>It works!</html>"),
        http(json.dumps(SHIPMENT).encode(), length=5_000),
        b"HTTP/1.1 201 Created\r\n\r\n" + json.dumps(SHIPMENT).encode(),
        http(b" " * 4_000_001),
        http(b"null"),
        http(b"[]"),
        http(b"{}"),
        *(
            http(json.dumps(SHIPMENT | wrong).encode())
            for wrong in (
                {"tracking_url": "javascript:alert(1)"},
                {"tracking_number": "SB1\u0000"},
                {"tracking_number": ""},
                {"id": 7},
                {"cost": {"amount": "NaN", "currency": "GBP"}},
                {"cost": {"amount": "-1", "currency": "GBP"}},
                {"cost": None},
                {"label": {"content_type": "text/html", "base64": ""}},
                {"label": {"content_type": "application/pdf", "base64": "PGh0bWw+"}},
                {"label": {"content_type": "application/pdf", "base64": "%%%"}},
            )
        ),
    ],
)
def test_an_answer_that_makes_no_sense_leaves_the_outcome_unknown(answer: bytes) -> None:
    with rude_carrier(lambda connection: connection.sendall(answer)) as url, pytest.raises(CarrierUnknown):
        adapter(url).book(request_for("SH-000401"))


def test_an_answer_that_makes_sense_is_taken() -> None:
    with rude_carrier(lambda connection: connection.sendall(http(json.dumps(SHIPMENT).encode()))) as url:
        booking = adapter(url).book(request_for("SH-000402"))

    assert (booking.carrier_reference, booking.tracking_number, booking.label) == ("shp_1", "SB1", None)


def test_an_answer_that_drips_in_is_given_up_at_the_time_out() -> None:
    def drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        connection.sendall(b"HTTP/1.1 201 Created\r\nX-Slow: ")
        while True:
            connection.sendall(b"a")
            try:  # wait for the next drop, or for the caller to hang up
                if not connection.recv(1):
                    return
            except TimeoutError:
                pass

    began = time.monotonic()
    with rude_carrier(drip) as url, pytest.raises(CarrierUnknown, match="in time"):
        adapter(url, timeout_seconds=0.5).book(request_for("SH-000403"))

    assert time.monotonic() - began < 5


def test_what_a_carrier_says_is_cleaned_before_a_person_reads_it() -> None:
    said = json.dumps({"error": {"message": "No\u0000 such\u001b[31m street" + "!" * 1000}}).encode()
    with (
        rude_carrier(lambda connection: connection.sendall(http(said, status="422 Unprocessable"))) as url,
        pytest.raises(CarrierRefused) as refusal,
    ):
        adapter(url).book(request_for("SH-000404"))

    assert refusal.value.reason.startswith("No such[31m street!")
    assert len(refusal.value.reason) == 300
