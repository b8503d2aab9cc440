"""What every store of openai-chatkit must do, whatever it is made of. Mix `StoreContract` into a test case.

The library's server relies on this without saying so: pages that neither skip nor repeat whatever timestamps say, saves
that replace, deletes that may come twice, and nothing of other people.
"""

import datetime
from contextlib import suppress
from typing import Any

from chatkit.store import NotFoundError, Store
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    FileAttachment,
    LockedStatus,
    Page,
    Thread,
    ThreadItem,
    ThreadMetadata,
)

MOMENT = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


class StoreContract:
    """Set `store`, and two contexts: of `mine` and of somebody else, `theirs`."""

    store: Store[Any]
    mine: Any
    theirs: Any

    # What a TestCase brings.
    assertEqual: Any
    assertNotIn: Any
    assertRaises: Any
    assertIsNone: Any

    async def thread(self, title: str = "One", context: Any = None) -> ThreadMetadata:
        context = context or self.mine
        made = ThreadMetadata(id=self.store.generate_thread_id(context), title=title, created_at=MOMENT)
        await self.store.save_thread(made, context)
        return made

    def message(self, thread: ThreadMetadata, text: str, context: Any = None) -> AssistantMessageItem:
        id = self.store.generate_item_id("message", thread, context or self.mine)
        content = [AssistantMessageContent(text=text)]
        return AssistantMessageItem(id=id, thread_id=thread.id, created_at=MOMENT, content=content)

    async def filled(self, count: int, context: Any = None) -> tuple[ThreadMetadata, list[ThreadItem]]:
        """Return a thread with items that were all made at the same moment."""
        context = context or self.mine
        thread = await self.thread(context=context)
        items: list[ThreadItem] = [self.message(thread, str(number), context) for number in range(count)]
        for item in items:
            await self.store.add_thread_item(thread.id, item, context)
        return thread, items

    async def pages(self, load: Any, order: str, limit: int) -> list[str]:
        """Return the ids of all pages, one after the other."""
        found: list[str] = []
        after, more = None, True
        while more:
            page: Page[Any] = await load(after, limit, order)
            assert len(page.data) <= limit
            found += [each.id for each in page.data]
            after, more = page.after, page.has_more
            assert len(found) < 1_000, "pages without end"
        return found

    async def items(self, thread: ThreadMetadata, order: str = "asc", limit: int = 100) -> list[str]:
        def load(after: str | None, limit: int, order: str) -> Any:
            return self.store.load_thread_items(thread.id, after, limit, order, self.mine)

        return await self.pages(load, order, limit)

    # ---- threads

    async def test_a_thread_is_loaded_as_it_was_saved(self) -> None:
        thread = await self.thread("Shopping")
        loaded = await self.store.load_thread(thread.id, self.mine)
        self.assertEqual((loaded.id, loaded.title, loaded.created_at), (thread.id, "Shopping", MOMENT))

    async def test_saving_a_thread_again_replaces_title_and_status_and_keeps_its_items(self) -> None:
        thread, items = await self.filled(2)
        changed = thread.model_copy(update={"title": "Two", "status": LockedStatus(reason="enough")})
        await self.store.save_thread(changed, self.mine)
        loaded = await self.store.load_thread(thread.id, self.mine)
        self.assertEqual((loaded.title, loaded.status), ("Two", LockedStatus(reason="enough")))
        self.assertEqual(await self.items(thread), [item.id for item in items])

    async def test_a_thread_may_be_saved_together_with_items_that_are_not_stored_by_that(self) -> None:
        thread = await self.thread()
        whole = Thread(**thread.model_dump(), items=Page(data=[self.message(thread, "x")]))
        await self.store.save_thread(whole, self.mine)
        self.assertEqual(await self.items(thread), [])

    async def test_threads_are_paged_both_ways_each_once(self) -> None:
        threads = [(await self.filled(1))[0].id for _ in range(5)]

        def load(after: str | None, limit: int, order: str) -> Any:
            return self.store.load_threads(limit, after, order, self.mine)

        for limit in (1, 2, 5, 6):
            forward, back = await self.pages(load, "asc", limit), await self.pages(load, "desc", limit)
            self.assertEqual(forward, back[::-1])
            self.assertEqual(sorted(forward), sorted(threads))

    async def test_a_deleted_thread_is_gone_with_its_items(self) -> None:
        thread, items = await self.filled(2)
        await self.store.delete_thread(thread.id, self.mine)
        with self.assertRaises(NotFoundError):
            await self.store.load_thread(thread.id, self.mine)
        with self.assertRaises(NotFoundError):
            await self.store.load_item(thread.id, items[0].id, self.mine)

    async def test_what_does_not_exist_is_not_found(self) -> None:
        thread, _ = await self.filled(1)
        missing = self.store.generate_thread_id(self.mine)
        item = self.store.generate_item_id("message", thread, self.mine)
        for id in (missing, "", "nonsense"):
            with self.assertRaises(NotFoundError):
                await self.store.load_thread(id, self.mine)
            with self.assertRaises(NotFoundError):
                await self.store.load_thread_items(id, None, 10, "asc", self.mine)
        for id in (item, "", "nonsense"):
            with self.assertRaises(NotFoundError):
                await self.store.load_item(thread.id, id, self.mine)

    # ---- items

    async def test_items_are_paged_both_ways_in_the_order_they_were_added_though_timestamps_tie(self) -> None:
        thread, items = await self.filled(7)
        ids = [item.id for item in items]
        for limit in (1, 2, 3, 7, 8):
            self.assertEqual(await self.items(thread, "asc", limit), ids)
            self.assertEqual(await self.items(thread, "desc", limit), ids[::-1])

    async def test_an_item_with_an_earlier_timestamp_still_comes_last(self) -> None:
        thread, items = await self.filled(2)
        old = self.message(thread, "old").model_copy(update={"created_at": MOMENT - datetime.timedelta(days=1)})
        await self.store.add_thread_item(thread.id, old, self.mine)
        self.assertEqual(await self.items(thread), [*(item.id for item in items), old.id])

    async def test_a_full_last_page_says_that_it_is_the_last(self) -> None:
        thread, _ = await self.filled(4)
        page = await self.store.load_thread_items(thread.id, None, 4, "asc", self.mine)
        self.assertEqual((len(page.data), page.has_more), (4, False))

    async def test_the_cursor_is_the_last_id_of_the_page(self) -> None:
        thread, items = await self.filled(4)
        page = await self.store.load_thread_items(thread.id, None, 2, "desc", self.mine)
        self.assertEqual((page.after, page.has_more), (items[2].id, True))

    async def test_what_is_added_while_somebody_pages_is_neither_skipped_nor_repeated(self) -> None:
        thread, items = await self.filled(3)
        first = await self.store.load_thread_items(thread.id, None, 2, "asc", self.mine)
        added = self.message(thread, "new")
        await self.store.add_thread_item(thread.id, added, self.mine)
        rest = await self.store.load_thread_items(thread.id, first.after, 10, "asc", self.mine)
        self.assertEqual([item.id for item in rest.data], [items[2].id, added.id])

    async def test_an_unknown_cursor_is_not_found(self) -> None:
        thread, _ = await self.filled(2)
        _, others = await self.filled(1)
        for cursor in (self.store.generate_item_id("message", thread, self.mine), others[0].id, "nonsense"):
            with self.assertRaises(NotFoundError):
                await self.store.load_thread_items(thread.id, cursor, 10, "asc", self.mine)

    async def test_an_item_is_loaded_as_it_was_saved(self) -> None:
        thread, items = await self.filled(1)
        self.assertEqual(await self.store.load_item(thread.id, items[0].id, self.mine), items[0])

    async def test_adding_and_saving_an_item_again_replaces_it_in_its_place(self) -> None:
        thread, items = await self.filled(3)
        for put, text in ((self.store.add_thread_item, "added"), (self.store.save_item, "saved")):
            changed = items[0].model_copy(update={"content": [AssistantMessageContent(text=text)]})
            await put(thread.id, changed, self.mine)
            self.assertEqual(await self.store.load_item(thread.id, items[0].id, self.mine), changed)
            self.assertEqual(await self.items(thread), [item.id for item in items])

    async def test_an_item_that_was_never_added_can_be_saved(self) -> None:
        thread = await self.thread()
        item = self.message(thread, "x")
        await self.store.save_item(thread.id, item, self.mine)
        self.assertEqual(await self.items(thread), [item.id])

    async def test_an_item_can_be_deleted_twice_and_one_that_was_never_saved_too(self) -> None:
        thread, items = await self.filled(2)
        never = self.store.generate_item_id("message", thread, self.mine)
        for id in (items[0].id, items[0].id, never):
            await self.store.delete_thread_item(thread.id, id, self.mine)
        self.assertEqual(await self.items(thread), [items[1].id])

    async def test_ids_do_not_repeat(self) -> None:
        thread = await self.thread()
        ids = {self.store.generate_item_id("message", thread, self.mine) for _ in range(2_000)}
        ids |= {self.store.generate_thread_id(self.mine) for _ in range(2_000)}
        self.assertEqual(len(ids), 4_000)
        # 32 random bits, as the library's own ids have, collide at some 65,000.
        self.assertEqual(min(len(id.partition("_")[2]) for id in ids) >= 16, True)

    # ---- other people

    async def test_nothing_of_others_is_found_listed_changed_or_deleted(self) -> None:
        thread, items = await self.filled(2)
        page = await self.store.load_threads(100, None, "desc", self.theirs)
        self.assertNotIn(thread.id, [each.id for each in page.data])
        for ask in (
            self.store.load_thread(thread.id, self.theirs),
            self.store.load_thread_items(thread.id, None, 10, "asc", self.theirs),
            self.store.load_item(thread.id, items[0].id, self.theirs),
            self.store.save_item(thread.id, items[0], self.theirs),
            self.store.add_thread_item(thread.id, self.message(thread, "x"), self.theirs),
            self.store.load_threads(10, thread.id, "desc", self.theirs),
        ):
            with self.assertRaises(NotFoundError):
                await ask
        await self.store.delete_thread_item(thread.id, items[0].id, self.theirs)
        await self.unfound(self.store.delete_thread(thread.id, self.theirs))
        self.assertEqual(await self.items(thread), [item.id for item in items])
        self.assertEqual((await self.store.load_thread(thread.id, self.mine)).title, "One")

    async def unfound(self, deleting: Any) -> None:
        """Delete what is not there: a store may say so or be silent."""
        with suppress(NotFoundError):
            await deleting

    # ---- attachments

    def attachment(self) -> FileAttachment:
        return FileAttachment(id="atc_" + "1" * 32, name="notes.txt", mime_type="text/plain")

    async def test_an_attachment_is_loaded_as_it_was_saved_and_saved_again(self) -> None:
        for name in ("notes.txt", "more.txt"):
            await self.store.save_attachment(self.attachment().model_copy(update={"name": name}), self.mine)
            loaded = await self.store.load_attachment(self.attachment().id, self.mine)
            self.assertEqual((loaded.name, loaded.mime_type), (name, "text/plain"))

    async def test_an_attachment_can_be_deleted_twice(self) -> None:
        await self.store.save_attachment(self.attachment(), self.mine)
        for _ in range(2):
            await self.store.delete_attachment(self.attachment().id, self.mine)
        with self.assertRaises(NotFoundError):
            await self.store.load_attachment(self.attachment().id, self.mine)

    async def test_attachments_of_others_do_not_exist(self) -> None:
        await self.store.save_attachment(self.attachment(), self.mine)
        with self.assertRaises(NotFoundError):
            await self.store.load_attachment(self.attachment().id, self.theirs)
        await self.unfound(self.store.delete_attachment(self.attachment().id, self.theirs))
        self.assertEqual((await self.store.load_attachment(self.attachment().id, self.mine)).name, "notes.txt")
