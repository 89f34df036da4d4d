"""The ways to reach a customer, beside the number and e-mail on their own row."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.customers import Customer
from customers.models.kept_keys import found_by


class Telephone(models.Model):
    """A further telephone number of a customer. The main one is on the customer's row."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="telephones")
    number = models.CharField(max_length=20, help_text=_("E.164: +441134960000"))
    label = models.CharField(max_length=40, blank=True, help_text=_("mobile, office, goods in"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=r"^\+[0-9]{5,18}$"), name="telephone_e164"),
            models.UniqueConstraint(fields=["customer", "number"], name="telephone_once_a_customer"),
        ]
        triggers = found_by("number", "customer")

    def __str__(self) -> str:
        return self.number


class Email(models.Model):
    """A further e-mail address of a customer. The main one is on the customer's row."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="emails")
    address = models.EmailField(max_length=254)
    label = models.CharField(max_length=40, blank=True, help_text=_("invoices, orders"))

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("customer", models.functions.Lower("address"), name="email_once_a_customer")]
        triggers = found_by("address", "customer")

    def __str__(self) -> str:
        return self.address
