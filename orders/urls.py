from django.urls import include, path

from orders import views

urlpatterns = [
    path("", views.orders, name="orders"),
    path("phone/", include("orders.phone.urls")),
    path("holds/<int:pk>/release", views.release, name="release_hold"),
    path("<str:number>/cancel", views.cancel, name="cancel_order"),
    path("<str:number>/hold", views.hold, name="hold_order"),
]
