"""openai-chatkit's store on our tables, and pages of conversations and messages, which REST uses too.

Messages of people do not come this way: `chat.turns.starting` stores each with the turn that it begins.

Every function sees the user of the request only; what belongs to others does not exist.
"""

from dataclasses import dataclass

from chatkit.store import AttachmentStore, Store, StoreItemType
from chatkit.types import (
    ActiveStatus,
    Attachment,
    AttachmentCreateParams,
    Page,
    ThreadItem,
    ThreadMetadata,
    ThreadStatus,
)
from django.db.models import Q, QuerySet
from pydantic import TypeAdapter

from accounts.models import User
from chat import ids
from chat.items import attachments, widgets
from chat.models import TITLE_LENGTH, Conversation, Message
from chat.models.messages import aware
from chat.turns import starting
from core.sections import section

MAX_PAGE = 100

thread_status: TypeAdapter[ThreadStatus] = TypeAdapter(ThreadStatus)


@dataclass(frozen=True)
class Context:
    """One request: who asks, and under which key."""

    user: User
    key: str
    origin: str = ""  # where the client reaches this server
    reason: str = ""  # of feedback


def as_thread(conversation: Conversation) -> ThreadMetadata:
    return ThreadMetadata(
        id=conversation.public_id,
        title=conversation.title or None,
        created_at=conversation.created_at,
        status=thread_status.validate_python(conversation.status) if conversation.status else ActiveStatus(),
    )


class DatabaseStore(Store[Context], AttachmentStore[Context]):
    def generate_thread_id(self, context: Context) -> str:
        return ids.new_id("thread")

    def generate_item_id(self, item_type: StoreItemType, thread: ThreadMetadata, context: Context) -> str:
        return ids.new_id(item_type)

    async def load_thread(self, thread_id: str, context: Context) -> ThreadMetadata:
        return await section(find_thread, context.user, thread_id)

    async def save_thread(self, thread: ThreadMetadata, context: Context) -> None:
        await section(put_conversation, context.user, thread)

    async def load_threads(self, limit: int, after: str | None, order: str, context: Context) -> Page[ThreadMetadata]:
        found, more = await section(conversations, context.user, limit, after, order)
        return Page(data=[as_thread(each) for each in found], has_more=more is not None, after=more)

    async def delete_thread(self, thread_id: str, context: Context) -> None:
        await starting.delete_conversation(context.user, thread_id)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: Context
    ) -> Page[ThreadItem]:
        found, more = await section(messages, context.user, thread_id, after, limit, order)
        items = await widgets.present(context.user, found)
        attachments.at_origin(items, context.user, context.origin)
        return Page(data=items, has_more=more is not None, after=more)

    async def load_item(self, thread_id: str, item_id: str, context: Context) -> ThreadItem:
        return (await section(find_message, context.user, thread_id, item_id)).as_item()

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        conversation = await section(Conversation.of_user, context.user, thread_id)
        await section(Message.put, conversation.pk, item)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: Context) -> None:
        found = Message.objects.for_user(context.user).filter(conversation=ids.read("conv", thread_id), item_id=item_id)
        await section(found.delete)

    async def create_attachment(self, input: AttachmentCreateParams, context: Context) -> Attachment:
        made = await section(attachments.create, context.user, input)
        return attachments.shown(made, context.origin)

    async def save_attachment(self, attachment: Attachment, context: Context) -> None:
        await section(attachments.put, context.user, attachment)

    async def load_attachment(self, attachment_id: str, context: Context) -> Attachment:
        return attachments.shown(await section(attachments.get, context.user, attachment_id), context.origin)

    async def delete_attachment(self, attachment_id: str, context: Context) -> None:
        await section(attachments.delete, context.user, attachment_id)


def find_thread(user: User, thread_id: str) -> ThreadMetadata:
    """Return a thread; while a turn runs in it, `metadata` names that: any client can watch it. Raises `Missing`."""
    conversation = Conversation.of_user(user, thread_id)
    thread = as_thread(conversation)
    if running := starting.running_in(conversation.pk):
        thread.metadata = {"turn_id": running[0].public_id}
    return thread


def put_conversation(user: User, thread: ThreadMetadata) -> None:
    """Store a thread's title and status; its items are stored one by one."""
    status = {} if isinstance(thread.status, ActiveStatus) else thread.status.model_dump(mode="json")
    fields = {"title": (thread.title or "")[:TITLE_LENGTH], "status": status}
    id = ids.read("conv", thread.id)
    if not Conversation.objects.for_user(user).filter(pk=id).update(**fields):
        Conversation.objects.create(pk=id, user=user, created_at=aware(thread.created_at), **fields)


def conversations(
    user: User, limit: int, after: str | None, order: str, text: str | None = None
) -> tuple[list[Conversation], str | None]:
    """Return a page of conversations by their last change, and the id to go on after. Raises `Missing`."""
    found = Conversation.objects.for_user(user).begun()
    if text:
        found = found.search(text)
    last = Conversation.of_user(user, after) if after else None
    sign, compare = ("-", "lt") if order == "desc" else ("", "gt")
    if last:
        beyond = Q(**{f"updated_at__{compare}": last.updated_at})
        found = found.filter(beyond | Q(**{"updated_at": last.updated_at, f"id__{compare}": last.pk}))
    page, is_last = first_of(found.order_by(f"{sign}updated_at", f"{sign}id"), limit)
    return page, None if is_last else page[-1].public_id


def messages(
    user: User, thread_id: str, after: str | None, limit: int, order: str, *, said_only: bool = False
) -> tuple[list[Message], str | None]:
    """Return a page of items in the order they were added, and the id to go on after. Raises `Missing`."""
    found = Conversation.of_user(user, thread_id).messages.visible()
    if said_only:
        found = found.filter(kind__in=["user_message", "assistant_message"])
    sign, compare = ("-", "lt") if order == "desc" else ("", "gt")
    if after:
        found = found.filter(**{f"id__{compare}": find_message(user, thread_id, after).pk})
    page, is_last = first_of(found.order_by(f"{sign}id"), limit)
    return page, None if is_last else page[-1].item_id


def first_of[M: (Conversation, Message)](found: QuerySet[M], limit: int) -> tuple[list[M], bool]:
    """Return the first `limit` rows (1 to `MAX_PAGE`), and whether there are no more."""
    limit = max(1, min(limit, MAX_PAGE))
    page = list(found[: limit + 1])
    return page[:limit], len(page) <= limit


def find_message(user: User, thread_id: str, item_id: str) -> Message:
    of_user = Message.objects.for_user(user)
    message = of_user.select_related("turn").filter(conversation=ids.read("conv", thread_id), item_id=item_id).first()
    if message is None:
        raise ids.Missing("There is no such item.")
    return message
