"""`make bench`: every figure in one run on one machine, against a floor of the same run. Prints a table and writes JSON."""

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg2

from oms.run.embedded import start_postgres, start_valkey

PARTS = ["line", "stock", "telephone", "pricing"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--orders", type=int, default=2000, help="orders for the line and for HTTP")
    parser.add_argument("--files", nargs="*", default=[], help="Online Retail files to import; a made-up one without")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="what to measure; everything without")
    parser.add_argument("--stock-sizes", default="10000,200000", help="SKUs of the houses that stock is measured in, with commas between")
    parser.add_argument("--json", default="", help="where to write the figures as JSON; standard output without")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughline-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres, valkey = start_postgres(folder), start_valkey(folder)
        try:
            os.environ.update(
                DATABASE_URL=postgres.url,
                REDIS_URL=valkey.url,
                SECRET_KEY="for-the-bench",
                STATICFILES_STORAGE="django.contrib.staticfiles.storage.StaticFilesStorage",
                DJANGO_SETTINGS_MODULE="oms.settings",
                LOG_LEVEL="ERROR",
            )
            figures: dict[str, Any] = {
                "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.machine()},
            }
            if "line" in arguments.parts:
                figures |= _measure(arguments, folder)
            if "stock" in arguments.parts:
                figures["stock"] = [_measure_stock(postgres.url, int(size)) for size in arguments.stock_sizes.split(",")]
            if "telephone" in arguments.parts:
                figures["telephone"] = _measure_apart(postgres.url, "telephone", ["bench.telephone"])
            if "pricing" in arguments.parts:
                figures["pricing"] = _measure_apart(postgres.url, "pricing", ["bench.apart"])
        finally:
            valkey.stop()
            postgres.stop()
    _show(figures)
    text = json.dumps(figures, indent=2)
    if arguments.json:
        Path(arguments.json).write_text(text + "\n")
    else:
        print(text)
    return 0


