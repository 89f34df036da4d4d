"""What lies outside the house in these tests, as real servers on loopback: our own webhook's place, and rude carriers."""

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from shipping.carriers.base import Parcel, Party, ShipmentRequest
from shipping.sandbox.carrier import Config

KEY = "key-of-the-tests"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE_SECONDS = 10

LEEDS = Party(company="Throughline Trading Ltd", name="", lines=("1 Wharf Road",), city="Leeds", postcode="LS1 4AP", country="GB")
ALICE = Party(name="Alice Ward", lines=("7 Mill Lane",), city="York", postcode="YO1 7HH", country="GB", phone="+44 1904 551550")


def request_for(reference: str, **changed: Any) -> ShipmentRequest:
    wanted: dict[str, Any] = {
        "reference": reference,
        "sender": LEEDS,
        "recipient": ALICE,
        "parcels": (Parcel(weight_grams=1200),),
        "value": Decimal("24.50"),
    }
    return ShipmentRequest(**(wanted | changed))


def config(**changed: Any) -> Config:
    settings: dict[str, Any] = {"key": KEY, "step_seconds": 0.01, "first_pause_seconds": 0.02}
    return Config(**(settings | changed))


@dataclass(frozen=True)
class Called:
    body: bytes
    headers: dict[str, str]


class WebhookReceiver:
    """Our side of the webhook. Answers 200, or first what is in `answers`. Each call waits in `calls`."""

    def __init__(self, port: int = 0) -> None:
        self.calls: queue.Queue[Called] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.put(Called(body, dict(self.headers)))
                self.send_response(receiver.answers.get_nowait() if not receiver.answers.empty() else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/shipping/webhooks/sandbox"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, count: int) -> list[Called]:
        return [self.calls.get(timeout=PATIENCE_SECONDS) for _ in range(count)]


@contextmanager
def rude_carrier(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that reads a request and then does `answer` to the connection. Yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.settimeout(PATIENCE_SECONDS)
                        connection.recv(65_536)
                        answer(connection)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE_SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
