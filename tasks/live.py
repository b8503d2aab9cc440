"""Live updates: every change to a user's tasks reaches every page they have open, over `/ws/tasks`."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer

from accounts import ids
from accounts.models import User
from accounts.presence import present
from accounts.sections import asking_loop
from accounts.tokens import InvalidToken, authenticate
from tasks.models import Change, Operation, Task
from tasks.schemas import TaskOut

SIGN_IN_SECONDS = 10
CLOSE_UNAUTHORIZED = 4401
CLOSE_TRY_AGAIN = 1013  # of IANA's registry of WebSocket close codes


def group(user_id: int) -> str:
    return f"tasks.{user_id}"


def announce(operation: Operation, changes: list[Change], tasks: dict[UUID, Task]) -> None:
    """Tell the user's open pages what an operation did. Called once it is committed.

    `tasks` are those it changed, as far as they are at hand.
    """
    if not changes:
        return
    left = {change.task_id: change for change in changes if change.after}
    if missing := left.keys() - tasks.keys():
        tasks = tasks | Task.objects.without_words().select_related("parent").in_bulk(missing)
    found = [tasks[id] for id in left]
    shapes = {task.number: TaskOut.of(task).model_dump(mode="json") for task in found}
    message = {
        "type": "tasks.changed",
        "operation_id": operation.public_id,
        "source": operation.source,
        "turn_id": ids.show("turn", operation.turn_id) if operation.turn_id else None,
        "summary": operation.summary,
        "changes": [{"id": change.number, "task": shapes.get(change.number)} for change in changes],
    }
    layer = get_channel_layer()
    assert layer is not None
    send(layer.group_send(group(operation.user_id), message))


async def tell(user_id: int, message: dict[str, Any]) -> None:
    """Tell a user's open pages of something else than tasks; `type` names a handler of `TasksConsumer`."""
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group(user_id), message)


def send(message: Coroutine[Any, Any, None]) -> None:
    """Send from synchronous code, on the server's event loop where there is one.

    It is not waited for: the loop may itself be waiting for this thread, after a client went away.
    """
    if loop := asking_loop():
        asyncio.run_coroutine_threadsafe(message, loop)
    else:
        asyncio.run(message)


class TasksConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/tasks`: the client's first message is `{"type": "authenticate", "token": "…"}`, then it only listens.

    A token in the address would end in logs, and browsers can set no header on a WebSocket.
    """

    user: User | None = None

    async def connect(self) -> None:
        self.presence = ExitStack()
        await self.accept()
        self.deadline = asyncio.get_running_loop().call_later(
            SIGN_IN_SECONDS, lambda: asyncio.ensure_future(self.close(CLOSE_UNAUTHORIZED))
        )

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        is_sign_in = isinstance(content, dict) and content.get("type") == "authenticate"
        if self.user or not is_sign_in or not isinstance(content.get("token"), str):
            return
        try:
            access = await authenticate(content["token"])
        except InvalidToken:
            await self.close(CLOSE_UNAUTHORIZED)
            return
        self.deadline.cancel()
        self.user = access.user
        self.presence.enter_context(present(access, self.shut_out))
        await self.channel_layer.group_add(group(self.user.pk), self.channel_name)
        await self.send_json({"type": "ready"})

    def shut_out(self) -> None:
        """Close the connection: what let it in was taken back."""
        self.closing = asyncio.ensure_future(self.close(CLOSE_UNAUTHORIZED))

    async def live_interrupted(self, event: dict[str, Any]) -> None:
        """Let the page connect again, which makes it read anew: it may have missed a change."""
        await self.close(CLOSE_TRY_AGAIN)

    async def tasks_changed(self, event: dict[str, Any]) -> None:
        await self.send_json(event)

    async def conversation_changed(self, event: dict[str, Any]) -> None:
        await self.send_json(event)

    async def disconnect(self, code: int) -> None:
        self.deadline.cancel()
        self.presence.close()
        if self.user:
            await self.channel_layer.group_discard(group(self.user.pk), self.channel_name)

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None
