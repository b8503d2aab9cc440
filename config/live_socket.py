"""`/ws/tasks`: tells an open page of every change to its person's tasks and conversations."""

import asyncio
from contextlib import ExitStack
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from accounts.open_connections import present
from accounts.tokens import InvalidToken, authenticate
from core.live_updates import group

SIGN_IN_SECONDS = 10
CLOSE_UNAUTHORIZED = 4401
CLOSE_TRY_AGAIN = 1013  # in IANA's registry of WebSocket close codes


class LiveSocket(AsyncJsonWebsocketConsumer):
    """`/ws/tasks`: the client's first message is `{"type": "authenticate", "token": "…"}`, then it only listens.

    A token in the address would end up in logs, and browsers cannot set headers on a WebSocket.
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
        """Close the connection, because its access was taken back."""
        self.closing = asyncio.ensure_future(self.close(CLOSE_UNAUTHORIZED))

    async def live_interrupted(self, event: dict[str, Any]) -> None:
        """Let the page connect again and load everything: it may have missed a change."""
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
