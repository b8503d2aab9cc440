"""OpenAI's element by a domain key. A stub stands where its script is on the network; it keeps what it is given."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import sign_up
from tests.server import Server

STUB = """class Stub extends HTMLElement {
  setOptions(options) { this.options = options; }
  async focusComposer() {}
  async setComposerValue(value) { this.value = value; }
  async fetchUpdates() {}
}
customElements.define("openai-chatkit", Stub);"""


def with_domain_key(page: Page, server: Server) -> None:
    """Let the page of this server say that there is a domain key, and let it load the stub."""

    def tell(route: Route) -> None:
        response = route.fetch()
        found = re.search(r'(<script id="errand-config" type="application/json">)(.*?)(</script>)', response.text())
        assert found
        config = json.dumps(json.loads(found[2]) | {"domainKey": "domain_pk_test"})
        body = response.text().replace(found[0], found[1] + config + found[3])
        body = re.sub(r'<link rel="modulepreload" href="[^"]*/chat/element\.js">', "", body)  # as the server would
        headers = {name: value for name, value in response.headers.items() if name != "content-security-policy"}
        route.fulfill(body=body, headers=headers)

    page.route(f"{server.url}/", tell)
    page.route(
        "https://cdn.platform.openai.com/**", lambda route: route.fulfill(body=STUB, content_type="text/javascript")
    )


def official(page: Page, server: Server) -> Page:
    sign_up(page, server)
    with_domain_key(page, server)
    page.goto(server.url)
    page.wait_for_function("document.querySelector('openai-chatkit')?.options")
    return page


OPTIONS = """() => JSON.parse(JSON.stringify(document.querySelector("openai-chatkit").options))"""


def test_it_takes_the_place_of_ours_with_the_same_options(new_page: NewPage, server: Server) -> None:
    page = official(new_page(), server)
    options: dict[str, Any] = page.evaluate(OPTIONS)
    assert options["api"]["url"] == "/chatkit"
    assert options["api"]["domainKey"] == "domain_pk_test"
    assert options["startScreen"]["prompts"]
    assert "errand" not in options  # theirs refuses what it does not know
    expect(page.locator("errand-chat")).to_have_count(0)
    assert (
        page.evaluate(
            "performance.getEntriesByType('resource').filter(({ name }) => name.includes('chat/element')).length"
        )
        == 0
    )


def test_its_requests_carry_token_and_key(new_page: NewPage, server: Server) -> None:
    page = official(new_page(), server)
    with page.expect_request("**/chatkit") as asked:
        status = page.evaluate("""async () => {
          const { api } = document.querySelector("openai-chatkit").options;
          const body = JSON.stringify({ type: "threads.list", params: { limit: 5 } });
          const headers = { "Content-Type": "application/json" };
          return (await api.fetch(api.url, { method: "POST", body, headers })).status;
        }""")
    assert status == 200
    assert asked.value.headers["authorization"].startswith("Bearer ")
    assert asked.value.headers["idempotency-key"]


def test_what_cannot_be_loaded_is_said(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    with_domain_key(page, server)
    page.route("https://cdn.platform.openai.com/**", lambda route: route.abort())
    page.goto(server.url)
    expect(page.get_by_text("OpenAI's chat element could not be loaded.")).to_be_visible()
