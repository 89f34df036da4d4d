from django.urls import include, path

from orders import lost_views, price_views, screening_views, standing_views, swap_views, views

urlpatterns = [
    path("", views.orders, name="orders"),
    path("prices/", price_views.prices, name="prices"),
    path("prices/promotions/<int:pk>/", price_views.promotion, name="promotion"),
    path("prices/promotions/<int:pk>/change", price_views.change, name="change_promotion"),
    path("lost/", lost_views.lost_sales, name="lost_sales"),
    path("lost/calls/", lost_views.lost_calls, name="lost_calls"),
    path("lost/export.csv", lost_views.export_lost, name="export_lost"),
    path("lost/export.xlsx", lost_views.export_lost_workbook, name="export_lost_workbook"),
    path("screening/", screening_views.screening, name="screening"),
    path("screening/rules", screening_views.change_screening, name="change_screening"),
    path("standing/", standing_views.standing_orders, name="standing_orders"),
    path("standing/new", standing_views.new_standing_order, name="new_standing_order"),
    path("standing/<str:number>/", standing_views.standing_order, name="standing_order"),
    path("standing/<str:number>/edit", standing_views.edit_standing_order, name="edit_standing_order"),
    path("standing/<str:number>/<str:action>", standing_views.act, name="act_on_standing_order"),
    path("phone/", include("orders.phone.urls")),
    path("holds/<int:pk>/release", views.release, name="release_hold"),
    path("<str:number>/priority", swap_views.priority, name="set_priority"),
    path("<str:number>/swap", swap_views.swap, name="swap"),
    path("<str:number>/swap/<str:other>", swap_views.swap_with, name="swap_with"),
    path("<str:number>/swap/<str:other>/apply", swap_views.apply, name="apply_swap"),
    path("<str:number>/cancel", views.cancel, name="cancel_order"),
    path("<str:number>/hold", views.hold, name="hold_order"),
]
