"""Calling a webhook of the house: signed (Standard Webhooks), at least once, again and again while it is down."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from sandbox.memory import Memory

TIMEOUT_SECONDS = 10.0
MOST_ATTEMPTS = 4_500  # with pauses of up to a minute: three days


class Caller:
    """Calls one address as `agent`. `first_pause_seconds`: after the first failure; doubled after each, up to a minute."""

    def __init__(self, url: str, secret: str, *, agent: str, first_pause_seconds: float = 0.5) -> None:
        self._url = urlsplit(url)
        self._webhook = Webhook(secret)
        self._agent = agent
        self._first_pause_seconds = first_pause_seconds
        self._connection: HTTPConnection | None = None

    def pause_seconds(self, failures: int) -> float:
        return min(60.0, self._first_pause_seconds * 2.0 ** min(failures, 20))

    def make(self, event_id: str, payload: dict[str, Any]) -> int | None:
        """Tell of an event; give the status it was answered with, or None where nobody answered."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event_id, now, body),
        }
        for connection in (
            self._connection,
            None,
        ):  # a kept connection may have gone stale: then once more on a new one
            try:
                return self._post(connection or self._connect(), body.encode(), headers)
            except (OSError, HTTPException):
                self.close()
                if connection is None:
                    return None
        return None

    def close(self) -> None:
        if self._connection:
            with suppress(OSError):
                self._connection.close()
        self._connection = None

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        self._connection = kind(self._url.hostname or "", self._url.port, timeout=TIMEOUT_SECONDS)
        return self._connection

    def _post(self, connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
        path = self._url.path or "/"
        connection.request("POST", f"{path}?{self._url.query}" if self._url.query else path, body, headers)
        response = connection.getresponse()
        response.read(65_536)
        if not response.isclosed():
            self.close()
        return response.status


def keep_calling(
    caller: Caller | None,
    memory: Memory,
    stopping: threading.Event,
    told: Callable[[Any], dict[str, Any]],
    *,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Make the calls that are due until somebody says stop. `told`: what a call says. `before`: what is done before each look at them."""
    nobody_home = 0
    while not stopping.is_set():
        before()
        with memory.news:
            call, next_at = memory.next_call() if caller else (None, None)
            if not call or caller is None:
                rest_until(next_at, memory, stopping)
                continue
        status = caller.make(call.event.id, told(call))
        if status is None:  # nobody is there for any call: leave them all as they are and wait
            stopping.wait(caller.pause_seconds(nobody_home))
            nobody_home += 1
            continue
        nobody_home = 0
        if 200 <= status < 300:
            memory.call_made(call)
        else:
            again_at = time.time() + caller.pause_seconds(call.attempts)
            memory.call_failed(call, again_at=again_at if call.attempts < MOST_ATTEMPTS else None)
    if caller:
        caller.close()


def rest_until(instant: float | None, memory: Memory, stopping: threading.Event) -> None:
    """Wait for news, but not past `instant`. Holds the memory's lock when called and when it returns."""
    if not stopping.is_set():
        memory.news.wait(30.0 if instant is None else max(0.0, min(30.0, instant - time.time())))
