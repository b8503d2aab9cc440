"""`/api/{user_id}/operations`: what was done, and undoing it."""

from typing import Annotated

from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from accounts.bearer import UserRequest
from core import ids
from core.sections import section
from tasks.models import Operation
from tasks.queries import history
from tasks.rules import undo
from tasks.schemas import OperationPage, UndoOut
from tasks.surfaces.rest import Key, caller

router = Router(tags=["operations"])


class UndoTurn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    turn_id: Annotated[str, Field(max_length=100)]


def undo_out(operation: Operation) -> UndoOut:
    return UndoOut.model_validate({"id": operation.public_id, **operation.result})


@router.get("/{user_id}/operations", response=OperationPage)
async def list_operations(
    request: UserRequest,
    user_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> OperationPage:
    """List what was done to the user's tasks, through every way in, the newest first."""
    return await section(history.operations, request.auth, limit, cursor)


@router.post("/{user_id}/operations/undo", response=UndoOut)
async def undo_turn(request: UserRequest, user_id: str, body: UndoTurn, key: Key = None) -> UndoOut:
    """Undo everything that one turn did. Tasks that somebody changed since are kept and named."""
    turn_id = ids.read("turn", body.turn_id)
    return undo_out(await section(undo.undo_turns, caller(request, key), [turn_id]))


@router.post("/{user_id}/operations/{operation_id}/undo", response=UndoOut)
async def undo_operation(request: UserRequest, user_id: str, operation_id: str, key: Key = None) -> UndoOut:
    """Undo one operation; an undo too. Tasks that somebody changed since are kept and named."""
    id = ids.read("op", operation_id)
    return undo_out(await section(undo.undo_operation, caller(request, key), id))
