"""Errors that people and programs may see: RFC 9457 problem details over HTTP, plain words to a model."""

import math
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse


class Problem(Exception):
    """An expected failure. `str(problem)` says what is wrong and what to do; `status` is its HTTP status."""

    status = HTTPStatus.BAD_REQUEST


class NotFound(Problem):
    status = HTTPStatus.NOT_FOUND


class Forbidden(Problem):
    status = HTTPStatus.FORBIDDEN


class Conflict(Problem):
    status = HTTPStatus.CONFLICT


class Unprocessable(Problem):
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooMany(Problem):
    """Asked too often. `retry_after` says in how many seconds to come back (RFC 9110, section 10.2.3)."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, text: str, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(text)


class KeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was already used for another request. Use a new one for each request.")


def problem_response(status: int, detail: str = "", **members: Any) -> HttpResponse:
    """Return `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` and further members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    response = JsonResponse(body | members, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def respond_to(problem: Problem) -> HttpResponse:
    """Return the response for an expected failure."""
    response = problem_response(problem.status, str(problem))
    if isinstance(problem, TooMany):
        response["Retry-After"] = str(problem.retry_after)
    return response


def wants_problem(request: HttpRequest) -> bool:
    """Tell whether errors of this path are read by programs rather than by people."""
    return request.path.startswith(("/api/", "/chatkit", "/mcp", "/ws/"))
