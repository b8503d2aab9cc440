"""The chat inside another site: a real second origin, a token by callback, and nobody else's frames."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage
from tests.server import Server, free_port

HOST_PORT = free_port()
HOST = f"http://127.0.0.1:{HOST_PORT}"
SITE = """<!doctype html><title>Intranet</title><h1>Intranet</h1><div id="assistant" style="height: 600px"></div>
<script>
  var asked = 0;
  window.errandToken = () => { asked += 1; %s };
</script>
<script src="%s/static/embed.js" data-token="errandToken" data-target="#assistant" data-locale="de"
  data-greeting="Guten Tag"></script>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def site(folder: Path, port: int) -> Iterator[str]:
    """Serve a folder as another origin; gives its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            other.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), EMBED_ORIGINS=f'["{HOST}"]') as server:
        yield server


def chat(page: Page):  # type: ignore[no-untyped-def]
    return page.frame_locator("iframe")


def write(folder: Path, server: Server, code: str) -> None:
    (folder / "index.html").write_text(SITE % (code, server.url))


def test_one_tag_puts_the_chat_into_another_site(new_page: NewPage, open_server: Server, tmp_path: Path) -> None:
    ann = open_server.client()
    write(tmp_path, open_server, f'return Promise.resolve("{ann.token}");')
    page = new_page()
    with site(tmp_path, HOST_PORT) as url:
        page.goto(url)
        expect(chat(page).get_by_test_id("greeting")).to_have_text("Guten Tag")
        chat(page).get_by_test_id("composer").fill("add buy milk")
        chat(page).get_by_test_id("composer").press("Enter")
        expect(chat(page).locator('[data-role="assistant"]')).to_contain_text("buy milk")
        assert page.evaluate("asked") == 1
    assert [task["title"] for task in ann.tasks()] == ["buy milk"]


def test_a_site_that_gives_no_token_is_told_so_and_nothing_is_lost(
    new_page: NewPage, open_server: Server, tmp_path: Path
) -> None:
    write(tmp_path, open_server, 'throw new Error("Please sign in on the intranet.");')
    page = new_page()
    with site(tmp_path, HOST_PORT) as url:
        page.goto(url)
        chat(page).get_by_test_id("composer").fill("add buy milk")
        chat(page).get_by_test_id("composer").press("Enter")
        expect(chat(page).get_by_test_id("problem")).to_have_text("Please sign in on the intranet.")
        expect(chat(page).get_by_test_id("composer")).to_have_value("add buy milk")


def test_no_other_origin_can_frame_it(browser: Browser, open_server: Server, tmp_path: Path) -> None:
    write(tmp_path, open_server, 'return "token";')
    with browser.new_context() as context, site(tmp_path, free_port()) as url:
        page = context.new_page()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(url)
        expect(chat(page).get_by_test_id("composer")).to_have_count(0)
        assert page.evaluate("asked") == 0


def test_the_page_listens_only_to_the_site_around_it(new_page: NewPage, open_server: Server) -> None:
    page = new_page()
    page.goto(f"{open_server.url}/embed")
    expect(page.get_by_text("This page is shown inside other sites.")).to_be_visible()
    page.evaluate("""() => {
      const { port2 } = new MessageChannel();
      postMessage({ type: "errand.connect", options: {} }, "*", [port2]);
      return new Promise((resolve) => setTimeout(resolve));
    }""")
    expect(page.locator("errand-chat")).to_be_hidden()


def test_only_that_page_may_be_framed_and_only_where_it_is_wanted(open_server: Server, server: Server) -> None:
    page = httpx2.get(f"{open_server.url}/sign-in").headers
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert "X-Frame-Options" not in httpx2.get(f"{open_server.url}/embed").headers
    assert httpx2.get(f"{server.url}/embed").status_code == 404
