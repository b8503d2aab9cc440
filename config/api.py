"""The one NinjaAPI: every REST path, one way in, one shape of errors."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from accounts.api import router as account_router
from accounts.bearer import Bearer
from accounts.issuer_api import Refused, refused_response
from accounts.issuer_api import router as issuer_router
from chat.web.attachments_rest import router as attachments_router
from chat.web.rest import router as chat_router
from config.entities_api import router as entities_router
from config.export_api import router as export_router
from core.json_input import parse_json, refuse_unstorable
from core.problems import Problem, problem_response, respond_to
from knowledge.surfaces.rest import router as knowledge_router
from tasks.rules.task_rules import StaleVersion
from tasks.surfaces.operations_rest import router as operations_router
from tasks.surfaces.rest import router as tasks_router

log = structlog.get_logger("errand.api")


class StrictParser(Parser):
    """Reads only what can be stored; see `core.json_input`."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parse_json(request.body)

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        values = super().parse_querydict(data, list_fields, request)
        try:
            refuse_unstorable(values)
        except ValueError as error:
            raise HttpError(400, f"The query cannot be read: {error}") from error
        return values


# Answers that any operation may give besides those that it documents itself.
REFUSALS = {
    400: "The request cannot be read.",
    401: "A valid token is required.",
    403: "This token may not do that.",
    404: "There is no such thing.",
    409: "Its state does not allow this, or the Idempotency-Key was used for another request.",
    413: "The body is too large.",
    422: "The request contains a value that is not allowed.",
    429: "Too many requests; Retry-After says when to try again.",
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


class Renderer(BaseRenderer):
    """JSON as pydantic writes it, in a fraction of the time of Django's encoder."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


class Api(NinjaAPI):
    """The API, whose schema describes errors too."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(*args, **kwargs)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in schema["paths"].values():
            for operation in path.values():
                told = {status: {"description": text, "content": content} for status, text in REFUSALS.items()}
                operation["responses"] = told | operation["responses"]
        return schema


api = Api(title="Errand", version=settings.VERSION, auth=Bearer(), parser=StrictParser(), renderer=Renderer())
api.add_router("/auth", issuer_router)
api.add_router("", account_router)
api.add_router("", tasks_router)
api.add_router("", operations_router)
api.add_router("", knowledge_router)
api.add_router("", chat_router)
api.add_router("", attachments_router)
api.add_router("", entities_router)
api.add_router("", export_router)


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return respond_to(error)


@api.exception_handler(StaleVersion)
def on_stale_version(request: HttpRequest, error: StaleVersion) -> HttpResponse:
    return problem_response(error.status, str(error), current=error.current)


api.exception_handler(Refused)(refused_response)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    detail = str(error.__cause__) if isinstance(error.__cause__, Problem) else str(error)
    return problem_response(error.status_code, detail)


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_response(404, "There is nothing at this address.")


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [{"field": ".".join(map(str, fault["loc"][1:])), "reason": fault["msg"]} for fault in error.errors]
    detail = "; ".join(f"{fault['field']}: {fault['reason']}".removeprefix(": ") for fault in faults[:5])
    return problem_response(422, detail, errors=faults)


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem_response(413, "The body is larger than 1 MB.")


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
def on_broken_form(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem_response(400, f"The form cannot be read: {error}")


@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("request.failed", path=request.path, exc_info=error)
    return problem_response(500, "Something went wrong on the server; it was logged.")
