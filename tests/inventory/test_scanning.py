"""What a scan says: every way a code is written, and every way it can be no use."""

import biip
import pytest

from inventory.models import Barcode, VendorItem
from inventory.purchasing.ordering import order_from_vendor
from inventory.purchasing.scanning import AmbiguousCode, UnknownCode, identify, read_code
from oms.core.errors import Invalid


def checked(digits):
    return digits + str(biip.checksums.gs1_standard_check_digit(digits))


MUG = checked("506012340001")
LAMP = checked("03600029145")
BADGE = checked("9638507")
CASE = checked("1" + MUG[:12])
GS = "\x1d"


@pytest.fixture
def shop(house):
    """Mugs have an EAN-13 and come in cases of twelve with a GTIN-14 of their own, lamps a UPC-A, chairs a GTIN-8; the vendor calls mugs P-77."""
    for sku, code in ((house.mug, MUG), (house.lamp, LAMP), (house.chair, BADGE)):
        sku.barcode = code
        sku.save()
    Barcode.objects.create(code=CASE, sku=house.mug, units=12)
    VendorItem.objects.create(vendor=house.vendor, sku=house.mug, vendor_code="P-77")
    return house


@pytest.mark.parametrize(
    ("text", "sku", "units", "note"),
    [
        (MUG, "MUG", 1, ""),
        (f"]E0{MUG}", "MUG", 1, ""),
        ("0" + MUG, "MUG", 1, ""),
        (LAMP, "LAMP", 1, ""),
        ("0" + LAMP, "LAMP", 1, ""),
        ("00" + LAMP, "LAMP", 1, ""),
        (BADGE, "CHAIR", 1, ""),
        (f"]E4{BADGE}", "CHAIR", 1, ""),
        (BADGE.zfill(14), "CHAIR", 1, ""),
        (CASE, "MUG", 12, ""),
        ("mug", "MUG", 1, ""),
        ("  MUG\r\n", "MUG", 1, ""),
        ("P-77", "MUG", 1, ""),
        ("p-77", "MUG", 1, ""),
        (f"]C1010{MUG}", "MUG", 1, ""),
        (f"010{MUG}", "MUG", 1, ""),
        (f"]d2010{MUG}10A7", "MUG", 1, "batch A7"),
        (f"]C101{CASE}17270131", "MUG", 12, "expires 2027-01-31"),
        (f"]C101{CASE}10LOT-9{GS}17270200", "MUG", 12, "batch LOT-9, expires 2027-02-28"),
        (f"]C101{CASE}10LOT-9<GS>15270105", "MUG", 12, "batch LOT-9, best before 2027-01-05"),
        (f"]C1{GS}01{CASE}", "MUG", 12, ""),
        (f"]C1020{MUG}3748", "MUG", 48, ""),
        (f"]C102{CASE}374{GS}10B1", "MUG", 48, "batch B1"),
        (f"]C1020{MUG}37000006", "MUG", 6, ""),
        (f"]C1010{MUG}3030", "MUG", 30, ""),
        (f"]C101{CASE}305", "MUG", 5, ""),
        (f"(01)0{MUG}(10)LOT-9(17)270131", "MUG", 1, "batch LOT-9, expires 2027-01-31"),
        (f"(02){CASE}(37)2", "MUG", 24, ""),
    ],
)  # fmt: skip
def test_a_code_says_what_it_is_and_how_many(shop, text, sku, units, note):
    found = identify(text, vendor_id=shop.vendor.pk)

    assert (found.sku.code, found.units, found.note) == (sku, units, note)


@pytest.mark.parametrize("stored", [LAMP, "0" + LAMP, "00" + LAMP])
@pytest.mark.parametrize("scanned", [LAMP, "0" + LAMP, "00" + LAMP])
def test_leading_zeros_make_no_other_good(house, stored, scanned):
    house.lamp.barcode = stored
    house.lamp.save()

    assert identify(scanned).sku == house.lamp


