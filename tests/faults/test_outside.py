"""What happens outside the house and goes wrong: carriers and mail servers. A real sandbox carrier on loopback, told to misbehave."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from oms.core import messages, stations
from oms.core.models import Lease, Message, Trouble
from orders.cancelling import cancel_order
from orders.models import Order
from shipping import booking
from shipping.fulfilling import pack_shipment
from shipping.models import Carrier, Shipment
from shipping.sandbox.carrier import Config, SandboxCarrierServer
from tests import cast


@pytest.fixture
def packed(house, settings):
    """A packed shipment of the sandbox carrier, and the carrier, running."""
    Carrier.objects.update(adapter="sandbox", service="standard")
    order = house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    pack_shipment(Shipment.objects.get(order=order).pk, actor="user:test")
    config = Config(key="k", port=0, webhook_url="", webhook_secret="", step_seconds=60, state_path="")
    with SandboxCarrierServer(config) as carrier:
        settings.SANDBOX_CARRIER_URL, settings.SANDBOX_CARRIER_KEY, settings.CARRIER_TIMEOUT_SECONDS = carrier.url, "k", 0.5
        yield carrier


def due_again():
    Trouble.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_parcel_is_booked_with_one_label(packed, prove):
    cast.run_line("book")

    shipment = Shipment.objects.get()
    assert shipment.state == "booked"
    assert shipment.label.content_type == "application/pdf"
    assert packed.depot.count() == 1
    prove()


@pytest.mark.parametrize("fault", ["late", "after", "cut", "reset"])
def test_a_carrier_that_books_and_fails_to_say_so_makes_one_label(packed, prove, fault):
    packed.temper.tell({"fail": fault, "on": "book", "times": 1})

    cast.run_line("book")
    if Trouble.objects.exists():
        due_again()
        cast.run_line("book")

    assert Shipment.objects.get().state == "booked"
    assert packed.depot.count() == 1
    assert not Trouble.objects.exists()
    prove()


def test_a_carrier_that_is_away_is_tried_again_and_the_trouble_is_shown(packed, prove):
    packed.temper.tell({"fail": "500", "times": 50})

    cast.run_line("book")

    trouble = Trouble.objects.get()
    assert (trouble.station, trouble.label) == ("book", Shipment.objects.get().number)
    assert not Lease.objects.exists()
    packed.temper.tell({})
    due_again()
    cast.run_line("book")
    assert Shipment.objects.get().state == "booked"
    prove()


def test_a_lease_that_nobody_came_back_from_is_taken_up_again(packed, prove):
    shipment = Shipment.objects.get()
    Lease.objects.create(station="book", subject_id=shipment.pk, until=timezone.now() + timedelta(seconds=60))
    cast.run_line("book")
    assert Shipment.objects.get().state == "packed"

    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    cast.run_line("book")

    assert Shipment.objects.get().state == "booked"
    prove()


def test_a_booked_label_is_voided_when_the_order_is_called_off(packed, prove):
    cast.run_line("book")
    cancel_order(Order.objects.get().pk, actor="user:clerk")
    cast.run_line("void", "credit")

    assert Shipment.objects.get().state == "voided"
    assert booking.carrier_named("sandbox").look_up(Shipment.objects.get().number) is None
    prove()


def test_no_call_is_made_inside_a_transaction(packed, monkeypatch):
    seen = []
    plain = booking.book_shipment
    depth = len(connection.savepoint_ids)
    station = stations.named("book")
    monkeypatch.setattr(
        stations, "_line", stations._line | {"book": replace(station, perform=lambda row: seen.append(len(connection.savepoint_ids)) or plain(row))}
    )

    cast.run_line("book")

    assert seen == [depth]


def test_each_mail_is_worded_in_the_customers_language_and_sent_once(house, prove):
    house.anna.language = "de"
    house.anna.save()
    house.place(("MUG", 1))
    cast.run_line("screen", "send")
    cast.run_line("send")

    [sent] = mail.outbox
    row = Message.objects.get()
    assert sent.to == ["anna@field.example"]
    assert sent.extra_headers["Message-ID"].startswith(f"<message-{row.pk}@")
    assert row.state == "sent"
    assert row.subject == sent.subject
    assert Order.objects.get().public_token in sent.body


def test_a_mail_server_that_is_away_loses_no_mail(house, monkeypatch):
    house.place(("MUG", 1))
    cast.run_line("screen")
    station = stations.named("send")

    def away(message):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(stations, "_line", stations._line | {"send": replace(station, perform=away)})
    cast.run_line("send")
    assert Message.objects.get().state == "queued"
    monkeypatch.setattr(stations, "_line", stations._line | {"send": replace(station, perform=messages.send)})
    due_again()
    cast.run_line("send")

    assert Message.objects.get().state == "sent"


@pytest.mark.parametrize(("language", "words"), [("de", "Wir haben Ihre Bestellung"), ("ar", "وصلنا طلبك"), ("en", "We have your order")])
def test_a_confirmation_is_worded_in_the_customers_language(house, language, words):
    house.anna.language = language
    house.anna.save()
    house.place(("MUG", 1))
    cast.run_line("screen", "send")

    assert mail.outbox[0].subject.startswith(words)
