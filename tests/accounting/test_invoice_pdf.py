import hashlib
import shutil
import subprocess

import pytest

from accounting.documents import invoice_context, render_invoice
from accounting.models import Invoice
from customers.models import Address
from inventory.models import Price, Sku
from oms.core import pdf
from oms.core.models import Document, Message, Trouble
from oms.core.stations import TryLater
from orders.cancelling import cancel_order
from orders.models import Order, Promotion
from shipping.fulfilling import pack_shipment
from shipping.models import Carrier, Shipment
from shipping.paper import packing_slip, pick_lists
from tests import cast

try:
    import weasyprint  # noqa: F401
except OSError:
    pytest.skip("Pango is not installed here", allow_module_level=True)


def text_of(content: bytes) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed here")
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()


@pytest.fixture
def invoice(house):
    house.place(("MUG", 40), ("LAMP", 2))
    cast.run_line("screen", "reserve", "invoice", "plan", "invoice_pdf")
    return Invoice.objects.get()


def test_the_invoice_is_kept_as_it_was_sent_and_mailed(invoice, prove):
    content = bytes(invoice.document.content)

    assert content.startswith(b"%PDF")
    assert invoice.document.sha256 == hashlib.sha256(content).hexdigest()
    text = text_of(content)
    for part in (invoice.number, "SO-", "Anna Field", "40", "307.20", "VAT 20%", "GB980780684"):
        assert part in text
    assert Message.objects.get(kind="invoice").document == invoice.document
    prove()


def test_a_pdf_is_made_once(invoice):
    cast.run_line("invoice_pdf")

    assert Document.objects.count() == 1


HOSTILE = """<img src="file:///etc/passwd"><img src="http://127.0.0.1:9/x"><link rel="attachment" href="file:///etc/passwd">\
<style>@import url(file:///etc/passwd);</style><svg><image href="file:///etc/hostname"/></svg>"""


def test_what_a_customer_calls_themselves_can_fetch_nothing(house, monkeypatch):
    fetched = []
    plain = pdf._font
    monkeypatch.setattr(pdf, "_font", lambda name: fetched.append(name) or plain(name))
    house.anna.name = HOSTILE[:200]
    house.anna.save()
    Address.objects.update(lines=HOSTILE, name=HOSTILE[:200])
    house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "invoice_pdf")

    content = bytes(Invoice.objects.get().document.content)
    assert b"root:" not in content
    assert "<img" in text_of(content)
    assert b"EmbeddedFile" not in content


def test_the_fetcher_refuses_everything_but_our_fonts():
    fetcher = pdf._press().fetcher
    for url in ("file:///etc/passwd", "http://127.0.0.1/", "https://example.com/x.css", "data:text/css,x", "font:../../etc/passwd", "font:"):
        with pytest.raises(ValueError, match="only fonts are"):
            fetcher.fetch(url)


def test_an_invoice_of_many_lines_has_numbered_pages(house):
    skus = Sku.objects.bulk_create([Sku(code=f"S{i:03d}", name=f"Article {i}") for i in range(120)])
    Price.objects.bulk_create([Price(sku=sku, unit_price=1) for sku in skus])
    for sku in skus:
        house.stock(sku, 1)
    house.place(*[(sku.code, 1) for sku in skus])
    cast.run_line("screen", "reserve", "invoice", "invoice_pdf")

    text = text_of(bytes(Invoice.objects.get().document.content))
    assert "· 1 / 5" in text
    assert text.count("Description") >= 3


def test_totals_never_stand_alone_on_a_page(invoice):
    context = invoice_context(invoice)
    context["lines"] = context["lines"][:1] * 16

    pages = text_of(pdf.render_pdf("accounting/documents/invoice.html", context)).rstrip("\f").split("\f")

    assert [("Total GBP" in page, "Blue mug" in page) for page in pages] == [(False, True), (True, True)]


def test_an_invoice_says_where_its_buyer_is_and_uses_the_digits_of_its_currency(invoice):
    invoice.bill_to = {"name": "ACME " + "X" * 120, "lines": "1 High Street", "city": "Leeds", "region": "", "postcode": "LS1 4AP", "country": "GB"}
    invoice.currency = "JPY"

    text = text_of(render_invoice(invoice))

    assert "United Kingdom" in text
    assert "Net JPY" in text
    assert "307.20" not in text
    assert "307" in text


def test_a_credit_note_names_the_invoice_it_credits(house, prove):
    order = house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice")
    cancel_order(order.pk, actor="user:test", reason="test")
    cast.run_line("credit", "invoice_pdf")

    note = Invoice.objects.get(kind="credit_note")
    text = text_of(bytes(note.document.content))
    assert "Credit note" in text
    assert f"credits invoice {note.credits.number} in full" in text
    assert "Please pay" not in text
    prove()


def test_without_pango_the_invoice_stands_and_its_pdf_waits(house, monkeypatch):
    def missing():
        raise TryLater("PDFs need the Pango library: apt-get install libpango-1.0-0")

    monkeypatch.setattr(pdf, "_press", missing)
    house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "invoice_pdf")

    assert Invoice.objects.get().document is None
    assert "apt-get install" in Trouble.objects.get().error


@pytest.mark.parametrize("mode", ["parcel", "freight"])
def test_our_own_labels_and_lists_name_the_shipment(house, mode):
    Carrier.objects.update(mode=mode, scac="VANX")
    house.place(("MUG", 2))
    cast.run_line("screen", "reserve", "invoice", "plan")
    shipment = Shipment.objects.get()
    assert shipment.number in text_of(pick_lists([shipment.pk]))
    assert "Blue mug" in text_of(packing_slip(shipment.pk))
    pack_shipment(shipment.pk, actor="user:test")
    cast.run_line("book")

    label = text_of(bytes(Shipment.objects.get().label.content))
    assert "Anna Field" in label
    assert shipment.number in label
    assert Order.objects.get().number in label


def test_an_invoice_shows_what_is_off_and_says_where_prices_include_tax(house):
    Promotion.objects.create(name="Spring", kind="percent", percent=10)
    house.web.prices_include_tax = True
    house.place(("MUG", 10))
    cast.run_line("screen", "reserve", "invoice", "invoice_pdf")

    text = text_of(bytes(Invoice.objects.get().document.content))
    assert "Discount" in text
    assert "-4.95" in text
    assert "Unit prices and discounts include tax." in text
    assert [amount in text for amount in ("4.95", "37.13", "7.42", "44.55")] == [True] * 4
