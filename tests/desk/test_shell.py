"""What stands around every page: the bar, the proof, trouble, messages."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oms.core import stations
from oms.core.models import Proof, Trouble
from tests import cast


@pytest.fixture
def clerk(house):
    client = Client()
    client.force_login(cast.person("anna", "clerk"))
    return client


def page_of(client, path="/trouble/"):
    return client.get(path).content.decode()


def test_the_bar_shows_what_one_may_open_and_where_one_is(clerk, house):
    page = page_of(clerk, f"/orders/{house.place(('MUG', 1)).number}/")

    assert 'href="/ledger/"' not in page
    assert 'href="/orders/" data-go="o" aria-current="true"' in page


def test_the_proof_tells_what_it_is_worth(clerk):
    assert "proved" not in page_of(clerk)
    Proof.objects.create(checks=28, seconds=0.1)
    assert "state-done" in page_of(clerk) and "proved" in page_of(clerk)

    Proof.objects.update(proved_at=timezone.now() - timedelta(days=1))
    assert "state-waiting" in page_of(clerk)

    Proof.objects.create(checks=28, seconds=0.1, broken=["stock"])
    assert "1 invariant broken" in page_of(clerk)


def test_a_fragment_pays_nothing_for_the_bar(clerk):
    with CaptureQueriesContext(connection) as captured:
        clerk.get("/orders/", headers={"HX-Request": "true"})

    assert not [query for query in captured if "core_proof" in query["sql"] or "core_trouble" in query["sql"]]


def test_the_bar_costs_three_queries(clerk):
    with CaptureQueriesContext(connection) as captured:
        clerk.get("/messages/")

    tables = ("core_proof", "core_trouble", 'auth_group"."name')
    assert [sum(table in query["sql"] for query in captured) for table in tables] == [1, 1, 1]


def test_what_is_in_trouble_is_listed_with_its_document_and_tried_again(house):
    order = house.place(("MUG", 1))
    stations.note_trouble(stations.named("screen"), order, RuntimeError("no such rate"))
    client = Client()
    client.force_login(cast.person("boss", "manager"))

    page = page_of(client)
    assert f'href="/orders/{order.number}/"' in page and "no such rate" in page and ">Retry<" in page
    client.post(f"/trouble/{Trouble.objects.get().pk}/retry")

    assert Trouble.objects.get().due_at <= timezone.now()


def test_who_may_not_retry_sees_no_button(clerk, house):
    stations.note_trouble(stations.named("screen"), house.place(("MUG", 1)), RuntimeError("x"))

    assert ">Retry<" not in page_of(clerk)


def test_the_demo_shows_what_its_mailbox_received(clerk, settings, tmp_path):
    settings.MAIL_SINK_DIR = str(tmp_path)
    assert "Nothing has arrived yet" in page_of(clerk, "/messages/")
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Date"] = "anna@field.example", "طلبك SO-1001", "Tue, 24 Nov 2026 10:00:00 +0000"
    mail.set_content("x")
    (tmp_path / "1-000001.eml").write_bytes(bytes(mail))
    (tmp_path / "2-000002.eml").write_bytes(b"\xff\xfe no heads at all")
    (tmp_path / ".3-000003.eml").write_bytes(b"half wri")

    page = page_of(clerk, "/messages/")

    assert "طلبك SO-1001" in page and "anna@field.example" in page
    settings.MAIL_SINK_DIR = ""
    assert "mailbox" not in page_of(clerk, "/messages/")


def test_a_list_of_mails_leaves_their_attachments_where_they_are(clerk, house):
    house.place(("MUG", 1))

    with CaptureQueriesContext(connection) as captured:
        clerk.get("/messages/")

    assert not any('"core_document"."content"' in query["sql"] for query in captured)


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/orders/SO-9999/", 404), ("/ledger/", 403)])
def test_what_is_not_there_or_not_allowed_says_what_to_do(clerk, path, status):
    answer = clerk.get(path)

    assert answer.status_code == status
    assert "Back to the line" in answer.content.decode()
