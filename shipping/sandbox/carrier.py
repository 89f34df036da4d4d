"""The sandbox carrier in full: its memory, its temper, its door, and the two threads that move parcels and tell of it."""

import time
from dataclasses import dataclass

from sandbox.calls import keep_calling, rest_until
from sandbox.mischief import Temper
from sandbox.running import Sandbox, Settings
from shipping.sandbox import answers
from shipping.sandbox.depot import Depot
from shipping.sandbox.mischief import ParcelOrders
from shipping.sandbox.server import ParcelDoor


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """`step_seconds`: how long a parcel stays at each step of its journey."""

    step_seconds: float = 4.0


class SandboxCarrierServer(Sandbox):
    """`with SandboxCarrierServer(config) as carrier: carrier.url`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.depot = Depot(config.state_path)
        self.temper = Temper(ParcelOrders)
        self._caller = config.caller("sandbox-parcel/1")
        door = ParcelDoor(config.port, key=config.key, depot=self.depot, temper=self.temper, step_seconds=config.step_seconds)
        super().__init__(door, self.depot, self._move_parcels, self._make_calls)

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
