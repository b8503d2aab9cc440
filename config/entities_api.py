"""`/api/{user_id}/entities`: what a person can tag in a message with `@`, from all apps that have something."""

from typing import Annotated, Any

from ninja import Query, Router
from pydantic import BaseModel

from accounts.bearer import UserRequest
from core.sections import section
from knowledge.surfaces import entities as document_entities
from tasks.surfaces import entities as task_entities

router = Router(tags=["chat"])

SOURCES = [task_entities, document_entities]


class EntityOut(BaseModel):
    """A ChatKit entity. `id`: task:12, label:home or document:doc_…; it is what a message's tag names."""

    id: str
    title: str
    group: str
    icon: str
    interactive: bool
    data: dict[str, str]


class EntityList(BaseModel):
    items: list[EntityOut]


class PreviewOut(BaseModel):
    preview: dict[str, Any] | None


@router.get("/{user_id}/entities", response=EntityList)
async def search_entities(
    request: UserRequest,
    user_id: str,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=50, description="Of each kind.")] = 8,
) -> dict[str, Any]:
    """Find tasks, labels and documents to tag in a message."""
    return {
        "items": await section(
            lambda: [each for source in SOURCES for each in source.search(request.auth, q.strip(), limit)]
        )
    }


@router.get("/{user_id}/entities/{entity_id}", response=PreviewOut)
async def preview_entity(request: UserRequest, user_id: str, entity_id: str) -> dict[str, Any]:
    """The preview of a tag: a ChatKit widget, or null if there is nothing to show (any more)."""
    kind, _, id = entity_id.partition(":")

    def work() -> dict[str, Any] | None:
        return next((found for source in SOURCES if (found := source.preview(request.auth, kind, id))), None)

    return {"preview": await section(work)}
