"""Customers over REST."""

from django.db import IntegrityError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.looking_up import customers_meant
from customers.models import Customer
from customers.serializers import (
    AnsweredCustomer,
    AnsweredCustomers,
    ChangeCustomerSerializer,
    RegisterCustomerSerializer,
    customer_draft,
    shown,
)
from customers.services import change_customer, register_customer
from oms.core.api.access import channel_of, principal_of
from oms.core.api.cursors import asked, listed
from oms.core.api.schema import CURSOR, PROBLEMS
from oms.core.api.shapes import checked
from oms.core.api.views import Resource
from oms.core.errors import Conflict, NotFound
from oms.core.readable import row_of


def customer_numbered(number: str, request: Request) -> Customer:
    """Give the customer whose number it is, of those the request may see. Raises NotFound."""
    pk = row_of(number, Customer.NUMBER_PREFIX)
    customer = Customer.objects.known_to(channel_of(request)).filter(pk=pk).first() if pk else None
    if customer is None:
        raise NotFound(_("There is no customer %(number)s.") % {"number": number[:30]}, pointer="/customer")
    return customer.kept


class CustomersView(Resource):
    needs = {"GET": ("customers:read", "customers.view_customer"), "POST": ("customers:write", "customers.add_customer")}

    @extend_schema(
        operation_id="list_customers",
        parameters=[OpenApiParameter("search", str, description="Part of a name, e-mail, telephone number, or a number"), *CURSOR],
        responses={200: AnsweredCustomers, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List customers, the newest first."""
        rows = Customer.objects.known_to(channel_of(request))
        if search := asked(request, "search", "cursor", "limit").get("search"):
            rows = rows.filter(pk__in=customers_meant(search, channel=channel_of(request)))
        return Response(listed(request, rows, order=("-id",), show=lambda page: [shown(customer) for customer in page]))

    @extend_schema(operation_id="register_customer", request=RegisterCustomerSerializer, responses={201: AnsweredCustomer, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Register a customer. An `external_reference` is taken once, so a repeat with one registers nobody twice (409)."""
        draft = customer_draft(checked(RegisterCustomerSerializer, request.data))
        try:
            customer = register_customer(draft, channel=channel_of(request), actor=principal_of(request))
        except IntegrityError:
            raise Conflict(_("There is a customer with that external_reference already."), pointer="/external_reference") from None
        return Response(shown(customer), status=201, headers={"Location": f"/api/v1/customers/{customer.number}"})


class CustomerView(Resource):
    needs = {"GET": ("customers:read", "customers.view_customer"), "PATCH": ("customers:write", "customers.change_customer")}

    @extend_schema(operation_id="read_customer", responses={200: AnsweredCustomer, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read a customer."""
        return Response(shown(customer_numbered(number, request)))

    @extend_schema(operation_id="change_customer", request=ChangeCustomerSerializer, responses={200: AnsweredCustomer, **PROBLEMS})
    def patch(self, request: Request, number: str) -> Response:
        """Change a customer. Safe to repeat."""
        customer = customer_numbered(number, request)
        changes = checked(ChangeCustomerSerializer, request.data)
        return Response(shown(change_customer(customer.pk, changes, actor=principal_of(request))))
