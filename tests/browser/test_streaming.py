"""Answers that stream: nothing read moves, a reload goes on where it was, and so does coming back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up
from tests.faults.provider import Provider, Reply
from tests.server import Server

WORDS = [f"word{number} " for number in range(1, 31)]
WATCH = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => { window.shifts.push(...list.getEntries().map(({ value }) => value)); })
    .observe({ type: "layout-shift" });
}"""
PUSH = """() => new Promise((resolve) => {
  const pushed = document.createElement("div");
  pushed.style.height = "200px";
  document.querySelector("errand-chat").shadowRoot.querySelector(".items").prepend(pushed);
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.shifts.length)));
})"""


def streaming(page: Page, scripted: Server, provider: Provider) -> int:
    """Have an answer that takes a few seconds, and its first words on screen; return how often the model was asked."""
    sign_up(page, scripted)
    provider.queue.append(Reply(WORDS, piece_seconds=0.15))
    say(page, "tell me")
    expect(answer(page)).to_contain_text("word3")
    return len(provider.asked)


def ended(page: Page) -> None:
    expect(answer(page)).to_contain_text("word30")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    expect(page.locator('[data-role="user"]')).to_have_count(1)
    expect(page.locator('[data-role="assistant"]')).to_have_count(1)


def test_a_reload_goes_on_with_the_answer(new_page: NewPage, provider: tuple[Provider, str], scripted: Server) -> None:
    page = new_page()
    asked = streaming(page, scripted, provider[0])
    page.reload()
    expect(page.get_by_test_id("stop")).to_be_visible()
    ended(page)
    assert len(provider[0].asked) == asked


def test_so_does_coming_back_to_the_conversation(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    asked = streaming(page, scripted, provider[0])
    page.get_by_test_id("new-thread").click()
    expect(page.get_by_test_id("greeting")).to_be_visible()
    page.get_by_test_id("history-toggle").click()
    page.get_by_test_id("history-item").click()
    ended(page)
    assert len(provider[0].asked) == asked


def test_nothing_moves_while_text_streams(new_page: NewPage, provider: tuple[Provider, str], scripted: Server) -> None:
    page = new_page()
    sign_up(page, scripted)
    provider[0].queue.append(Reply([f"{word}\n\n" for word in WORDS], piece_seconds=0.02))
    expect(page.get_by_role("button", name="Add files or choose a tool")).to_be_visible()  # the composer is whole
    page.evaluate(WATCH)
    say(page, "tell me")
    ended(page)
    assert page.evaluate("window.shifts") == []
    assert page.evaluate(PUSH) > 0  # it would have been noticed


# What the page has scrolled is told a frame later, and more may have come until then.
GROW = """async () => {
  const viewport = document.querySelector("errand-chat").shadowRoot.querySelector(".viewport");
  const grow = (height) => {
    const more = document.createElement("div");
    more.style.height = `${height}px`;
    viewport.firstElementChild.append(more);
  };
  const frames = () => new Promise((done) => { setTimeout(done, 100); });  // and outside of any
  grow(2000);
  await frames();
  viewport.scrollTop -= 10;
  await frames();
  viewport.scrollTop += 5;
  grow(300);
  await frames();
  return viewport.scrollHeight - viewport.scrollTop - viewport.clientHeight;
}"""


def test_the_end_stays_in_view_until_somebody_leaves_it(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    sign_up(page, scripted)
    provider[0].queue.append(Reply(WORDS))
    say(page, "tell me")
    ended(page)
    assert page.evaluate(GROW) < 1
    expect(page.get_by_test_id("latest")).to_be_hidden()
    page.mouse.move(640, 400)
    page.mouse.wheel(0, -300)
    expect(page.get_by_test_id("latest")).to_be_visible()
    page.get_by_test_id("latest").click()
    expect(page.get_by_test_id("latest")).to_be_hidden()


def test_the_own_message_waits_for_nobody(new_page: NewPage, provider: tuple[Provider, str], scripted: Server) -> None:
    page = new_page()
    sign_up(page, scripted)
    with page.expect_request("**/chatkit"):
        page.route("**/chatkit", lambda route: None)  # nobody answers
        say(page, "tell me")
    expect(page.get_by_test_id("message")).to_contain_text("tell me")
    expect(page.get_by_test_id("composer")).to_have_value("")


def test_conversations_are_found_by_what_was_said(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    sign_up(page, scripted)
    for words in ("the zebra question", "another thing"):
        say(page, words)
        expect(answer(page)).to_be_visible()
        expect(page.get_by_test_id("stop")).to_be_hidden()
        page.get_by_test_id("new-thread").click()
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("history-item")).to_have_count(2)
    page.get_by_test_id("history-search").fill("zebra")
    expect(page.get_by_test_id("history-item")).to_have_count(1)
    page.get_by_test_id("history-item").click()
    expect(page.get_by_test_id("message").first).to_contain_text("the zebra question")
