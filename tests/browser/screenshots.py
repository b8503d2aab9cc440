"""Takes the pictures of the README anew: uv run python -m tests.browser.screenshots"""

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.test_loop import answer, say, sign_up
from tests.server import ROOT, Server

IMAGES = ROOT / "docs" / "images"
SAID = [
    "Remind me to send the invoice tomorrow at 5pm",
    "add water the plants yesterday #home",
    "book the dentist next tuesday at 10am p1",
    "add buy oat milk #shopping",
    "what's on my list?",
    "move the second one to monday 9am",
]


def open_page(browser: Browser, width: int, height: int, scheme: Literal["light", "dark"]) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="Europe/Berlin"
    )
    return context.new_page()


def talk(page: Page, server: Server) -> None:
    sign_up(page, server)
    for number, text in enumerate(SAID, 1):
        say(page, text)
        expect(page.locator('[data-testid="message"][data-role="assistant"]')).to_have_count(number)
        expect(page.get_by_test_id("stop")).to_be_hidden()
    expect(answer(page)).to_contain_text("Monday")
    page.wait_for_timeout(1500)  # the glow of the last change fades


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        Server(Path(data)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium.path(), args=chromium.ARGUMENTS) as browser,
    ):
        schemes: list[Literal["light", "dark"]] = ["light", "dark"]
        for scheme in schemes:
            for name, width, height in (("page", 1280, 800), ("phone", 390, 844)):
                page = open_page(browser, width, height, scheme)
                talk(page, server)
                page.screenshot(path=IMAGES / f"{name}-{scheme}.png")
                if name == "phone":
                    page.get_by_test_id("switch-tasks").click()
                    page.screenshot(path=IMAGES / f"tasks-{scheme}.png")


if __name__ == "__main__":
    main()
