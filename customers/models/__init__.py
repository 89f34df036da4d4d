from customers.models.agreed import Consent, Note, PaymentPreference
from customers.models.blocklist import BlockedKey
from customers.models.channels import ApiKey, Channel, Scope
from customers.models.customers import Address, Contact, Customer
from customers.models.groups import CustomerGroup
from customers.models.merges import CustomerMerge, NotTheSame
from customers.models.searching import NameWord, SearchKey
from customers.models.ways import Email, Telephone

__all__ = [
    "Address",
    "ApiKey",
    "BlockedKey",
    "Channel",
    "Consent",
    "Contact",
    "Customer",
    "CustomerGroup",
    "CustomerMerge",
    "Email",
    "NameWord",
    "NotTheSame",
    "Note",
    "PaymentPreference",
    "Scope",
    "SearchKey",
    "Telephone",
]
