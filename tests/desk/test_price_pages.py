"""The prices page, the order's page with what is off, and prices in the admin."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import CustomerGroup
from inventory.models import Price, PriceList
from oms.core.models import Event, User
from oms.core.wording import worded
from orders.models import DiscountLimit, Hold, Order, PriceAssignment, Promotion, PromotionCode, TaxRate, TaxZone
from orders.placing import LineDraft, place_order
from tests import cast

PAGE = "/orders/prices/"


@pytest.fixture
def clerk(house):
    client = Client()
    client.force_login(cast.person("clerk", "clerk"))
    return client


@pytest.fixture
def manager(house):
    user = cast.person("manager", "manager")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(user)
    return client


def text_of(page):
    return page.content.decode()


def test_a_basket_is_tried_with_the_reason_of_every_price_and_nothing_is_kept(house, clerk):
    Promotion.objects.create(name="Spring", kind="percent", percent=10)
    Promotion.objects.create(name="Big", kind="amount", amount=50, minimum=1000)
    DiscountLimit.objects.create(group=Group.objects.get(name="clerk"), percent=5)

    page = clerk.get(PAGE, {"lines": "12 mug\nLAMP -10%", "customer": house.anna.number, "codes": "nope", "carriage": "4,99"})

    said = text_of(page)
    assert page.status_code == 200
    assert "List price; Spring: −5.94" in said
    assert "List price; 10% off by clerk: −2.90; Spring: −2.61" in said
    assert "There is no promotion code NOPE." in said
    assert "Big needs 914.50 GBP more." in said
    assert "clerk gives 10% off LAMP and may give 5%" in said
    assert "£98.33" in said
    assert not Order.objects.exists()
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"lines": "12 NOPE"}, "There is no SKU NOPE."),
        ({"lines": "twelve blue mugs"}, "is no line"),
        ({"lines": "2 MUG", "customer": "C-999999"}, "There is no customer C-999999."),
        ({"lines": "2 MUG", "channel": "fax"}, "There is no such channel"),
        ({"lines": "2 MUG", "country": "GBR"}, "two letters"),
        ({"lines": "2 MUG", "carriage": "NaN"}, "is no amount"),
        ({"lines": "\n".join(["MUG"] * 101)}, "at most 100 lines"),
    ],
)
def test_what_cannot_be_tried_is_shown_as_typed_with_the_reason(house, clerk, typed, says):
    page = clerk.get(PAGE, typed)

    assert page.status_code == 422
    assert says in text_of(page)
    assert typed["lines"].splitlines()[0] in text_of(page)


def test_lists_and_promotions_are_shown_with_for_whom_and_how_far(house, clerk, manager):
    trade = CustomerGroup.objects.create(code="trade", name="Trade")
    for name, whose in (("Trade list", {"group": trade}), ("Field", {"customer": house.anna}), ("Web list", {"channel": house.web})):
        made = PriceList.objects.create(name=name)
        Price.objects.create(sku=house.mug, price_list=made, unit_price=4)
        PriceAssignment.objects.create(price_list=made, **whose)
    spring = Promotion.objects.create(name="Spring", kind="percent", percent=10, needs_code=True, budget=100, most_per_customer=1)
    PromotionCode.objects.create(promotion=spring, code="SPRING")
    house.place(("LAMP", 2), codes=["SPRING"])

    for client, may_change in ((clerk, False), (manager, True)):
        said = text_of(client.get(PAGE))
        assert all(
            words in said
            for words in ("customers of Trade", "Anna Field, by contract", "channel Web", "10% off", "once for each customer, code SPRING", "5.80")
        )
        assert ("/admin/orders/promotion/" in said) is may_change


def test_the_page_takes_as_many_queries_for_thirty_lists_as_for_one(house, clerk):
    counts = []
    for start, end in ((0, 1), (1, 30)):
        for i in range(start, end):
            made = PriceList.objects.create(name=f"List {i}")
            PriceAssignment.objects.create(price_list=made, customer=house.anna)
            promotion = Promotion.objects.create(name=f"P {i}", kind="percent", percent=1, is_for_all_goods=False)
            promotion.skus.add(house.mug)
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(PAGE, {"lines": "2 MUG\n1 LAMP", "customer": house.anna.number}).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 19


def test_the_order_s_page_takes_a_kit_s_parts_for_its_cost(house, manager):
    cast.kit(house, "TEASET", MUG=2, LAMP=1)
    order = house.place(("TEASET", 1))

    assert ">14.80<" in text_of(manager.get(f"/orders/{order.number}/"))


def test_the_order_s_page_says_why_and_only_who_may_sees_what_is_earned(house, clerk, manager):
    Promotion.objects.create(name="Spring", kind="percent", percent=10)
    order = house.place(("MUG", 10))

    for client, sees in ((clerk, False), (manager, True)):
        said = text_of(client.get(f"/orders/{order.number}/"))
        assert "List price; Spring: −4.95" in said
        assert ("Margin" in said and "23.55" in said) is sees


def test_a_price_is_agreed_to_on_the_order_s_page_by_who_may(house, clerk, manager):
    draft = house.draft()
    order = place_order(
        type(draft)(house.phone, house.anna.pk, [LineDraft("MUG", 10, discount_percent=Decimal(50))]),
        actor="user:clerk",
    )
    hold = Hold.objects.get(order=order)

    assert clerk.post(f"/orders/holds/{hold.pk}/release").status_code == 403
    assert "gives 50% off MUG" in text_of(manager.get(f"/orders/{order.number}/"))
    assert manager.post(f"/orders/holds/{hold.pk}/release").status_code == 302
    assert Order.objects.get().open_holds == 0


def test_who_has_given_a_price_does_not_agree_to_it_though_they_may_for_others(house, manager):
    place_order(
        type(house.draft())(house.phone, house.anna.pk, [LineDraft("MUG", 10, discount_percent=Decimal(50))]),
        actor="user:manager",
    )

    answer = manager.post(f"/orders/holds/{Hold.objects.get().pk}/release")

    assert answer.status_code == 403
    assert "a second person must agree" in text_of(answer)
    assert Order.objects.get().open_holds == 1


# --- the admin ---


def promotion_fields(**changes):
    fields = {"name": "Spring", "is_active": "on", "kind": "percent", "percent": "10", "amount": "0", "buy": "0", "get": "0", "minimum": "0"}
    fields |= {"is_for_all_goods": "on", "priority": "5", "valid_on_0": "", "valid_on_1": "", "needs_code": "on", "budget": "100"}
    fields |= {"codes-TOTAL_FORMS": "1", "codes-INITIAL_FORMS": "0", "codes-0-code": "spring", "codes-0-most_uses": "3"}
    return fields | changes


def test_a_manager_makes_a_promotion_with_a_code_in_the_admin(house, manager):
    answer = manager.post("/admin/orders/promotion/add/", promotion_fields())

    assert answer.status_code == 302, text_of(answer)
    assert PromotionCode.objects.get().code == "SPRING"
    assert house.place(("MUG", 10), codes=["spring"]).discount_total == Decimal("4.95")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"percent": "0"}, "How many percent off?"),
        ({"kind": "amount"}, "Which amount off?"),
        ({"kind": "free_units", "get": "1"}, "How many must be bought?"),
        ({"percent": "101"}, "promotion_percent_a_percentage"),
    ],
)
def test_a_promotion_that_gives_nothing_is_refused_with_a_question(house, manager, changes, says):
    answer = manager.post("/admin/orders/promotion/add/", promotion_fields(**changes))

    assert answer.status_code == 200
    assert says in text_of(answer)
    assert not Promotion.objects.exists()


def test_a_budget_is_not_made_less_than_what_is_taken_in_the_admin_and_a_change_is_told(house, manager):
    bounded = Promotion.objects.create(name="Spring", kind="percent", percent=10, budget=100)
    address = f"/admin/orders/promotion/{bounded.pk}/change/"
    house.place(("MUG", 10))

    page = manager.post(address, promotion_fields(budget="1", needs_code="") | {"codes-TOTAL_FORMS": "0"})
    assert "Orders have taken 4.95 of it already" in text_of(page)
    assert manager.post(address, promotion_fields(budget="9", needs_code="") | {"codes-TOTAL_FORMS": "0"}).status_code == 302

    assert Promotion.objects.get().used_amount == Decimal("4.95")
    assert worded(Event.objects.get(kind="promotion.changed")) == "Spring changed: Budget: 100.0000 → 9"


def test_a_promotion_s_page_shows_who_had_it_and_lets_a_manager_change_its_budget_and_end(house, clerk, manager):
    spring = Promotion.objects.create(name="Spring", kind="percent", percent=10, budget=100)
    order = house.place(("MUG", 10))
    address = f"/orders/prices/promotions/{spring.pk}/"

    assert f'href="{address}"' in text_of(clerk.get(PAGE))
    said = text_of(clerk.get(address))
    assert all(words in said for words in ("10% off", order.number, "Anna Field", "4.95", "£95.05", "Nothing has happened yet."))
    assert "last_on" not in said

    refused = manager.post(f"{address}change", {"budget": "4", "last_on": "2030-01-31"})
    assert (refused.status_code, Promotion.objects.get().budget) == (422, 100)
    assert "Orders have taken 4.95 of it already" in text_of(refused)
    assert 'value="2030-01-31"' in text_of(refused)
    for typed, says in (({"budget": "x"}, "is no amount"), ({"last_on": "soon"}, "is not a date")):
        assert says in text_of(manager.post(f"{address}change", typed))

    changed = manager.post(f"{address}change", {"budget": "50", "last_on": "2030-01-31"}, follow=True)
    assert changed.redirect_chain == [(address, 302)]
    assert "budget 100.00 → 50.00; until none → 2030-01-31" in text_of(changed)
    assert "manager" in text_of(changed)
    assert manager.post("/orders/prices/promotions/999999/change", {}).status_code == 404


def test_a_promotion_s_page_takes_as_many_queries_for_twenty_orders_as_for_one(house, clerk):
    spring = Promotion.objects.create(name="Spring", kind="percent", percent=10)
    counts = []
    for units in (1, 20):
        for _ in range(units):
            house.place(("MUG", 1))
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(f"/orders/prices/promotions/{spring.pk}/").status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_two_prices_or_tax_rates_for_the_same_day_are_refused_in_the_admin_with_a_sentence(house, manager):
    page = manager.post(
        "/admin/inventory/price/add/",
        {"sku": house.mug.pk, "currency": "GBP", "from_quantity": "1", "unit_price": "3", "valid_on_0": "2026-01-01", "valid_on_1": ""},
    )
    zone = TaxZone.objects.get(name="GB")
    area, rate = zone.areas.get(), zone.rates.get()
    fields = {"name": "GB", "areas-TOTAL_FORMS": "1", "areas-INITIAL_FORMS": "1", "rates-TOTAL_FORMS": "2", "rates-INITIAL_FORMS": "1"}
    fields |= {"areas-0-id": area.pk, "areas-0-zone": zone.pk, "areas-0-country": "GB", "areas-0-postcode_prefix": ""}
    fields |= {"rates-0-id": rate.pk, "rates-0-zone": zone.pk, "rates-0-category": "standard", "rates-0-name": "VAT 20%", "rates-0-rate": "0.2"}
    fields |= {"rates-0-valid_on_0": "2011-01-04", "rates-0-valid_on_1": "", "rates-1-category": "standard", "rates-1-name": "VAT 1%"}
    fields |= {"rates-1-zone": zone.pk, "rates-1-rate": "0.01", "rates-1-valid_on_0": "2026-01-01", "rates-1-valid_on_1": ""}
    taxes = manager.post(f"/admin/orders/taxzone/{zone.pk}/change/", fields)

    assert (page.status_code, Price.objects.filter(sku=house.mug).count()) == (200, 1)
    assert "is violated" in text_of(page)
    assert (taxes.status_code, TaxRate.objects.filter(zone=zone).count()) == (200, 1)
    assert "holds on these days already" in text_of(taxes)


@pytest.mark.parametrize(
    "page", ["inventory/pricelist", "inventory/price", "orders/promotion", "orders/taxzone", "orders/discountlimit", "orders/marginfloor"]
)
def test_managers_keep_prices_and_taxes_in_the_admin_and_clerks_do_not(house, manager, clerk, page):
    Promotion.objects.create(name="Spring", kind="percent", percent=10)

    assert manager.get(f"/admin/{page}/").status_code == 200
    assert manager.get(f"/admin/{page}/add/").status_code == 200
    assert clerk.get(f"/admin/{page}/").status_code == 302
