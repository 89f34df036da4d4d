"""Counts: what is due, the blind sheet, and what it found."""

import uuid
from collections import defaultdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory import counting
from inventory.models import Barcode, Count, CountLine, StockLevel, StockMovement, Warehouse
from inventory.selectors import counts_shown
from inventory.states import AbcClass
from inventory.views.parsing import plain, quantities, whole_number
from oms.core.access import actor_of, staff_may
from oms.core.errors import BusinessError, Invalid
from oms.core.models import Event
from oms.core.money import ZERO, round_amount
from oms.core.pages import keyset_page
from oms.core.readable import row_of

SIZES = (20, 50, 100, 200)


@staff_may("inventory.view_stocklevel")
def counts(request: HttpRequest) -> HttpResponse:
    """Show what is due for a count, and the sheets, the newest first."""
    page = keyset_page(counts_shown(), order=("-id",), after=request.GET.get("after", ""), size=30)
    places = list(Warehouse.objects.stocking())
    waiting = {(one.warehouse_id, one.abc_class): one for one in counting.due()}
    context = {
        "page": page,
        "places": [(place, [waiting.get((place.pk, name)) for name in AbcClass.values]) for place in places],
        "classes": [(name, counting.DUE_DAYS[AbcClass(name)]) for name in AbcClass.values],
        "warehouses": places,
        "sizes": SIZES,
        "usual": counting.USUAL_LINES,
        "key": uuid.uuid4().hex,
        "is_due": bool(waiting),
    }
    return render(request, "inventory/counts.html", context)


@require_POST
@staff_may("inventory.adjust_stock")
def open_count(request: HttpRequest) -> HttpResponse:
    """Open a sheet: of what is due, or of the SKUs named."""
    opened = counting.open_count(
        plain(request.POST.get("warehouse", ""), 20),
        abc_class=plain(request.POST.get("abc_class", ""), 1),
        skus=plain(request.POST.get("skus", ""), 30_000).replace(",", " ").split(),
        most=whole_number(request.POST.get("most") or str(counting.USUAL_LINES)),
        key=plain(request.POST.get("key", ""), 100),
        actor=actor_of(request.user),
    )
    return redirect("count", opened.number)


@staff_may("inventory.view_stocklevel")
def count(request: HttpRequest, number: str) -> HttpResponse:
    """Show a sheet: blind while it is open, with what it found once it is booked."""
    found = _count(number)
    lines = list(found.lines.select_related("sku").order_by("sku__code"))
    context: dict[str, Any] = {
        "count": found,
        "lines": lines,
        "counted": sum(line.counted is not None for line in lines),
        "currency": settings.BOOKS_CURRENCY,
        "events": Event.objects.filter(subject="count", subject_id=found.pk).order_by("-id")[:20],
    }
    if not found.is_open:
        worth = dict(StockMovement.objects.filter(cause=counting.CAUSE, cause_id=found.pk).values_list("sku_id", "value"))
        _show_differences(lines, {line.pk: worth.get(line.sku_id, ZERO) for line in lines})
        return render(request, "inventory/count_result.html", context | _sums(lines))
    _add_codes(lines)
    scanned = plain(request.GET.get("scan", ""), 60).upper()
    hit = next((line for line in lines if scanned and scanned in line.codes), None)
    return render(request, "inventory/count.html", context | {"scanned": scanned, "hit": hit.pk if hit else 0})


