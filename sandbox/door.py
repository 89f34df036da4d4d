"""A door on loopback that answers HTTP with JSON, wants a key, and can be told to misbehave. Stands on nothing of the house."""

import hmac
import json
import os
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from sandbox.mischief import Mischief

MOST_BODY_BYTES = 256_000
MOST_AT_ONCE = 100


class Refused(Exception):
    """Whoever lives here says no. `status`: of the HTTP answer."""

    def __init__(self, message: str, *, code: str = "refused", status: int = 422) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status


class Door(ThreadingHTTPServer):
    """Listens on loopback. Serves at most `MOST_AT_ONCE` callers at a time; the others wait in the socket's queue."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, visit: type["Visit"], *, key: str) -> None:
        self.key = key
        self.closing = threading.Event()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(("127.0.0.1", port), visit)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def serve(self) -> None:
        self.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop listening, and let go of those who were kept waiting on purpose."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        while not self._places.acquire(timeout=0.5):
            if self.closing.is_set():
                return self.shutdown_request(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hang up: much of what is tried here makes them."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Visit(BaseHTTPRequestHandler):
    """One caller. `routes`: method, pattern of the path, what is done with the body and the pattern's groups; only for who shows the key.

    `refusal`: what is said to those who are refused on purpose.
    """

    server: Door
    routes: ClassVar[list[tuple[str, str, Callable[..., None]]]] = []
    refusal: ClassVar[str] = "No."
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the house's log is the one to read."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET

    def is_public(self, path: str, body: Any) -> bool:
        """Answer what needs no key; give whether that was it."""
        return False

    def _serve(self) -> None:
        try:
            body = self._body()
            path = urlsplit(self.path).path
            if self.is_public(path, body):
                return
            self._check_key()
            for method, pattern, work in self.routes:
                match = re.fullmatch(pattern, path)
                if match and method == self.command:
                    return work(self, body, *match.groups())
            raise Refused("There is nothing here.", code="not_found", status=404)
        except Refused as refusal:
            self._answer(refusal.status, error(refusal.code, refusal.message))

    def _misbehaves(self, mischief: Mischief, content: Any = None) -> bool:
        """Do what `mischief` says; give whether that was all the answer there will be."""
        if mischief.slow_seconds:
            self.server.closing.wait(mischief.slow_seconds)
        if mischief.fail in ("500", "after"):
            self._answer(500, error("internal", "Something went wrong on our side."))
        elif mischief.fail == "refuse":
            self._answer(422, error("refused", self.refusal))
        elif mischief.fail == "cut":
            self._send(200, json.dumps(content or {"cut": "short"}).encode(), cut=True)
        elif mischief.fail == "reset":
            self._reset()
        return mischief.fail not in ("", "late")

    def _check_key(self) -> None:
        shown = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {self.server.key}".encode()):
            raise Refused("Show your key: Authorization: Bearer …", code="unauthorised", status=401)

    def _body(self) -> Any:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Refused("That is too much to read.", code="too_large", status=413)
        content = self.rfile.read(int(length))
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(content.decode(errors="replace")))
        try:
            return json.loads(content) if content else None
        except (ValueError, RecursionError) as error:
            raise Refused("That is not JSON.", code="malformed", status=400) from error

    def _answer(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, content: bytes, *, kind: str = "application/json", cut: bool = False) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except ConnectionError:
            cut = True  # they have hung up already
        if cut:
            self.close_connection = True

    def _send_on(self, url: str) -> None:
        """Send a browser on to `url`, by GET."""
        self.send_response(303)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _reset(self) -> None:
        """Drop the connection so that the caller's TCP sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
