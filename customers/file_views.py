"""Customers from a file and into one: what becomes of each row is shown before any of it is written."""

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.importing.exporting import exportable, exported_rows, header_for
from customers.importing.reading import MOST_BYTES, MOST_ROWS
from customers.importing.writing import Report, check_customers, import_customers
from customers.looking_up import customers_meant
from customers.models import Customer
from oms.core.access import actor_of, may, staff_may
from oms.core.errors import BusinessError, Conflict, Invalid
from oms.core.events import fact, record
from oms.core.exports import MOST_IN_A_WORKBOOK, csv_response, workbook_response


@staff_may("customers.import_customers")
def importing(request: HttpRequest) -> HttpResponseBase:
    """Show the form; check a file, give the fate of every row of it, or import what was checked. A double click does no harm."""
    context: dict[str, Any] = {
        "columns": header_for(may_set_terms=_may_set_terms(request)),
        "most_megabytes": MOST_BYTES // 1_000_000,
        "most_rows": MOST_ROWS,
    }
    if request.method != "POST":
        return render(request, "customers/import.html", context)
    action, status = request.POST.get("action"), 200
    try:
        file = _file(request)
        if action == "fates":
            return _fates(check_customers(file, may_set_terms=_may_set_terms(request)))
        if action == "import":
            report = _imported(request, file)
            if report.is_written and not request.htmx:  # type: ignore[attr-defined]
                messages.success(request, _("%(new)d added, %(changed)d changed.") % {"new": report.new, "changed": report.changed})
                return redirect("customers")
            context["has_moved"] = not report.is_written
        else:
            report = check_customers(file, may_set_terms=_may_set_terms(request))
        context["report"] = report
        status = 422 if report.refused else 200
    except BusinessError as error:
        context["error"], status = error, error.status
    template = "customers/_import_report.html" if request.htmx else "customers/import.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


@require_POST
@staff_may("customers.import_customers")
def exporting(request: HttpRequest) -> HttpResponseBase:
    """Give customers, all of them or those that are looked for, as CSV or as a workbook. That they were taken is recorded."""
    wanted = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    text = request.POST.get("q", "").replace("\x00", "").strip()[:100]
    rows = exportable(Customer.objects.filter(pk__in=customers_meant(text)) if text else Customer.objects.all())
    name = f"customers-{timezone.localdate():%Y-%m-%d}.{wanted}"
    try:
        if wanted == "xlsx" and rows[MOST_IN_A_WORKBOOK:].exists():
            raise Conflict(_("A workbook holds %(most)d customers: take them as CSV.") % {"most": MOST_IN_A_WORKBOOK})
    except Conflict as error:
        messages.error(request, error.sentence)
        return redirect("import_customers")
    with transaction.atomic():
        record([fact("customer.exported", "customer", 0, actor=actor_of(request.user), format=wanted)])
    header = header_for(may_set_terms=_may_set_terms(request))
    if wanted == "csv":
        return csv_response(name, header, exported_rows(rows, header))
    return workbook_response(name, header, exported_rows(rows, header))


def _may_set_terms(request: HttpRequest) -> bool:
    return may(request.user, "customers.set_terms")


def _file(request: HttpRequest) -> BinaryIO:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("Choose a file."), pointer="/file")
    if (file.size or 0) > MOST_BYTES:
        raise Invalid(_("The file is larger than %(most)d MB: send it in parts.") % {"most": MOST_BYTES // 1_000_000}, pointer="/file")
    return cast(BinaryIO, file.file)


def _imported(request: HttpRequest, file: BinaryIO) -> Report:
    confirmed = request.POST.get("confirmed", "")
    if not confirmed:
        raise Invalid(_("Check the file first: what would become of each row is shown, and then it can be imported."), pointer="/confirmed")
    return import_customers(file, confirmed=confirmed, actor=actor_of(request.user), may_set_terms=_may_set_terms(request))


def _fates(report: Report) -> HttpResponseBase:
    rows = ([fate.row, fate.called, fate.number, fate.fate, ", ".join(fate.columns), fate.reason, fate.like] for fate in report.fates)
    return csv_response(f"fates-{timezone.localdate():%Y-%m-%d}.csv", ["row", "customer", "number", "fate", "columns", "reason", "like"], rows)
