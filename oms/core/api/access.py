"""Who may use which resource: a key by its scopes, a person by their role. What a resource does not allow is refused."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from oms.core.access import actor_of, may


class MayUseApi(BasePermission):
    """Lets a request through where the resource says what its method needs, and the key or person has it.

    A resource names it per method: `needs = {"GET": ("orders:read", "orders.view_order")}`, the key's scope and the person's permission.
    """

    message = "This key or person may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not hasattr(view, str(request.method).lower()):
            return bool(request.user.is_authenticated)  # it is answered 405
        method = "GET" if request.method == "HEAD" else request.method
        if method == "OPTIONS":
            return any(_has(request, needed) for needed in view.needs.values())
        return method in view.needs and _has(request, view.needs[method])


def _has(request: Request, needed: tuple[str, str]) -> bool:
    scope, permission = needed
    key = _key(request)
    return scope in key.scopes if key is not None else may(request.user, permission)


def channel_of(request: Request) -> Any:
    """Give the channel of the key that asks; None for a person at the desk, who sees all."""
    key = _key(request)
    return key.channel if key is not None else None


def principal_of(request: Request) -> str:
    """Give who asks, as events and idempotency keys name them: `key:ab12cd`, `user:anna`."""
    key = _key(request)
    return f"key:{key.prefix}" if key is not None else actor_of(request.user)


def _key(request: Request) -> Any:
    return request.auth
