"""One HTTP call to a partner, told truthfully: an answer, or which of the three ways it failed (see `partners`). Pure."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from oms.core.partners import PartnerRefused, PartnerRetryable, PartnerUnknown, PartnerUnreachable

T = TypeVar("T")
MOST_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Transport:
    """Talks JSON to one address with one key. No redirects, no proxies, one connection a call.

    `timeout_seconds` bounds the whole call, however slowly the answer drips in. `who`: what people call the partner, in sentences.
    """

    url: str
    key: str
    timeout_seconds: float
    who: str
    most_bytes: int = MOST_BYTES

    def call(self, method: str, path: str, body: Any = None, *, idempotency_key: str = "") -> Any:
        """Send `body` as JSON and give the answer's; None for an empty answer.

        Raises `PartnerUnreachable` where the request was not sent, `PartnerRefused` for 4xx, `PartnerRetryable` where
        our key is turned away or we are asked to come back later (401, 403, 429), and `PartnerUnknown` for all else.
        """
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json", "Connection": "close"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        with closing(self._connection()) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise PartnerUnreachable(f"{self.who} cannot be reached: {error}.") from error
            with _deadline(connection, self.timeout_seconds) as expired:
                try:
                    connection.request(method, urlsplit(self.url).path.rstrip("/") + path, payload, headers)
                    response = connection.getresponse()
                    content = self._read(response)
                except (OSError, HTTPException) as error:
                    if expired() or isinstance(error, TimeoutError):
                        raise PartnerUnknown(f"{self.who} did not answer in time.") from error
                    raise PartnerUnknown(f"{self.who} broke off ({type(error).__name__}: {error}).") from error
        return self._meaning(response.status, content)

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        kind: Mapping[str, type[HTTPConnection]] = {"http": HTTPConnection, "https": HTTPSConnection}
        if parts.scheme not in kind or not parts.hostname:
            raise PartnerRetryable(f"“{self.url}” is not an address: {self.who} cannot be asked.")
        return kind[parts.scheme](parts.hostname, parts.port, timeout=self.timeout_seconds)

    def _read(self, response: HTTPResponse) -> bytes:
        if response.length is None and not response.chunked:
            raise HTTPException("an answer that does not say how long it is")
        content = response.read(self.most_bytes + 1)
        if len(content) > self.most_bytes:
            raise HTTPException(f"an answer of more than {self.most_bytes} bytes")
        if response.length:  # read() with a limit does not complain of a body that ends too early
            raise HTTPException(f"{response.length} bytes of the answer are missing")
        return content

    def _meaning(self, status: int, content: bytes) -> Any:
        if 200 <= status < 300:
            if not content:
                return None
            try:
                return json.loads(content)
            except ValueError as error:
                raise PartnerUnknown(f"{self.who} answered {status} with something that is not JSON.") from error
        if status in (401, 403, 429):
            raise PartnerRetryable(f"{self.who} turned us away ({status}): {_message(content)}")
        if 400 <= status < 500:
            raise PartnerRefused(_message(content) or f"{self.who} refused ({status}).")
        raise PartnerUnknown(f"{self.who} answered {status}: {_message(content)}")


@contextmanager
def _deadline(connection: HTTPConnection, seconds: float) -> Iterator[Callable[[], bool]]:
    """Hang up after `seconds`: a socket's own time-out begins anew with every byte. Yields whether it has come to that."""
    passed = threading.Event()
    sock = connection.sock

    def hang_up() -> None:
        passed.set()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # they were faster

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield passed.is_set
    finally:
        timer.cancel()


def understood(read: Callable[[Any], T], answer: Any) -> T:
    """Read a partner's answer; one that makes no sense leaves us not knowing what happened."""
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PartnerUnknown(f"The answer makes no sense ({type(error).__name__}: {error}).") from error


def _message(content: bytes) -> str:
    """Give the partner's own sentence, fit to be shown and stored."""
    try:
        said = json.loads(content)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "".join(c for c in str(said) if c.isprintable())[:300]
