"""The page, and what watches the process."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.problems import problem_response
from accounts.sections import section
from chat.providers import model_name


def page_config() -> dict[str, Any]:
    """What the page's modules need to know of this installation."""
    is_offline = settings.MODEL_PROVIDER == "offline"
    return {
        "authUrl": f"{settings.BETTER_AUTH_URL or ''}/api/auth",
        "chatUrl": "/chatkit",
        "apiUrl": "/api",
        "socketPath": "/ws/tasks",
        "model": {"provider": settings.MODEL_PROVIDER, "name": model_name(), "isOffline": is_offline},
        "version": settings.VERSION,
    }


async def page(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html", {"page_config": page_config()})


async def sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "sign_in.html", {"page_config": page_config()})


async def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process serves."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database answers too, else 503."""

    if await section(database_answers):
        return HttpResponse("ok\n", content_type="text/plain")
    return problem_response(503, "The database does not answer.")


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except DatabaseError:
        return False
