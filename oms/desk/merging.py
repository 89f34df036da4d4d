"""Customers who may be one: proposed, previewed, merged and parted again."""

from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

import accounting.keeping
import orders.keeping
from customers.duplicates import proposals, say_not_the_same
from customers.merging import merge_customers, preview_merge, undo_merge
from customers.models import Customer, CustomerMerge
from customers.views import row_or_404
from oms.core.access import actor_of, staff_may
from oms.core.readable import row_of

KEEPERS = (orders.keeping.KEEPER, accounting.keeping.KEEPER)


@staff_may("customers.merge_customers")
def duplicates(request: HttpRequest) -> HttpResponse:
    """Show who may be one and the same, the surest first, and what was merged lately."""
    merges = CustomerMerge.objects.select_related("kept", "gone")[:20]
    return render(request, "customers/duplicates.html", {"proposals": proposals(), "merges": merges})


@staff_may("customers.merge_customers")
def merge(request: HttpRequest) -> HttpResponse:
    """Show what merging two customers would move; POST merges them."""
    if request.method == "POST":
        kept, gone = _named(request.POST.get("kept", "")), _named(request.POST.get("gone", ""))
        merged = merge_customers(kept, gone, keepers=KEEPERS, actor=actor_of(request.user))
        messages.success(request, _("%(gone)s is now %(kept)s.") % {"gone": merged.gone.number, "kept": merged.kept.number})
        return redirect("customer", merged.kept.number)
    kept, gone = _named(request.GET.get("kept", "")), _named(request.GET.get("gone", ""))
    preview = preview_merge(kept, gone, keepers=KEEPERS)
    names = {table: apps.get_model(table)._meta.verbose_name_plural for table in preview.moves}
    rows = [(names[table], count, preview.stays[table]) for table, count in preview.moves.items() if count or preview.stays[table]]
    return render(request, "customers/merge.html", {"preview": preview, "rows": rows})


@require_POST
@staff_may("customers.merge_customers")
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a merge."""
    merged = undo_merge(pk, keepers=KEEPERS, actor=actor_of(request.user))
    messages.success(request, _("%(gone)s and %(kept)s are two again.") % {"gone": merged.gone.number, "kept": merged.kept.number})
    return redirect("customer", merged.gone.number)


@require_POST
@staff_may("customers.merge_customers")
def keep_apart(request: HttpRequest) -> HttpResponse:
    """Note that two customers are not one."""
    one, other = row_or_404(request.POST.get("one", "")), row_or_404(request.POST.get("other", ""))
    if one == other or Customer.objects.filter(pk__in=[one, other]).count() < 2:
        raise Http404
    say_not_the_same(one, other, actor=actor_of(request.user))
    return redirect("duplicates")


def _named(number: str) -> int:
    pk = row_of(number, Customer.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return pk
