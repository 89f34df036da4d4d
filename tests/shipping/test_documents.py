"""What the warehouse prints: what stands on it, in every direction of writing, and on how many pages."""

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shipping.addresses import address_lines
from shipping.barcodes import bars
from shipping.carriers.base import Party
from shipping.documents import (
    BillOfLading,
    LadingGoods,
    LadingOrder,
    OwnLabel,
    PackingLine,
    PackingSlip,
    PickLine,
    PickList,
    Sheet,
    lay_out_bill_of_lading,
    lay_out_own_label,
    lay_out_packing_slip,
    lay_out_pick_list,
)
from shipping.templatetags.shipping_documents import isolated
from tests.shipping.scanning import barcodes_in, read_code128

LEEDS = Party(
    company="Throughline Trading Ltd",
    name="",
    lines=("1 Wharf Road",),
    city="Leeds",
    postcode="LS1 4AP",
    country="GB",
    email="help@throughline.example",
)
STUTTGART = Party(name="Anneliese Müller", lines=("Königstraße 114",), city="Stuttgart", postcode="70173", country="DE")
BEIRUT = Party(name="فاطمة الزهراء", lines=("شارع الحمراء ١٢، (الطابق ٣)",), city="بيروت", country="LB")
COLUMBUS = Party(
    name="Dock 4",
    company="Bluebird Gifts Inc.",
    lines=("4200 Commerce Parkway",),
    city="Columbus",
    region="OH",
    postcode="43219",
    country="US",
)

PICK_LIST = PickList(
    number="SH-001042",
    order_number="SO-000917",
    warehouse="Leeds",
    recipient=STUTTGART,
    printed_at=datetime(2026, 11, 24, 9, 5),
    weight_grams=18_650,
    lines=(
        PickLine(bin="A-10-3", sku="85123A", name="White hanging heart", quantity=6),
        PickLine(bin="", sku="22752", name="Set of 7 babushka nesting boxes", quantity=2),
        PickLine(bin="B-1", sku="84029G", name="Hot water bottle", quantity=120),
        PickLine(bin="A-2-1", sku="71053", barcode="5012345678900", name="White metal lantern", quantity=1),
    ),
)
PACKING_SLIP = PackingSlip(
    number="SH-001042",
    order_number="SO-000917",
    ordered_on=date(2026, 11, 23),
    seller=LEEDS,
    recipient=STUTTGART,
    tracking_number="SB4711081512345",
    lines=(
        PackingLine(sku="71053", name="White metal lantern", ordered=1, shipped=1),
        PackingLine(sku="84029G", name="Hot water bottle", ordered=120, shipped=100, to_follow=20),
    ),
    order_url="https://shop.example/o/6f1c2a94",
)
OWN_LABEL = OwnLabel(
    number="SH-001042",
    order_number="SO-000917",
    tracking_number="1Z999AA10123456784",
    sender=LEEDS,
    recipient=STUTTGART,
    carrier="Dales Couriers",
    shipped_on=date(2026, 11, 24),
    weights_grams=(2350, 800),
)
BILL_OF_LADING = BillOfLading(
    number="BOL-000311",
    issued_on=date(2026, 11, 24),
    ship_from=LEEDS,
    ship_to=COLUMBUS,
    shipment_number="SH-001042",
    carrier="Sandbox Freight",
    scac="SBXF",
    pro_number="1234567897",
    freight_terms="collect",
    orders=(
        LadingOrder(order_number="SO-000917", packages=42, weight_grams=381_400),
        LadingOrder(order_number="SO-000921", packages=6, weight_grams=54_000, is_palletised=False),
    ),
    goods=(
        LadingGoods(handling_units=2, packages=42, weight_grams=381_400, description="Glassware", nmfc="86900"),
        LadingGoods(handling_units=1, packages=6, weight_grams=54_000, is_hazardous=True, description="Lamp oil", nmfc="155250"),
    ),
    declared_value=Decimal(4250),
)
EVERY_SHEET = {
    "pick list": lambda **changed: lay_out_pick_list(replace(PICK_LIST, **changed)),
    "packing slip": lambda **changed: lay_out_packing_slip(replace(PACKING_SLIP, **changed)),
    "own label": lambda **changed: lay_out_own_label(replace(OWN_LABEL, **changed)),
    "bill of lading": lambda **changed: lay_out_bill_of_lading(
        replace(BILL_OF_LADING, **{"ship_to" if name == "recipient" else name: value for name, value in changed.items()})
    ),
}


