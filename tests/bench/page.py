"""What people feel on the page, measured in Chromium itself with a real server: how soon, how calm, how much to load.

Compared is a conversation of 1,000 messages with one of 20 (`--page-messages` changes the first), and a visit over a
slow network with the same visit before its files were compressed, kept and fewer. The wishes: an own message on screen
under 100 ms after Enter, a long conversation under 1,000 ms after it is asked for, no layout shift while text streams,
at most 80 kB of JavaScript for the element, gzipped; a first visit with 30 requests, 150 kB, the composer in 2.0 s, a
second one with 12 requests, none of them for a file, and the composer in 0.9 s.
"""

import gzip
import re
import statistics
import tempfile
from argparse import Namespace
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bench.answering import provider
from tests.bench.table import Row, Table
from tests.browser import chromium, visit
from tests.server import Client, Server

SHORT = 20
TASKS = 20
# A visit on 2026-11-28, before: requests, kB, seconds until somebody could write.
BEFORE = {"first": (76, 409, 3.6), "second": (76, 95, 2.4)}
STATIC = re.compile(r".*/static/(?:[0-9a-f]{16}/)?")
EMAIL = "ann@example.org"
QUESTION = "What is overdue?"

# From the key to the first frame in which the message is painted.
SEND = """() => new Promise((resolve) => {
  const root = document.querySelector("errand-chat").shadowRoot;
  const count = () => root.querySelectorAll(".row.user").length;
  const before = count();
  const input = root.querySelector("textarea");
  input.value = "What is overdue?";
  input.dispatchEvent(new Event("input"));
  const began = performance.now();
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  const look = () => requestAnimationFrame(() => {
    if (count() === before) return look();
    requestAnimationFrame(() => resolve(performance.now() - began));
  });
  look();
})"""
# From the wish to see a conversation to the first frame with its last answer.
OPEN = """(id) => new Promise((resolve) => {
  const chat = document.querySelector("errand-chat");
  const began = performance.now();
  chat.setThreadId(id);
  const look = () => requestAnimationFrame(() => {
    if (chat.threadId !== id || !chat.shadowRoot.querySelector(".row.assistant .markdown")) return look();
    requestAnimationFrame(() => resolve(performance.now() - began));
  });
  look();
})"""
WATCH_SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifts += value; })
    .observe({ type: "layout-shift" });
}"""


def measure(options: Namespace) -> Table:
    with (
        provider() as url,
        tempfile.TemporaryDirectory() as data,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium.as_people_have_it(), args=chromium.ARGUMENTS) as browser,
    ):
        environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": url, "MODEL_NAME": "hello"}
        with Server(Path(data) / "talk", USER_TURNS_A_MINUTE="0", **environment) as server:
            person = server.client(EMAIL)
            talks = [talk(person, count) for count in (options.page_messages, SHORT)]
            runs = range(options.page_runs)
            rows = [*speed(browser, server, talks, runs), reload_row(browser, server, talks, runs)]
        with Server(Path(data) / "stream", **environment | {"MODEL_NAME": "forty"}) as server:
            server.client(EMAIL)
            rows.append(shift_row(browser, server))
        with Server(Path(data) / "sizes") as server:  # with the offline model, which shows tasks as widgets
            server.client(EMAIL)
            rows += size_rows(browser, server)
            rows += visit_rows(browser, server, runs)
    return Table("page", f"{options.page_messages:,} messages", f"{SHORT} messages; before", rows)


def talk(person: Client, messages: int) -> str:
    """Have a conversation of so many messages, half of them answers; return its id."""
    found = person.chat(QUESTION)["conversation_id"]
    for _ in range(messages // 2 - 1):
        person.chat(QUESTION, conversation_id=found)
    return str(found)


def sign_in(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(server.url)
    page.get_by_test_id("email").fill(EMAIL)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
    return page


def speed(browser: Browser, server: Server, talks: list[str], runs: range) -> list[Row]:
    page = sign_in(browser, server)
    opened: list[list[float]] = [[], []]
    sent: list[list[float]] = [[], []]
    for _ in runs:  # in turns, so that a noisy moment meets both
        for place, each in enumerate(talks):
            page.evaluate("document.querySelector('errand-chat').setThreadId(null)")
            opened[place].append(page.evaluate(OPEN, each))
            sent[place].append(page.evaluate(SEND))
            expect(page.get_by_test_id("stop")).to_be_hidden()
    page.context.close()
    medians = [[statistics.median(side) for side in each] for each in (sent, opened)]
    names = ["own message on screen after Enter", "conversation on screen once it is asked for"]
    return [Row(name, here, there, "ms") for name, (here, there) in zip(names, medians, strict=True)]


def reload_row(browser: Browser, server: Server, talks: list[str], runs: range) -> Row:
    """The whole page anew, with the last conversation open: from the start of the navigation."""
    page = sign_in(browser, server)
    taken: list[list[float]] = [[], []]
    for _ in runs:
        for place, each in enumerate(talks):
            page.evaluate(OPEN, each)
            page.reload()
            page.locator("errand-chat .row.assistant .markdown").last.wait_for()
            taken[place].append(page.evaluate("performance.now()"))
    page.context.close()
    here, there = (statistics.median(side) for side in taken)
    return Row("page reloaded with that conversation open", here, there, "ms")


def shift_row(browser: Browser, server: Server) -> Row:
    page = sign_in(browser, server)
    for _ in range(4):  # enough to fill the screen
        page.get_by_test_id("composer").fill(QUESTION)
        page.evaluate(WATCH_SHIFTS)
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("stop")).to_be_visible()
        expect(page.get_by_test_id("stop")).to_be_hidden()
    shifted = page.evaluate("window.shifts")
    page.context.close()
    return Row("layout shift while an answer streams", shifted, None, "(score)")


def visit_rows(browser: Browser, server: Server, runs: range) -> list[Row]:
    """Return what two visits of somebody with tasks cost over a slow network, the first with an empty cache."""
    person = server.client("visitor@example.org")
    for number in range(TASKS):
        person.http.post(f"{person.api}/tasks", json={"text": f"Task {number} tomorrow"})
    seen: dict[str, list[visit.Visit]] = {"first": [], "second": []}
    for _ in runs:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        visit.signed_in(page, server, "visitor@example.org")
        network = visit.Network(page)
        network.emulate(visit.RTT_MS, visit.DOWN_MBIT, visit.UP_MBIT)
        for visits in seen.values():
            visits.append(network.visit(server.url))
        page.context.close()
    return [row for which, visits in seen.items() for row in rows_of(which, visits)]


def rows_of(which: str, visits: list[visit.Visit]) -> list[Row]:
    requests, kilobytes, seconds = BEFORE[which]
    return [
        Row(f"{which} visit: requests", statistics.median(len(each.requests) for each in visits), requests, ""),
        Row("… of them for files", statistics.median(len(each.static) for each in visits), None, ""),
        Row("… transferred", statistics.median(each.kilobytes for each in visits), kilobytes, "kB"),
        Row("… composer usable", statistics.median(each.composer_seconds for each in visits), seconds, "s"),
    ]


def size_rows(browser: Browser, server: Server) -> list[Row]:
    """Return what is fetched, compressed as a proxy would: one file by itself at a time."""
    page = sign_in(browser, server)
    page.get_by_test_id("add-task").fill("Buy milk yesterday")
    page.get_by_test_id("add-task").press("Enter")
    expect(page.get_by_test_id("task")).to_be_visible()
    page.evaluate("localStorage.clear()")
    sizes: dict[str, int] = {}

    def note(url: str) -> None:
        if url.endswith(".js"):
            sizes[STATIC.sub("", url)] = len(gzip.compress(page.request.get(url).body(), 9))

    urls: list[str] = []
    page.on("response", lambda response: urls.append(response.url))
    page.reload()
    expect(page.get_by_test_id("greeting")).to_be_visible()
    expect(page.get_by_test_id("task")).to_be_visible()
    first = list(urls)
    page.get_by_test_id("composer").fill(QUESTION)
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("copy").last).to_be_visible()
    expect(page.get_by_test_id("widget").locator("button, input").first).to_be_visible()
    for url in {*urls}:
        note(url)
    at_first = {STATIC.sub("", url) for url in first} & sizes.keys()
    element = {name for name in sizes if name.startswith(("chat/", "vendor/"))}
    page.context.close()

    def kilobytes(names: set[str]) -> float:
        return sum(sizes[name] for name in names) / 1000

    return [
        Row("JavaScript before the first answer: chat element", kilobytes(element & at_first), None, "kB gzipped"),
        Row("… and the page around it", kilobytes(at_first - element), None, "kB gzipped"),
        Row("JavaScript with an answer and its widget: chat element", kilobytes(element), None, "kB gzipped"),
        Row("… and the page around it", kilobytes(set(sizes) - element), None, "kB gzipped"),
    ]
