"""A sandbox in full, as threads of the process that it is made in."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from sandbox.calls import Caller
from sandbox.door import Door
from sandbox.memory import Memory


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`key`: the bearer key that those outside show. `port` 0: any free one. No `webhook_url`: nobody is called.

    `state_path`: an SQLite file; empty forgets everything at the end.
    """

    key: str
    port: int = 0
    webhook_url: str = ""
    webhook_secret: str = ""
    state_path: str = ""
    first_pause_seconds: float = 0.5

    def caller(self, agent: str) -> Caller | None:
        """Give who calls the webhook, or None where nobody is called."""
        if not self.webhook_url:
            return None
        return Caller(self.webhook_url, self.webhook_secret, agent=agent, first_pause_seconds=self.first_pause_seconds)


class Sandbox:
    """Serves `door`, and does each of `works` in a thread of its own until `_stopping`: `with sandbox: sandbox.url`."""

    def __init__(self, door: Door, memory: Memory, *works: Callable[[], None]) -> None:
        self.door, self._memory = door, memory
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=work, name=f"sandbox {work.__name__}", daemon=True) for work in (door.serve, *works)]

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
        with self._memory.news:
            self._memory.news.notify_all()
        for thread in self._threads:
            thread.join(timeout=15)
        self._memory.close()
