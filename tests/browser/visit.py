"""A visit of the page as the network sees it: what is asked for, how much comes, and when somebody can write."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.server import Server

QUIET_MS = 500
# A phone on a mediocre day: what the goals are given for.
RTT_MS, DOWN_MBIT, UP_MBIT = 150, 1.6, 0.75
KBIT = 125  # bytes


@dataclass
class Visit:
    """What went over the network; what the browser's cache answered is not in it."""

    requests: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    composer_seconds: float = 0

    @property
    def kilobytes(self) -> float:
        return sum(self.sizes) / 1000

    @property
    def static(self) -> list[str]:
        return [each for each in self.requests if "/static/" in each]


class Network:
    """Listens to one page, from the browser's own side: a request that a cache answered is told apart only there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.cached: set[str] = set()
        self.sizes: dict[str, int] = {}
        listeners: dict[str, Callable[[dict[str, Any]], None]] = {
            "requestWillBeSent": lambda event: self.note(event["requestId"], event["request"]),
            "webSocketCreated": lambda event: self.note(event["requestId"], event | {"method": "GET"}),
            "requestServedFromCache": lambda event: self.cached.add(event["requestId"]),
            "responseReceived": self.received,
            "loadingFinished": lambda event: self.sizes.update({event["requestId"]: event["encodedDataLength"]}),
        }
        for name, listener in listeners.items():
            self.cdp.on(f"Network.{name}", listener)

    def note(self, identity: str, request: dict[str, Any]) -> None:
        self.urls[identity] = f"{request['method']} {request['url']}"

    def received(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response.get("fromDiskCache") or response.get("fromPrefetchCache"):
            self.cached.add(event["requestId"])

    def emulate(self, rtt_ms: float, down_mbit: float, up_mbit: float) -> None:
        speed = {"latency": rtt_ms, "downloadThroughput": down_mbit * 1000 * KBIT}
        self.cdp.send(
            "Network.emulateNetworkConditions", {"offline": False, "uploadThroughput": up_mbit * 1000 * KBIT, **speed}
        )

    def visit(self, url: str) -> Visit:
        """Open the page and wait until nothing more is asked for."""
        for noted in (self.urls, self.cached, self.sizes):
            noted.clear()
        began = time.monotonic()
        self.page.goto(url, wait_until="commit")
        expect(self.page.get_by_test_id("composer")).to_be_editable()
        taken = time.monotonic() - began
        self.settle()
        sent = [each for each in self.urls if each not in self.cached]
        return Visit([self.urls[each] for each in sent], [self.sizes.get(each, 0) for each in sent], taken)

    def settle(self) -> None:
        """Wait until everything that was asked for is here, and nothing more for a moment."""
        expect(self.page.locator("#tasks [data-part=connection]")).to_be_empty()
        while True:
            before = len(self.urls)
            self.page.wait_for_load_state("networkidle")
            self.page.wait_for_timeout(QUIET_MS)
            if len(self.urls) == before:
                return


def signed_in(page: Page, server: Server, email: str) -> None:
    """Sign somebody in without opening a page of ours, so that the browser has none of its files."""
    server.client(email)
    body = {"email": email, "password": "correct horse battery"}
    assert page.request.post(f"{server.url}/api/auth/sign-in/email", data=body).ok
