"""What the sandbox carrier says, as JSON or as a page."""

import base64
import time
from datetime import UTC, datetime
from html import escape
from typing import Any

from shipping.sandbox.depot import Call, Kept
from shipping.sandbox.label import make_label
from shipping.sandbox.requests import Asked
from shipping.sandbox.tariff import CURRENCY, SERVICES, days, price

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1a2230 }}
header {{ background: #111; color: #fff; padding: .9rem 1.2rem; font-weight: 700; letter-spacing: .04em }}
h1 {{ font-size: 1.5rem; font-variant-numeric: tabular-nums; margin-block: 1.5rem .25rem }}
ol {{ list-style: none; padding: 0; margin-block-start: 1.5rem; border-inline-start: 2px solid #111 }}
li {{ padding: 0 0 1.1rem 1.2rem; position: relative }} small {{ color: #5b6675 }}
li::before {{ content: ""; position: absolute; inset-inline-start: -7px; top: .4rem; width: 12px; height: 12px;
border-radius: 50%; background: #fff; border: 2px solid #111; box-sizing: border-box }} li:first-child::before {{ background: #111 }}
</style><header>SANDBOX PARCEL</header><h1>{title}</h1>{rest}</html>"""


def rates(asked: Asked) -> dict[str, Any]:
    return {
        "rates": [
            {
                "service": service.code,
                "name": service.name,
                "amount": str(price(service, asked)),
                "currency": CURRENCY,
                "days": days(service, asked),
            }
            for service in SERVICES[asked.mode]
        ]
    }


def shipment(kept: Kept, *, door: str) -> dict[str, Any]:
    """`door`: our own address, for the link to the tracking page."""
    return {
        "id": kept.id,
        "reference": kept.asked.reference,
        "mode": kept.asked.mode,
        "status": kept.status,
        "tracking_number": kept.tracking_number,
        "tracking_url": f"{door}/track/{kept.tracking_number}",
        "cost": {"amount": str(kept.cost), "currency": CURRENCY},
        "label": _label(kept) if kept.asked.mode == "parcel" else None,
        "created_at": _instant(kept.created_at),
        "events": [
            {
                "event_id": event.id,
                "status": event.status,
                "occurred_at": event.occurred,
                "description": event.description,
                "location": event.location,
            }
            for event in kept.events
        ],
    }


def told(call: Call) -> dict[str, Any]:
    """Give what a call says: the envelope of Standard Webhooks around one thing that happened."""
    event, shipment = call.event, call.shipment
    return {
        "type": "shipment.tracking",
        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "data": {
            "event_id": event.id,
            "shipment_id": shipment.id,
            "reference": shipment.asked.reference,
            "tracking_number": shipment.tracking_number,
            "status": event.status,
            "occurred_at": event.occurred,
            "description": event.description,
            "location": event.location,
        },
    }


def tracking_page(kept: Kept | None) -> str:
    if kept is None:
        return PAGE.format(title="No such parcel", rest="<p>Check the number on your message.</p>")
    events = "".join(
        f"<li>{escape(event.description)}<br><small>{escape(event.location)} · {event.occurred[:16].replace('T', ' ')} UTC</small>"
        for event in reversed(kept.events)
    )
    rest = f"<ol>{events}</ol>" if events else "<p>We know of this parcel and wait for it.</p>"
    return PAGE.format(title=escape(kept.tracking_number), rest=rest)


def _label(kept: Kept) -> dict[str, str]:
    """Draw the label anew: the same shipment gives the same bytes, so none is kept."""
    shipped_on = datetime.fromtimestamp(kept.created_at, UTC).strftime("%d %b %Y")
    pdf = make_label(kept.asked, tracking_number=kept.tracking_number, shipped_on=shipped_on)
    return {"content_type": "application/pdf", "base64": base64.b64encode(pdf).decode()}


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
