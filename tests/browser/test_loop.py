"""The whole way through, in a real browser: sign up, say it, see it, and find it again."""

import itertools
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.server import Server

_people = itertools.count(1)


def sign_up(page: Page, server: Server) -> str:
    """Open the page as somebody new, who has signed up before; return their e-mail address."""
    person = {"name": "Ann", "email": f"person{next(_people)}@example.org", "password": "correct horse battery"}
    expect(page.request.post(f"{server.url}/api/auth/sign-up/email", data=person)).to_be_ok()
    page.goto(server.url)
    expect(page.get_by_test_id("composer")).to_be_visible()
    return person["email"]


def sign_up_by_hand(page: Page, server: Server, email: str) -> None:
    page.goto(server.url)
    page.get_by_test_id("switch-mode").click()
    page.get_by_test_id("name").fill("Ann")
    page.get_by_test_id("email").fill(email)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("composer")).to_be_visible()


def say(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("composer").press("Enter")


def answer(page: Page):  # type: ignore[no-untyped-def]
    return page.locator('[data-testid="message"][data-role="assistant"]').last


def task(page: Page, title: str):  # type: ignore[no-untyped-def]
    return page.get_by_test_id("task").filter(has_text=title)


def test_what_is_said_is_done_seen_and_kept(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page()
    with Server(tmp_path) as server:
        sign_up_by_hand(page, server, "ann@example.org")
        say(page, "remind me to send the invoice tomorrow at 5pm")
        expect(answer(page)).to_contain_text("send the invoice")
        expect(task(page, "send the invoice")).to_contain_text("tomorrow 17:00")
        page.reload()
        expect(task(page, "send the invoice")).to_be_visible()
        expect(answer(page)).to_contain_text("send the invoice")
    with server:
        page.reload()
        expect(task(page, "send the invoice")).to_contain_text("tomorrow 17:00")
        expect(answer(page)).to_contain_text("send the invoice")
        say(page, "move it to friday 9am")
        expect(task(page, "send the invoice")).to_contain_text("09:00")


def test_wrong_passwords_are_told_beside_the_field(new_page: NewPage, server: Server) -> None:
    page = new_page()
    page.goto(server.url)
    page.get_by_test_id("email").fill("nobody@example.org")
    page.get_by_test_id("password").fill("wrong password")
    with page.expect_response(lambda response: "sign-in/email" in response.url) as refused:
        page.get_by_test_id("submit").click()
    assert refused.value.status == 401
    expect(page.get_by_text("E-mail address or password is wrong.")).to_be_visible()


def test_a_task_is_ticked_by_hand_in_every_tab(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    other = page.context.new_page()
    other.goto(server.url)
    say(page, "add buy milk")
    expect(task(other, "buy milk")).to_be_visible()
    task(other, "buy milk").get_by_test_id("task-check").click()
    expect(task(page, "buy milk")).to_have_count(0)


def test_the_tool_call_is_shown_and_opens_to_its_details(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add buy milk #shopping")
    line = page.get_by_test_id("workflow").last
    expect(line).to_contain_text("Added “buy milk”")
    line.get_by_text("Added “buy milk”").click()
    expect(line).to_contain_text('"shopping"')


def test_every_start_prompt_works(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    prompts = page.get_by_test_id("start-prompt").all_inner_texts()
    assert len(prompts) == 4
    for prompt in prompts:
        page.get_by_test_id("start-prompt").filter(has_text=prompt).click()
        expect(answer(page)).not_to_contain_text("did not understand")
        expect(page.get_by_test_id("stop")).to_be_hidden()
        page.get_by_test_id("new-thread").click()


def test_conversations_are_found_again_in_the_history(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    page.get_by_test_id("new-thread").click()
    say(page, "what is overdue?")
    expect(answer(page)).to_be_visible()
    page.get_by_test_id("history-toggle").click()
    page.get_by_test_id("history-item").filter(has_text="add buy milk").click()
    expect(answer(page)).to_contain_text("buy milk")
    expect(page.get_by_test_id("thread-title")).to_have_text("add buy milk")


def test_the_offline_model_says_what_it_is(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    page.get_by_test_id("model-label").click()
    expect(page.get_by_text("No language model is connected")).to_be_visible()


def test_on_a_phone_chat_and_tasks_take_turns(new_page: NewPage, server: Server) -> None:
    page = new_page(width=390, height=844)
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    expect(page.get_by_test_id("add-task")).to_be_hidden()
    page.get_by_test_id("switch-tasks").click()
    expect(task(page, "buy milk")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_is_enough(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 460, "y": 150})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("add call anna")
    page.keyboard.press("Enter")
    expect(task(page, "call anna")).to_be_visible()


def test_markup_in_a_title_stays_text(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add <img src=x onerror=document.title=1> <b>bold</b>")
    expect(page.get_by_test_id("task").first).to_contain_text("<img")
    expect(page).to_have_title(re.compile("Errand"))


KEYS = """async () => {
  const { Api } = await import("/static/page/api.js");
  const answers = [503, 503, 200, 200].map((status) => new Response("", { status }));
  const keys = [];
  const api = new Api("/api", { token: async () => "t" });
  api.send = async (input, init) => {
    keys.push(new Headers(init.headers).get("Idempotency-Key"));
    return answers[keys.length - 1];
  };
  for (const _ of answers) {
    const response = await api.chatFetch("/chatkit", { method: "POST", body: "yes" });
    await response.text();
  }
  return keys;
}"""


def test_automatic_repeats_share_a_key_and_saying_it_again_does_not(new_page: NewPage, server: Server) -> None:
    page = new_page()
    page.goto(f"{server.url}/sign-in")  # a page that goes nowhere by itself
    first, second, third, fourth = page.evaluate(KEYS)
    assert first == second == third
    assert fourth != first
