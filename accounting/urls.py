from django.urls import path

from accounting import bill_views, checkout_views, views, webhooks

urlpatterns = [
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<str:number>/", views.invoice, name="invoice"),
    path("orders/<str:number>/pay", views.pay, name="pay"),
    path("payments/online/", checkout_views.online_payments, name="online_payments"),
    path("payments/online/<int:pk>/seen", checkout_views.seen, name="see_to_payment"),
    path("payments/webhooks/sandbox/", webhooks.sandbox, name="sandbox_gateway_webhook"),
    path("bills/", bill_views.bills, name="bills"),
    path("bills/unbilled/", bill_views.unbilled, name="unbilled"),
    path("bills/<str:number>/", bill_views.bill, name="bill"),
    path("bills/<str:number>/release", bill_views.release, name="release_bill"),
    path("bills/<str:number>/reject", bill_views.reject, name="reject_bill"),
    path("bills/<str:number>/credit", bill_views.credit, name="credit_bill"),
    path("purchasing/<str:number>/bill", bill_views.enter, name="enter_bill"),
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/entries/", views.entries, name="entries"),
    path("ledger/accounts/<str:code>/", views.account, name="account"),
]