def html_of(sheet: Sheet, language: str = "en") -> str:
    with translation.override(language):
        return str(render_to_string(*sheet))


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("</style>")[1]).split())


def pages_of(html: str) -> list[Any]:
    try:
        import weasyprint  # needs Pango, which a machine may lack
        from weasyprint.urls import URLFetcher
    except OSError as error:
        pytest.skip(f"Pango is missing: {error}")

    class Nothing(URLFetcher):  # type: ignore[misc,unused-ignore]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            raise ValueError(f"not fetched: {url}")

    return list(weasyprint.HTML(string=html, url_fetcher=Nothing()).render().pages)


def test_an_address_that_names_its_country_does_not_name_it_twice() -> None:
    house = Party(name="House", lines=("1 Wharf Road", "Leeds LS1 4AP", "United Kingdom"), country="GB")

    assert address_lines(house, seen_from="SA", language="ar") == ("House", "1 Wharf Road", "Leeds LS1 4AP", "United Kingdom")


# --- every document ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", EVERY_SHEET)
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_every_document_says_which_way_it_runs(document: str, language: str, direction: str) -> None:
    html = html_of(EVERY_SHEET[document](recipient=BEIRUT), language)

    assert f'<html lang="{language}" dir="{direction}">' in html
    assert f"\u2068{BEIRUT.city}\u2069" in html


@pytest.mark.parametrize("document", EVERY_SHEET)
def test_no_document_lets_anybody_write_markup_or_fetch_anything(document: str) -> None:
    hostile = replace(
        COLUMBUS,
        name="<img src=file:///etc/passwd>",
        company="A & B",
        city="<b>Columbus</b>",
        lines=("</style><script>",),
    )

    html = html_of(EVERY_SHEET[document](recipient=hostile))

    assert "<img" not in html and "<script" not in html and "<b>" not in html
    assert html.count("</style>") == 1
    assert not re.search(r"(?<!xmlns=\")https?://", html.replace("https://shop.example", ""))
    assert set(re.findall(r'url\("(\w+):', html)) == set()  # the fonts come with the press, oms.core.pdf


