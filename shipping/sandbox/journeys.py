"""The ways a parcel can go, from the driver's hands to the door."""

from dataclasses import dataclass

from shipping.sandbox.requests import Asked


@dataclass(frozen=True)
class Step:
    status: str
    description: str
    near: str  # whose city it happens in: "sender", "recipient" or "hub"


COLLECTED = Step("collected", "Collected from the sender", "sender")
MOVING = Step("in_transit", "Sorted and on its way", "hub")
OUT = Step("out_for_delivery", "Out for delivery", "recipient")
DELIVERED = Step("delivered", "Delivered, signed for at the door", "recipient")
STOPPED = Step("exception", "Nobody was at home", "recipient")
RETURNED = Step("returned", "Brought back to the sender", "sender")
LOST = Step("lost", "Cannot be found; a claim can be made", "hub")

USUAL = (COLLECTED, MOVING, OUT, DELIVERED)
UNUSUAL = {
    "SANDBOX-EXCEPTION": (COLLECTED, MOVING, OUT, STOPPED, MOVING, OUT, DELIVERED),
    "SANDBOX-RETURN": (COLLECTED, MOVING, OUT, STOPPED, RETURNED),
    "SANDBOX-LOST": (COLLECTED, MOVING, LOST),
}


def journey_of(asked: Asked) -> tuple[Step, ...]:
    words = asked.magic_words.upper()
    return next((steps for word, steps in UNUSUAL.items() if word in words), USUAL)


def place_of(step: Step, asked: Asked) -> str:
    if step.near == "hub":
        return f"Sorting centre {asked.recipient.country}"
    party = asked.sender if step.near == "sender" else asked.recipient
    return f"{party.city}, {party.country}"
