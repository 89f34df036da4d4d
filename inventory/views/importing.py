"""SKUs from a file: first what would become of each row, then all of it or nothing."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from inventory.importing.reading import COLUMNS, MOST_BYTES
from inventory.importing.writing import import_skus
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid


@staff_may("inventory.add_sku")
def importing(request: HttpRequest) -> HttpResponse:
    """Show the form; check a file, or import it. The same file again changes nothing, so a double click does no harm."""
    context = {"columns": list(COLUMNS), "most_megabytes": MOST_BYTES // 1_000_000}
    if request.method != "POST":
        return render(request, "inventory/import.html", context)
    try:
        file = request.FILES.get("file")
        if file is None:
            raise Invalid(_("Choose a file."), pointer="/file")
        report = import_skus(cast(BinaryIO, file.file), actor=actor_of(request.user), dry_run=request.POST.get("action") != "import")
        context |= {"report": report, "name": file.name}
        status = 422 if report.refused else 200
        if report.is_written and not request.htmx:  # type: ignore[attr-defined]
            messages.success(request, _("%(new)d added, %(changed)d changed.") % {"new": report.new, "changed": report.changed})
            return redirect("stock")
    except BusinessError as error:
        context, status = context | {"error": error}, error.status
    return render(request, "inventory/_import_report.html" if request.htmx else "inventory/import.html", context, status=status)  # type: ignore[attr-defined]
