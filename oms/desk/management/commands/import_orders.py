import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from customers.models import Channel
from oms.desk.importing.online_retail import Tally, replay
from oms.desk.importing.reading import Unreadable, read_rows, survey
from oms.desk.importing.shelves import fill_shelves
from oms.desk.setup import set_up


class Command(BaseCommand):
    help = "Replay orders from files through placement, in batches. Safe to repeat and to go on with after a crash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=["online-retail"])
        parser.add_argument("files", nargs="+", help="CSV files, plain or gzipped")
        parser.add_argument("--opening-stock", action="store_true", help="make missing SKUs, prices and stock from the files")
        parser.add_argument("--batch", type=int, default=100, help="orders placed in one transaction")
        parser.add_argument("--rejects", default="import.rejects.csv", help="where rejected rows go, each with its reason")
        parser.add_argument("--channel", default="wholesale", help="code of the channel; made where it is missing")

    def handle(self, *args: Any, files: list[str], opening_stock: bool, batch: int, rejects: str, channel: str, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch is a number above zero.")
        paths = [Path(name) for name in files]
        quiet = options["verbosity"] == 0
        started = time.monotonic()
        target = Path(rejects)
        if not target.parent.is_dir() or any(target.exists() and path.exists() and target.samefile(path) for path in paths):
            raise CommandError(f"--rejects {rejects}: give a file of its own, in a folder that is there.")
        try:
            found = [(path, survey(path)) for path in paths]  # all files are read to their end before anything is written
            set_up()
            door, _made = Channel.objects.get_or_create(
                code=channel, defaults={"name": "Wholesale", "kind": "web", "currency": settings.BOOKS_CURRENCY}
            )
            if opening_stock:
                made = fill_shelves((row for path in paths for row in read_rows(path)), currency=door.currency)
                self._say(quiet, f"{made} SKUs made, with prices and opening stock.")
            rows = sum(each.rows for _, each in found)
            show = _Progress(sys.stderr, started, rows) if not quiet else lambda tally: None
            tally = replay(found, channel=door, rejects_path=target, batch=batch, progress=show)
        except (Unreadable, OSError) as problem:
            raise CommandError(str(problem)) from problem
        self._report(tally, rejects, time.monotonic() - started, quiet)

    def _report(self, tally: Tally, rejects: str, seconds: float, quiet: bool) -> None:
        self._say(
            quiet,
            f"\n{tally.read} rows read in {seconds:.1f} s ({tally.read / max(seconds, 0.001):.0f} rows/s): {tally.accepted} accepted in"
            f" {tally.orders} orders, {tally.already} imported before, {tally.rejected} rejected (see {rejects}).",
        )
        for reason, count in sorted(tally.reasons.items(), key=lambda item: -item[1]):
            self._say(quiet, f"  {count:>7}  {reason}")
        if not tally.adds_up:
            raise CommandError("The rows do not add up: accepted + imported before + rejected is not what was read. This is a bug.")

    def _say(self, quiet: bool, text: str) -> None:
        if not quiet:
            self.stdout.write(text)


class _Progress:
    """A bar that is drawn over itself on a terminal, and a line every five seconds elsewhere."""

    def __init__(self, out: Any, started: float, rows: int) -> None:
        self.out = out
        self.started = started
        self.rows = rows
        self.next = 0.0

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now < self.next:
            return
        done = tally.accepted + tally.already + tally.rejected
        share = done / max(self.rows, 1)
        rate = done / max(now - self.started, 0.001)
        text = f"{'█' * int(share * 30):<30} {done:>8} of {self.rows} rows, {tally.orders} orders, {rate:.0f} rows/s"
        if self.out.isatty():
            self.out.write("\r" + text)
            self.next = now + 0.2
        else:
            self.out.write(text + "\n")
            self.next = now + 5
        self.out.flush()
