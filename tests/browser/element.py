"""Our chat element alone on a page, with a server that is scripted: requests are kept, answers have ChatKit's types."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from chatkit import types
from playwright.sync_api import Page, Route
from pydantic import BaseModel

from tests.server import PATIENCE_SECONDS, Server

THREAD = "conv_1"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
MOUNT = """async ([options, asides]) => {
  await import("/static/chat/element.js");
  document.body.replaceChildren();
  const chat = document.createElement("errand-chat");
  chat.id = "chat";
  chat.style.cssText = "width: 100vw; height: 100vh";
  document.body.className = "";
  document.body.style.cssText = "display: block; margin: 0; padding: 0";
  document.body.append(chat);
  window.heard = [];
  for (const name of ["ready", "history.open", "history.close", "tool.change", "error", "effect", "thread.change"]) {
    chat.addEventListener(`chatkit.${name}`, ({ detail }) => window.heard.push([name, detail]));
  }
  window.asides = [];
  const aside = (name, answer) => (value) => { window.asides.push([name, value]); return answer; };
  const has = (title, query) => title.toLowerCase().includes(query.toLowerCase());
  const within = (list) => async (query) => list.filter(({ title }) => has(title, query));
  if (asides.onTagSearch) options.entities = { showComposerMenu: true, onClick: aside("entity"),
    onTagSearch: within(asides.onTagSearch), onRequestPreview: async () => ({ preview: asides.preview ?? null }) };
  if (asides.commands) options.commands = { enabled: true, onSearch: async () => asides.commands,
    onSelect: async ({ id }) => aside("command")(id) };
  if (asides.header) options.header = { leftAction: { icon: "home", onClick: aside("home") } };
  if (asides.search) options.errand = { search: within(asides.search) };
  chat.setOptions({ api: { url: "/chatkit", domainKey: "local" }, locale: "en", ...options });
}"""

type Answer = BaseModel | dict[str, Any] | Sequence[types.ThreadStreamEvent] | None


def page_of(*items: types.ThreadItem) -> dict[str, Any]:
    """Return a page of items, the newest first, as `items.list` answers."""
    data = [json.loads(dump(item)) for item in reversed(items)]
    return {"data": data, "has_more": False, "after": None}


def dump(model: BaseModel) -> str:
    return model.model_dump_json(exclude_none=True)


def thread() -> types.ThreadMetadata:
    return types.ThreadMetadata(id=THREAD, title="Errands", created_at=AT, metadata={})


def new_thread() -> types.Thread:
    return types.Thread(**dict(thread()), items=types.Page())


def said(text: str, item_id: str = "msg_1", **more: Any) -> types.UserMessageItem:
    content: list[types.UserMessageContent] = more.pop("content", [types.UserMessageTextContent(text=text)])
    return types.UserMessageItem(
        id=item_id,
        thread_id=THREAD,
        created_at=AT,
        content=content,
        attachments=more.pop("attachments", []),
        inference_options=types.InferenceOptions(),
        **more,
    )


def answered(text: str, item_id: str = "msg_2", annotations: Sequence[types.Annotation] = ()) -> types.ThreadItem:
    content = [types.AssistantMessageContent(text=text, annotations=list(annotations))]
    return types.AssistantMessageItem(id=item_id, thread_id=THREAD, created_at=AT, content=content)


def widget(root: dict[str, Any], item_id: str = "widget_1") -> types.WidgetItem:
    return types.WidgetItem.model_validate(
        {"id": item_id, "thread_id": THREAD, "created_at": AT, "type": "widget", "widget": root}
    )


class Element:
    """The element on a page of its own. `answers` gives, by request type, an answer or what makes one of the params."""

    def __init__(self, page: Page, server: Server, *items: types.ThreadItem, **answers: Answer | Callable[..., Answer]):
        self.page = page
        self.server = server
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.items = list(items)
        self.answers: dict[str, Any] = {
            "threads.get_by_id": lambda params: thread(),
            "items.list": lambda params: page_of(*self.items),
            "threads.list": {"data": [json.loads(dump(thread()))], "has_more": False},
            "threads.create": [types.ThreadCreatedEvent(thread=new_thread())],
            "threads.add_user_message": [],
        }
        self.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}
        page.route("**/chatkit", self.answer)

    def answer(self, route: Route) -> None:
        body: dict[str, Any] = json.loads(route.request.post_data or "")
        self.asked.append(body)
        self.keys.append(route.request.headers.get("idempotency-key"))
        found = self.answers[body["type"]]
        answer = found(body["params"]) if callable(found) else found
        if answer is None:  # as if the network had swallowed it
            return
        if isinstance(answer, list):
            stream = "".join(f"data: {dump(event)}\n\n" for event in answer)
            route.fulfill(content_type="text/event-stream", body=stream)
        elif isinstance(answer, BaseModel):
            route.fulfill(content_type="application/json", body=dump(answer))
        else:
            route.fulfill(json=answer)

    def mount(self, asides: dict[str, Any] | None = None, **options: Any) -> Page:
        """Put the element on a page of the server that does nothing by itself."""
        self.page.goto(f"{self.server.url}/sign-in")
        self.page.evaluate(MOUNT, [options, asides or {}])
        return self.page

    def open(self, asides: dict[str, Any] | None = None, **options: Any) -> Page:
        """The same, with the conversation of `items` on screen."""
        page = self.mount(asides, initialThread=THREAD, **options)
        page.wait_for_selector("[data-item-id]")
        return page

    def request(self, type: str) -> dict[str, Any]:
        """Return the params of the last request of a type, once there is one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(each["type"] == type for each in self.asked):
            assert time.monotonic() < deadline, f"{type} was not asked"
            self.page.evaluate("0")  # lets what the page asks for be heard
        params: dict[str, Any] = [each for each in self.asked if each["type"] == type][-1]["params"]
        return params
