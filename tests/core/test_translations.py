"""What customers read, in their language."""

import io
import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounting.documents import invoice_context
from accounting.models import Invoice
from oms.core.messages import worded
from oms.core.models import Message
from orders.states import OrderState
from tests import cast

OTHERS = ["de", "ar"]
KINDS = ["order_confirmation", "invoice", "credit_note", "shipped", "purchase_order", "purchase_change", "purchase_cancelled", "quotation"]
DATA = {"number": "N-1", "order": "SO-1", "name": "Anna", "total": "9.00", "currency": "GBP", "due_on": "2026-01-31", "token": "t"}
DATA |= {"valid_until": "2027-01-31"}
DATA |= {"carrier": "Van", "tracking_number": "T-1", "warehouse": "Leeds", "expected_on": "2026-02-01"}


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_compiled_is_what_is_written_and_every_place_is_kept(language):
    folder = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"
    entries = [entry for entry in read_po(io.BytesIO((folder / "django.po").read_bytes())) if entry.id]
    with (folder / "django.mo").open("rb") as file:
        compiled = GNUTranslations(file)

    for entry in entries:
        text, translated = entry.id, entry.string
        assert (compiled.pgettext(entry.context, text) if entry.context else compiled.gettext(text)) == translated
        assert translated
        assert sorted(re.findall(r"%\(\w+\)s", translated)) == sorted(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_message_speaks_the_customers_language(db, kind, language):
    english = worded(Message(kind=kind, language="en", data=DATA))
    other = worded(Message(kind=kind, language=language, data=DATA))

    assert other.subject != english.subject
    kept = {"", settings.COMPANY["name"]} | {line for line in english.body.splitlines() if line.startswith("http")}
    assert {line for line in other.body.splitlines() if line in english.body.splitlines()} <= kept


@pytest.mark.parametrize(("language", "title", "direction"), [("en", "Invoice", "ltr"), ("de", "Rechnung", "ltr"), ("ar", "فاتورة", "rtl")])
def test_the_invoice_speaks_the_customers_language(house, language, title, direction):
    house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice")

    with translation.override(language):
        html = render_to_string("accounting/documents/invoice.html", invoice_context(Invoice.objects.get()))

    assert f'<html lang="{language}" dir="{direction}">' in html
    assert f"<h1>{title}</h1>" in html
    assert ("Please pay by" in html) == (language == "en")


@pytest.mark.parametrize(("language", "news"), [("de", "Wir haben Ihre Bestellung erhalten."), ("ar", "استلمنا طلبك.")])
def test_the_customers_page_speaks_the_customers_language(house, client, language, news):
    house.anna.language = language
    house.anna.save()
    order = house.place(("MUG", 1))

    page = client.get(f"/o/{order.public_token}/").content.decode()

    assert order.state == OrderState.PLACED
    assert news in page
    assert f'lang="{language}"' in page
