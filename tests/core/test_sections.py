"""Where database sections run, and what they know of who waits for them."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from unittest import mock

from django.test import SimpleTestCase

from core import sections
from core.sections import asking_loop, section

WORD: ContextVar[str] = ContextVar("word")


class SectionTests(SimpleTestCase):
    """In a server's threads, and in those that asgiref chooses."""

    async def check(self) -> None:
        WORD.set("said")
        seen = await section(lambda: (asking_loop(), WORD.get(), threading.current_thread()))
        self.assertEqual(seen[:2], (asyncio.get_running_loop(), "said"))
        self.assertIsNot(seen[2], threading.current_thread())
        with self.assertRaisesMessage(ValueError, "broken"):
            await section(self.fail_inside)

    def fail_inside(self) -> None:
        raise ValueError("broken")

    async def test_a_section_knows_the_loop_that_waits_for_it(self) -> None:
        await self.check()

    async def test_so_does_one_in_a_servers_threads(self) -> None:
        with ThreadPoolExecutor(1, initializer=sections._keep_connections) as threads:
            with mock.patch.object(sections, "_threads", threads):
                await self.check()
            self.assertIsNone(await asyncio.wrap_future(threads.submit(asking_loop)), "nobody waits any more")
