"""Knowing a storefront by its key."""

import hmac

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from customers.models import ApiKey, Channel
from oms.core.reading import columns_of, instance, read


class Storefront:
    """Who a key stands for. It is nobody of the staff, so every permission of theirs is refused."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    pk = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    def get_username(self) -> str:
        return f"key:{self.key.prefix}"

    def has_perm(self, permission: str) -> bool:
        return False


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer tl_PREFIX_SECRET`. One query; the secret is compared in constant time."""

    def authenticate(self, request: Request) -> tuple[Storefront, ApiKey] | None:
        scheme, _, readable = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        parts = readable.strip().split("_", 2)
        key = None
        if len(parts) == 3 and parts[0] == "tl" and len(parts[1]) <= 12 and readable.isascii():
            key = _key_with(parts[1])
        expected = key.sha256 if key else "0" * 64
        if not hmac.compare_digest(expected, ApiKey.digest(readable.strip())) or key is None or not key.is_live:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.", code="key_refused")
        return Storefront(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="throughline"'


def _key_with(prefix: str) -> ApiKey | None:
    """Give the key with its channel, in one query."""
    rows = read(
        f"SELECT {columns_of(ApiKey)}, {columns_of(Channel)} FROM customers_apikey"
        " JOIN customers_channel ON customers_channel.id = customers_apikey.channel_id WHERE customers_apikey.prefix = %s",
        [prefix],
    )
    if not rows:
        return None
    key = instance(ApiKey, rows[0])
    key.channel = instance(Channel, rows[0][len(ApiKey._meta.concrete_fields) :])
    return key
