"""Importing real orders: rows per second through the command, with opening stock. Uses the files given, or a made-up one."""

import csv
import gzip
import random
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.core.management import call_command


def measure(files: list[str], folder: Path, rows: int = 20_000) -> dict[str, float]:
    """Give rows read and rows per second."""
    sources = files or [str(_made_up(folder / "made-up.csv.gz", rows))]
    read = sum(_rows(Path(source)) for source in sources)
    started = time.perf_counter()
    call_command("import_orders", "online-retail", *sources, opening_stock=True, rejects=str(folder / "rejects.csv"), verbosity=0)
    seconds = time.perf_counter() - started
    return {"rows": read, "rows_per_second": round(read / seconds)}


def _rows(path: Path) -> int:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _made_up(path: Path, rows: int) -> Path:
    """Write a file in the shape of Online Retail: orders of about twenty lines over 3,000 articles."""
    dice = random.Random(7)
    moment, order, left = datetime(2011, 1, 4, 10, 0), 700_000, 0
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"])
        for _ in range(rows):
            if not left:
                order, left, moment = order + 1, dice.randint(1, 40), moment + timedelta(minutes=7)
                customer, codes = f"{12000 + dice.randrange(2000)}.0", dice.sample(range(3000), 40)
            left -= 1
            code = codes[left]
            writer.writerow(
                [order, f"{20000 + code}", f"ARTICLE {code}", dice.randint(1, 24), moment, f"{(code % 90 + 10) / 10:.2f}", customer, "United Kingdom"]
            )
    return path
