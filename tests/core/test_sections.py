"""Where database sections run, and what they know of who waits for them."""

import asyncio
import threading
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
        with mock.patch.multiple(sections, _threads=None, _serving=None):
            sections.serve_with(1)
            await self.check()
            self.assertIs(await asyncio.to_thread(asking_loop), asyncio.get_running_loop(), "the server's own")
        self.assertIsNone(await asyncio.to_thread(asking_loop), "nobody serves any more")
