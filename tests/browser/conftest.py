from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import chromium
from tests.faults.provider import Provider
from tests.server import Server

# What the browser itself says of refused requests and of servers that are down: tests provoke both.
NETWORK = ("Failed to load resource", "WebSocket connection to")

type NewPage = Callable[..., Page]


def is_fault(message: ConsoleMessage) -> bool:
    return message.type == "error" and not message.text.startswith(NETWORK)


@pytest.fixture(scope="package")  # Playwright runs an event loop in this thread, where other tests start theirs
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")  # people of every test are others: the same server serves all
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="package")
def provider() -> Iterator[tuple[Provider, str]]:
    """A model's provider that says what is queued, and its address."""
    provider = Provider()
    with provider.serving() as url:
        yield provider, url


@pytest.fixture(scope="package")
def scripted(provider: tuple[Provider, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model is that provider's."""
    environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": provider[1], "MODEL_NAME": "hello"}
    with Server(tmp_path_factory.mktemp("data"), **environment) as server:
        yield server


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open pages, each in a browser context of its own; nothing they log may be an error."""
    contexts = []
    errors: list[str] = []

    def open_page(width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if is_fault(message) else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