@pytest.mark.parametrize("document", EVERY_SHEET)
def test_no_document_lays_out_by_left_and_right(document: str) -> None:
    style = html_of(EVERY_SHEET[document]()).split("<style>")[1].split("</style>")[0]

    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: ?(left|right)|float|[ {;](left|right):", style)


@pytest.mark.parametrize(
    ("document", "pages", "inches"),
    [("pick list", 1, None), ("packing slip", 1, None), ("own label", 2, (4, 6)), ("bill of lading", 1, None)],
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_document_takes_the_pages_it_should(document: str, pages: int, inches: tuple[int, int] | None, language: str) -> None:
    printed = pages_of(html_of(EVERY_SHEET[document](), language))

    assert len(printed) == pages
    if inches:
        assert [(page.width / 96, page.height / 96) for page in printed] == [inches] * pages


# --- the pick list -----------------------------------------------------------------------------------------------------


def test_a_pick_list_follows_the_walk_and_what_has_no_bin_comes_last() -> None:
    sheet = lay_out_pick_list(PICK_LIST)

    assert [line.bin for line in sheet.context["lines"]] == ["A-2-1", "A-10-3", "B-1", ""]
    assert sheet.context["units"] == 129
    assert sheet.context["weight"] == Decimal("18.65")
    assert barcodes_in(html_of(sheet)) == ["SH-001042"]


def test_a_long_pick_list_repeats_its_headings_but_not_its_total() -> None:
    sheet = lay_out_pick_list(replace(PICK_LIST, lines=PICK_LIST.lines * 20))

    assert "80 lines" in text_of(html_of(sheet))
    assert len(pages_of(html_of(sheet))) > 3
    assert "tfoot { display: table-row-group }" in html_of(sheet)


# --- the packing slip --------------------------------------------------------------------------------------------------


def test_a_packing_slip_shows_what_is_in_the_parcel_and_what_follows_and_no_price() -> None:
    text = text_of(html_of(lay_out_packing_slip(PACKING_SLIP)))

    assert "White metal lantern 71053 1 1" in text
    assert "Hot water bottle 84029G 120 100 20" in text
    assert "The rest of your order follows" in text
    assert not re.search("£|€|price|total", text, re.IGNORECASE)


def test_a_packing_slip_of_a_whole_order_speaks_of_nothing_to_follow() -> None:
    text = text_of(html_of(lay_out_packing_slip(replace(PACKING_SLIP, lines=PACKING_SLIP.lines[:1]))))

    assert "follow" not in text.replace("Follow your order", "").lower()


# --- our own label -----------------------------------------------------------------------------------------------------


def test_our_own_label_has_a_page_for_each_parcel_and_its_barcode_reads() -> None:
    html = html_of(lay_out_own_label(OWN_LABEL))

    assert barcodes_in(html) == ["1Z999AA10123456784"] * 2
    assert "1/2" in html and "2/2" in html
    assert "2.35 kg" in html and "0.80 kg" in html
    assert "DE 70173" in html


@pytest.mark.parametrize(("lines", "size"), [(1, 13.5), (3, 13.5), (5, 9.0), (7, 7.5), (12, 7.5)])
def test_a_longer_address_is_printed_smaller_so_that_it_fits(lines: int, size: float) -> None:
    recipient = replace(STUTTGART, lines=("Königstraße 114",) * lines)

    sheet = lay_out_own_label(replace(OWN_LABEL, recipient=recipient))

    assert sheet.context["recipient_size"] == size
    with translation.override("de"):
        assert f"font-size: {size}pt" in render_to_string(*sheet)


# --- the bill of lading ------------------------------------------------------------------------------------------------


def test_a_bill_of_lading_adds_up_what_stands_in_it() -> None:
    sheet = lay_out_bill_of_lading(BILL_OF_LADING)

    assert (sheet.context["order_packages"], sheet.context["packages"], sheet.context["handling_units"]) == (48, 48, 3)
    assert sheet.context["orders_weight"] == sheet.context["weight"] == Decimal("435.4")
    assert barcodes_in(html_of(sheet)) == ["BOL-000311", "1234567897"]


def test_a_bill_of_lading_in_pounds() -> None:
    text = text_of(html_of(lay_out_bill_of_lading(replace(BILL_OF_LADING, weight_unit="lb"))))

    assert "SO-000917 42 840.8 Yes" in text
    assert "1 PLT 6 CTN 119.0 X Lamp oil 155250" in text
    assert "3 48 959.9 Grand total" in text


@pytest.mark.parametrize(
    ("terms", "ticked"),
    [
        ("prepaid", "× Prepaid Collect Third"),
        ("collect", "Prepaid × Collect Third"),
        ("third_party", "Collect × Third"),
    ],
)
def test_a_bill_of_lading_ticks_who_pays_the_freight(terms: Any, ticked: str) -> None:
    text = text_of(html_of(lay_out_bill_of_lading(replace(BILL_OF_LADING, freight_terms=terms))))

    assert ticked in text
    assert text.count("×") == 1


def test_a_bill_of_lading_without_a_pro_number_leaves_room_for_the_drivers_sticker() -> None:
    html = html_of(lay_out_bill_of_lading(replace(BILL_OF_LADING, pro_number="")))

    assert barcodes_in(html) == ["BOL-000311"]
    assert "PRO number" in html


# --- addresses, directions, bars ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "seen_from", "language", "lines"),
    [
        (LEEDS, "GB", "en", ("Throughline Trading Ltd", "1 Wharf Road", "Leeds", "LS1 4AP")),
        (LEEDS, "DE", "de", ("Throughline Trading Ltd", "1 Wharf Road", "Leeds", "LS1 4AP", "VEREINIGTES KÖNIGREICH")),
        (STUTTGART, "GB", "en", ("Anneliese Müller", "Königstraße 114", "70173 Stuttgart", "GERMANY")),
        (
            COLUMBUS,
            "GB",
            "en-gb",
            ("Bluebird Gifts Inc.", "Dock 4", "4200 Commerce Parkway", "Columbus, OH 43219", "UNITED STATES"),
        ),
        (
            replace(STUTTGART, country="XX"),
            "GB",
            "zz",
            ("Anneliese Müller", "Königstraße 114", "70173 Stuttgart", "XX"),
        ),
    ],
)
def test_an_address_is_written_as_its_country_writes_it(party: Party, seen_from: str, language: str, lines: tuple[str, ...]) -> None:
    assert address_lines(party, seen_from=seen_from, language=language) == lines


def test_words_that_run_the_other_way_are_kept_apart() -> None:
    with translation.override("en"):
        assert isolated("7 Mill Lane, (rear)") == "7 Mill Lane, (rear)"
        assert isolated("فاطمة") == "\u2068فاطمة\u2069"
    with translation.override("ar"):
        assert isolated("+44 1904 551550") == "\u2068+44 1904 551550\u2069"
        assert isolated("") == ""


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_whatever_is_drawn_as_a_barcode_can_be_read_again(text: str) -> None:
    assert read_code128(bars(text)[1]) == text
