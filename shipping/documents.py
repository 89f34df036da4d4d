"""What the warehouse prints: pick list, packing slip, our own parcel label, bill of lading.

Each is a frozen dataclass of plain values and a function that lays it out: a template and its context, for
`oms.core.pdf.render_pdf(*sheet)`. Nothing here asks the database. The language is the one that is active: the
customer's for a packing slip, the house's for the rest.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from oms.core.addresses import country_name
from shipping.addresses import address_lines
from shipping.barcodes import code128_svg_within, qr_svg
from shipping.carriers.base import Party

GRAMS_PER_POUND = Decimal("453.59237")
BLANK_ORDERS, BLANK_GOODS = 4, 5  # a bill of lading has at least so many rows, for what is added by hand

ADDRESS_SIZES = ((13.5, 32, 6), (11.0, 38, 7), (9.0, 48, 9), (7.5, 56, 11))  # points, characters a line, lines


class Sheet(NamedTuple):
    """A template and its context, as `render_pdf` takes them."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PickLine:
    """`bin`: where it lies; empty where nobody knows. `barcode`: its digits, for comparing by eye."""

    bin: str = ""
    sku: str
    barcode: str = ""
    name: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class PickList:
    """`number`: of the shipment; a scan of it opens the packing page."""

    number: str
    order_number: str
    warehouse: str
    recipient: Party
    carrier: str = ""
    service: str = ""
    printed_at: datetime
    ship_by: date | None = None
    note: str = ""
    weight_grams: int = 0
    lines: tuple[PickLine, ...]


@dataclass(frozen=True, kw_only=True)
class PackingLine:
    """`shipped`: in this shipment. `to_follow`: open after it; what was shipped before is neither."""

    sku: str
    name: str
    ordered: int
    shipped: int
    to_follow: int = 0


@dataclass(frozen=True, kw_only=True)
class PackingSlip:
    """Goes into the parcel, so it has no prices. `order_url`: the customer's page, printed as a QR code."""

    number: str
    order_number: str
    ordered_on: date
    customer_reference: str = ""
    seller: Party
    recipient: Party
    carrier: str = ""
    tracking_number: str = ""
    packages: int = 1
    lines: tuple[PackingLine, ...]
    message: str = ""
    order_url: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnLabel:
    """The label of a carrier that makes none. One page for each of `weights_grams`."""

    number: str
    order_number: str
    tracking_number: str
    sender: Party
    recipient: Party
    carrier: str
    service: str = ""
    shipped_on: date
    weights_grams: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LadingOrder:
    """One of the customer's orders in a load."""

    order_number: str
    packages: int
    weight_grams: int
    is_palletised: bool = True
    info: str = ""


@dataclass(frozen=True, kw_only=True)
class LadingGoods:
    """One commodity in a load. `nmfc` and `freight_class`: of the National Motor Freight Classification."""

    handling_units: int
    handling_unit_type: str = "PLT"
    packages: int
    package_type: str = "CTN"
    weight_grams: int
    is_hazardous: bool = False
    description: str
    nmfc: str = ""
    freight_class: str = ""


@dataclass(frozen=True, kw_only=True)
class BillOfLading:
    """A straight bill of lading in the layout of VICS (GS1 US), for less-than-truckload freight.

    `bill_to`: who pays the freight, for the terms `third_party`. `declared_value` and `cod_amount` are in `currency`.
    """

    number: str
    issued_on: date
    ship_from: Party
    ship_to: Party
    bill_to: Party | None = None
    shipment_number: str = ""
    carrier: str
    scac: str = ""
    pro_number: str = ""
    trailer_number: str = ""
    seal_numbers: str = ""
    freight_terms: Literal["prepaid", "collect", "third_party"] = "prepaid"
    is_master: bool = False
    special_instructions: str = ""
    orders: tuple[LadingOrder, ...]
    goods: tuple[LadingGoods, ...]
    declared_value: Decimal | None = None
    cod_amount: Decimal | None = None
    cod_fee_terms: Literal["", "prepaid", "collect"] = ""
    currency: str = "USD"
    weight_unit: Literal["kg", "lb"] = "kg"
    paper: Literal["A4", "letter"] = "A4"

    @property
    def is_prepaid(self) -> bool:
        return self.freight_terms == "prepaid"

    @property
    def is_collect(self) -> bool:
        return self.freight_terms == "collect"

    @property
    def is_third_party(self) -> bool:
        return self.freight_terms == "third_party"

    @property
    def cod_fee_is_prepaid(self) -> bool:
        return self.cod_fee_terms == "prepaid"

    @property
    def cod_fee_is_collect(self) -> bool:
        return self.cod_fee_terms == "collect"


