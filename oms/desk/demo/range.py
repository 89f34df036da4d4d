"""What stands beside the goods that everybody buys: a set made of others, something that hardly sells, and something that is no longer sold."""

from decimal import Decimal

from stdnum import ean

from inventory.adjusting import open_stock
from inventory.kits import define_kit
from inventory.models import Barcode, Price, Sku, Warehouse
from inventory.states import AbcClass

MANAGER = "user:manager"
# The dearest fifth is counted most often, the next three tenths now and then.
A_FROM, B_FROM = Decimal(30), Decimal(15)


def widen_range(warehouses: list[Warehouse]) -> None:
    """Add a tea set, a slow mover and a dead one with stock left; class the goods by what they sell for."""
    leeds, bremen = warehouses
    tea_set = Sku.objects.create(code="TEA-SET", name="Tea set for four, in a box", weight_grams=3830, length_mm=420, width_mm=320, height_mm=260)
    Price.objects.create(sku=tea_set, unit_price=Decimal("69.00"))
    define_kit(tea_set.pk, {"TEAPOT-1": 1, "MUG-BLUE": 4, "TRAY-OAK": 1}, actor=MANAGER)
    globe = _thing(95, "GLOBE-OAK", "Globe on an oak stand, 25 cm", "85.00", "41.00", 2300)
    calendar = _thing(96, "CALENDAR-25", "Wall calendar 2025, harbours", "12.00", "4.10", 310)
    calendar.is_active = False
    calendar.save(update_fields=["is_active"])
    open_stock([(globe.pk, leeds.pk, 9), (calendar.pk, leeds.pk, 34), (calendar.pk, bremen.pk, 12)], actor=MANAGER)
    Barcode.objects.create(code=_checked("1" + _gtin(97)[:-1]), sku=Sku.objects.get(code="MUG-BLUE"), units=6)
    for abc, least in ((AbcClass.B, B_FROM), (AbcClass.A, A_FROM)):
        Sku.objects.filter(prices__unit_price__gte=least, is_active=True).update(abc_class=abc)


def _thing(number: int, code: str, name: str, price: str, cost: str, grams: int) -> Sku:
    sku = Sku.objects.create(
        code=code, name=name, cost=Decimal(cost), weight_grams=grams, barcode=_gtin(number), length_mm=300, width_mm=260, height_mm=200
    )
    Price.objects.create(sku=sku, unit_price=Decimal(price))
    return sku


def _gtin(number: int) -> str:
    return _checked(f"50601234{number:04d}")


def _checked(digits: str) -> str:
    return digits + str(ean.calc_check_digit(digits))
