"""Accounts and periods for managers; what is booked is only looked at."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import (
    Account,
    CashMovement,
    Checkout,
    DrawerSession,
    Invoice,
    JournalEntry,
    Payment,
    PaymentNotice,
    Period,
    Taking,
    Till,
    VendorBill,
)
from oms.core.admin import KeptAdmin, ReadOnlyAdmin


@admin.register(Account)
class AccountAdmin(KeptAdmin):
    list_display = ("code", "name", "kind", "role")
    readonly_fields = ("role",)


@admin.register(Period)
class PeriodAdmin(KeptAdmin):
    list_display = ("starts_on", "ends_on", "closed_at")
    readonly_fields = ("closed_at",)
    actions = ("close",)

    @admin.action(description=_("Close the chosen periods: nothing more is posted into them"), permissions=["change"])
    def close(self, request: HttpRequest, rows: Any) -> None:
        count = rows.filter(closed_at__isnull=True).update(closed_at=timezone.now())
        messages.success(request, _("%(count)d periods are closed.") % {"count": count})


@admin.register(Till)
class TillAdmin(KeptAdmin):
    list_display = ("name", "warehouse", "channel", "is_active")


admin.site.register([Invoice, Payment, JournalEntry, VendorBill, DrawerSession, Taking, CashMovement, Checkout, PaymentNotice], ReadOnlyAdmin)
