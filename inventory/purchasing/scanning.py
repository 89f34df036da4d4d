"""What a scanned or typed code is: some units of a SKU, or a purchase order.

Read as GS1 General Specifications 24 has it: GTIN-8, -12, -13 and -14 are one number with more or fewer leading zeros; a GS1-128 or GS1 DataMatrix
says the good with (01), or with (02) and the count of it in the package with (37); (10) is the batch, (15) and (17) the day it is best before and
the day it expires, (30) a count of its own. `biip` takes the message apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import biip
from biip.gs1_messages import GS1Message
from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import Barcode, PurchaseOrder, Sku, VendorItem
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.readable import row_of

MOST_CHARACTERS = 100
MOST_UNITS = 1_000_000
# How scanners write the separator (FNC1 inside a message) where a keyboard has no key for it.
_SEPARATORS = re.compile("<GS>|\\{GS\\}|\u241d", re.IGNORECASE)
_READABLE = re.compile(r"^\(\d{2,4}\)")
_SYMBOLOGY = re.compile(r"^\][A-Za-z]\w")
# Everything but the separator that no code consists of.
_CONTROLS = re.compile("[\x00-\x1c\x1e\x1f\x7f]")


class UnknownCode(NotFound):
    """A code that belongs to nothing."""

    code = "unknown_code"


class AmbiguousCode(Conflict):
    """A code that belongs to several SKUs: somebody has to choose. `data["choices"]`: their codes and names."""

    code = "ambiguous_code"


@dataclass(frozen=True)
class Scan:
    """What a code says: `units` of a SKU, with `note` for what else stood on the package; or the purchase order `purchase`, by its number."""

    text: str
    sku: Sku | None = None
    units: int = 0
    note: str = ""
    purchase: str = ""


@dataclass(frozen=True)
class Reading:
    """A code taken apart. `gtin`: 14 digits, or nothing. `count`: how many of it. `is_count_of_units`: of units, whatever a package holds.

    `problem`: why it is no good reading, where it looks like one.
    """

    text: str
    gtin: str = ""
    count: int = 1
    is_count_of_units: bool = False
    batch: str = ""
    best_before: date | None = None
    expires_on: date | None = None
    problem: str = ""

    @property
    def spellings(self) -> list[str]:
        """Every way in which the GTIN may be written: a UPC-A of twelve digits is the EAN-13 with a zero before it."""
        return [self.gtin[14 - length :] for length in (14, 13, 12, 8) if self.gtin and not self.gtin[: 14 - length].strip("0")]

    @property
    def note(self) -> str:
        parts = []
        if self.batch:
            parts.append(_("batch %(batch)s") % {"batch": self.batch})
        if self.expires_on:
            parts.append(_("expires %(day)s") % {"day": self.expires_on.isoformat()})
        if self.best_before:
            parts.append(_("best before %(day)s") % {"day": self.best_before.isoformat()})
        return ", ".join(parts)


def read_code(text: str) -> Reading:
    """Take a code apart. Pure: nothing is looked up. Raises Invalid for nothing, too much, and a pallet that does not say what is on it."""
    text = _CONTROLS.sub("", _SEPARATORS.sub("\x1d", text)).strip().strip("\x1d").strip()
    if not text:
        raise Invalid(_("Scan or type a code first."), pointer="/code")
    if len(text) > MOST_CHARACTERS:
        raise Invalid(_("A code has at most %(most)d characters: scan one at a time.") % {"most": MOST_CHARACTERS}, pointer="/code")
    plain = _SYMBOLOGY.sub("", text).strip("\x1d")
    if not plain:
        raise Invalid(_("The scanner read nothing: scan it again."), pointer="/code")
    try:
        if _READABLE.match(plain):
            return _of_message(plain, GS1Message.parse_hri(plain))
        found = biip.parse(text)
    except (biip.BiipException, ValueError, IndexError) as error:  # biip 5.2 trips over a lone bracket
        return Reading(plain, problem=str(error).partition("\n")[0] if _READABLE.match(plain) else "")
    if found.gtin is not None and (found.gs1_message is None or (plain.isdigit() and len(plain) in (8, 12, 13, 14))):
        return Reading(plain, gtin=found.gtin.as_gtin_14())
    if found.gs1_message is not None and _says_what(found.gs1_message):
        return _of_message(plain, found.gs1_message)
    if found.upc is not None:
        return Reading(plain, gtin=found.upc.as_gtin_12().zfill(14))
    if found.sscc is not None and len(plain) in (18, 20):
        raise Invalid(_("That is the number of a pallet, which does not say what is on it: scan the goods, or the purchase order."), pointer="/code")
    is_digits = plain.isdigit() and plain.isascii() and len(plain) in (8, 12, 13, 14)
    return Reading(plain, problem=_("the check digit is wrong") if is_digits or "check digit" in (found.gs1_message_error or "") else "")


def identify(text: str, *, vendor_id: int | None = None, choose: str = "") -> Scan:
    """Say what a scanned or typed code is: a purchase order, or units of the SKU whose own code, barcode, package or vendor's code it is.

    `vendor_id`: the vendor whose goods are being taken in; codes of other vendors are not asked. `choose`: the SKU that somebody chose where
    several have the code. At most four queries. Raises UnknownCode, AmbiguousCode, Invalid.
    """
    reading = read_code(text)
    if (pk := row_of(reading.text, PurchaseOrder.NUMBER_PREFIX)) is not None:
        order = PurchaseOrder.objects.filter(pk=pk).first()
        if order is not None:
            return Scan(reading.text, purchase=order.number)
    found = _owners(reading, vendor_id)
    if choose:
        found = {sku: per for sku, per in found.items() if sku.code == choose.strip().upper()}
    if not found:
        raise _unknown(reading)
    if len(found) > 1:
        raise _ambiguous(reading, list(found))
    [(sku, per_package)] = found.items()
    units = reading.count if reading.is_count_of_units else reading.count * per_package
    if not 1 <= units <= MOST_UNITS:
        raise Invalid(_("The code says %(units)d units, which cannot be: type the number by hand.") % {"units": units}, pointer="/code")
    return Scan(reading.text, sku, units, reading.note)


def _says_what(message: GS1Message) -> bool:
    return any(element.ai.ai in ("01", "02") for element in message.element_strings)


def _of_message(text: str, message: GS1Message) -> Reading:
    """Read a GS1 message. The first of each element counts."""
    found: dict[str, Any] = {}
    for element in message.element_strings:
        found.setdefault(element.ai.ai, element)
    what = found.get("01") or found.get("02")
    if what is None:
        raise Invalid(_("That code does not say what the goods are: scan the one beside it, or type the SKU."), pointer="/code")
    if what.gtin is None:
        return Reading(text, problem=_("the check digit is wrong"))
    count, of_units = 1, False
    if "01" not in found and "37" in found:
        count = int(found["37"].value)
    elif "30" in found:
        count, of_units = int(found["30"].value), True
    return Reading(
        text,
        gtin=what.gtin.as_gtin_14(),
        count=count,
        is_count_of_units=of_units,
        batch=found["10"].value if "10" in found else "",
        best_before=found["15"].date if "15" in found else None,
        expires_on=found["17"].date if "17" in found else None,
    )


def _owners(reading: Reading, vendor_id: int | None) -> dict[Sku, int]:
    """Give the SKUs that have the code → units in the package with it. Three queries."""
    codes = [reading.text, *reading.spellings]
    found: dict[Sku, int] = dict.fromkeys(Sku.objects.filter(Q(code=reading.text.upper()) | Q(barcode__in=codes)), 1)
    for item in VendorItem.objects.filter(vendor_code__in=[reading.text, reading.text.upper()]).exclude(vendor_code="").select_related("sku"):
        if vendor_id is None or item.vendor_id == vendor_id:
            found.setdefault(item.sku, 1)
    for package in Barcode.objects.filter(code__in=codes).select_related("sku"):
        found[package.sku] = package.units
    return found


def _unknown(reading: Reading) -> UnknownCode:
    """Word that a code belongs to nothing, and what to do: read it again, or say how much is in the case."""
    shown = reading.text[:60].replace("\x1d", " ")
    if reading.problem:
        return UnknownCode(
            _("%(code)s is no good reading: %(problem)s. Scan it again, or type the SKU.") % {"code": shown, "problem": reading.problem},
            scanned=shown,
        )
    inner = _inner(reading)
    if inner is not None:
        return UnknownCode(
            _("%(code)s is a package of %(sku)s, but nobody has said how many are inside: enter the code among its barcodes, or type the SKU.")
            % {"code": shown, "sku": inner.code},
            scanned=shown,
            sku=inner.code,
        )
    return UnknownCode(
        _("%(code)s belongs to nothing here: type the SKU, and enter the code among its barcodes so that it is known the next time.")
        % {"code": shown},
        scanned=shown,
    )


def _inner(reading: Reading) -> Sku | None:
    """Give the SKU of which a GTIN-14 with a packaging level is a package: the same digits under another indicator and check digit."""
    if not reading.gtin or reading.gtin[0] in "09":
        return None
    body = "0" + reading.gtin[1:13]
    inner = body + str(biip.checksums.gs1_standard_check_digit(body))
    return Sku.objects.filter(barcode__in=Reading("", gtin=inner).spellings).first()


def _ambiguous(reading: Reading, skus: Sequence[Sku]) -> AmbiguousCode:
    skus = sorted(skus, key=lambda sku: sku.code)
    return AmbiguousCode(
        _("%(code)s belongs to %(skus)s: choose which it is, and take the code from the others.")
        % {"code": reading.text[:60].replace("\x1d", " "), "skus": _(" and ").join(sku.code for sku in skus)},
        scanned=reading.text[:60],
        choices=[{"sku": sku.code, "name": sku.name} for sku in skus],
    )
