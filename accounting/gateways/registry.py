"""Which adapter talks to which payment gateway. The only module of this package that knows the settings."""

from collections.abc import Callable

from django.conf import settings

from accounting.gateways.base import Gateway, GatewayRetryable
from accounting.gateways.sandbox import SandboxGateway


def gateway_set_up() -> str:
    """Give the code of the gateway that new checkouts are opened with; empty where none is set up."""
    return "sandbox" if settings.SANDBOX_GATEWAY_URL else ""


def gateway_named(code: str) -> Gateway:
    """Give the adapter `code` (`Checkout.gateway`), set up from the settings as they are now.

    Raises `GatewayRetryable` where it is unknown or not set up here: the checkout waits until somebody has set it up.
    """
    if code not in ADAPTERS:
        raise GatewayRetryable(f"No payment gateway is called “{code}”. Known: {', '.join(ADAPTERS)}.")
    return ADAPTERS[code]()


def _sandbox() -> Gateway:
    if not settings.SANDBOX_GATEWAY_URL:
        raise GatewayRetryable("The sandbox payment gateway has no address: set SANDBOX_GATEWAY_URL.")
    return SandboxGateway(
        url=settings.SANDBOX_GATEWAY_URL,
        key=settings.SANDBOX_GATEWAY_KEY,
        timeout_seconds=settings.GATEWAY_TIMEOUT_SECONDS,
    )


ADAPTERS: dict[str, Callable[[], Gateway]] = {"sandbox": _sandbox}
