from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.urls import resolve
from django.utils.decorators import async_only_middleware

from core import metrics
from core.problems import problem_response, wants_problem

type Handler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Requests of programs, with a bearer token or without any: sessions, forms and frames mean nothing there.
PROBES = ("/healthz", "/readyz", "/metrics")  # asked from inside, over http and by whatever name a server has there
PROGRAMS = ("/api/", "/chatkit", *PROBES)
PAGES = ("/api/auth/", "/api/docs")  # these know people by their session, or people look at them


def is_for_programs(path: str) -> bool:
    return path.startswith(PROGRAMS) and not path.startswith(PAGES)


@async_only_middleware
def problem_details(get_response: Handler) -> Handler:
    """Give errors that Django itself answers (unknown path, wrong method, bad host) their RFC 9457 shape."""

    async def respond(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        metrics.requests.labels(request.method, response.status_code).inc()
        is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
        if response.status_code < 400 or is_problem or not wants_problem(request):
            return response
        problem: HttpResponse = problem_response(response.status_code)
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        return problem

    return respond


@async_only_middleware
def security(get_response: Handler) -> Handler:
    """Do for programs what the security middleware does for pages: it waits for nothing, so it needs no thread."""
    page_security = SecurityMiddleware(get_response)  # only its two steps are used

    async def respond(request: HttpRequest) -> HttpResponseBase:
        if not is_for_programs(request.path):
            return await get_response(request)
        response = page_security.process_request(request) or await get_response(request)
        return page_security.process_response(request, response)  # type: ignore[arg-type]

    return respond


@async_only_middleware
def programs(get_response: Handler) -> Handler:
    """Lead the requests of programs past the middleware of pages, which follows this one in the settings.

    Each of Django's own changes the thread twice, which costs more than most views (docs/performance.md).
    """

    async def respond(request: HttpRequest) -> HttpResponseBase:
        if not is_for_programs(request.path):
            return await get_response(request)
        response = await view_answer(request)
        if not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        return response

    return respond


async def view_answer(request: HttpRequest) -> HttpResponseBase:
    """Ask the view at once. What it raises, Django turns into a response before the next middleware sees it."""
    if request.path not in PROBES:
        request.get_host()  # raises DisallowedHost
    match = request.resolver_match = resolve(request.path_info)
    view = match.func if iscoroutinefunction(match.func) else sync_to_async(match.func)
    response: HttpResponseBase = await view(request, *match.args, **match.kwargs)
    return response
