"""A client of the ChatKit protocol for tests: checks every event and the invariants of a stream."""

import json
from typing import Any

from chatkit.types import ThreadStreamEvent
from django.test import AsyncClient
from pydantic import TypeAdapter

from tests.people import Person

stream_event: TypeAdapter[Any] = TypeAdapter(ThreadStreamEvent)


def user_input(text: str) -> dict[str, Any]:
    return {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}


class ChatKitClient:
    def __init__(self, client: AsyncClient, person: Person) -> None:
        self.client = client
        self.person = person

    async def post(self, type: str, params: dict[str, Any], **headers: str) -> Any:
        return await self.client.post(
            "/chatkit",
            json.dumps({"type": type, "params": params}),
            content_type="application/json",
            headers=self.person.headers | headers,
        )

    async def json(self, type: str, **params: Any) -> Any:
        response = await self.post(type, params)
        assert response.status_code == 200, response.content
        return response.json()

    async def stream(self, type: str, *, key: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """Return the events of a streaming request, each checked against openai-chatkit's types."""
        response = await self.post(type, params, **({"Idempotency-Key": key} if key else {}))
        assert response.status_code == 200, response.content
        assert response["Content-Type"] == "text/event-stream"
        body = b"".join([chunk async for chunk in response.streaming_content])
        return check_events(body)

    async def say(self, text: str, thread_id: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        if thread_id:
            return await self.stream("threads.add_user_message", key=key, thread_id=thread_id, input=user_input(text))
        return await self.stream("threads.create", key=key, input=user_input(text))


def check_events(body: bytes) -> list[dict[str, Any]]:
    """Parse a stream and check what must hold of every one: known shapes, added before updated, nothing left open."""
    events, open_items, seen = [], set(), set()
    for line in body.decode().splitlines():
        if not line or line.startswith(":"):
            continue
        assert line.startswith("data: "), line
        raw = line.removeprefix("data: ")
        parsed = stream_event.validate_json(raw)
        assert parsed.model_dump_json(exclude_none=True, by_alias=True) == raw, "an unknown or changed field"
        event = json.loads(raw)
        events.append(event)
        match event["type"]:
            case "thread.item.added":
                assert event["item"]["id"] not in seen, "ids are unique"
                open_items.add(event["item"]["id"])
                seen.add(event["item"]["id"])
            case "thread.item.updated":
                assert event["item_id"] in open_items, "updated only after added"
            case "thread.item.done":
                assert not event["item"]["type"].endswith("hidden_context"), "hidden items are never sent"
                open_items.discard(event["item"]["id"])
            case "thread.item.removed":
                open_items.discard(event["item_id"])
            case "error":
                assert event["code"] == "custom", "an error that nobody explains"
                open_items.clear()
    assert not open_items, "every item that was added ends"
    return events


def items(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the finished items of a stream, in order."""
    return [event["item"] for event in events if event["type"] == "thread.item.done"]


def said(events: list[dict[str, Any]]) -> str:
    """Return what the assistant said in a stream."""
    messages = [item for item in items(events) if item["type"] == "assistant_message"]
    return "\n\n".join(part["text"] for item in messages for part in item["content"])


def thread_id(events: list[dict[str, Any]]) -> str:
    return str(next(event["thread"]["id"] for event in events if event["type"] == "thread.created"))
