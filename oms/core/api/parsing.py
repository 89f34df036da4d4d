"""JSON as it should be: UTF-8, finite numbers, no NUL, no half characters, no key twice, not too deep, not too large."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_DEPTH = 20
MOST_DIGITS = 40


class TooLarge(ParseError):
    """The body is larger than MAX_BODY_BYTES."""

    status_code = 413
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """Parses a JSON object, and refuses with a sentence what would only fail later and worse."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge(_("The request is larger than %(limit)d bytes. Send less at a time.") % {"limit": settings.MAX_BODY_BYTES})
        return parse_json(body)


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises ParseError with what is wrong and where."""
    try:
        text = body.decode()
        if text.count("[") + text.count("{") > MOST_DEPTH and _depth(text) > MOST_DEPTH:
            raise ParseError(_("The JSON is nested more than %(most)d deep.") % {"most": MOST_DEPTH})
        data = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_number)
        if "\\u" in text:
            _check_strings(data)
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8.")) from None
    except ValueError as error:
        raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
    if "\x00" in text or not isinstance(data, dict):
        raise ParseError(_("Send a JSON object, without NUL characters."))
    return data


def _depth(text: str) -> int:
    """Give a bound on the nesting: brackets in strings count too, which only strange texts notice."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a name is given twice in one object")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def _number(text: str) -> float:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number is too long")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _check_strings(data: Any) -> None:
    if isinstance(data, str):
        if "\x00" in data:
            raise ValueError("a text has a NUL character")
        try:
            data.encode()
        except UnicodeEncodeError:
            raise ValueError("a text has half a character (a lone surrogate)") from None
    elif isinstance(data, dict):
        for name, value in data.items():
            _check_strings(name)
            _check_strings(value)
    elif isinstance(data, list):
        for value in data:
            _check_strings(value)
