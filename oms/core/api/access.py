"""Who may use which resource: a key by its scopes, a person by their role. What a view does not allow is refused."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from oms.core.access import may


class MayUseApi(BasePermission):
    """Lets a request through where the view says what it needs, and the key or person has it.

    A view names, per method, the key's scope and the person's permission: `needs = {"GET": ("orders:read", "orders.view_order")}`.
    """

    message = "This key or person may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
        needed = getattr(view, "needs", {}).get(method)
        if needed is None:
            return request.method == "OPTIONS" or method not in getattr(view, "needs", {})
        scope, permission = needed
        if request.auth is not None:
            return bool(scope) and scope in request.auth.scopes
        return may(request.user, permission)


def channel_of(request: Request) -> Any:
    """Give the channel of the key that asks; None for a person at the desk, who sees all."""
    return request.auth.channel if request.auth is not None else None


def principal_of(request: Request) -> str:
    """Give who asks, as events and idempotency keys name them: `key:ab12cd`, `user:anna`."""
    if request.auth is not None:
        return f"key:{request.auth.prefix}"
    return f"user:{request.user.get_username()}"
