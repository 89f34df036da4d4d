"""All addresses of the house."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from oms.desk import (
    cross_dock,
    customer_page,
    documents,
    erasing,
    line_page,
    merging,
    order_page,
    public,
    purchase_page,
    purchasing_board,
    quotations,
    views,
)
from oms.desk.health import healthz, readyz

handler400 = "oms.core.api.problems.bad_request"
handler500 = "oms.core.api.problems.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("line/", views.line_now, name="line_now"),
    path("line/changes", views.line_changes, name="line_changes"),
    path("trouble/", views.trouble, name="trouble"),
    path("trouble/<int:pk>/retry", views.retry_trouble, name="retry_trouble"),
    path("messages/", views.messages, name="messages"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("documents/<int:pk>/", documents.document, name="document"),
    path("orders/quotations/", quotations.quotations, name="quotations"),
    path("orders/quotations/<str:number>/", quotations.quotation, name="quotation"),
    path("orders/quotations/<str:number>/withdraw", quotations.withdraw, name="withdraw_quotation"),
    path("counter/", include("oms.desk.counter.urls")),
    path("orders/", include("orders.urls")),
    path("orders/<str:number>/", order_page.order, name="order"),
    path("orders/<str:number>/lines/<int:position>/", line_page.order_line, name="order_line"),
    path("sourcing/", include("orders.sourcing_urls")),
    path("customers/<str:number>/erase/", erasing.erase, name="erase_customer"),
    path("customers/duplicates/", merging.duplicates, name="duplicates"),
    path("customers/duplicates/merge", merging.merge, name="merge_customers"),
    path("customers/duplicates/<int:pk>/undo", merging.part, name="part_customers"),
    path("customers/duplicates/apart", merging.keep_apart, name="keep_apart"),
    path("customers/<str:number>/part-numbers/", include("orders.part_number_urls")),
    path("", include("customers.urls")),
    path("customers/<str:number>/", customer_page.customer, name="customer"),
    path("receiving/receipts/<int:pk>/", cross_dock.cross_dock, name="cross_dock"),
    path("", include("inventory.urls")),
    path("purchasing/", purchasing_board.board, name="purchasing"),
    path("purchasing/<str:number>/", purchase_page.purchase_order, name="purchase_order"),
    path("", include("shipping.urls")),
    path("", include("accounting.urls")),
    path("q/<str:token>/", quotations.public_quotation, name="public_quotation"),
    path("q/<str:token>/answer", quotations.answer_quotation, name="answer_quotation"),
    path("o/<str:token>/", public.public_order, name="public_order"),
    path("o/<str:token>/pay", public.pay_public_order, name="pay_public_order"),
    path("o/<str:token>/paid", public.paid_public_order, name="paid_public_order"),
    path("o/<str:token>/<str:number>.pdf", public.public_invoice, name="public_invoice"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/", include("oms.api")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
