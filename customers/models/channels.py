import hashlib
import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.states import ChannelKind, InvoicePolicy, ShipPolicy


class Channel(models.Model):
    """A door that orders come in through, and what is agreed for whoever comes through it."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=ChannelKind)
    currency = models.CharField(max_length=3, default="GBP")
    prices_include_tax = models.BooleanField(default=False)
    invoice_policy = models.CharField(max_length=20, choices=InvoicePolicy, default=InvoicePolicy.ON_ALLOCATION)
    ship_policy = models.CharField(max_length=20, choices=ShipPolicy, default=ShipPolicy.ON_TERMS)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    ORDERS_READ = "orders:read", _("Read orders")
    ORDERS_WRITE = "orders:write", _("Place and cancel orders")
    PAYMENTS_WRITE = "payments:write", _("Record payments that the storefront has taken")
    STOCK_READ = "stock:read", _("Read stock")
    STOCK_WRITE = "stock:write", _("Move, count and correct stock")
    PURCHASING_READ = "purchasing:read", _("Read vendors, needs and purchase orders")
    PURCHASING_WRITE = "purchasing:write", _("Buy and receive")
    SOURCING_WRITE = "sourcing:write", _("Choose how orders are filled, and who first")
    BILLS_RELEASE = "bills:release", _("Release vendors' bills that differ")
    CUSTOMERS_READ = "customers:read", _("Read customers")
    CUSTOMERS_WRITE = "customers:write", _("Add and change customers")
    CUSTOMERS_TERMS = "customers:terms", _("Change payment terms and credit limits")
    CUSTOMERS_NOTES = "customers:notes", _("Read and write what colleagues should know of customers")


class ApiKey(models.Model):
    """A storefront's key. Only its SHA-256 is kept: the key itself is shown once, when it is issued.

    A key is 256 random bits, so a fast hash is enough (there is nothing to guess).
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["channel", "name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(cls, *, channel: Channel, name: str, scopes: list[str]) -> tuple["ApiKey", str]:
        """Make a key and give it with its one readable form, `tl_PREFIX_SECRET`."""
        prefix = secrets.token_hex(6)
        readable = f"tl_{prefix}_{secrets.token_urlsafe(32)}"
        key = cls.objects.create(channel=channel, name=name, prefix=prefix, sha256=cls.digest(readable), scopes=scopes)
        return key, readable

    @staticmethod
    def digest(readable: str) -> str:
        return hashlib.sha256(readable.encode()).hexdigest()

    @property
    def is_live(self) -> bool:
        """Say whether the key opens anything now."""
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired and self.channel.is_active
