"""The addresses of the REST API, and the one answer that every app has a part in."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.api import AnsweredInvoice, InvoicePdfView, PaymentsView, invoices_shown
from accounting.bill_api import BillsView, BillView, ReleaseBillView
from customers.api import CustomersView, CustomerView
from customers.parts_api import (
    AddressesView,
    AddressView,
    ConsentsView,
    ContactsView,
    ContactView,
    EmailsView,
    EmailView,
    MainAddressView,
    MainEmailView,
    MainTelephoneView,
    PaymentPreferencesView,
    PaymentPreferenceView,
    PinnedNotesView,
    PinnedNoteView,
    TelephonesView,
    TelephoneView,
)
from customers.terms_api import TermsView
from oms.core.api.problems import not_found
from oms.core.api.schema import PROBLEMS
from oms.core.api.views import Resource
from orders.answers import shown
from orders.api import CancelView, OrdersView, order_numbered
from orders.feed import EventsView
from orders.lost_api import LostCallsView, LostSalesView
from orders.part_number_api import PartNumberListsView, PartNumbersView, PartNumberView
from orders.price_api import DeliveriesView, PricesView
from orders.serializers import AnsweredOrder
from orders.sourcing_api import (
    OrderSourcingView,
    PriorityView,
    SimulationsView,
    SimulationView,
    SourcingRulesView,
    SwapPreviewView,
    SwapsView,
)
from shipping.api import AnsweredShipment, OrderDropShipmentsView, PurchaseDropShipmentsView, shipments_shown
from shipping.loss_api import PostCountView, SettleShortfallView, ShortfallsView, StockCorrectionsView


class AnsweredWholeOrder(AnsweredOrder):
    """An order as it stands, with its shipments and invoices."""

    shipments = AnsweredShipment(many=True)
    invoices = AnsweredInvoice(many=True)


class OrderView(Resource):
    needs = {"GET": ("orders:read", "orders.view_order")}

    @extend_schema(operation_id="read_order", responses={200: AnsweredWholeOrder, **PROBLEMS})
    def get(self, request: Request, number: str) -> Response:
        """Read an order: where it stands, what it waits for, how far each line has come, its shipments and invoices."""
        order = order_numbered(number, request)
        return Response(shown(order) | {"shipments": shipments_shown(order), "invoices": invoices_shown(order)})


urlpatterns = [
    path("v1/orders", OrdersView.as_view()),
    path("v1/orders/<str:number>", OrderView.as_view()),
    path("v1/orders/<str:number>/cancel", CancelView.as_view()),
    path("v1/orders/<str:number>/sourcing", OrderSourcingView.as_view()),
    path("v1/orders/<str:number>/priority", PriorityView.as_view()),
    path("v1/orders/<str:number>/swaps", SwapsView.as_view()),
    path("v1/orders/<str:number>/swaps/preview", SwapPreviewView.as_view()),
    path("v1/sourcing/rules", SourcingRulesView.as_view()),
    path("v1/sourcing/simulations", SimulationsView.as_view()),
    path("v1/sourcing/simulations/<int:pk>", SimulationView.as_view()),
    path("v1/orders/<str:number>/payments", PaymentsView.as_view()),
    path("v1/orders/<str:number>/invoices/<str:invoice>.pdf", InvoicePdfView.as_view()),
    path("v1/vendor-bills", BillsView.as_view()),
    path("v1/vendor-bills/<str:number>", BillView.as_view()),
    path("v1/vendor-bills/<str:number>/release", ReleaseBillView.as_view()),
    path("v1/orders/<str:number>/drop-shipments", OrderDropShipmentsView.as_view()),
    path("v1/purchase-orders/<str:number>/drop-shipments", PurchaseDropShipmentsView.as_view()),
    path("v1/events", EventsView.as_view()),
    path("v1/prices", PricesView.as_view()),
    path("v1/deliveries", DeliveriesView.as_view()),
    path("v1/lost-sales", LostSalesView.as_view()),
    path("v1/lost-sales/calls", LostCallsView.as_view()),
    path("v1/stock/<str:code>/corrections", StockCorrectionsView.as_view()),
    path("v1/counts/<str:number>/post", PostCountView.as_view()),
    path("v1/shortfalls", ShortfallsView.as_view()),
    path("v1/shortfalls/<int:pk>/settle", SettleShortfallView.as_view()),
    path("v1/", include("inventory.api.urls")),
    path("v1/customers", CustomersView.as_view()),
    path("v1/customers/<str:number>", CustomerView.as_view()),
    path("v1/customers/<str:number>/telephones", TelephonesView.as_view()),
    path("v1/customers/<str:number>/telephones/main", MainTelephoneView.as_view()),
    path("v1/customers/<str:number>/telephones/<int:part>", TelephoneView.as_view()),
    path("v1/customers/<str:number>/emails", EmailsView.as_view()),
    path("v1/customers/<str:number>/emails/main", MainEmailView.as_view()),
    path("v1/customers/<str:number>/emails/<int:part>", EmailView.as_view()),
    path("v1/customers/<str:number>/contacts", ContactsView.as_view()),
    path("v1/customers/<str:number>/contacts/<int:part>", ContactView.as_view()),
    path("v1/customers/<str:number>/addresses", AddressesView.as_view()),
    path("v1/customers/<str:number>/addresses/<int:part>", AddressView.as_view()),
    path("v1/customers/<str:number>/addresses/<int:part>/main", MainAddressView.as_view()),
    path("v1/customers/<str:number>/pinned-notes", PinnedNotesView.as_view()),
    path("v1/customers/<str:number>/pinned-notes/<int:part>", PinnedNoteView.as_view()),
    path("v1/customers/<str:number>/payment-preferences", PaymentPreferencesView.as_view()),
    path("v1/customers/<str:number>/payment-preferences/<int:part>", PaymentPreferenceView.as_view()),
    path("v1/customers/<str:number>/terms", TermsView.as_view()),
    path("v1/customers/<str:number>/consents", ConsentsView.as_view()),
    path("v1/customers/<str:number>/part-numbers", PartNumbersView.as_view()),
    path("v1/customers/<str:number>/part-numbers/<int:part>", PartNumberView.as_view()),
    path("v1/customers/<str:number>/part-number-lists", PartNumberListsView.as_view()),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", login_not_required(SpectacularSwaggerView.as_view(url_name="schema")), name="api_docs"),
    re_path(r"^", login_not_required(not_found)),
]
