"""The stations of the line: each picks up the documents that wait for it and works on a whole batch of them at once.

The database row is the work item: a station's queue is a queryset and nothing else. Celery carries wake-ups only, and any
of them may be lost, doubled or late: the sweep asks every station every few seconds.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise

from oms.core.errors import BusinessError
from oms.core.locks import claim, take_turn
from oms.core.models import Lease, Trouble

log = logging.getLogger(__name__)

MOST_SILENT_TRIES = 5
BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600)


class TryLater(Exception):
    """The work could not be done now through no fault of the document: a partner is away. Tried again soon."""


@dataclass(frozen=True)
class Station:
    """A station that works inside the database.

    `waiting()`: its queue, in the order it is to be worked. `work(rows)`: does the work on locked rows in one transaction with
    a constant number of queries, whatever the batch's size. `since`: the column that says how long a row has waited.
    `answers_at_once`: also run for one order while its customer waits for the answer. `in_turn`: one batch at a time over all workers, so that who
    is first in the queue is served first.
    """

    name: str
    title: str | Promise
    waiting: Callable[[], QuerySet]
    work: Callable[[list[Any]], None]
    since: str = "created_at"
    wakes_on: tuple[str, ...] = ()
    queue: str = "line"
    batch: int = 0
    limit_seconds: int = 300
    answers_at_once: bool = False
    in_turn: bool = False

    @property
    def batch_size(self) -> int:
        return self.batch or settings.STATION_BATCH


@dataclass(frozen=True)
class OutsideStation(Station):
    """A station whose work happens outside the database: a carrier, a mail server, a PDF.

    The row is leased and the lease committed; `perform(row)` makes the call outside any transaction; `work([(row, result)])`
    writes the results. A lease that ran out means *unknown*: `perform` is given the row again and looks the work up by
    our own reference before doing it twice.
    """

    perform: Callable[[Any], Any] = lambda row: None
    lease_seconds: int = 60
    batch: int = 20
    queue: str = "outside"


_line: dict[str, Station] = {}


def lay(line: Iterable[Station]) -> None:
    """Lay the line: the stations in the order that work passes them. Called once, by oms.line."""
    _line.clear()
    _line.update((station.name, station) for station in line)


def line() -> list[Station]:
    """Give the stations in the order that work passes them."""
    return list(_line.values())


def named(name: str) -> Station:
    """Give the station called `name`. Raises KeyError."""
    return _line[name]


def queue_of(station: Station) -> QuerySet:
    """Give what waits for `station` now: its queue without what is in trouble or leased."""
    mine = {"station": station.name, "subject_id": OuterRef("pk")}
    return station.waiting().filter(
        ~Exists(Trouble.objects.filter(**mine, due_at__gt=Now())),
        ~Exists(Lease.objects.filter(**mine, until__gt=Now())),
    )


def run(station: Station, *, seconds: float = 60.0) -> int:
    """Work `station` until its queue is empty or `seconds` have passed. Gives the number of documents worked."""
    done = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        worked = run_batch(station)
        done += worked
        if not worked:
            break
    return done


def run_batch(station: Station, *, only: Sequence[int] | None = None) -> int:
    """Work one batch of `station`, of the documents `only` if given. Gives how many it took up.

    A batch that fails is worked again one by one, each in its own transaction: one bad document never stops the line.
    """
    if isinstance(station, OutsideStation):
        return _run_outside(station, only)
    ids: list[int] = []
    try:
        with transaction.atomic():
            rows = _claimed(station, _narrowed(station, only), station.batch_size)
            ids = [row.pk for row in rows]
            if rows:
                station.work(rows)
                _settled(station, ids)
        return len(ids)
    except Exception as error:
        if _is_passing(error):
            raise
        if len(ids) != 1:
            log.warning("station %s: a batch of %d failed, working it one by one: %s", station.name, len(ids), error)
    return sum(_run_alone(station, pk) for pk in ids)


def walk(pk: int, *, model: type[Model]) -> None:
    """Run every station that answers at once for one document, in the order of the line: a batch of one, the same code.

    What fails is left to the line: it becomes trouble there and never reaches the person who waits.
    """
    for station in line():
        if station.answers_at_once and station.waiting().model is model:
            try:
                run_batch(station, only=[pk])
            except Exception:
                log.exception("station %s could not answer at once for %s %s", station.name, model.__name__, pk)
                return


def woken_by(kinds: Iterable[str]) -> list[str]:
    """Give the stations that wake for any of the events `kinds`."""
    kinds = set(kinds)
    return [station.name for station in _line.values() if kinds.intersection(station.wakes_on)]


def _narrowed(station: Station, only: Sequence[int] | None) -> QuerySet:
    queue = queue_of(station)
    return queue if only is None else queue.filter(pk__in=only)


def _claimed(station: Station, queue: QuerySet, limit: int) -> list[Any]:
    if station.in_turn:
        take_turn(station.name)
    return claim(queue, limit=limit)


def _run_alone(station: Station, pk: int) -> int:
    row: Model | None = None
    try:
        with transaction.atomic():
            rows = _claimed(station, queue_of(station).filter(pk=pk), 1)
            if rows:
                row = rows[0]
                station.work(rows)
                _settled(station, [pk])
            return len(rows)
    except Exception as error:
        if _is_passing(error):
            raise
        note_trouble(station, row if row is not None else pk, error)
        return 1


def _run_outside(station: OutsideStation, only: Sequence[int] | None) -> int:
    with transaction.atomic():
        rows = claim(_narrowed(station, only), limit=station.batch_size)
        tries = _lease(station, [row.pk for row in rows])
    done: list[tuple[Any, Any]] = []
    for row in rows:
        try:
            if tries[row.pk] > MOST_SILENT_TRIES:
                raise RuntimeError(f"its worker died {MOST_SILENT_TRIES} times over it")
            done.append((row, station.perform(row)))
        except Exception as error:
            note_trouble(station, row, error)
    if done:
        try:
            with transaction.atomic():
                station.work(done)
                _settled(station, [row.pk for row, _ in done])
        except Exception as error:
            if _is_passing(error):
                raise
            for pair in done:
                _settle_alone(station, pair)
    return len(rows)


def _lease(station: OutsideStation, ids: list[int]) -> dict[int, int]:
    """Lease the documents `ids` to this worker; give how many times each was leased and never came back, this one counted."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_lease (station, subject_id, until, tries)"
            " SELECT %s, id, now() + make_interval(secs => %s), 1 FROM unnest(%s::bigint[]) AS id"
            " ON CONFLICT (station, subject_id) DO UPDATE SET until = excluded.until, tries = core_lease.tries + 1"
            " RETURNING subject_id, tries",
            [station.name, station.lease_seconds, ids],
        )
        return dict(cursor.fetchall())


