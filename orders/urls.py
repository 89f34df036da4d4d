from django.urls import include, path

from orders import swap_views, views

urlpatterns = [
    path("", views.orders, name="orders"),
    path("phone/", include("orders.phone.urls")),
    path("holds/<int:pk>/release", views.release, name="release_hold"),
    path("<str:number>/priority", swap_views.priority, name="set_priority"),
    path("<str:number>/swap", swap_views.swap, name="swap"),
    path("<str:number>/swap/<str:other>", swap_views.swap_with, name="swap_with"),
    path("<str:number>/swap/<str:other>/apply", swap_views.apply, name="apply_swap"),
    path("<str:number>/cancel", views.cancel, name="cancel_order"),
    path("<str:number>/hold", views.hold, name="hold_order"),
]
