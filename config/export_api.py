"""`/api/{user_id}/export` and `/import`: everything a user has, to save and to bring back."""

import json
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from accounts.api import Me
from accounts.bearer import UserRequest
from accounts.models import User
from chat.web import account_export as chat_export
from core.sections import section
from knowledge.surfaces import export as knowledge_export
from tasks.surfaces import export as tasks_export
from tasks.surfaces.export import IMPORT_LIMIT, ExportedTask
from tasks.surfaces.rest import Key, caller

router = Router(tags=["export"])

FORMAT = "errand-export"
FORMAT_VERSION = 1


class Import(BaseModel):
    """An export. Tasks are imported; history and conversations are kept in the file, not brought back."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["errand-export"]
    version: Literal[1]
    tasks: Annotated[list[ExportedTask], Field(max_length=IMPORT_LIMIT)]


class Imported(BaseModel):
    added: int
    skipped: int


def everything(user: User) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "exported_at": timezone.now().isoformat(),
        "user": Me.of(user).model_dump(),
        "tasks": tasks_export.tasks(user),
        "operations": tasks_export.operations(user),
        "conversations": chat_export.conversations(user),
        "documents": knowledge_export.documents(user),
    }


def attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/{user_id}/export", response=None)
async def export(request: UserRequest, user_id: str) -> HttpResponse:
    """Everything the user has, as JSON: account, tasks, what was done to them, conversations, documents' texts."""
    document = await section(everything, request.auth)
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return attachment(content, "application/json", "errand.json")


@router.get("/{user_id}/export.ics", response=None)
async def export_calendar(request: UserRequest, user_id: str) -> HttpResponse:
    """The user's tasks as iCalendar (VTODO)."""
    return attachment(await section(tasks_export.calendar, request.auth), "text/calendar", "errand.ics")


@router.post("/{user_id}/import", response=Imported)
async def import_(
    request: UserRequest, response: HttpResponse, user_id: str, body: Import, key: Key = None
) -> Imported:
    """Bring the tasks of an export back. Tasks that are here already are skipped. The import can be undone."""
    operation = await section(tasks_export.import_tasks, caller(request, key), body.tasks)
    response["X-Operation-Id"] = operation.public_id
    return Imported.model_validate(operation.result)
