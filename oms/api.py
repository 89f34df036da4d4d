"""The addresses of the REST API."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from accounting.api import PaymentsView
from customers.api import CustomersView, CustomerView
from django.contrib.auth.decorators import login_not_required
from inventory.api import StocksView, StockView
from oms.core.api.problems import not_found
from orders.api import CancelView, EventsView, OrdersView, OrderView

urlpatterns = [
    path("v1/orders", OrdersView.as_view()),
    path("v1/orders/<str:number>", OrderView.as_view()),
    path("v1/orders/<str:number>/cancel", CancelView.as_view()),
    path("v1/orders/<str:number>/payments", PaymentsView.as_view()),
    path("v1/events", EventsView.as_view()),
    path("v1/stock", StocksView.as_view()),
    path("v1/stock/<str:code>", StockView.as_view()),
    path("v1/customers", CustomersView.as_view()),
    path("v1/customers/<str:number>", CustomerView.as_view()),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", login_not_required(SpectacularSwaggerView.as_view(url_name="schema")), name="api_docs"),
    re_path(r"^", login_not_required(not_found)),
]
