"""The adapter of the sandbox payment gateway (`accounting.sandbox`): what an adapter of a real one looks like. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from accounting.gateways.base import Charge, CheckoutRequest, GatewayNews, GatewayUnknown, HostedCheckout, Outcome
from oms.core.signing import identifier, instant, read_signed
from oms.core.transport import Transport, understood


class SandboxGateway:
    """Opens checkouts over HTTP with our reference as idempotency key, so that asking twice is harmless."""

    def __init__(self, *, url: str, key: str, timeout_seconds: float) -> None:
        self._url = url
        self._transport = Transport(url=url, key=key, timeout_seconds=timeout_seconds, who="The payment gateway")

    def open(self, request: CheckoutRequest) -> HostedCheckout:
        body = {
            "reference": request.reference,
            "amount": str(request.amount),
            "currency": request.currency,
            "title": request.title,
            "return_url": request.return_url,
            "language": request.language,
        }
        return self._checkout(self._transport.call("POST", "/v1/checkouts", body, idempotency_key=request.reference), request.reference)

    def look_up(self, reference: str) -> HostedCheckout | None:
        answer = self._transport.call("GET", f"/v1/checkouts?reference={quote(reference, safe='')}")
        found = understood(lambda said: list(said["checkouts"]), answer)
        return self._checkout(found[0], reference) if found else None

    def _checkout(self, answer: Any, reference: str) -> HostedCheckout:
        checkout = understood(_checkout, answer)
        if checkout.reference != reference or not checkout.page_url.startswith(self._url.rstrip("/") + "/"):
            raise GatewayUnknown("The payment gateway answered with another checkout, or a page that is not its own.")
        return checkout


def read_news(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str]) -> GatewayNews:
    """Check the signature of a call of our webhook and read what it tells. Raises `ForgedCall` or `MalformedCall`."""
    return read_signed(body, headers, _news, secrets=secrets, what="news of a checkout")


def _checkout(said: Any) -> HostedCheckout:
    return HostedCheckout(
        reference=identifier(said["reference"], 40),
        page_url=identifier(said["page_url"], 300),
        outcome=Outcome(said["status"]),
        charges=tuple(_charge(charge) for charge in said["charges"]),
    )


def _news(said: Any) -> GatewayNews:
    data = said["data"]
    outcome = Outcome(data["status"])
    if outcome == Outcome.OPEN:
        raise ValueError("nothing has happened")
    return GatewayNews(
        event_id=identifier(data["event_id"], 100),
        reference=identifier(data["reference"], 40),
        outcome=outcome,
        occurred_at=instant(data["occurred_at"]),
        charge=_charge(data["charge"]) if outcome == Outcome.PAID else None,
    )


def _charge(said: Any) -> Charge:
    return Charge(
        charge_id=identifier(said["id"], 90),
        amount=_amount(said["amount"]),
        currency=_currency(said["currency"]),
        taken_at=instant(said["taken_at"]),
    )


def _amount(said: Any) -> Decimal:
    amount = Decimal(said) if isinstance(said, str) else Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < 10**12 or amount != round(amount, 4):
        raise ValueError("an amount that is none")
    return amount


def _currency(said: Any) -> str:
    if not isinstance(said, str) or len(said) != 3 or not (said.isascii() and said.isupper()):
        raise ValueError("a currency that is none")
    return said
