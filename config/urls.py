from django.contrib import admin
from django.urls import path

from chat.web.chatkit import chatkit
from config.api import api
from config.views import consent, embed, healthz, metrics, page, readyz, sign_in

urlpatterns = [
    path("", page),
    path("documents/<str:document_id>", page),  # the page's own script shows the document
    path("sign-in", sign_in),
    path("consent", consent),
    path("embed", embed),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("chatkit", chatkit),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
