from customers.models.channels import ApiKey, Channel, Scope
from customers.models.customers import Address, Contact, Customer

__all__ = ["Address", "ApiKey", "Channel", "Contact", "Customer", "Scope"]
