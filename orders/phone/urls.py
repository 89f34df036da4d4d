from django.urls import path

from orders.phone import views

urlpatterns = [
    path("", views.phone, name="phone"),
    path("customers", views.find_customers, name="phone_customers"),
    path("customers/<int:pk>", views.choose_customer, name="phone_customer"),
    path("skus", views.find_skus, name="phone_skus"),
    path("leave", views.leave, name="phone_leave"),
    path("lines", views.lines, name="phone_lines"),
]
