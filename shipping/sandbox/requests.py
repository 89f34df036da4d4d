"""What may be asked of the sandbox carrier: plain JSON in, checked values out."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox.door import Refused

MOST_PARCELS = 50
MOST_GRAMS = {"parcel": 30_000, "freight": 10_000_000}


@dataclass(frozen=True)
class Party:
    name: str
    company: str
    lines: tuple[str, ...]
    city: str
    postcode: str
    region: str
    country: str
    phone: str


@dataclass(frozen=True)
class Asked:
    """A request for rates or for a booking. `fingerprint`: two requests with the same one ask for the same thing."""

    reference: str
    mode: str
    service: str
    sender: Party
    recipient: Party
    weights_grams: tuple[int, ...]
    fingerprint: str

    @property
    def weight_grams(self) -> int:
        return sum(self.weights_grams)

    @property
    def magic_words(self) -> str:
        return f"{self.recipient.name} {self.recipient.company} {self.recipient.postcode}"


def read_request(body: Any) -> Asked:
    """Check `body` and give what it asks for. Raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused("The request is not an object.", code="malformed", status=400)
    mode = _text(body, "mode", 10)
    if mode not in MOST_GRAMS:
        raise Refused("We carry parcels and freight, nothing else.")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return Asked(
        reference=_text(body, "reference", 60, required=True),
        mode=mode,
        service=_text(body, "service", 40),
        sender=_party(body.get("sender"), "sender"),
        recipient=_party(body.get("recipient"), "recipient"),
        weights_grams=_weights(body.get("parcels"), MOST_GRAMS[mode]),
        fingerprint=hashlib.sha256(canonical).hexdigest(),
    )


def _party(value: Any, who: str) -> Party:
    if not isinstance(value, dict):
        raise Refused(f"The {who} is missing.")
    lines = value.get("lines") or []
    if not isinstance(lines, list) or len(lines) > 6:
        raise Refused(f"The {who}'s address has too many lines.")
    party = Party(
        name=_text(value, "name", 100),
        company=_text(value, "company", 100),
        lines=tuple(_text({"line": line}, "line", 100) for line in lines if line),
        city=_text(value, "city", 100),
        postcode=_text(value, "postcode", 30),
        region=_text(value, "region", 100),
        country=_text(value, "country", 2),
        phone=_text(value, "phone", 40),
    )
    if not (party.name or party.company) or not party.lines or not party.city:
        raise Refused(f"The {who} needs a name, a street and a city.", code="address_incomplete")
    if not re.fullmatch("[A-Z]{2}", party.country):
        raise Refused(f"The {who}'s country is not one that we know.", code="address_incomplete")
    return party


def _weights(parcels: Any, most: int) -> tuple[int, ...]:
    if not isinstance(parcels, list) or not 1 <= len(parcels) <= MOST_PARCELS:
        raise Refused(f"A shipment has between 1 and {MOST_PARCELS} parcels.")
    return tuple(_weight(parcel, most) for parcel in parcels)


def _weight(parcel: Any, most: int) -> int:
    weight = parcel.get("weight_grams") if isinstance(parcel, dict) else None
    if type(weight) is not int or weight <= 0:
        raise Refused("Every parcel needs a weight.", code="weight_missing")
    if weight > most:
        raise Refused(f"A parcel of {weight} g is too heavy: at most {most} g.", code="too_heavy")
    return weight


def _text(values: dict[str, Any], name: str, length: int, *, required: bool = False) -> str:
    value = values.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str) or len(value) > length or not value.isprintable() or (required and not value):
        raise Refused(f"“{name}” is not a text of at most {length} characters.", code="malformed", status=400)
    return value
