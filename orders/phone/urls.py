from django.urls import path

from orders.phone import views

urlpatterns = [
    path("", views.phone, name="phone"),
    path("drafts", views.drafts, name="drafts"),
    path("customers", views.find_customers, name="phone_customers"),
    path("skus", views.find_skus, name="phone_skus"),
    path("<uuid:key>/", views.draft, name="draft"),
    path("<uuid:key>/change", views.change, name="change_draft"),
    path("<uuid:key>/save", views.save, name="save_draft"),
    path("<uuid:key>/park", views.park, name="park_draft"),
    path("<uuid:key>/lose", views.lose, name="lose_draft"),
    path("<uuid:key>/quote", views.quote_instead, name="quote_draft"),
    path("<uuid:key>/read-back", views.read_back, name="read_back"),
    path("<uuid:key>/take", views.take, name="take_draft"),
    path("<uuid:key>/leave", views.leave, name="leave_draft"),
    path("<uuid:key>/now", views.now, name="draft_now"),
]
