"""A turn as the person sees it grow: turns what the agent does into ChatKit items and their stream events.

The library's own converter shows no tool calls and gives all messages of chat-completions models one id.
"""

import json
from collections.abc import Callable
from typing import Any

from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    CustomSummary,
    CustomTask,
    TaskItem,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    Workflow,
    WorkflowItem,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from django.utils import timezone

from chat import ids
from chat.items.citations import Citations, Source

SHOWN_LENGTH = 4_000
NOTICEABLE_MS = 100


class Transcript:
    """The items of one turn that are under way. `open_items` must be stored before they are closed."""

    def __init__(self, thread_id: str, emit: Callable[[ThreadStreamEvent], None]) -> None:
        self.thread_id = thread_id
        self.emit = emit
        self.message: AssistantMessageItem | None = None
        self.part: object = None
        self.workflow: WorkflowItem | None = None
        self.notice: TaskItem | None = None
        self.reads: list[str] = []
        self.changes: list[str] = []
        self.tool_ms = 0
        self.citations = Citations()

    def text(self, delta: str, part: object) -> None:
        """Add text to the message. Another `part` (any value) than before begins a new part of its content."""
        self.close_workflow()
        if self.message is None:
            self.message = AssistantMessageItem(
                id=ids.new_id("message"), thread_id=self.thread_id, created_at=timezone.now(), content=[]
            )
            self.emit(ThreadItemAddedEvent(item=self.message.model_copy(deep=True)))
        if not self.message.content or part != self.part:
            self.close_part()
            self.part = part
            content = AssistantMessageContent(text="")
            self.message.content.append(content)
            index = len(self.message.content) - 1
            self.update(
                self.message,
                AssistantMessageContentPartAdded(content_index=index, content=content.model_copy(deep=True)),
            )
        for piece in self.citations.feed(self.message.content[-1].text, delta):
            self.add(self.message, piece)

    def add(self, message: AssistantMessageItem, piece: str | Source) -> None:
        """Show a piece of text, or that what was shown last is cited from a source."""
        index, content = len(message.content) - 1, message.content[-1]
        if isinstance(piece, Source):
            content.annotations.append(annotation := piece.at(content.text))
            place = len(content.annotations) - 1
            self.update(
                message,
                AssistantMessageContentPartAnnotationAdded(
                    content_index=index, annotation_index=place, annotation=annotation
                ),
            )
        elif piece:
            content.text += piece
            self.update(message, AssistantMessageContentPartTextDelta(content_index=index, delta=piece))

    def flush(self) -> None:
        """Show what was held back because it might have become a marker."""
        if self.message and self.message.content:
            for piece in self.citations.flush(self.message.content[-1].text):
                self.add(self.message, piece)

    def close_part(self) -> None:
        self.flush()
        if self.message and self.message.content:
            index = len(self.message.content) - 1
            content = self.message.content[index].model_copy(deep=True)
            self.update(self.message, AssistantMessageContentPartDone(content_index=index, content=content))

    def close_message(self) -> None:
        """Say that the message is complete. Call it once the message is stored."""
        if self.message:
            self.close_part()
            self.emit(ThreadItemDoneEvent(item=self.message))
            self.message = None

    def tool_started(self, title: str, arguments: dict[str, Any]) -> int:
        """Show a tool call as under way; return its place in the workflow."""
        task = CustomTask(title=title, content=fenced(arguments), status_indicator="loading")
        if self.workflow is None:
            workflow = Workflow(type="custom", tasks=[], expanded=False)
            self.workflow = WorkflowItem(
                id=ids.new_id("workflow"), thread_id=self.thread_id, created_at=timezone.now(), workflow=workflow
            )
            self.reads, self.changes, self.tool_ms = [], [], 0
            self.emit(ThreadItemAddedEvent(item=self.workflow.model_copy(deep=True)))
        self.workflow.workflow.tasks.append(task)
        index = len(self.workflow.workflow.tasks) - 1
        self.update(self.workflow, WorkflowTaskAdded(task_index=index, task=task))
        return index

    def tool_finished(self, index: int, summary: str, is_read: bool, result: Any, duration_ms: int) -> None:
        assert self.workflow is not None
        task = self.workflow.workflow.tasks[index]
        assert isinstance(task, CustomTask)
        done = task.model_copy(
            update={"content": f"{task.content}\n\n{fenced(result)}", "status_indicator": "complete"}
        )
        self.workflow.workflow.tasks[index] = done
        (self.reads if is_read else self.changes).append(summary)
        self.tool_ms += duration_ms
        self.workflow.workflow.summary = CustomSummary(title=self.headline())
        self.update(self.workflow, WorkflowTaskUpdated(task_index=index, task=done))

    def headline(self) -> str:
        """Return the workflow in one line. Changes matter more than what was looked up for them."""
        first, *more = self.changes or self.reads
        rest = f" and {len(more)} more" if more else ""
        took = f" · {self.tool_ms / 1000:.1f} s" if self.tool_ms >= NOTICEABLE_MS else ""
        return first + rest + took

    def close_workflow(self) -> None:
        if self.workflow:
            self.emit(ThreadItemDoneEvent(item=self.workflow))
            self.workflow = None

    def update(self, item: ThreadItem, update: ThreadItemUpdate) -> None:
        self.emit(ThreadItemUpdatedEvent(item_id=item.id, update=update))

    @property
    def text_under_way(self) -> str:
        """What was shown of a response that is not complete."""
        return "".join(content.text for content in self.message.content) if self.message else ""

    def open_items(self) -> list[ThreadItem]:
        self.flush()
        return [item for item in (self.workflow, self.message, self.notice) if item]

    def close(self) -> None:
        """Close what is still open. Call it once that is stored."""
        self.close_message()
        self.close_workflow()
        if self.notice:
            self.emit(ThreadItemDoneEvent(item=self.notice))
            self.notice = None


def fenced(value: Any) -> str:
    """Return a value as a Markdown code block, cut where it is very long."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) > SHOWN_LENGTH:
        text = text[:SHOWN_LENGTH] + "\n…"
    fence = "~" * 3
    while fence in text:
        fence += "~"
    return f"{fence}json\n{text}\n{fence}"
