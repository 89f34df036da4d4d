from customers.models.blocklist import BlockedKey
from customers.models.channels import ApiKey, Channel, Scope
from customers.models.customers import Address, Contact, Customer

__all__ = ["Address", "ApiKey", "BlockedKey", "Channel", "Contact", "Customer", "Scope"]