@require_POST
@staff_may("inventory.adjust_stock")
def enter(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what was counted. A line that was not touched stays as it is. To htmx only how far the sheet is."""
    found, problem = _count(number), ""
    try:
        typed: dict[int, int | None] = {
            line: whole_number(text) for line, text in quantities(request.POST).items() if request.POST.get(f"was-{line}", "").strip() != text.strip()
        }
        again = request.POST.get("again", "")
        if again.isascii() and again.isdigit() and len(again) < 19:
            typed = {int(again): None}
        if typed:
            found = counting.enter_counts(found.pk, typed, at=_moment(request.POST.get("at", ""), found), actor=actor_of(request.user))
    except BusinessError as refusal:
        if not request.htmx:  # type: ignore[attr-defined]
            raise
        problem = refusal.sentence
    if request.htmx:  # type: ignore[attr-defined]
        lines = list(found.lines.all())
        context = {"lines": lines, "counted": sum(line.counted is not None for line in lines), "problem": problem}
        return render(request, "inventory/_count_progress.html", context, status=422 if problem else 200)
    messages.success(request, _("Written down: %(count)d.") % {"count": len(typed)})
    return redirect("review_count" if again else "count", found.number)


@staff_may("inventory.adjust_stock")
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Show what was counted beside what should have been there, before it is booked."""
    found = _count(number)
    if not found.is_open:
        return redirect("count", found.number)
    everything = list(found.lines.select_related("sku").order_by("sku__code"))
    lines = [line for line in everything if line.counted is not None]
    levels = {
        (level.sku_id, level.warehouse_id): level
        for level in StockLevel.objects.filter(warehouse=found.warehouse, sku__in=[line.sku_id for line in lines])
    }
    differences = counting.differences(found, lines, levels)
    worth = {}
    for line in lines:
        level = levels.get((line.sku_id, found.warehouse_id)) or StockLevel()
        line.difference = differences[line.pk]
        line.expected = (line.counted or 0) - line.difference
        line.moved_meanwhile = level.version != line.version
        each = level.value / level.on_hand if level.on_hand else line.sku.cost
        worth[line.pk] = round_amount(each * line.difference, settings.BOOKS_CURRENCY)
    _show_differences(lines, worth)
    context = {"count": found, "lines": lines, "left": len(everything) - len(lines), "currency": settings.BOOKS_CURRENCY}
    return render(request, "inventory/count_review.html", context | _sums(lines))


@require_POST
@staff_may("inventory.adjust_stock")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Throw a sheet away."""
    found = counting.cancel_count(_count(number).pk, actor=actor_of(request.user))
    messages.success(request, _("%(number)s is thrown away: nothing was booked.") % {"number": found.number})
    return redirect("counts")


def _count(number: str) -> Count:
    pk = row_of(number, Count.NUMBER_PREFIX)
    if pk is None:
        raise Http404
    return get_object_or_404(Count.objects.select_related("warehouse"), pk=pk)


def _add_codes(lines: list[CountLine]) -> None:
    """Put to each line what a scanner may say for it: its SKU, its barcode, the codes of its packages."""
    packages: dict[int, list[str]] = defaultdict(list)
    for sku, code in Barcode.objects.filter(sku__in=[line.sku_id for line in lines]).values_list("sku_id", "code"):
        packages[sku].append(code.upper())
    for line in lines:
        codes = [line.sku.code, line.sku.barcode.upper(), *packages[line.sku_id]]
        line.codes = [code for code in codes if code]  # type: ignore[attr-defined]


def _show_differences(lines: list[CountLine], worth: dict[int, Any]) -> None:
    for line in lines:
        line.worth = worth[line.pk]  # type: ignore[attr-defined]


def _sums(lines: list[CountLine]) -> dict[str, Any]:
    """Give what the differences come to: what was right, missing and found."""
    differences = [(line.difference, line.worth) for line in lines if line.difference is not None]
    return {
        "right": sum(not units for units, _worth in differences),
        "missing": sum(units for units, _worth in differences if units < 0),
        "found": sum(units for units, _worth in differences if units > 0),
        "worth": sum((worth for _units, worth in differences), ZERO),
    }


def _moment(text: str, found: Count) -> datetime | None:
    """Give the moment that a form says, to the minute; None for now."""
    if not text.strip():
        return None
    try:
        at = parse_datetime(text.strip())
    except ValueError:
        at = None
    if at is None:
        raise Invalid(_("Say when it was counted as a day and a time."), pointer="/at")
    at = timezone.make_aware(at) if timezone.is_naive(at) else at
    opened = found.created_at
    return opened if at < opened and (opened - at).total_seconds() < 60 else at
