"""What people add to a message on the page, with the real server: files, mentions, choices, speech, answers."""

import base64
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import JSHandle, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_element import PNG, file
from tests.browser.test_loop import answer, say, sign_up, task
from tests.faults.provider import Call, Provider, Reply
from tests.server import Server

CHOICES = [{"id": "hello", "label": "Quick"}, {"id": "task", "label": "Thorough"}]
TRANSFER = """([name, type, content]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name, { type }));
  return transfer;
}"""
PASTE = "(node, clipboardData) => node.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))"


@pytest.fixture(scope="module")
def equipped(provider: tuple[Provider, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with all that a composer can offer."""
    environment = {
        "MODEL_PROVIDER": "custom",
        "MODEL_BASE_URL": provider[1],
        "MODEL_NAME": "hello",
        "MODEL_CHOICES": json.dumps(CHOICES),
        "MODEL_SEES": "true",
        "TRANSCRIPTION_BASE_URL": provider[1],
        "TRANSCRIPTION_MODEL": "whisper-1",
    }
    with Server(tmp_path_factory.mktemp("data"), **environment) as server:
        yield server


def transfer(page: Page, name: str, kind: str, content: bytes) -> JSHandle:
    return page.evaluate_handle(TRANSFER, [name, kind, base64.b64encode(content).decode()])


def ready(page: Page, count: int) -> None:
    expect(page.locator('[data-testid="attachment"][data-state="ready"]')).to_have_count(count)


def ended(page: Page, text: str) -> None:
    expect(answer(page)).to_contain_text(text)
    expect(page.get_by_test_id("stop")).to_be_hidden()


def test_files_are_chosen_dropped_pasted_sent_and_shown_again(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    page.get_by_test_id("composer-menu").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("option", name="Add files").click()
    chooser.value.set_files([file("list.txt", "text/plain", b"The word is swordfish.")])
    ready(page, 1)
    page.locator("#chat").dispatch_event("drop", {"dataTransfer": transfer(page, "shot.png", "image/png", PNG)})
    ready(page, 2)
    page.get_by_test_id("composer").evaluate(PASTE, transfer(page, "pasted.png", "image/png", PNG))
    ready(page, 3)
    page.get_by_role("button", name="Remove pasted.png").click()
    ready(page, 2)
    say(page, "What is the word?")
    for _ in range(2):
        ended(page, "Hello from the fault lab.")
        expect(page.get_by_test_id("sent-file")).to_have_count(2)
        expect(page.get_by_test_id("sent-file").first).to_contain_text("list.txt")
        picture = page.get_by_test_id("sent-file").get_by_role("img", name="shot.png")
        expect(picture).to_have_attribute("src", re.compile("^blob:"))
        assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 1
        page.reload()
    content = provider[0].last().items[-1]["content"]
    assert "swordfish" in provider[0].last().said
    assert [part["type"] for part in content].count("image_url") == 1


def test_a_file_that_is_not_what_it_says_is_refused_and_the_words_stay(new_page: NewPage, equipped: Server) -> None:
    page = new_page()
    sign_up(page, equipped)
    page.get_by_test_id("composer").fill("look at this")
    page.get_by_test_id("composer").evaluate(PASTE, transfer(page, "fake.png", "image/png", b"no picture"))
    expect(page.get_by_test_id("attachment")).to_contain_text("not a picture of the kind")
    expect(page.get_by_test_id("attachment")).to_have_attribute("data-state", "failed")
    page.get_by_test_id("remove-attachment").click()
    expect(page.get_by_test_id("composer")).to_have_value("look at this")


def test_a_task_and_a_label_are_mentioned_and_the_task_opens(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    page.get_by_test_id("add-task").fill("water the plants #home")
    page.get_by_test_id("add-task").press("Enter")
    expect(task(page, "water the plants")).to_be_visible()
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("Move @water")
    page.get_by_role("option", name="water the plants").click()
    composer.press_sequentially("and all of @hom")
    page.get_by_role("option", name="home").click()
    composer.press("Enter")
    ended(page, "Hello")
    assert "[Water the plants](task:1)" in provider[0].last().said
    assert "(label:home)" in provider[0].last().said
    page.reload()
    tag = page.get_by_test_id("tag").filter(has_text="water the plants")
    tag.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("#home")
    page.get_by_test_id("show-documents").click()
    tag.click()
    expect(page.get_by_test_id("task-editor")).to_be_visible()


def test_the_chosen_model_and_tool_are_asked(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    page.get_by_test_id("model").select_option(label="Thorough")
    page.get_by_test_id("composer-menu").click()
    page.get_by_role("option", name="overview").click()
    expect(page.get_by_test_id("chosen-tool")).to_be_visible()
    provider[0].queue.append(Reply(calls=[Call("overview", {})]))
    provider[0].queue.append(Reply(["Nothing", " is due."]))
    say(page, "How do I stand?")
    ended(page, "Nothing is due.")
    first = provider[0].asked[-2].body
    assert first["model"] == "task"
    assert first["tool_choice"]["function"]["name"] == "overview"
    expect(page.get_by_test_id("chosen-tool")).to_have_count(0)
    expect(page.get_by_test_id("model")).to_have_value("task")


def test_what_is_said_aloud_is_written_down(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    provider[0].queue.append(Reply(["call the plumber"]))
    page.get_by_test_id("dictate").click()
    expect(page.get_by_test_id("dictate")).to_have_attribute("aria-label", "Stop dictating")
    page.get_by_test_id("dictate").click()
    expect(page.get_by_test_id("composer")).to_have_value("call the plumber")
    assert provider[0].heard[-1]["model"] == "whisper-1"
    assert provider[0].heard[-1]["type"].startswith("audio/")


def test_what_cannot_be_written_down_is_told(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    provider[0].queue.append(Reply(status=500))
    page.get_by_test_id("dictate").click()
    expect(page.get_by_test_id("dictate")).to_have_attribute("aria-label", "Stop dictating")
    page.get_by_test_id("dictate").click()
    expect(page.get_by_test_id("notice")).to_be_visible()
    expect(page.get_by_test_id("dictate")).to_have_attribute("aria-label", "Dictate")


def asked(page: Page, provider: Provider) -> None:
    """Have the model ask when and why."""
    questions = [{"question": "When?", "options": ["Today", "Friday"]}, {"question": "Why?"}]
    provider.queue.append(Reply(["One", " question."], calls=[Call("ask_user", {"questions": questions})]))
    say(page, "plan my week")
    expect(page.get_by_test_id("questions-answer")).to_be_visible()
    expect(page.get_by_test_id("stop")).to_be_hidden()


def test_a_question_of_the_model_is_answered(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    asked(page, provider[0])
    page.reload()  # it waits
    page.get_by_label("Friday").check()
    page.get_by_test_id("questions-answer").click()
    for _ in range(2):
        ended(page, "Hello from the fault lab.")
        expect(page.get_by_test_id("questions")).to_contain_text("Friday")
        expect(page.get_by_test_id("questions-answer")).to_have_count(0)
        expect(page.locator('[data-role="user"]').last).to_contain_text("Friday")
        page.reload()
    assert "When? Friday" in provider[0].last().said


def test_a_question_is_skipped_or_passed_over(
    new_page: NewPage, provider: tuple[Provider, str], equipped: Server
) -> None:
    page = new_page()
    sign_up(page, equipped)
    asked(page, provider[0])
    page.get_by_test_id("questions-skip").click()
    ended(page, "Hello from the fault lab.")
    expect(page.get_by_test_id("questions")).to_contain_text("Skipped")
    asked(page, provider[0])
    say(page, "never mind")
    ended(page, "Hello from the fault lab.")
    expect(page.get_by_test_id("questions").last).to_contain_text("Skipped")
    expect(page.get_by_test_id("questions-skip")).to_have_count(0)
