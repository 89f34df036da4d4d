"""SKUs from a file: first what would become of each row, then all of it or nothing. A station does it; its page shows how far it is."""

from typing import BinaryIO, cast

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from inventory.importing.reading import COLUMNS, MOST_BYTES
from inventory.importing.working import ask_for_import, import_checked, report_of
from inventory.models import SkuImport
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid

MOST_LISTED = 10


@staff_may("inventory.add_sku")
def importing(request: HttpRequest) -> HttpResponse:
    """Show the form and the last imports; take a file, to be checked or imported. The same file twice does no harm."""
    context = {
        "columns": list(COLUMNS),
        "most_bytes": MOST_BYTES,
        "most_megabytes": MOST_BYTES // 1_000_000,
        "imports": SkuImport.objects.defer("content")[:MOST_LISTED],
    }
    if request.method != "POST":
        return render(request, "inventory/import.html", context)
    try:
        file = request.FILES.get("file")
        if file is None:
            raise Invalid(_("Choose a file."), pointer="/file")
        asked = ask_for_import(
            cast(BinaryIO, file.file), name=file.name or "", dry_run=request.POST.get("action") != "import", actor=actor_of(request.user)
        )
    except BusinessError as error:
        return render(request, "inventory/import.html", context | {"error": error}, status=error.status)
    return redirect("sku_import", asked.pk)


@vary_on_headers("HX-Request", "HX-History-Restore-Request")
@staff_may("inventory.add_sku")
def sku_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far an import is, then what became of each row. To htmx the part that changes alone."""
    rows = SkuImport.objects.defer("content").annotate(has_file=Q(content__isnull=False))
    found = rows.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    is_part = bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    context = {"import": found, "report": report_of(found), "can_import": found.can_import and found.has_file}
    return render(request, "inventory/_sku_import.html" if is_part else "inventory/sku_import.html", context)


@require_POST
@staff_may("inventory.add_sku")
def import_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Import a file that was checked."""
    if pk >= 2**63:
        raise Http404
    return redirect("sku_import", import_checked(pk).pk)
