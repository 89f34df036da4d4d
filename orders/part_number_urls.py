from django.urls import path

from orders import part_number_views as views

urlpatterns = [
    path("", views.part_numbers, name="customer_part_numbers"),
    path("add", views.add_part_number, name="add_part_number"),
    path("<int:part>/change", views.change_part_number, name="change_part_number"),
    path("<int:part>/remove", views.drop_part_number, name="remove_part_number"),
]