def _settle_alone(station: OutsideStation, pair: tuple[Any, Any]) -> None:
    try:
        with transaction.atomic():
            station.work([pair])
            _settled(station, [pair[0].pk])
    except Exception as error:
        note_trouble(station, pair[0], error)


def _settled(station: Station, ids: list[int]) -> None:
    """Forget the leases and troubles of what has now been done: one statement each, against two tables that are near empty."""
    if isinstance(station, OutsideStation):
        Lease.objects.filter(station=station.name, subject_id__in=ids).delete()
    Trouble.objects.filter(station=station.name, subject_id__in=ids).delete()


def note_trouble(station: Station, row: Model | int, error: Exception) -> Trouble:
    """Note that `station` could not work `row`, keep it out of the queue for a growing while, and let go of its lease."""
    pk = row if isinstance(row, int) else row.pk
    label = f"#{pk}" if isinstance(row, int) else str(getattr(row, "number", "") or row)[:100]
    sentence = error.sentence if isinstance(error, BusinessError) else f"{type(error).__name__}: {error}"
    log.warning("station %s: %s: %s", station.name, label, sentence, exc_info=not isinstance(error, (BusinessError, TryLater)))
    now = timezone.now()
    with transaction.atomic():
        trouble, created = Trouble.objects.get_or_create(
            station=station.name,
            subject_id=pk,
            defaults={"label": label, "error": sentence[:2000], "last_at": now, "due_at": now},
        )
        if not created:
            Trouble.objects.filter(pk=trouble.pk).update(attempts=F("attempts") + 1)
            trouble.attempts += 1
        pause = BACKOFF_SECONDS[min(trouble.attempts, len(BACKOFF_SECONDS)) - 1]
        trouble.error = sentence.replace("\x00", "")[:2000]
        trouble.detail = "".join(traceback.format_exception(error))[-4000:].replace("\x00", "")
        trouble.last_at = now
        trouble.due_at = now + timedelta(seconds=pause)
        trouble.save(update_fields=["error", "detail", "last_at", "due_at"])
        Lease.objects.filter(station=station.name, subject_id=pk).delete()
    return trouble


