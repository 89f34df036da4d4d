import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.importing.reading import COLUMNS, MOST_BYTES
from customers.importing.writing import MOST_SHOWN, check_customers, import_customers
from oms.core.errors import BusinessError


class Command(BaseCommand):
    help = (
        "Add and change customers from a CSV file or a workbook: all rows, or, with one bad row, none. The same file again changes nothing. An empty"
        f" cell leaves what is there. Columns: {', '.join(COLUMNS)}. See docs/importing-customers.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV in UTF-8, with commas, semicolons or tabs; or XLSX, of which the first sheet is read")
        parser.add_argument("--dry-run", action="store_true", help="tell what would become of each row, and write nothing")

    def handle(self, *args: Any, file: str, dry_run: bool, verbosity: int, **options: Any) -> None:
        started = time.monotonic()

        def progress(rows: int) -> None:
            if verbosity:
                self.stderr.write(f"{rows} rows read, {rows / (time.monotonic() - started):.0f} a second")

        try:
            with open(file, "rb") as opened:
                if opened.seek(0, 2) > MOST_BYTES:
                    raise CommandError(f"{file} is larger than {MOST_BYTES} bytes: import it in parts.")
                opened.seek(0)
                report = (
                    check_customers(opened, may_set_terms=True, progress=progress)
                    if dry_run
                    else import_customers(opened, actor="user:import_customers", may_set_terms=True, progress=progress)
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except BusinessError as error:
            raise CommandError(error.sentence) from None
        if report.refused:
            for fate in report.shown:
                self.stderr.write(f"row {fate.row}, {fate.called}: {fate.reason}")
            if report.refused > MOST_SHOWN:
                self.stderr.write(f"… and {report.refused - MOST_SHOWN} more")
            raise CommandError(f"Nothing was written: {report.refused} of {report.rows} rows are refused. Correct them and run it again.")
        would = "would be " if dry_run else ""
        seconds = time.monotonic() - started
        self.stdout.write(f"{report.rows} rows in {seconds:.1f} s: {report.new} {would}new, {report.changed} {would}changed, {report.same} the same.")
