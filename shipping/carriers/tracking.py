"""Reading what a carrier calls our webhook with. Pure: bytes and headers in, a `TrackingUpdate` out."""

from collections.abc import Mapping, Sequence
from typing import Any

from oms.core.signing import identifier, instant, line, read_signed
from shipping.carriers.base import TrackingStatus, TrackingUpdate


def read_tracking(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str]) -> TrackingUpdate:
    """Check the signature of a call and read the update. Raises `ForgedCall` or `MalformedCall`."""
    return read_signed(body, headers, _update, secrets=secrets, what="a tracking update")


def _update(said: Any) -> TrackingUpdate:
    data = said["data"]
    return TrackingUpdate(
        event_id=identifier(data["event_id"], 100),
        tracking_number=identifier(data["tracking_number"], 60),
        status=TrackingStatus(data["status"]),
        occurred_at=instant(data["occurred_at"]),
        description=line(data.get("description"), 200),
        location=line(data.get("location"), 100),
    )
