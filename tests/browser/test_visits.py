"""What opening the page asks of the network. Only counts and bytes: how long it takes is measured in `tests/bench`."""

from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.visit import Network, Visit, signed_in
from tests.server import Server

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
