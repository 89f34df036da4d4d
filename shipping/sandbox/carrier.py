"""The sandbox carrier in full: its memory, its temper, its door, and the two threads that move parcels and tell of it."""

import threading
import time
from dataclasses import dataclass
from typing import Self

from sandbox.calls import Caller, keep_calling, rest_until
from sandbox.mischief import Temper
from shipping.sandbox import answers
from shipping.sandbox.depot import Depot
from shipping.sandbox.mischief import ParcelOrders
from shipping.sandbox.server import ParcelDoor


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
        self.temper = Temper(ParcelOrders)
        self._stopping = threading.Event()
        self._caller = (
            Caller(config.webhook_url, config.webhook_secret, agent="sandbox-parcel/1", first_pause_seconds=config.first_pause_seconds)
            if config.webhook_url
            else None
        )
        self.door = ParcelDoor(config.port, key=config.key, depot=self.depot, temper=self.temper, step_seconds=config.step_seconds)
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
                rest_until(next_at, self.depot, self._stopping)

    def _make_calls(self) -> None:
        keep_calling(self._caller, self.depot, self._stopping, answers.told)
