"""Lists as CSV, a row at a time, whatever their length, or as a workbook: what was typed as text stays text in a spreadsheet too."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django.db.models import Model, QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone

from oms.core.pages import keyset_page
from oms.core.sheets import write_workbook

# What a spreadsheet takes for a formula at the start of a cell (OWASP, “CSV injection”), and the same letters at full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BATCH = 2000
MOST_IN_A_WORKBOOK = 100_000
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Line:
    """Takes what csv writes and gives it back: a file of one line."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Answer with `rows` as the CSV file `name`, written as they are read: UTF-8, with the mark that tells spreadsheets so."""
    return StreamingHttpResponse(
        csv_lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Give the lines of a CSV file (RFC 4180).

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are as they are.
    """
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def workbook_response(name: str, header: Sequence[str], rows: Iterator[Sequence[Any]]) -> FileResponse:
    """Answer with `rows` as the workbook `name`, laid down on disk before it is sent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
    write_workbook(cast(BinaryIO, file), header, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=WORKBOOK, headers={"Cache-Control": "no-store"})


def all_of(rows: QuerySet, *, order: tuple[str, ...], size: int = BATCH) -> Iterator[list[Model]]:
    """Give all of `rows` in pages of `size`, each read when it is asked for: memory and transactions stay small however many there are."""
    after = ""
    while True:
        page = keyset_page(rows, order=order, after=after, size=size)
        if page.rows:
            yield page.rows
        if not page.next:
            return
        after = page.next


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, (int, Decimal, date)):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
