"""What customers of the demo house have come to expect: standing orders, and what the house looks twice at."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from customers.blocking import block
from customers.models import Channel, Customer
from customers.states import CustomerKind
from inventory.models import Sku
from orders.screening_rules import RuleChange, change_rules
from orders.standing import StandingDraft, pause_standing_order, set_up_standing_order

CLERK, MANAGER = "user:clerk", "user:manager"


def keep_habits(phone: Channel, customers: list[Customer], skus: list[Sku]) -> None:
    """Have three companies order by themselves, one of them away at present; look twice at large first orders and unusual ones."""
    today = timezone.localdate()
    monday = today + timedelta(days=7 - today.weekday())
    companies = [customer for customer in customers if customer.kind == CustomerKind.COMPANY][:3]
    wanted = [
        StandingDraft({skus[3].code: 24, skus[7].code: 12, skus[12].code: 6}, monday, every=2, note="Back door, please ring twice."),
        StandingDraft({skus[20].code: 48}, today.replace(day=1) + timedelta(days=35), unit="month"),
        StandingDraft({skus[5].code: 12, skus[30].code: 6}, monday + timedelta(days=2)),
    ]
    rows = [set_up_standing_order(customer.pk, draft, channel=phone, actor=CLERK) for customer, draft in zip(companies, wanted, strict=True)]
    pause_standing_order(rows[-1].pk, actor=CLERK)
    block("email", typed="free.goods@mail.example", reason="Three chargebacks in spring", actor=MANAGER)
    change_rules([RuleChange("first_order", True, amount=Decimal(1500)), RuleChange("unusual", True, count=4, factor=Decimal(6))], actor=MANAGER)
