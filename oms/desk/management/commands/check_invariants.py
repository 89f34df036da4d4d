import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from oms.core.invariants import prove
from oms.core.models import Proof
from oms.desk.proof import all_invariants


class Command(BaseCommand):
    help = "Prove what must always be true, in SQL. Exits 1 and says what is broken where something is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keep", action="store_true", help="keep the result for the desk's badge")
        parser.add_argument("--quiet", action="store_true", help="say nothing and exit 0, whatever is found")

    def handle(self, *args: Any, keep: bool = False, quiet: bool = False, **options: Any) -> None:
        started = time.monotonic()
        invariants = all_invariants()
        breaches = prove(invariants)
        seconds = time.monotonic() - started
        if keep:
            Proof.objects.create(checks=len(invariants), broken=[asdict(breach) for breach in breaches], seconds=seconds)
        if quiet:
            return
        for breach in breaches:
            self.stderr.write(self.style.ERROR(f"BROKEN  {breach.sentence} ({breach.rows} rows)"))
            for row in breach.examples:
                self.stderr.write("        " + ", ".join(f"{name}={value}" for name, value in row.items()))
        if breaches:
            sys.exit(1)
        self.stdout.write(f"{len(invariants)} invariants proved in {seconds:.2f} s.")