def test_the_number_of_a_purchase_order_opens_it(shop):
    order = order_from_vendor(shop.vendor, shop.leeds, [(shop.mug, 1)], actor="user:manager")

    assert identify(order.number.lower()).purchase == order.number
    with pytest.raises(UnknownCode):
        identify("PO-99999")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (checked("590123412345"), "belongs to nothing here: type the SKU, and enter the code among its barcodes"),
        ("NOTHING", "belongs to nothing here"),
        (MUG[:-1] + str((int(MUG[-1]) + 1) % 10), "is no good reading: the check digit is wrong. Scan it again, or type the SKU"),
        (f"]C1010{MUG[:-1]}{(int(MUG[-1]) + 1) % 10}", "is no good reading: the check digit is wrong"),
        (checked("3" + MUG[:12]), "is a package of MUG, but nobody has said how many are inside"),
        ("(01)12", "is no good reading"),
        (f"(01)0{MUG}(17)271399", "is no good reading"),
        ("P-78", "belongs to nothing here"),
    ],
)  # fmt: skip
def test_a_code_that_belongs_to_nothing_says_what_to_do(shop, text, sentence):
    with pytest.raises(UnknownCode) as refused:
        identify(text)

    assert sentence in refused.value.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Scan or type a code first"),
        (" \r\n\x00\x1d ", "Scan or type a code first"),
        ("]C1", "The scanner read nothing"),
        ("9" * 101, "at most 100 characters"),
        ("]C100" + checked("34012345000000001"), "number of a pallet"),
        (f"]C1020{MUG}3799999999", "99999999 units, which cannot be"),
        (f"]C1020{MUG}370", "0 units, which cannot be"),
    ],
)  # fmt: skip
def test_what_is_no_code_of_goods_is_refused(shop, text, sentence):
    with pytest.raises(Invalid) as refused:
        identify(text)

    assert sentence in refused.value.sentence


def test_a_code_of_two_skus_is_for_somebody_to_choose(shop):
    Barcode.objects.create(code="0" + LAMP, sku=shop.chair)

    with pytest.raises(AmbiguousCode) as refused:
        identify(LAMP)

    assert refused.value.sentence == f"{LAMP} belongs to CHAIR and LAMP: choose which it is, and take the code from the others."
    assert [choice["sku"] for choice in refused.value.data["choices"]] == ["CHAIR", "LAMP"]
    assert identify(LAMP, choose="lamp").sku == shop.lamp
    assert identify(LAMP, choose="CHAIR").sku == shop.chair
    with pytest.raises(UnknownCode):
        identify(LAMP, choose="MUG")


def test_another_vendors_number_for_something_else_is_not_asked(shop):
    other = type(shop.vendor).objects.create(name="Lamps Ltd")
    VendorItem.objects.create(vendor=other, sku=shop.lamp, vendor_code="P-77")

    assert identify("P-77", vendor_id=shop.vendor.pk).sku == shop.mug
    assert identify("P-77", vendor_id=other.pk).sku == shop.lamp
    with pytest.raises(AmbiguousCode):
        identify("P-77")


@pytest.mark.parametrize(
    "text", ["]", "]C1", "]C101", "(", "(01)", "()", "01", "\u241d", "٣٤٥٦٧٨٩٠", "💡", "1e5", "-1", "]C1\x1d\x1d", "https://id.gs1.org/01/x"]
)
def test_no_reading_is_too_strange(db, text):
    try:
        identify(text)
    except (UnknownCode, Invalid) as error:
        assert error.sentence


def test_the_spellings_of_a_gtin_are_those_with_fewer_zeros():
    assert read_code(LAMP).spellings == ["00" + LAMP, "0" + LAMP, LAMP]
    assert read_code(BADGE).spellings == [BADGE.zfill(14), BADGE.zfill(13), BADGE.zfill(12), BADGE]
    assert read_code(CASE).spellings == [CASE]
    assert read_code("MUG").spellings == []
