"""The page, and what watches the process."""

import asyncio
import functools
from hmac import compare_digest
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from redis.exceptions import RedisError

from chat.items import composer_choices
from chat.items.attachments import ACCEPTED
from chat.llm.providers import model_name
from core.metrics import exposition
from core.problems import problem_response
from core.sections import section

CHECK_SECONDS = 2
LOOPBACK = {"127.0.0.1", "::1"}


def page_config() -> dict[str, Any]:
    """What the page's modules need to know of this installation."""
    is_offline = settings.MODEL_PROVIDER == "offline"
    return {
        "authUrl": f"{settings.BETTER_AUTH_URL or ''}/api/auth",
        "chatUrl": "/chatkit",
        "apiUrl": "/api",
        "socketPath": "/ws/tasks",
        "model": {"provider": settings.MODEL_PROVIDER, "name": model_name(), "isOffline": is_offline},
        "attachments": {
            "enabled": settings.MESSAGE_ATTACHMENTS > 0,
            "maxBytes": settings.ATTACHMENT_BYTES_LIMIT,
            "maxCount": settings.MESSAGE_ATTACHMENTS,
            "accept": ACCEPTED,
        },
        "dictation": bool(settings.TRANSCRIPTION_BASE_URL),
        "models": composer_choices.models(),
        "tools": composer_choices.tools(),
        "domainKey": settings.CHATKIT_DOMAIN_KEY or None,
        "locale": settings.LOCALE,
        "entitiesUrl": "/api/{user_id}/entities",
        "documentBytesLimit": settings.DOCUMENT_BYTES_LIMIT,
        "version": settings.VERSION,
    }


async def page(request: HttpRequest, document_id: str = "") -> HttpResponse:
    return render(request, "page.html", {"page_config": page_config()})


async def sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "sign_in.html", {"page_config": page_config()})


async def consent(request: HttpRequest) -> HttpResponse:
    """Ask somebody whether another assistant may use their tasks (OAuth, with a Better Auth server)."""
    return render(request, "consent.html", {"page_config": page_config()})


@xframe_options_exempt
@csp_override(settings.SECURE_CSP | {"frame-ancestors": settings.EMBED_ORIGINS})
async def embed(request: HttpRequest) -> HttpResponse:
    """The chat alone, to be framed by the sites of EMBED_ORIGINS and nobody else (docs/embedding.md)."""
    if not settings.EMBED_ORIGINS:
        raise Http404
    return render(request, "embed.html", {"page_config": page_config() | {"embedOrigins": settings.EMBED_ORIGINS}})


async def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process serves."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if everything that requests need is there, else 503 with a list of what is missing."""
    checks = {
        "The database does not answer.": section(database_answers),
        "Live updates cannot be sent.": channel_layer_answers(),
    }
    for fault, check in checks.items():
        if not await check:
            return problem_response(503, fault)
    if missing := await section(missing_migrations):
        return problem_response(503, f"The database has not been migrated to {', '.join(missing)}.")
    return HttpResponse("ok\n", content_type="text/plain")


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except DatabaseError:
        return False


async def channel_layer_answers() -> bool:
    layer = get_channel_layer()
    assert layer is not None
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await layer.group_send("ready", {"type": "nobody"})
    except (OSError, TimeoutError, RedisError):
        return False
    return True


@functools.cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations that this version of the program brings."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def missing_migrations() -> list[str]:
    """Return the migrations that this version needs and the database lacks. It may have others, of a newer version."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"{app}.{name}" for app, name in sorted(known_migrations() - applied.keys())]


async def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures of this process, or of all that count together, in Prometheus's text format.

    Clients with METRICS_TOKEN may read them. If it is not set, programs on this machine may, but not through a proxy.
    """
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    is_local = request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers
    if not (compare_digest(given.encode(), token.encode()) if token else is_local):
        return problem_response(403, "The metrics are for clients with METRICS_TOKEN and for programs on this machine.")
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
