"""The admin is for reference data. States, money and stock are only looked at: services change them."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from oms.core.models import Event, Message, NumberSeries, Proof, Trouble, User


class KeptAdmin(admin.ModelAdmin):
    """Reference data: added and changed, never deleted, because documents refer to it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(admin.ModelAdmin):
    """What services and stations write: to be looked at by who may, and changed by nobody here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Periods(BaseInlineFormSet):
    """Rows that each hold on the days of `valid_on`: of those that agree in `apart_by`, no two hold on the same day.

    The database refuses it too, but only after the form: all rows of one document are here to be looked at together.
    """

    apart_by: tuple[str, ...] = ()

    def clean(self) -> None:
        super().clean()
        seen: list[tuple[tuple[Any, ...], Any, Any]] = []
        for form in self.forms:
            fields = getattr(form, "cleaned_data", None)
            if not fields or fields.get("DELETE") or form.errors:
                continue
            period = fields.get("valid_on")
            key = tuple(fields.get(name) for name in self.apart_by)
            since = period.lower if period and period.lower else date.min
            until = period.upper if period and period.upper else date.max
            if any(other == key and since < ends and begins < until for other, begins, ends in seen):
                form.add_error("valid_on", _("Another row holds on these days already: end it on the day on which this one begins."))
            seen.append((key, since, until))


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People. Only an administrator makes them, and grants roles."""

    list_display = ("username", "first_name", "last_name", "is_active", "is_staff")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "Throughline"
admin.site.index_title = "Reference data"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "subject", "subject_id", "actor", "happened_at")
    list_filter = ("kind",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "recipient", "state", "created_at", "sent_at")


admin.site.register([Trouble, Proof, NumberSeries], ReadOnlyAdmin)
