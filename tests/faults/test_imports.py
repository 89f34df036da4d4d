"""Imports by a station: whoever looks on sees how far one is, and a worker that dies over it leaves it whole or undone."""

import io
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from inventory.importing import working, writing
from inventory.importing.working import ask_for_import, import_checked, keep_imports, run_import
from inventory.models import Sku, SkuImport
from oms.core.models import Event, Lease
from tests import cast
from tests.faults.crowd import in_the_middle, together

pytestmark = pytest.mark.django_db(transaction=True)
FILE = b"code,name\nJUG,Jug\nJAR,Jar\nPOT,Pot\n"


def ask(dry_run=False):
    return ask_for_import(io.BytesIO(FILE), name="skus.csv", dry_run=dry_run, actor="user:manager")


def seen_elsewhere():
    """Give what another connection sees: rows written as told, and the SKUs that are there."""

    def look():
        try:
            return SkuImport.objects.get().written, Sku.objects.filter(code__in=["JUG", "JAR", "POT"]).count()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result(timeout=30)


def look_on_while_writing(monkeypatch):
    seen, count = [], writing._count
    monkeypatch.setattr(writing, "_count", lambda cursor, report: (seen.append(seen_elsewhere()), count(cursor, report)))
    ask()
    cast.run_line("import_skus")
    return seen


def test_how_far_an_import_is_can_be_seen_before_any_of_it_is_there(real_house, monkeypatch):
    assert look_on_while_writing(monkeypatch) == [(3, 0)]
    assert seen_elsewhere() == (3, 3)


def test_told_within_the_importing_transaction_nobody_would_see_it(real_house, monkeypatch):
    within = SimpleNamespace(cursor=lambda: connection.cursor(), close=lambda: None)
    monkeypatch.setattr(working, "connections", SimpleNamespace(create_connection=lambda alias: within))

    assert look_on_while_writing(monkeypatch) == [(0, 0)]


def test_a_worker_that_dies_once_it_is_written_has_told_what_was_new(real_house, prove):
    asked = ask()
    run_import(asked)

    cast.run_line("import_skus")

    row = SkuImport.objects.get()
    assert (row.state, row.result["new"], row.result["same"], row.written) == ("done", 3, 0, 3)
    assert Event.objects.filter(kind="sku.imported").count() == 1
    prove()


def test_a_worker_that_dies_before_it_is_written_leaves_it_to_the_next(real_house, monkeypatch):
    def die(cursor, report):
        raise KeyboardInterrupt

    ask()
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(writing, "_count", die)
        cast.run_line("import_skus")
    assert not Sku.objects.filter(code="JUG").exists()
    Lease.objects.update(until=timezone.now())

    cast.run_line("import_skus")

    row = SkuImport.objects.get()
    assert (row.state, row.result["new"], row.written) == ("done", 3, 3)


def test_two_workers_with_one_import_write_it_once(real_house, prove):
    asked = ask()

    results = together(2, lambda i: run_import(asked))
    with transaction.atomic():
        keep_imports([(asked, result) for result in results])

    row = SkuImport.objects.get()
    assert (row.state, row.result["new"]) == ("done", 3)
    assert Event.objects.filter(kind="sku.imported").count() == 1
    prove()


def test_a_file_that_is_being_imported_is_not_dropped_for_the_next_one(real_house):
    checked = ask(dry_run=True)
    cast.run_line("import_skus")

    in_the_middle(lambda: import_checked(checked.pk), lambda: ask(dry_run=True))

    assert [(row.state, row.content is not None) for row in SkuImport.objects.order_by("id")] == [("queued", True), ("queued", True)]
