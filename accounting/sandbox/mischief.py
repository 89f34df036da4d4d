"""How the sandbox payment gateway misbehaves, and how it is told to.

By `POST /v1/_behave` with any of these, replacing what was told before; `{}` makes it good again:

    fail               "500", "refuse"  nothing is opened
                       "after", "cut", "late", "reset"  it is opened, then the answer is a 500, breaks off in the
                       middle, comes after `slow_seconds` (15 where not said), or the connection is reset
    slow_seconds       wait this long before each answer
    on                 what it applies to: "open" (as when not said), "look_up", "any"
    times              how often; until further notice where not said
    duplicate_webhooks each call of our webhook is made twice
    silent_webhooks    nobody is told of anything
    charge_twice       who presses Pay is charged twice, under two numbers
    lie                "webhook": calls of our webhook speak of ten times the amount; "amount": ten times the amount is really taken
"""

from dataclasses import dataclass

from sandbox.mischief import Orders

SUBJECTS = ("open", "look_up", "any")
LIES = ("", "webhook", "amount")


@dataclass
class PaymentOrders(Orders):
    """What a payment gateway may be told as well."""

    on: str = "open"
    duplicate_webhooks: bool = False
    silent_webhooks: bool = False
    charge_twice: bool = False
    lie: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lie not in LIES:
            raise ValueError("lie is webhook, amount or nothing")

    @property
    def subjects(self) -> tuple[str, ...]:
        return SUBJECTS
