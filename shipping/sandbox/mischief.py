"""How the sandbox carrier misbehaves, and how it is told to.

By `POST /v1/_behave` with any of these, replacing what was told before; `{}` makes it good again:

    fail               "500", "refuse"  nothing is booked
                       "after", "cut", "late", "reset"  it is booked, then the answer is a 500, breaks off in the
                       middle, comes after `slow_seconds` (15 where not said), or the connection is reset
    slow_seconds       wait this long before each answer
    on                 what it applies to: "book" (as when not said), "look_up", "rates", "void", "handover", "any"
    times              how often; until further notice where not said
    duplicate_webhooks each call of our webhook is made twice
    shuffle_webhooks   the calls for a parcel are held back until it has arrived, then made newest first

By a word in the recipient's name, company or postcode, for booking:

    SANDBOX-REFUSE   always refused
    SANDBOX-500 SANDBOX-AFTER SANDBOX-CUT SANDBOX-LATE SANDBOX-RESET   as above, the first time a reference is seen
    SANDBOX-SLOW     every answer takes three seconds
    SANDBOX-EXCEPTION SANDBOX-RETURN SANDBOX-LOST   booked as any other, but the journey goes wrong (see `journeys`)
"""

from dataclasses import dataclass

from sandbox.mischief import Orders

SUBJECTS = ("book", "look_up", "rates", "void", "handover", "any")


@dataclass
class ParcelOrders(Orders):
    """What a carrier may be told as well."""

    on: str = "book"
    duplicate_webhooks: bool = False
    shuffle_webhooks: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        return SUBJECTS