def lay_out_pick_list(pick_list: PickList) -> Sheet:
    """Lay out a pick list, A4, in the order of the walk: by bin, A-2 before A-10, what has no bin last."""
    context = {
        "list": pick_list,
        "lines": sorted(pick_list.lines, key=lambda line: (not line.bin, _in_walking_order(line.bin), line.sku)),
        "units": sum(line.quantity for line in pick_list.lines),
        "weight": _weight(pick_list.weight_grams, "kg"),
        "country": country_name(pick_list.recipient.country, get_language() or "en"),
        "barcode": _barcode(pick_list.number, width_mm=62, height_mm=13),
    }
    return Sheet("shipping/documents/pick_list.html", context)


def lay_out_packing_slip(slip: PackingSlip) -> Sheet:
    """Lay out a packing slip, A4."""
    context = {
        "slip": slip,
        "sender_lines": address_lines(slip.seller, seen_from=slip.recipient.country),
        "recipient_lines": address_lines(slip.recipient, seen_from=slip.seller.country),
        "units": sum(line.shipped for line in slip.lines),
        "more_follows": any(line.to_follow for line in slip.lines),
        "barcode": _barcode(slip.number, width_mm=62, height_mm=11),
        "qr": mark_safe(qr_svg(slip.order_url, size_mm=27)) if slip.order_url else "",
    }
    return Sheet("shipping/documents/packing_slip.html", context)


def lay_out_own_label(label: OwnLabel) -> Sheet:
    """Lay out a parcel label, 4 × 6 inches, one page a parcel."""
    recipient_lines = address_lines(label.recipient, seen_from=label.sender.country)
    context = {
        "label": label,
        "sender_lines": address_lines(label.sender, seen_from=label.recipient.country),
        "recipient_lines": recipient_lines,
        "recipient_size": _size_that_fits(recipient_lines),
        "depot": _depot(label.recipient),
        "weights": [_weight(grams, "kg") for grams in label.weights_grams],
        "barcode": _barcode(label.tracking_number, width_mm=98, height_mm=26),
    }
    return Sheet("shipping/documents/own_label.html", context)


def lay_out_bill_of_lading(bill: BillOfLading) -> Sheet:
    """Lay out a bill of lading. Totals are added up here, so that they are those of the rows above them."""
    context = {
        "bill": bill,
        "from_lines": address_lines(bill.ship_from, seen_from=""),
        "to_lines": address_lines(bill.ship_to, seen_from=""),
        "bill_to_lines": address_lines(bill.bill_to, seen_from="") if bill.bill_to else (),
        "orders": [(order, _weight(order.weight_grams, bill.weight_unit)) for order in bill.orders],
        "blank_orders": range(BLANK_ORDERS - len(bill.orders)),
        "order_packages": sum(order.packages for order in bill.orders),
        "orders_weight": _weight(sum(order.weight_grams for order in bill.orders), bill.weight_unit),
        "goods": [(goods, _weight(goods.weight_grams, bill.weight_unit)) for goods in bill.goods],
        "blank_goods": range(BLANK_GOODS - len(bill.goods)),
        "handling_units": sum(goods.handling_units for goods in bill.goods),
        "packages": sum(goods.packages for goods in bill.goods),
        "weight": _weight(sum(goods.weight_grams for goods in bill.goods), bill.weight_unit),
        "barcode": _barcode(bill.number, width_mm=76, height_mm=10),
        "pro_barcode": _barcode(bill.pro_number, width_mm=76, height_mm=10) if bill.pro_number else "",
    }
    return Sheet("shipping/documents/bill_of_lading.html", context)


def _barcode(text: str, *, width_mm: float, height_mm: float) -> SafeString:
    return mark_safe(code128_svg_within(text, width_mm=width_mm, height_mm=height_mm))  # numbers only: bars hold no text


def _weight(grams: int, unit: str) -> Decimal:
    return Decimal(grams) / (1000 if unit == "kg" else GRAMS_PER_POUND)


def _in_walking_order(bin_code: str) -> list[tuple[int, str]]:
    """Sort digits as numbers and the rest as text."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", bin_code)]


def _size_that_fits(lines: tuple[str, ...]) -> float:
    """Give the size in points at which an address fits its box on the label, long lines wrapped: as large as can be."""
    for size, width, height in ADDRESS_SIZES:
        if sum(math.ceil(len(line) / width) for line in lines) <= height:
            return size
    return ADDRESS_SIZES[-1][0]


def _depot(party: Party) -> str:
    """Give what a sorter reads first: the country and the postcode's part before the space, or the city."""
    return f"{party.country} {(party.postcode.split() or party.city.split() or [''])[0]}"
