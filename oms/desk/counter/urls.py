from django.urls import path

from oms.desk.counter import drawer_views, views

urlpatterns = [
    path("", views.counter, name="counter"),
    path("<int:pk>/", views.till, name="till"),
    path("<int:pk>/open", drawer_views.open_drawer, name="open_drawer"),
    path("<int:pk>/drawer/", drawer_views.drawer, name="drawer"),
    path("<int:pk>/drawer/cash", drawer_views.move_cash, name="move_cash"),
    path("drawers/", drawer_views.drawers, name="drawers"),
    path("drawers/<int:pk>/", drawer_views.counted_drawer, name="counted_drawer"),
    path("drawers/<int:pk>/count", drawer_views.count_drawer, name="count_drawer"),
    path("sales/<str:number>/", views.receipt, name="receipt"),
    path("sales/<str:number>/receipt.pdf", views.receipt_pdf, name="receipt_pdf"),
]
