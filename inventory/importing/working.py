"""Imports that a person sent from a page: kept as a row, worked by a station, so that a closed browser stops nothing."""

import gzip
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import BinaryIO

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from inventory.importing.reading import MOST_BYTES
from inventory.importing.writing import Fate, Progress, Report, import_skus
from inventory.models import SkuImport
from inventory.states import ImportState
from oms.core.errors import BusinessError, Conflict, Invalid, NotFound
from oms.core.events import wake
from oms.core.locks import lock_one

MOST_OPEN = 5
OPEN = (ImportState.QUEUED, ImportState.RUNNING)
CHUNK = 1 << 20

_TELL = {
    "read": "UPDATE inventory_skuimport SET read = %(rows)s, total = greatest(total, %(rows)s) WHERE id = %(pk)s",
    "checked": "UPDATE inventory_skuimport SET read = %(rows)s, checked = %(rows)s, total = %(rows)s WHERE id = %(pk)s",
    "written": "UPDATE inventory_skuimport SET written = %(rows)s WHERE id = %(pk)s",
}


def ask_for_import(file: BinaryIO, *, name: str, dry_run: bool, actor: str) -> SkuImport:
    """Keep `file`, to be checked (`dry_run`) or imported by the IMPORT_SKUS station. Wakes `import.asked`.

    What the same person had checked before is dropped: at most one file a person waits for a decision. Raises Invalid for a file that is empty or too
    large, Conflict while too many are under way.
    """
    content, size, lines = _packed(file)
    if not size:
        raise Invalid(_("The file is empty."), pointer="/file")
    if size > MOST_BYTES:
        raise Invalid(_("The file is larger than %(most)d MB: send it in parts.") % {"most": MOST_BYTES // 1_000_000}, pointer="/file")
    with transaction.atomic():
        if SkuImport.objects.filter(state__in=OPEN).count() >= MOST_OPEN:
            raise Conflict(_("%(most)d imports are under way already: wait for one of them.") % {"most": MOST_OPEN})
        SkuImport.objects.filter(created_by=actor, state=ImportState.DONE, content__isnull=False).update(content=None)
        asked = SkuImport.objects.create(
            file_name=name.replace("\x00", "")[:120],
            content=content,
            is_dry_run=dry_run,
            language=translation.get_language() or "en",
            total=max(lines - 1, 0),
            created_by=actor,
            created_at=timezone.now(),
        )
        wake("import.asked")
    return asked


def import_checked(pk: int) -> SkuImport:
    """Import a file that was checked and found good. Locks it. Safe to repeat. Raises NotFound; Conflict where it is not kept, or not good."""
    with transaction.atomic():
        try:
            found = lock_one(SkuImport.objects.defer("content"), pk)
        except SkuImport.DoesNotExist:
            raise NotFound(_("There is no such import.")) from None
        if not found.is_dry_run:
            return found
        if not found.can_import or not SkuImport.objects.filter(pk=pk, content__isnull=False).exists():
            raise Conflict(_("That file is not kept any more, or not good: choose it again."))
        found.queue_again()
        found.is_dry_run, found.result, found.finished_at = False, None, None
        found.read = found.checked = found.written = 0
        found.save(update_fields=["state", "is_dry_run", "result", "finished_at", "read", "checked", "written"])
        wake("import.asked")
    return found


def imports_waiting() -> QuerySet[SkuImport]:
    """Give the imports that nobody has finished, without their files."""
    return SkuImport.objects.filter(state__in=OPEN).defer("content").order_by("created_at", "id")


def run_import(asked: SkuImport) -> Report | str:
    """Check or import the file of `asked`; give the report, or the sentence why it is no such file.

    Tells how far it is as it goes. That SKUs are written and that it is done are one transaction, so it is safe to repeat.
    """
    with transaction.atomic():
        row = lock_one(SkuImport.objects.all(), asked.pk)
        if row.is_over or row.content is None:
            return ""
        if row.state == ImportState.QUEUED:
            row.start()
        row.read = row.checked = row.written = 0
        row.save(update_fields=["state", "read", "checked", "written"])
    with _told(row) as progress, _unpacked(bytes(row.content)) as file, translation.override(row.language):
        try:
            return import_skus(
                file,
                actor=row.created_by,
                dry_run=row.is_dry_run,
                progress=progress,
                keep=lambda report: _keep(row.pk, report),
            )
        except BusinessError as refusal:
            return refusal.sentence


def keep_imports(done: list[tuple[SkuImport, Report | str]]) -> None:
    """Keep what imports came to, where it was not kept with what they wrote."""
    for asked, result in done:
        _keep(asked.pk, result)


def report_of(row: SkuImport) -> Report | None:
    """Give what an import came to; None where it is under way, or was no such file."""
    if row.result is None:
        return None
    return Report(**(row.result | {"fates": [Fate(**fate) for fate in row.result["fates"]]}))


def _keep(pk: int, result: Report | str) -> None:
    row = lock_one(SkuImport.objects.defer("content"), pk)
    if row.is_over:
        return
    if isinstance(result, str):
        row.fail()
        row.error = result[:1000]
    else:
        row.finish()
        row.result = asdict(result)
        row.total = row.read = row.checked = result.rows
        row.written = result.rows if result.is_written else 0
    row.finished_at = timezone.now()
    row.save(update_fields=["state", "error", "result", "total", "read", "checked", "written", "finished_at"])
    if not row.can_import:
        SkuImport.objects.filter(pk=pk).update(content=None)


def _packed(file: BinaryIO) -> tuple[bytes, int, int]:
    """Give a file gzipped, how large it was, and how many lines it has. Reads it piece by piece."""
    packed, size, lines, last = io.BytesIO(), 0, 0, b""
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as out:
        while piece := file.read(CHUNK):
            size, lines, last = size + len(piece), lines + piece.count(b"\n"), piece[-1:]
            out.write(piece)
    return packed.getvalue(), size, lines + (last not in (b"", b"\n"))


@contextmanager
def _unpacked(content: bytes) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        with gzip.open(io.BytesIO(content)) as packed:
            shutil.copyfileobj(packed, file)
        file.seek(0)
        yield file


@contextmanager
def _told(row: SkuImport) -> Iterator[Progress]:
    """Give what tells how far an import is, on a connection of its own: what the importing transaction says is seen by nobody before it is over."""
    beside = connections.create_connection("default")

    def tell(stage: str, rows: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute(_TELL[stage], {"pk": row.pk, "rows": rows})

    try:
        yield tell
    finally:
        beside.close()
