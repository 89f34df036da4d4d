"""The line: placed orders to screened, reserved, invoiced, posted and planned, by one worker."""

import time

from bench import house
from oms.core import stations

STATIONS = ("screen", "reserve", "invoice", "plan")


def measure(count: int, *, hot: bool, seed: int = 1) -> dict[str, float]:
    """Give orders per second through all four stations, and through each."""
    house.place(count, hot=hot, seed=seed)
    rates, total = {}, 0.0
    for name in STATIONS:
        started = time.perf_counter()
        done = stations.run(stations.named(name), seconds=600)
        seconds = time.perf_counter() - started
        if done != count:
            raise AssertionError(f"{name} worked {done} of {count} orders")
        rates[name] = round(count / seconds)
        total += seconds
    return {"line": round(count / total), **rates}
