from django.contrib import admin
from django.urls import path

from chat.chatkit import chatkit
from config.api import api
from config.views import healthz, page, readyz, sign_in

urlpatterns = [
    path("", page),
    path("sign-in", sign_in),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("chatkit", chatkit),
    path("healthz", healthz),
    path("readyz", readyz),
]