def retry(trouble: Trouble) -> None:
    """Make a trouble due at once and wake its station. Safe to repeat."""
    Trouble.objects.filter(pk=trouble.pk).update(due_at=timezone.now())
    transaction.on_commit(lambda: wake([trouble.station]), robust=True)


def hurry(name: str, pks: Sequence[int]) -> None:
    """Make what station `name` has in trouble of the documents `pks` due at once: there is news of them. In the caller's transaction."""
    Trouble.objects.filter(station=name, subject_id__in=pks, due_at__gt=Now()).update(due_at=Now())


def oldest(station: Station) -> datetime | None:
    """Give the instant since which the oldest document has waited for `station`."""
    return queue_of(station).order_by(station.since).values_list(station.since, flat=True).first()


def _is_passing(error: BaseException) -> bool:
    """Say whether `error` is the database's own and passing (a deadlock, a lost connection), not the document's."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    sqlstate = getattr(error.__cause__, "pgcode", None)
    return sqlstate is None or sqlstate[:2] in ("40", "53", "55") or sqlstate[:3] == "57P"


# --- wake-ups ---------------------------------------------------------------------------------------------------------

_QUIET_SECONDS = 5.0
_quiet_until = 0.0
_broker: redis.Redis | None = None


def wake(names: Iterable[str]) -> None:
    """Tell the workers that the stations `names` may have work. Never raises, never waits long.

    One wake-up a station is under way at a time: a flag in Redis, cleared by the worker before it looks at the queue.
    When Redis is away, nobody is told for a few seconds and the sweep finds the work.
    """
    global _quiet_until, _broker
    if time.monotonic() < _quiet_until:
        return
    try:
        if _broker is None:
            _broker = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.3, socket_timeout=1.0)
        for name in names:
            if _broker.set(_flag(name), 1, nx=True, px=2000):
                _send(name)
    except Exception as error:
        _quiet_until = time.monotonic() + _QUIET_SECONDS
        log.warning("no wake-up for %s: %s", names, error)


def _flag(name: str) -> str:
    return f"throughline:wake:{name}"


def _send(name: str) -> None:
    current_app.send_task("oms.core.tasks.work_station", [name], queue=named(name).queue, expires=60)


def lower_flag(name: str) -> None:
    """Let the next wake-up for `name` through. Called by the worker before it looks at the queue."""
    global _broker
    try:
        if _broker is None:
            _broker = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.3, socket_timeout=1.0)
        _broker.delete(_flag(name))
    except redis.RedisError as error:
        log.warning("wake-up flag of %s: %s", name, error)


def sweep() -> list[str]:
    """Wake every station that has work waiting. Gives their names. The safety net under every lost wake-up."""
    hungry = [station.name for station in line() if queue_of(station).exists()]
    wake(hungry)
    connection.close_if_unusable_or_obsolete()
    return hungry
