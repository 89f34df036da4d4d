"""Who may use which route: every route of the API × method × role, found in the URLconf. A new route without a row here fails."""

import json

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver
from rest_framework.views import APIView

from customers.models import Scope
from oms.core.access import ROLES
from oms.core.models import User
from orders.models import Order
from tests.api.storefront import Storefront, order_of

CLERK, WAREHOUSE, ACCOUNTANT, MANAGER = "clerk", "warehouse", "accountant", "manager"
EVERYBODY = {CLERK, WAREHOUSE, ACCOUNTANT, MANAGER}

# route, method → the scope a key needs, and the roles that may. The administrator may everything, nobody nothing.
MATRIX: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("v1/orders", "GET"): ("orders:read", EVERYBODY),
    ("v1/orders", "POST"): ("orders:write", {CLERK, MANAGER}),
    ("v1/orders/<str:number>", "GET"): ("orders:read", EVERYBODY),
    ("v1/orders/<str:number>/cancel", "POST"): ("orders:write", {CLERK, MANAGER}),
    ("v1/orders/<str:number>/sourcing", "GET"): ("orders:read", EVERYBODY),
    ("v1/orders/<str:number>/priority", "PUT"): ("sourcing:write", {CLERK, MANAGER}),
    ("v1/orders/<str:number>/swaps", "POST"): ("sourcing:write", {MANAGER}),
    ("v1/orders/<str:number>/swaps/preview", "POST"): ("sourcing:write", {MANAGER}),
    ("v1/sourcing/rules", "GET"): ("stock:read", EVERYBODY),
    ("v1/sourcing/rules", "PUT"): ("sourcing:write", {MANAGER}),
    ("v1/sourcing/simulations", "GET"): ("stock:read", EVERYBODY),
    ("v1/sourcing/simulations", "POST"): ("sourcing:write", {MANAGER}),
    ("v1/sourcing/simulations/<int:pk>", "GET"): ("stock:read", EVERYBODY),
    ("v1/orders/<str:number>/payments", "POST"): ("payments:write", {ACCOUNTANT, MANAGER}),
    ("v1/orders/<str:number>/invoices/<str:invoice>.pdf", "GET"): ("orders:read", {CLERK, ACCOUNTANT, MANAGER}),
    ("v1/vendor-bills", "GET"): ("purchasing:read", {ACCOUNTANT, MANAGER}),
    ("v1/vendor-bills", "POST"): ("purchasing:write", {ACCOUNTANT, MANAGER}),
    ("v1/vendor-bills/<str:number>", "GET"): ("purchasing:read", {ACCOUNTANT, MANAGER}),
    ("v1/vendor-bills/<str:number>/release", "POST"): ("bills:release", {ACCOUNTANT, MANAGER}),
    ("v1/vendors", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/vendors/<str:number>", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/purchase-needs", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/purchase-needs/approve", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-needs/reject", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/purchase-orders", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/purchase-orders/<str:number>/approve", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>/acknowledgement", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>/change", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>/cancel", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>/close", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/reorder-rules", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/reorder-rules/<str:warehouse>/<str:sku>", "PUT"): ("purchasing:write", {MANAGER}),
    ("v1/purchase-orders/<str:number>/receipts", "GET"): ("purchasing:read", {WAREHOUSE, ACCOUNTANT, MANAGER}),
    ("v1/purchase-orders/<str:number>/receipts", "POST"): ("purchasing:write", {WAREHOUSE, MANAGER}),
    ("v1/purchase-orders/<str:number>/receipts/<int:receipt>/reversal", "POST"): ("purchasing:write", {WAREHOUSE, MANAGER}),
    ("v1/purchase-orders/<str:number>/landed-costs", "POST"): ("purchasing:write", {ACCOUNTANT, MANAGER}),
    ("v1/purchase-orders/<str:number>/drop-shipments", "POST"): ("purchasing:write", {WAREHOUSE, MANAGER}),
    ("v1/orders/<str:number>/drop-shipments", "POST"): ("purchasing:write", {MANAGER}),
    ("v1/scans", "POST"): ("purchasing:read", {WAREHOUSE, MANAGER}),
    ("v1/events", "GET"): ("orders:read", EVERYBODY),
    ("v1/availability", "GET"): ("stock:read", EVERYBODY),
    ("v1/prices", "GET"): ("orders:read", {CLERK, MANAGER}),
    ("v1/deliveries", "GET"): ("orders:read", {CLERK, MANAGER}),
    ("v1/lost-sales", "GET"): ("orders:read", EVERYBODY),
    ("v1/lost-sales/calls", "GET"): ("orders:read", EVERYBODY),
    ("v1/baskets/<str:basket>", "PUT"): ("orders:write", {CLERK, MANAGER}),
    ("v1/baskets/<str:basket>", "DELETE"): ("orders:write", {CLERK, MANAGER}),
    ("v1/stock", "GET"): ("stock:read", EVERYBODY),
    ("v1/stock/<str:code>", "GET"): ("stock:read", EVERYBODY),
    ("v1/stock/<str:code>/movements", "GET"): ("stock:read", EVERYBODY),
    ("v1/stock/<str:code>/reservations", "GET"): ("stock:read", EVERYBODY),
    ("v1/stock/<str:code>/explanation", "GET"): ("stock:read", EVERYBODY),
    ("v1/skus/<str:code>/kit", "GET"): ("stock:read", EVERYBODY),
    ("v1/skus/<str:code>/kit", "PUT"): ("stock:write", {MANAGER}),
    ("v1/sku-imports", "POST"): ("stock:write", {MANAGER}),
    ("v1/exports/stock", "GET"): ("stock:read", EVERYBODY),
    ("v1/exports/movements", "GET"): ("stock:read", EVERYBODY),
    ("v1/stock/<str:code>/corrections", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/stock/<str:code>/cost-corrections", "POST"): ("stock:write", {ACCOUNTANT, MANAGER}),
    ("v1/transfers", "GET"): ("stock:read", EVERYBODY),
    ("v1/transfers", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/transfers/<str:number>", "GET"): ("stock:read", EVERYBODY),
    ("v1/transfers/<str:number>/lines", "PUT"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/transfers/<str:number>/send", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/transfers/<str:number>/cancel", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/transfers/<str:number>/receipts", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/transfers/<str:number>/losses", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/counts", "GET"): ("stock:read", EVERYBODY),
    ("v1/counts", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/counts/<str:number>", "GET"): ("stock:read", EVERYBODY),
    ("v1/counts/<str:number>/entries", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/counts/<str:number>/cancel", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/counts/<str:number>/post", "POST"): ("stock:write", {WAREHOUSE, MANAGER}),
    ("v1/shortfalls", "GET"): ("stock:read", EVERYBODY),
    ("v1/shortfalls/<int:pk>/settle", "POST"): ("stock:write", {CLERK, WAREHOUSE, MANAGER}),
    ("v1/customers", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>", "PATCH"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/telephones", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/telephones", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/telephones/<int:part>", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/telephones/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/emails", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/emails", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/emails/<int:part>", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/emails/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/contacts", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/contacts", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/contacts/<int:part>", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/contacts/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/addresses", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/addresses", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/addresses/<int:part>", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/addresses/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/telephones/main", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/emails/main", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/addresses/<int:part>/main", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/pinned-notes", "GET"): ("customers:notes", EVERYBODY),
    ("v1/customers/<str:number>/pinned-notes", "POST"): ("customers:notes", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/pinned-notes/<int:part>", "DELETE"): ("customers:notes", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/payment-preferences", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/payment-preferences", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/payment-preferences/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/terms", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/terms", "PUT"): ("customers:terms", {ACCOUNTANT, MANAGER}),
    ("v1/customers/<str:number>/consents", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/consents", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/part-numbers", "GET"): ("customers:read", EVERYBODY),
    ("v1/customers/<str:number>/part-numbers", "POST"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/part-numbers/<int:part>", "PUT"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/part-numbers/<int:part>", "DELETE"): ("customers:write", {CLERK, MANAGER}),
    ("v1/customers/<str:number>/part-number-lists", "POST"): ("customers:write", {CLERK, MANAGER}),
}
OPEN_TO_ALL = {"v1/schema", "docs"}
METHODS = ("get", "post", "put", "patch", "delete")


def _routes() -> dict[str, type[APIView]]:
    [api] = [entry for entry in get_resolver().url_patterns if isinstance(entry, URLResolver) and str(entry.pattern) == "api/"]
    return _under("", api.url_patterns)


def _under(start: str, entries) -> dict[str, type[APIView]]:
    routes = {}
    for entry in entries:
        if isinstance(entry, URLResolver):
            routes |= _under(start + str(entry.pattern), entry.url_patterns)
        elif isinstance(entry, URLPattern) and isinstance(entry.pattern, RoutePattern) and start + str(entry.pattern) not in OPEN_TO_ALL:
            routes[start + str(entry.pattern)] = entry.callback.cls
    return routes


def _path(route: str) -> str:
    return (
        f"/{route}".replace("<str:number>", "SO-1001" if "orders" in route else "C-1001")
        .replace("<str:code>", "MUG")
        .replace("<int:pk>", "9999")
        .replace("<int:part>", "9999")
        .replace("<int:pk>", "1")
        .replace("<str:invoice>", "INV-000001")
        .replace("<int:receipt>", "1")
    )


def _hired(role: str) -> User:
    """Hire somebody who logs in by no password: making one takes longer than the rest of the test."""
    user = User.objects.create(username=role, is_superuser=role not in ROLES)
    user.groups.set(Group.objects.filter(name=role))
    return user


def test_every_route_and_method_has_a_row():
    found = {(route, method.upper()) for route, view in _routes().items() for method in METHODS if hasattr(view, method)}

    assert found == set(MATRIX)


@pytest.mark.parametrize(("route", "method"), MATRIX, ids=lambda part: part)
def test_a_key_needs_the_scope_and_a_person_the_role(house, route, method):
    house.place(("MUG", 1))
    scope, roles = MATRIX[route, method]
    path = _path(route).removeprefix("/v1")
    with_it = Storefront(house.web, [scope]).send(method, path, {}, key="k")
    without = Storefront(house.web, [other for other in Scope.values if other != scope]).send(method, path, {}, key="k")
    anonymous = Client().generic(method, f"/api/v1{path}", "{}", content_type="application/json")
    by_role = {}
    for role in [*ROLES, "administrator"]:
        client = Client()
        client.force_login(_hired(role))
        by_role[role] = client.generic(method, f"/api/v1{path}", "{}", content_type="application/json").status_code

    assert with_it.status_code not in (401, 403), with_it.content
    assert (without.status_code, without.json()["code"]) == (403, "permission_denied")
    assert (anonymous.status_code, anonymous["WWW-Authenticate"]) == (401, 'Bearer realm="throughline"')
    assert {role for role, status in by_role.items() if status != 403} == roles | {"administrator"}
    assert all(status < 500 for status in by_role.values())


@pytest.mark.parametrize(("route", "method"), [row for row in MATRIX if row[1] != "GET"], ids=lambda part: part)
def test_a_session_without_its_token_writes_nothing(house, route, method):
    client = Client(enforce_csrf_checks=True)
    client.force_login(_hired(MANAGER))

    answer = client.generic(method, f"/api{_path(route)}", json.dumps(order_of(house)), content_type="application/json")

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert not Order.objects.exists()


@pytest.mark.parametrize(("route", "method"), MATRIX, ids=lambda part: part)
def test_what_belongs_to_another_channel_is_not_there(house, route, method):
    """Only what a path names can be foreign; lists and bodies are tested beside their resources."""
    if "<str:number>" not in route or not route.startswith(("v1/orders", "v1/customers")):
        return
    house.place(("MUG", 1))
    stranger = Storefront(house.phone)
    path = _path(route).removeprefix("/v1")

    foreign = stranger.send(method, path, {"amount": "1.00", "method": "card", "reference": "x"} if "payments" in path else {}, key="k")
    missing = stranger.send(method, path.replace("1001", "9999"), {}, key="k")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["code"] == missing.json()["code"] == "not_found"
    assert Order.objects.get().state == "placed"


def test_a_method_without_a_row_in_needs_is_open_to_nobody(house):
    shop = Storefront(house.web)

    assert [shop.send(method, "/events", {}).status_code for method in METHODS[1:]] == [405] * 4
    assert Client().generic("DELETE", "/api/v1/events").status_code == 401
    assert Client().options("/api/v1/orders").status_code == 401
    assert shop.send("options", "/orders").status_code == 200


def test_a_method_that_somebody_forgot_to_declare_is_refused(house, monkeypatch):
    """The twin of the row above: a handler is there, but `needs` does not name it."""
    monkeypatch.setattr(_routes()["v1/events"], "delete", lambda self, request: 1 / 0, raising=False)

    assert Storefront(house.web).send("delete", "/events").status_code == 403


def test_a_key_of_a_channel_that_is_closed_opens_nothing(house):
    shop = Storefront(house.web)
    house.web.is_active = False
    house.web.save()

    assert shop.send("get", "/orders").status_code == 401
