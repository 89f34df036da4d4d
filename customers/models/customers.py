from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models.channels import Channel
from customers.models.groups import CustomerGroup
from customers.models.kept_keys import found_by
from customers.states import CustomerKind, InvoicePolicy, PaymentMethod, ShipPolicy
from oms.core.readable import human_number


class CustomerQuerySet(models.QuerySet["Customer"]):
    def known_to(self, channel: Channel | None) -> "CustomerQuerySet":
        """Those a storefront of `channel` may see: its own. The desk (None) sees all."""
        return self if channel is None else self.filter(channel=channel)


class Customer(models.Model):
    """Who buys: a person or a company, with what is agreed and, kept on the row, what they have bought and owe.

    `open_balance` is told by accounting, `orders_count` to `last_order_at` by orders; nobody else writes them.
    """

    NUMBER_PREFIX = "C"

    kind = models.CharField(max_length=10, choices=CustomerKind, default=CustomerKind.PERSON)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text=_("E.164: +441134960000"))
    language = models.CharField(max_length=10, default="en")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="customers")
    external_reference = models.CharField(max_length=100, blank=True)
    vat_number = models.CharField(max_length=30, blank=True)
    group = models.ForeignKey(CustomerGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="customers")
    tags = models.JSONField(default=list, blank=True, help_text=_("Words that lists are filtered by"))
    note = models.TextField(blank=True)
    is_blocked = models.BooleanField(default=False)
    is_do_not_call = models.BooleanField(default=False)
    preferred_carrier = models.CharField(max_length=30, blank=True, help_text=_("A carrier's code"))
    delivery_window = models.CharField(max_length=60, blank=True, help_text=_("weekdays before 10, not on Fridays"))
    tax_exemption = models.CharField(max_length=100, blank=True, help_text=_("The certificate that frees deliveries to them of tax"))

    currency = models.CharField(max_length=3, default="GBP")
    payment_method = models.CharField(max_length=20, choices=PaymentMethod, default=PaymentMethod.BANK_TRANSFER)
    invoice_policy = models.CharField(max_length=20, choices=InvoicePolicy, blank=True)
    ship_policy = models.CharField(max_length=20, choices=ShipPolicy, blank=True)
    terms_days = models.PositiveSmallIntegerField(default=30)
    credit_limit = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    terms_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepts_part_deliveries = models.BooleanField(default=True)

    open_balance = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    orders_count = models.PositiveIntegerField(default=0)
    orders_total = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    first_order_at = models.DateTimeField(null=True, blank=True)
    last_order_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="customer_named"),
            models.CheckConstraint(condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0), name="credit_not_negative"),
            models.CheckConstraint(condition=Q(phone="") | Q(phone__regex=r"^\+[0-9]{5,18}$"), name="customer_phone_e164"),
            models.UniqueConstraint(
                fields=["channel", "external_reference"],
                condition=~Q(external_reference=""),
                name="customer_reference_once",
            ),
        ]
        indexes = [
            models.Index(F("last_order_at").desc(nulls_last=True), F("id").desc(), name="customer_recent"),
            models.Index(fields=["vat_number"], name="customer_vat_number", condition=~Q(vat_number="")),
        ]
        triggers = found_by("name", "phone", "email", "merged_into", customer="id")

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        return human_number(self.NUMBER_PREFIX, self.pk)

    @property
    def kept(self) -> "Customer":
        """Who stands for them: themselves, or whom they were merged into. No query for who was not."""
        customer: Customer = self
        while customer.merged_into is not None:
            customer = customer.merged_into
        return customer

    @property
    def credit_left(self):
        """What may still be bought on account, or None where there is no limit."""
        return None if self.credit_limit is None else self.credit_limit - self.open_balance


class Contact(models.Model):
    """Somebody to speak to at a customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=100, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text=_("E.164: +441134960000"))
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        triggers = found_by("name", "email", "phone", "customer")

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """An address of a customer. An order freezes its own copy of it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=200, blank=True)
    lines = models.TextField(help_text=_("Street and building, one line each"))
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="GB", help_text=_("ISO 3166-1 code of two letters"))
    is_billing = models.BooleanField(default=False)
    is_delivery = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(is_billing=True), name="one_billing_address"),
            models.UniqueConstraint(fields=["customer"], condition=Q(is_delivery=True), name="one_delivery_address"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="address_country"),
        ]
        triggers = found_by("postcode", "customer")

    def __str__(self) -> str:
        return ", ".join(filter(None, [*self.lines.splitlines(), self.postcode, self.city, self.country]))

    def frozen(self) -> dict[str, str]:
        """Give the copy that an order keeps."""
        return {
            "name": self.name or self.customer.name,
            "lines": self.lines,
            "city": self.city,
            "region": self.region,
            "postcode": self.postcode,
            "country": self.country,
        }
