from django.urls import path

from customers import views

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/new/", views.new_customer, name="new_customer"),
    path("customers/<str:number>/edit/", views.edit_customer, name="edit_customer"),
]
