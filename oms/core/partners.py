"""The three ways in which a partner outside the house, a carrier or a payment gateway, may fail us. Pure.

They tell what may be done next, and an adapter that cannot tell them apart must say *unknown*:

* `PartnerRefused`: it did not happen and never will as it stands. A person must correct something.
* `PartnerRetryable`: it certainly did not happen. Ask again later.
* `PartnerUnknown`: it may have happened. Look up our reference before asking again.
"""


class PartnerError(Exception):
    """A partner has not done what we asked. `reason`: a sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PartnerRefused(PartnerError):
    """A definite no: a bad address, a parcel too heavy. Asking again with the same words is no use."""


class PartnerRetryable(PartnerError):
    """It certainly did not happen, and not because of what we asked: our key was turned away, or they are too busy."""


class PartnerUnreachable(PartnerRetryable):
    """Nobody answered the door: our request never left the house."""


class PartnerUnknown(PartnerError):
    """We asked and do not know what became of it: a time-out, a cut answer, an error of theirs. Look it up first."""
