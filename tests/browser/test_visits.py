"""What opening the page asks of the network. Only counts and bytes: how long it takes is measured in `tests/bench`."""

import gzip
import re

from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import say, sign_up
from tests.browser.visit import Network, Visit, signed_in
from tests.server import ROOT, Server

ELEMENT = re.compile(r"/static/(?:[0-9a-f]{16}/)?((?:chat|vendor)/.*\.js)$")
ELEMENT_KILOBYTES = 80
FIRST_REQUESTS, FIRST_KILOBYTES = 30, 150
SECOND_REQUESTS = 12


def visits(new_page: NewPage, server: Server, email: str, *messages: str) -> list[Visit]:
    """Return the first visit of a person with tasks, and the second one; between them something may be said."""
    person = server.client(email)
    for number in range(20):
        person.http.post(f"{person.api}/tasks", json={"text": f"Task {number} tomorrow"})
    page = new_page()
    signed_in(page, server, email)
    network = Network(page)
    first = network.visit(server.url)
    for message in messages:
        page.get_by_test_id("composer").fill(message)
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("copy").last).to_be_visible()
    network.settle()
    return [first, network.visit(server.url)]


def test_the_first_visit_asks_for_little(new_page: NewPage, server: Server) -> None:
    first, _ = visits(new_page, server, "first@example.org")
    assert len(first.requests) <= FIRST_REQUESTS, first.requests
    assert first.kilobytes <= FIRST_KILOBYTES


def test_nothing_is_asked_for_twice(new_page: NewPage, server: Server) -> None:
    first, second = visits(new_page, server, "twice@example.org")
    assert len(set(first.requests)) == len(first.requests)
    assert len(set(second.requests)) == len(second.requests)


def test_the_second_visit_asks_for_no_file_again(new_page: NewPage, server: Server) -> None:
    _, second = visits(new_page, server, "second@example.org", "add buy milk", "what is due?")
    assert len(second.requests) <= SECOND_REQUESTS, second.requests
    assert second.static == []


def test_the_element_stays_small(new_page: NewPage, server: Server) -> None:
    """With an answer and its widget on screen; each file gzipped by itself."""
    page = new_page()
    sign_up(page, server)
    say(page, "add buy milk")
    expect(page.get_by_test_id("copy").last).to_be_visible()
    say(page, "what's on my list?")
    expect(page.get_by_test_id("widget").locator("input").first).to_be_visible()
    urls: list[str] = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    names = {found[1] for url in urls if (found := ELEMENT.search(url))}
    assert "vendor/markdown-it/markdown-it.js" in names
    sizes = [len(gzip.compress((ROOT / "static" / name).read_bytes(), 9)) for name in names]
    assert sum(sizes) <= ELEMENT_KILOBYTES * 1000
