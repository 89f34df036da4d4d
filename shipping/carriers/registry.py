"""Which adapter talks to which carrier. The only module of this package that knows the settings."""

from collections.abc import Callable

from django.conf import settings

from shipping.carriers.base import Carrier, CarrierRetryable
from shipping.carriers.manual import ManualCarrier
from shipping.carriers.sandbox import SandboxCarrier


def carrier_named(code: str) -> Carrier:
    """Give the adapter `code` (`models.Carrier.adapter`), set up from the settings as they are now.

    Raises `CarrierRetryable` where it is unknown or not set up here: the shipment waits until somebody has set it up.
    """
    if code not in ADAPTERS:
        raise CarrierRetryable(f"No carrier adapter is called “{code}”. Known: {', '.join(ADAPTERS)}.")
    return ADAPTERS[code]()


def _manual() -> Carrier:
    return ManualCarrier()


def _sandbox() -> Carrier:
    if not settings.SANDBOX_CARRIER_URL:
        raise CarrierRetryable("The sandbox carrier has no address: set SANDBOX_CARRIER_URL.")
    return SandboxCarrier(
        url=settings.SANDBOX_CARRIER_URL,
        key=settings.SANDBOX_CARRIER_KEY,
        timeout_seconds=settings.CARRIER_TIMEOUT_SECONDS,
    )


ADAPTERS: dict[str, Callable[[], Carrier]] = {"manual": _manual, "sandbox": _sandbox}
