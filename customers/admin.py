"""Customers and channels for managers. An API key is shown once, when it is issued."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Address, ApiKey, BlockedKey, Channel, Contact, Customer
from oms.core.admin import KeptAdmin, ReadOnlyAdmin


class ContactInline(admin.TabularInline):
    model = Contact
    extra = 0


class AddressInline(admin.StackedInline):
    model = Address
    extra = 0


@admin.register(Customer)
class CustomerAdmin(KeptAdmin):
    list_display = ("name", "kind", "email", "phone", "credit_limit", "open_balance", "is_blocked")
    search_fields = ("name", "email")
    list_filter = ("kind", "channel", "is_blocked")
    inlines = (ContactInline, AddressInline)
    # Terms are changed on the customer's page, with a reason that is kept.
    readonly_fields = ("terms_days", "credit_limit", "open_balance", "orders_count", "orders_total", "first_order_at", "last_order_at")
    show_full_result_count = False


@admin.register(Channel)
class ChannelAdmin(KeptAdmin):
    list_display = ("name", "code", "kind", "currency", "invoice_policy", "ship_policy", "is_active")


@admin.register(ApiKey)
class ApiKeyAdmin(KeptAdmin):
    list_display = ("name", "channel", "prefix", "expires_at", "revoked_at")
    fields = ("channel", "name", "scopes", "expires_at", "prefix", "revoked_at")
    readonly_fields = ("prefix", "revoked_at")
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Issue a new key and show it this once; of an old one only name, scopes and expiry change."""
        if change:
            obj.save(update_fields=["name", "scopes", "expires_at"])
            return
        key, readable = ApiKey.issue(channel=obj.channel, name=obj.name, scopes=obj.scopes)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=obj.expires_at)
        obj.__dict__.update(key.__dict__)
        messages.warning(request, _("The key, shown only now: %(key)s") % {"key": readable})

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, rows: Any) -> None:
        count = rows.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        messages.success(request, _("%(count)d keys are revoked.") % {"count": count})


admin.site.register(BlockedKey, ReadOnlyAdmin)
