from django.urls import path

from accounting import views

urlpatterns = [
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<str:number>/", views.invoice, name="invoice"),
    path("orders/<str:number>/pay", views.pay, name="pay"),
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/entries/", views.entries, name="entries"),
    path("ledger/accounts/<str:code>/", views.account, name="account"),
]
