"""The contract of stores, kept by ours and by a small one in memory, so that it asks nothing of a database."""

import unittest
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chatkit.store import NotFoundError, Store, StoreItemType
from chatkit.types import Attachment, Page, ThreadItem, ThreadMetadata
from django.db import IntegrityError
from django.test import TransactionTestCase

from chat import ids
from chat.models import Message
from chat.web.store import Context, DatabaseStore
from core.sections import section
from tests.chat.web.store_contract import StoreContract
from tests.people import sign_up


class DatabaseStoreTests(StoreContract, TransactionTestCase):
    def setUp(self) -> None:
        self.store = DatabaseStore()
        self.mine, self.theirs = (Context(sign_up(name).user, name) for name in ("Ann", "Bob"))

    async def test_an_items_id_cannot_be_used_to_overwrite_what_stands_in_another_conversation(self) -> None:
        thread, items = await self.filled(1)
        theirs, _ = await self.filled(1, self.theirs)
        with self.assertRaises(IntegrityError):
            await section(Message.put, ids.read("conv", theirs.id), items[0])
        self.assertEqual(await self.items(thread), [items[0].id])


@dataclass
class Shelf:
    """What one person has."""

    threads: dict[str, ThreadMetadata] = field(default_factory=dict)
    items: dict[str, dict[str, ThreadItem]] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)


class MemoryStore(Store[str]):
    """A store in dictionaries, which keep the order in which things were added. The context is a name."""

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}

    def of(self, context: str) -> Shelf:
        return self.shelves.setdefault(context, Shelf())

    def generate_thread_id(self, context: str) -> str:
        return f"thr_{uuid4().hex}"

    def generate_item_id(self, item_type: StoreItemType, thread: ThreadMetadata, context: str) -> str:
        return f"{item_type}_{uuid4().hex}"

    def found[T](self, shelf: dict[str, T], id: str) -> T:
        if id not in shelf:
            raise NotFoundError(id)
        return shelf[id]

    def page[T: (ThreadMetadata, Any)](self, found: dict[str, T], after: str | None, limit: int, order: str) -> Page[T]:
        rows = list(found.values()) if order == "asc" else list(found.values())[::-1]
        if after:
            self.found(found, after)
            rows = rows[[row.id for row in rows].index(after) + 1 :]
        more = len(rows) > limit
        return Page(data=rows[:limit], has_more=more, after=rows[limit - 1].id if more else None)

    async def load_thread(self, thread_id: str, context: str) -> ThreadMetadata:
        return self.found(self.of(context).threads, thread_id)

    async def save_thread(self, thread: ThreadMetadata, context: str) -> None:
        own = set(ThreadMetadata.model_fields)
        self.of(context).threads[thread.id] = ThreadMetadata(**thread.model_dump(include=own))
        self.of(context).items.setdefault(thread.id, {})

    async def load_threads(self, limit: int, after: str | None, order: str, context: str) -> Page[ThreadMetadata]:
        return self.page(self.of(context).threads, after, limit, order)

    async def delete_thread(self, thread_id: str, context: str) -> None:
        self.of(context).threads.pop(thread_id, None)
        self.of(context).items.pop(thread_id, None)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: str
    ) -> Page[ThreadItem]:
        items = self.found(self.of(context).items, thread_id)
        return self.page(items, after, limit, order)

    async def load_item(self, thread_id: str, item_id: str, context: str) -> ThreadItem:
        return self.found(self.found(self.of(context).items, thread_id), item_id)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: str) -> None:
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: str) -> None:
        self.found(self.of(context).items, thread_id)[item.id] = item

    async def delete_thread_item(self, thread_id: str, item_id: str, context: str) -> None:
        self.of(context).items.get(thread_id, {}).pop(item_id, None)

    async def save_attachment(self, attachment: Attachment, context: str) -> None:
        self.of(context).attachments[attachment.id] = attachment

    async def load_attachment(self, attachment_id: str, context: str) -> Attachment:
        return self.found(self.of(context).attachments, attachment_id)

    async def delete_attachment(self, attachment_id: str, context: str) -> None:
        self.of(context).attachments.pop(attachment_id, None)


class MemoryStoreTests(StoreContract, unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.store, self.mine, self.theirs = MemoryStore(), "Ann", "Bob"


class WrongStoreTests(unittest.IsolatedAsyncioTestCase):
    """The contract notices what is wrong: each fault that was seen in stores fails one of its tests."""

    async def fails(self, change: dict[str, Any], name: str) -> None:
        case = MemoryStoreTests(name)
        case.setUp()
        case.store = type("Wrong", (MemoryStore,), change)()
        with self.assertRaises((AssertionError, NotFoundError)):
            await getattr(case, name)()

    async def test_sorting_by_time_is_noticed(self) -> None:
        async def load(self: MemoryStore, thread_id: str, after: Any, limit: int, order: str, context: str) -> Any:
            items = self.found(self.of(context).items, thread_id)
            by_time = dict(sorted(items.items(), key=lambda pair: pair[1].created_at))
            return self.page(by_time, after, limit, order)

        await self.fails({"load_thread_items": load}, "test_an_item_with_an_earlier_timestamp_still_comes_last")

    async def test_a_store_that_knows_no_owner_is_noticed(self) -> None:
        def of(self: MemoryStore, context: str) -> Shelf:
            return self.shelves.setdefault("all", Shelf())

        await self.fails({"of": of}, "test_nothing_of_others_is_found_listed_changed_or_deleted")

    async def test_ids_of_eight_characters_are_noticed(self) -> None:
        short = {"generate_item_id": Store.generate_item_id}
        await self.fails(short, "test_ids_do_not_repeat")

    async def test_a_cursor_that_is_ignored_is_noticed(self) -> None:
        async def load(self: MemoryStore, thread_id: str, after: Any, limit: int, order: str, context: str) -> Any:
            return self.page(self.of(context).items[thread_id], None, limit, order)

        await self.fails({"load_thread_items": load}, "test_an_unknown_cursor_is_not_found")
