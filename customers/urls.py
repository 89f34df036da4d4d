from django.urls import path

from customers import blocklist_views, file_views, parts_views, terms_views, views

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/new/", views.new_customer, name="new_customer"),
    path("customers/blocklist/", blocklist_views.blocklist, name="blocklist"),
    path("customers/blocklist/<int:pk>/lift", blocklist_views.lift_block, name="lift_block"),
    path("customers/import/", file_views.importing, name="import_customers"),
    path("customers/export/", file_views.exporting, name="export_customers"),
    path("customers/<str:number>/<str:what>/add", parts_views.add_part, name="add_customer_part"),
    path("customers/<str:number>/<str:what>/<int:part>/<str:action>", parts_views.act_on_part, name="act_on_customer_part"),
    path("customers/<str:number>/terms", terms_views.change_terms, name="change_terms"),
    path("customers/<str:number>/edit/", views.edit_customer, name="edit_customer"),
]
