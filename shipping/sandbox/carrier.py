"""The sandbox carrier in full: its memory, its temper, its door, and the two threads that move parcels and tell of it."""

import threading
import time
from dataclasses import dataclass
from typing import Self

from shipping.sandbox.depot import Depot
from shipping.sandbox.mischief import Temper
from shipping.sandbox.server import Door
from shipping.sandbox.webhooks import MOST_ATTEMPTS, Caller


@dataclass(frozen=True, kw_only=True)
class Config:
    """`key`: the bearer key that customers show. `port` 0: any free one. No `webhook_url`: nobody is called.

    `state_path`: an SQLite file; empty forgets everything at the end.
    """

    key: str
    port: int = 0
    webhook_url: str = ""
    webhook_secret: str = ""
    step_seconds: float = 4.0
    state_path: str = ""
    first_pause_seconds: float = 0.5


class SandboxCarrierServer:
    """Runs in threads of the process it is made in: `with SandboxCarrierServer(config) as carrier: carrier.url`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.depot = Depot(config.state_path)
        self.temper = Temper()
        self._stopping = threading.Event()
        self._caller = (
            Caller(config.webhook_url, config.webhook_secret, first_pause_seconds=config.first_pause_seconds) if config.webhook_url else None
        )
        self.door = Door(config.port, key=config.key, depot=self.depot, temper=self.temper, step_seconds=config.step_seconds)
        self._threads = [
            threading.Thread(target=work, name=f"sandbox {work.__name__}", daemon=True)
            for work in (self.door.serve, self._move_parcels, self._make_calls)
        ]

    @property
    def url(self) -> str:
        return self.door.url

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self.door.close()
        with self.depot.news:
            self.depot.news.notify_all()
        for thread in self._threads:
            thread.join(timeout=15)
        self.depot.close()

    def _move_parcels(self) -> None:
        while not self._stopping.is_set():
            orders = self.temper.orders
            calls = (2 if orders.duplicate_webhooks else 1) if self._caller else 0
            with self.depot.news:
                next_at = self.depot.move(
                    time.time(),
                    step_seconds=self.config.step_seconds,
                    calls=calls,
                    hold_back=orders.shuffle_webhooks,
                )
                self._rest_until(next_at)

    def _make_calls(self) -> None:
        if not self._caller:
            return
        nobody_home = 0
        while not self._stopping.is_set():
            with self.depot.news:
                call, next_at = self.depot.next_call()
                if not call:
                    self._rest_until(next_at)
                    continue
            status = self._caller.make(call)
            if status is None:  # nobody is there for any call: leave them all as they are and wait
                self._stopping.wait(self._caller.pause_seconds(nobody_home))
                nobody_home += 1
                continue
            nobody_home = 0
            if 200 <= status < 300:
                self.depot.call_made(call)
            else:
                again_at = time.time() + self._caller.pause_seconds(call.attempts)
                self.depot.call_failed(call, again_at=again_at if call.attempts < MOST_ATTEMPTS else None)
        self._caller.close()

    def _rest_until(self, instant: float | None) -> None:
        """Wait for news, but not past `instant`. Holds the depot's lock when called and when it returns."""
        if not self._stopping.is_set():
            self.depot.news.wait(30.0 if instant is None else max(0.0, min(30.0, instant - time.time())))
