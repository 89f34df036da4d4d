"""Tax by where goods go, what they are, when it is and who buys them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers.services import AddressDraft
from orders.models import TaxRate, TaxZone
from orders.placing import ChargeDraft, price_draft
from orders.pricing import NO_TAX, Tax, Zone, tax_on, zone_of
from tests import cast

SPAIN = Zone({"standard": Tax("IVA 21%", Decimal("0.21")), "books": Tax("IVA 4%", Decimal("0.04"))}, has_reverse_charge=True)
CANARIES = Zone({"standard": Tax("IGIC 7%", Decimal("0.07"))})
AREAS = {"ES": [("", SPAIN), ("35", CANARIES), ("38", CANARIES)]}


@pytest.mark.parametrize(
    ("country", "postcode", "zone"),
    [("ES", "28001", SPAIN), ("ES", "35001", CANARIES), ("ES", " 3 8001", CANARIES), ("ES", "", SPAIN), ("FR", "35000", None)],
)
def test_the_longest_beginning_of_a_postcode_decides(country, postcode, zone):
    assert zone_of(AREAS, country=country, postcode=postcode) is zone


def test_who_is_exempt_or_pays_the_tax_themselves_is_charged_none():
    said = {"is_exempt": False, "has_vat_number": False}

    assert tax_on(SPAIN, "books", **said) == Tax("IVA 4%", Decimal("0.04"))
    assert tax_on(SPAIN, "medicine", **said) == tax_on(None, "standard", **said) == NO_TAX
    assert tax_on(SPAIN, "standard", is_exempt=False, has_vat_number=True) == Tax("Reverse charge")
    assert tax_on(CANARIES, "standard", is_exempt=False, has_vat_number=True).rate == Decimal("0.07")
    assert tax_on(SPAIN, "standard", is_exempt=True, has_vat_number=True) == Tax("Exempt")


def taxed(house, **changes):
    draft = house.draft(("MUG", 10), charges=[ChargeDraft("Carriage", Decimal(10))], **changes)
    order = price_draft(draft)
    [line] = order.placed_lines
    return line.tax_name, line.tax, order.tax_total


def to(postcode, country="GB"):
    return AddressDraft(lines="1 High St", city="Town", postcode=postcode, country=country)


def test_a_part_of_a_country_may_have_taxes_of_its_own(house):
    cast.tax("GB", "Island 5%", "0.05", date(2020, 1, 1), prefix="JE")

    assert taxed(house, ship_to=to("LS1 1AA")) == ("VAT 20%", Decimal("9.90"), Decimal("11.90"))
    assert taxed(house, ship_to=to("je2 3ab")) == ("Island 5%", Decimal("2.48"), Decimal("2.98"))
    assert taxed(house, ship_to=to("10115", "DE"))[0] == "USt 19%"
    assert taxed(house, ship_to=to("", "SA")) == ("", 0, 0)


def test_a_rate_holds_on_its_days_and_two_never_hold_on_the_same(house):
    tomorrow = timezone.localdate() + timedelta(days=1)
    zone = TaxZone.objects.get(name="GB")
    TaxRate.objects.filter(zone=zone).update(valid_on=(None, tomorrow))
    TaxRate.objects.create(zone=zone, name="VAT 25%", rate=Decimal("0.25"), valid_on=(tomorrow, None))

    assert taxed(house)[0] == "VAT 20%"
    with pytest.raises(IntegrityError, match="one_tax_rate_a_day"), transaction.atomic():
        TaxRate.objects.create(zone=zone, name="VAT 1%", rate=Decimal("0.01"))


def test_an_exempt_customer_and_a_company_that_accounts_for_it_pay_no_tax(house):
    house.anna.vat_number = "DE136695976"
    house.anna.save()
    TaxZone.objects.filter(name="DE").update(has_reverse_charge=True)

    assert taxed(house, ship_to=to("10115", "DE")) == ("Reverse charge", 0, 0)
    assert taxed(house)[0] == "VAT 20%"

    house.anna.tax_exemption = "Certificate 7"
    house.anna.save()
    assert taxed(house) == ("Exempt", 0, 0)
