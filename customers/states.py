"""Words that channels and customers are described with."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ChannelKind(TextChoices):
    WEB = "web", _("Web")
    STORE = "store", _("Store")
    PHONE = "phone", _("Telephone")
    EDI = "edi", _("EDI")


class CustomerKind(TextChoices):
    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class InvoicePolicy(TextChoices):
    ON_ALLOCATION = "on_allocation", _("When its stock is reserved")
    ON_SHIPMENT = "on_shipment", _("When the goods leave")


class ShipPolicy(TextChoices):
    PREPAID = "prepaid", _("Paid first")
    ON_TERMS = "on_terms", _("On account")


class PaymentMethod(TextChoices):
    ACCOUNT = "account", _("On account")
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    CARD = "card", _("Card")
    CASH = "cash", _("Cash")
    CASH_ON_DELIVERY = "cash_on_delivery", _("Cash on delivery")
    PAYMENT_LINK = "payment_link", _("Payment link")


class BlockedKind(TextChoices):
    PHONE = "phone", _("Telephone number")
    EMAIL = "email", _("E-mail")
    ADDRESS = "address", _("Address")


class ConsentChannel(TextChoices):
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Telephone")
    SMS = "sms", _("Text message")
    POST = "post", _("Post")


class NoteKind(TextChoices):
    NOTE = "note", _("Note")
    CALL = "call", _("Call")
    COMPLAINT = "complaint", _("Complaint")
