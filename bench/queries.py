"""Statements each station needs for a batch, small and large: the same number, or it is a bug."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import house
from bench.line import STATIONS
from oms.core import stations


def measure() -> dict[str, dict[str, float]]:
    """Give, per station, the statements for batches of 5 and of 200 orders, and per order in the larger."""
    found: dict[str, dict[str, float]] = {name: {} for name in STATIONS}
    for size in (5, 200):
        house.place(size, hot=False, seed=900 + size)
        for name in STATIONS:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                stations.run_batch(stations.named(name))
            found[name][f"batch_of_{size}"] = len(captured)
    for figures in found.values():
        figures["per_order"] = round(figures["batch_of_200"] / 200, 3)
    return found
