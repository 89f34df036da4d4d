from django.urls import path

from orders import sourcing_views

urlpatterns = [
    path("", sourcing_views.sourcing, name="sourcing"),
    path("edit", sourcing_views.edit, name="edit_sourcing"),
    path("rules", sourcing_views.change, name="change_sourcing"),
    path("simulations/", sourcing_views.simulate, name="simulate_sourcing"),
    path("simulations/<int:pk>/", sourcing_views.simulation, name="simulation"),
    path("simulations/<int:pk>/apply", sourcing_views.apply_simulation, name="apply_simulation"),
    path("warehouses/<int:pk>/capacity", sourcing_views.capacity, name="set_capacity"),
]
