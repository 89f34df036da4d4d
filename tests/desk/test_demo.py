"""The demo: an empty database becomes a house in which every page has something to show."""

import random
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Q
from stdnum import ean

from accounting.models import DrawerSession, Invoice, VendorBill
from customers.models import Channel, Customer
from inventory.models import Count, PurchaseNeed, Shortfall, Sku, Transfer, Warehouse
from oms.core.models import Message, Trouble, User
from oms.desk.demo import house
from oms.desk.demo.trade import ORDERS
from orders.models import Draft, Hold, LostSale, Order, PromotionRedemption, Quotation, StandingOrder, TaxRate
from shipping.models import Shipment


def test_the_demo_shows_every_state_and_refuses_to_be_run_again(db, monkeypatch, capsys, prove):
    monkeypatch.setenv("DEMO_PASSWORD", "for-the-demo")

    call_command("demo")

    said = capsys.readouterr().out
    assert "API key" in said
    assert "for-the-demo" not in said
    states = {"placed", "allocated", "backordered", "fulfilling", "shipped", "delivered", "completed", "cancelled"}
    assert set(Order.objects.values_list("state", flat=True)) == states
    assert set(Shipment.objects.values_list("state", flat=True)) >= {"planned", "picking", "booked", "dispatched", "delivered"}
    assert set(Invoice.objects.values_list("kind", flat=True)) == {"invoice", "credit_note"}
    assert set(Hold.objects.filter(released_at=None).values_list("kind", flat=True)) >= {"credit", "manual", "price"}
    assert PromotionRedemption.objects.filter(code__code="AUTUMN5").exists()
    assert PurchaseNeed.objects.exists()
    assert Sku.objects.get(is_kit=True).code == "TEA-SET"
    assert set(Sku.objects.values_list("abc_class", flat=True)) == {"A", "B", "C"}
    assert Sku.objects.filter(is_active=False, levels__on_hand__gt=0).exists()
    assert set(Transfer.objects.values_list("state", flat=True)) >= {"draft", "sent", "partly_received"}
    assert set(Count.objects.values_list("state", flat=True)) == {"open", "posted"}
    assert set(Quotation.objects.values_list("state", flat=True)) == {"open", "accepted"}
    assert sorted(DrawerSession.objects.values_list("state", "difference")) == [("closed", Decimal("-0.40")), ("open", None)]
    assert sorted(Draft.objects.values_list("state", flat=True)) == ["abandoned", "open", "parked", "parked"]
    assert LostSale.objects.get().reason == "stock"
    assert set(StandingOrder.objects.values_list("state", flat=True)) == {"active", "paused"}
    assert Shortfall.objects.filter(settled_at=None).exists()
    assert set(VendorBill.objects.values_list("state", flat=True)) == {"posted", "held"}
    assert not Message.objects.filter(state="sent").exists()
    assert not Trouble.objects.exists()
    prove()

    with pytest.raises(CommandError, match="empty database only"):
        call_command("demo")
    call_command("demo", if_empty=True)
    assert Order.objects.count() > ORDERS


def test_the_demos_people_log_in_and_one_alone_stands_above_the_roles(db):
    house.hire("for-the-demo")

    people = list(User.objects.order_by("username"))
    assert [person.username for person in people] == ["accountant", "administrator", "clerk", "manager", "warehouse"]
    assert all(person.check_password("for-the-demo") for person in people)
    assert [person.username for person in people if person.is_superuser] == ["administrator"]


def test_the_demo_rings_at_nobodys_and_its_goods_can_be_scanned_and_packed(db):
    dice = random.Random(1)
    channels = house.open_channels()
    warehouses = house.open_warehouses()

    house.set_taxes()
    house.know_customers(channels, dice)
    house.fill_shelves(warehouses, dice)

    phones = [*Customer.objects.values_list("phone", flat=True), *Warehouse.objects.stocking().values_list("phone", flat=True)]
    assert [phone for phone in phones if not phone.startswith(FICTION)] == []
    assert all(ean.is_valid(code) and len(code) == 13 for code in Sku.objects.values_list("barcode", flat=True))
    assert not Sku.objects.filter(Q(weight_grams=0) | Q(length_mm=0) | Q(width_mm=0) | Q(height_mm=0)).exists()
    assert Channel.objects.values("invoice_policy", "ship_policy").distinct().count() == 4
    assert set(Customer.objects.values_list("language", flat=True)) == {"en", "de", "ar"}
    assert TaxRate.objects.filter(rate=0, zone__areas__country="GB").exists()


# What Ofcom and the Bundesnetzagentur keep free for fiction.
FICTION = (
    *("+44113496", "+44114496", "+44115496", "+44116496", "+44117496", "+44118496", "+44121496", "+44131496", "+44161496", "+44191498"),
    *("+442079460", "+442920180", "+441632960", "+447700900"),
    *("+493023125", "+496990009", "+494066969", "+492214710", "+498999998"),
)
