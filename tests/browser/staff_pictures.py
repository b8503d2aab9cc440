"""Takes the pictures of the admin anew: uv run python -m tests.browser.staff_pictures [FOLDER]"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.screenshots import IMAGES, open_page, talk
from tests.server import Server

LIST = "/admin/chat/conversation/"
WIDTH, HEIGHT = 1280, 900


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/admin/login/?next={LIST}")
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill(server.password("staff"))
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{LIST}")


def take(browser: Browser, server: Server, scheme: Literal["light", "dark"], folder: Path) -> None:
    page = open_page(browser, WIDTH, HEIGHT, scheme)
    sign_in(page, server)
    page.locator("#result_list th a").first.click()
    page.locator(".said.drawn").first.wait_for()
    page.screenshot(path=folder / f"staff-timeline-{scheme}.png")
    for summary in page.locator(".turn:nth-of-type(2) .effects summary, .turn:nth-of-type(2) .steps > summary").all():
        summary.click()
    page.locator(".turn:nth-of-type(2) .steps li summary").nth(1).click()
    page.locator(".turn:nth-of-type(2)").screenshot(path=folder / f"staff-turn-{scheme}.png")
    page.goto(f"{server.url}{LIST}dashboard/?days=7")
    page.screenshot(path=folder / f"staff-dashboard-{scheme}.png")
    page.context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        Server(Path(data), MODEL_PRICES='{"offline": [0.25, 2]}') as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium.as_people_have_it(), args=chromium.ARGUMENTS) as browser,
    ):
        talk(open_page(browser, WIDTH, HEIGHT, "light"), server)
        schemes: list[Literal["light", "dark"]] = ["light", "dark"]
        for scheme in schemes:
            take(browser, server, scheme, folder)


if __name__ == "__main__":
    main()
