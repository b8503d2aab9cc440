from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

from accounts.problems import problem_response, wants_problem

type Handler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@async_only_middleware
def problem_details(get_response: Handler) -> Handler:
    """Give errors that Django itself answers (unknown path, wrong method, bad host) their RFC 9457 shape."""

    async def respond(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
        if response.status_code < 400 or is_problem or not wants_problem(request):
            return response
        problem: HttpResponse = problem_response(response.status_code)
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        return problem

    return respond