def _measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    import django

    django.setup()
    logging.disable(logging.WARNING)
    from django.core.management import call_command

    from bench import floor, house, http, imports, line, memory, pdfs, queries

    _say("building a house of 10,000 SKUs")
    call_command("migrate", verbosity=0)
    key = house.build()
    count = arguments.orders
    figures: dict[str, Any] = {}
    for hot in (False, True):
        name = "hot" if hot else "uniform"
        _say(f"floor and line, {name}")
        floor.measure(count // 10, hot=hot, seed=1)
        line.measure(count // 10, hot=hot, seed=2)
        at_floor, at_line = floor.measure(count, hot=hot, seed=3), line.measure(count, hot=hot, seed=4)
        figures[name] = {"floor": at_floor, **at_line, "ratio": round(at_line["line"] / at_floor, 2)}
    _say("queries of each station")
    figures["queries"] = queries.measure()
    _say("invoice PDFs")
    figures["pdfs_per_second"] = pdfs.measure(60)
    _say("placing over HTTP")
    figures["http"] = http.measure(count, key)
    _say("memory")
    figures["memory"] = memory.measure(key)
    _say("import")
    figures["import"] = imports.measure(arguments.files, folder)
    return figures


def _measure_stock(url: str, skus: int) -> dict[str, Any]:
    """Measure stock in a house of `skus` SKUs."""
    return _measure_apart(url, f"stock_{skus}", ["bench.at_size", "--skus", str(skus)])


def _measure_apart(url: str, name: str, module: list[str]) -> dict[str, Any]:
    """Measure in a database and a process of their own, both gone afterwards. `module`: what is run, and how; it prints its figures last."""
    _say(name)
    _administer(url, f"CREATE DATABASE {name}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", *module],
            env=os.environ | {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return measured
    finally:
        _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _show(figures: dict[str, Any]) -> None:
    rows = [*(_line_rows(figures) if "http" in figures else []), *(row for some in figures.get("stock", []) for row in _stock_rows(some))]
    telephone = figures.get("telephone", {})
    for title, key in (("look-up among a million", "lookup"), ("type-ahead among 200,000", "typeahead"), ("beside a call", "beside")):
        ways = telephone.get(key, {}).items()
        rows += [(f"{title}: {way}", f"p50 {taken['p50_ms']} ms", f"p95 {taken['p95_ms']} ms") for way, taken in ways]
    rows += _pricing_rows(figures["pricing"]) if "pricing" in figures else []
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    print()
    for row in rows:
        print(f"  {row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}".rstrip())
    print()


def _pricing_rows(some: dict[str, Any]) -> list[tuple[str, str, str]]:
    quoted, floor = some["quote"], some["floor"]
    return [
        (
            f"a basket of {some['lines']} lines, {some['price_rows']:,} prices, {some['promotions']} promotions",
            f"p95 {quoted['p95_ms']} ms",
            f"p50 {quoted['p50_ms']} ms, {some['ratio']} × one SQL sum of {floor['p50_ms']} ms; processor {quoted['processor_ms']} ms",
        ),
        *(
            (f"  {what}", f"p95 {some[name]['p95_ms']} ms", f"p50 {some[name]['p50_ms']} ms; processor {some[name]['processor_ms']} ms")
            for what, name in (
                ("its arithmetic alone", "arithmetic"),
                ("its first three lines", "small"),
                ("the same without promotions", "plain"),
            )
        ),
        ("  statements", f"{some['statements']['quote']} to quote", f"{some['statements']['place']} to place"),
    ]


def _line_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        ("place over HTTP, 2 workers, 8 clients", f"{figures['http']['orders_per_second']} orders/s", f"p95 {figures['http']['p95_ms']} ms"),
        *(
            (
                f"the line, one worker, {name}",
                f"{figures[name]['line']} orders/s",
                f"{figures[name]['ratio']} × the floor of {figures[name]['floor']}",
            )
            for name in ("uniform", "hot")
        ),
        ("import", f"{figures['import']['rows_per_second']} rows/s", f"{figures['import']['rows']} rows"),
        ("invoice PDFs, one process", f"{figures['pdfs_per_second']} a second", ""),
        (
            "web + one worker",
            f"{figures['memory']['together_mib']} MiB",
            f"web {figures['memory']['web_mib']}, worker {figures['memory']['worker_mib']}",
        ),
        *(
            (f"statements, station {name}", f"{some['batch_of_200']} for 200 orders", f"{some['batch_of_5']} for 5")
            for name, some in figures["queries"].items()
        ),
    ]


def _stock_rows(some: dict[str, Any]) -> list[tuple[str, str, str]]:
    promise, receipt, sweep, proof = some["availability"], some["receipt"], some["sweep"], some["proof"]
    rows = [
        (
            "availability of 50 SKUs, p95",
            f"{promise['call']['p95_ms']} ms",
            f"p50 {promise['ratio']} × one SQL query of {promise['floor']['p50_ms']} ms",
        ),
        ("  the same over HTTP, p95", f"{promise['http']['p95_ms']} ms", ""),
        ("allocation of 200 orders of 4 lines", *_against_floor(some["allocation"])),
        (f"a receipt of {receipt['lines']} lines", *_against_floor(receipt["receive"])),
        (f"  filling {receipt['waiting']:,} lines that waited", *_against_floor(receipt["fill"])),
        ("replenishment of the catalogue", *_against_floor(some["replenishment"])),
        ("  all its rules gone through", f"{some['replenishment']['learn_ms']:,} ms", "a tenth of them learned from sales and receipts"),
        ("the sweep asks every station", f"{sweep['exists_ms']} ms", f"the slowest: {sweep['slowest']}"),
        ("all invariants proved", f"{proof['seconds']} s", f"the slowest: {proof['slowest_seconds']} s"),
    ]
    for name, counts in some["statements"].items():
        rows.append((f"statements, {name}", f"{counts[-1]} for 200", f"{counts[0]} for 5"))
    head = (f"— stock, {some['skus']:,} SKUs, {some['movements']:,} movements", "", "")
    return [head, *rows]


def _against_floor(figure: dict[str, Any]) -> tuple[str, str]:
    return f"{figure['ms']:,.0f} ms", f"{figure['ratio']} × the floor of {figure['floor_ms']:,.0f} ms"


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
