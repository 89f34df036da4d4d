"""Placing orders of three lines over HTTP, through gunicorn: two workers, eight clients that keep their connections."""

import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.request import urlopen

from bench import house
from oms.run.embedded import free_port

CLIENTS = 8
ROOT = Path(__file__).resolve().parent.parent


class Web:
    """Gunicorn as `make up` runs it, on a free port."""

    def __enter__(self) -> "Web":
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", "oms.wsgi", "-c", "python:oms.gunicorn", "-b", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"LOG_LEVEL": "ERROR"}, start_new_session=True)
        end = time.monotonic() + 180
        while time.monotonic() < end:
            try:
                urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the web did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def measure(count: int, key: str) -> dict[str, float]:
    """Give orders per second and the median and 95th percentile of the answers, in milliseconds."""
    with Web() as web:
        _run(web.port, _requests(CLIENTS * 20, key, seed=1))  # warm up
        started = time.perf_counter()
        latencies = _run(web.port, _requests(count, key, seed=2))
        seconds = time.perf_counter() - started
    latencies.sort()
    return {
        "orders_per_second": round(count / seconds),
        "p50_ms": round(statistics.median(latencies) * 1000, 1),
        "p95_ms": round(latencies[int(len(latencies) * 0.95)] * 1000, 1),
    }


def _requests(count: int, key: str, *, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    codes = house.codes_of(hot=False)
    requests = []
    for number in range(count):
        order = {
            "customer": f"C-{1001 + dice.randrange(house.CUSTOMERS)}",
            "lines": [{"sku": code, "quantity": dice.randint(1, 5)} for code in dice.sample(codes, house.LINES)],
        }
        body = json.dumps(order).encode()
        head = (
            "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nIdempotency-Key: bench-{seed}-{number}-{os.getpid()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def _run(port: int, requests: list[bytes]) -> list[float]:
    latencies: list[float] = []
    failures: list[str] = []
    threads = [threading.Thread(target=_client, args=(port, requests[start::CLIENTS], latencies, failures)) for start in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError(f"{len(failures)} orders were not placed, the first: {failures[0]}")
    return latencies


def _client(port: int, requests: list[bytes], latencies: list[float], failures: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            started = time.perf_counter()
            sock.sendall(request)
            answer = _answer(sock)
            latencies.append(time.perf_counter() - started)
            if not answer.startswith(b"HTTP/1.1 201"):
                failures.append(answer[:500].decode(errors="replace"))
                return


def _answer(sock: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        part = sock.recv(65536)
        if not part:
            return received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        part = sock.recv(65536)
        if not part:
            break
        missing -= len(part)
        received += part
    return received
