"""What is known of the demo house's customers: their habits, how they are reached, what was noted and offered; and what the house looks twice at."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from customers.agreeing import add_note, add_payment_preference, note_consent
from customers.blocking import block
from customers.models import Channel, Customer
from customers.reaching import ContactDraft, add_email, add_telephone, save_contact
from customers.services import CustomerDraft, draft_of, register_customer
from customers.states import CustomerKind
from inventory.models import Sku
from orders.placing import ChargeDraft, LineDraft, OrderDraft
from orders.quotations import accept_quotation, make_quotation
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
    _know_them(companies, phone)
    _offer(companies, phone, skus)
    change_rules([RuleChange("first_order", True, amount=Decimal(1500)), RuleChange("unusual", True, count=4, factor=Decimal(6))], actor=MANAGER)


def _know_them(companies: list[Customer], phone: Channel) -> None:
    """Note what colleagues should know; register one of them a second time, as happens."""
    first, second, third = companies
    add_note(first.pk, "Always ask for their purchase order number. Deliveries to the back door, before noon.", is_pinned=True, actor=CLERK)
    add_note(first.pk, "Two mugs arrived broken; wants them with the next delivery.", kind="complaint", actor=CLERK)
    add_note(second.pk, "Asked about the autumn range: call back in October.", kind="call", actor=MANAGER)
    add_telephone(first.pk, "07700 900301", label="mobile", actor=CLERK)
    add_email(first.pk, "accounts@trade.example", label="invoices", actor=CLERK)
    save_contact(first.pk, ContactDraft("Maureen Tait", "Buyer", "m.tait@trade.example", "0131 496 0301", "Prefers e-mail"), actor=CLERK)
    add_payment_preference(first.pk, "account", actor=CLERK)
    add_payment_preference(first.pk, "card", token="tok_9f31c2", label="Visa, ends in 4242", actor=CLERK)
    note_consent(first.pk, "email", is_given=True, source="fair in Leeds", actor=CLERK)
    address = draft_of(third.addresses.get(is_delivery=True))
    register_customer(CustomerDraft(name=third.name.upper(), kind=third.kind, phone=third.phone, address=address), channel=phone, actor=CLERK)


def _offer(companies: list[Customer], phone: Channel, skus: list[Sku]) -> None:
    """Quote to all three; one has accepted."""
    drafts = [
        OrderDraft(
            channel=phone,
            customer_id=customer.pk,
            lines=[LineDraft(skus[10 + number].code, 24), LineDraft(skus[25 + number].code, 12)],
            charges=[ChargeDraft("Carriage", Decimal("9.50"))],
        )
        for number, customer in enumerate(companies)
    ]
    rows = [make_quotation(draft, days=days, actor=CLERK) for draft, days in zip(drafts, (14, 30, 3), strict=True)]
    accept_quotation(rows[1].pk, actor="customer")
