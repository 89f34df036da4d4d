"""What web and worker take of memory: the proportional set size (PSS), which counts what processes share once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench.http import ROOT, Web, _requests, _run


def measure(key: str) -> dict[str, float]:
    """Give MiB of gunicorn and of one Celery worker (both queues, one process) while orders come in and the line runs."""
    worker = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore::UserWarning:celery.platforms",
            "-m",
            "celery",
            "-q",
            "-A",
            "oms",
            "worker",
            "-Q",
            "line,outside",
            "--pool",
            "solo",
            "-l",
            "ERROR",
            "--without-gossip",
            "--without-mingle",
        ],
        cwd=ROOT,
        env=os.environ | {"LOG_LEVEL": "ERROR"},
        start_new_session=True,
    )
    try:
        with Web() as web:
            peak_web = peak_worker = 0.0
            for round_number in range(6):
                _run(web.port, _requests(80, key, seed=100 + round_number))
                time.sleep(0.5)
                peak_web = max(peak_web, _pss(web.process.pid))
                peak_worker = max(peak_worker, _pss(worker.pid))
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(20)
    return {"web_mib": round(peak_web), "worker_mib": round(peak_worker), "together_mib": round(peak_web + peak_worker)}


def _pss(pid: int) -> float:
    """Give the MiB of a process and its children."""
    total = 0.0
    for process in [pid, *_children(pid)]:
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *_children(int(child))]
    return found
