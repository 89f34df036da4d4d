"""The sandbox payment gateway in full: its memory, its temper, its door, and the thread that tells of payments."""

import threading
from dataclasses import dataclass
from typing import Self

from accounting.sandbox.mischief import PaymentOrders
from accounting.sandbox.register import Register
from accounting.sandbox.server import PaymentDoor, told
from sandbox.calls import Caller, keep_calling
from sandbox.mischief import Temper


@dataclass(frozen=True, kw_only=True)
class Config:
    """`key`: the bearer key that shops show. `port` 0: any free one. No `webhook_url`: nobody is called.

    `state_path`: an SQLite file; empty forgets everything at the end. `lifetime_seconds`: how long a checkout can be paid.
    """

    key: str
    port: int = 0
    webhook_url: str = ""
    webhook_secret: str = ""
    state_path: str = ""
    lifetime_seconds: float = 3600.0
    first_pause_seconds: float = 0.5


class SandboxGatewayServer:
    """Runs in threads of the process it is made in: `with SandboxGatewayServer(config) as gateway: gateway.url`."""

    def __init__(self, config: Config) -> None:
        self.register = Register(config.state_path, lifetime_seconds=config.lifetime_seconds)
        self.temper = Temper(PaymentOrders)
        self._stopping = threading.Event()
        self._caller = (
            Caller(config.webhook_url, config.webhook_secret, agent="sandbox-pay/1", first_pause_seconds=config.first_pause_seconds)
            if config.webhook_url
            else None
        )
        self.door = PaymentDoor(config.port, key=config.key, register=self.register, temper=self.temper)
        self._threads = [threading.Thread(target=work, name=f"sandbox {work.__name__}", daemon=True) for work in (self.door.serve, self._tell)]

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
        with self.register.news:
            self.register.news.notify_all()
        for thread in self._threads:
            thread.join(timeout=15)
        self.register.close()

    def _tell(self) -> None:
        keep_calling(self._caller, self.register, self._stopping, told, before=lambda: self.register.expire(self.temper.orders))
