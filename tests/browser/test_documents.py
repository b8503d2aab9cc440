"""Documents in a real browser: dropped, read, asked about, cited, shown, quoted."""

import base64
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up
from tests.knowledge import files
from tests.server import Server

HANDBOOK = files.pdf(
    "Handbook\n\nThis handbook says how we work together.",
    "Annual leave\n\nEverybody has twenty-eight days of paid leave in a year.\nFive of them may be kept for the next.",
    title="Handbook",
)


def drop(page: Page, name: str, content: bytes, kind: str = "application/pdf") -> None:
    """Drop a file on the page, as a person does with a mouse."""
    transfer = page.evaluate_handle(
        """([name, kind, content]) => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
            transfer.items.add(new File([bytes], name, { type: kind }));
            return transfer;
        }""",
        [name, kind, base64.b64encode(content).decode()],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", event, {"dataTransfer": transfer})


def give(page: Page, name: str = "handbook.pdf", content: bytes = HANDBOOK) -> None:
    drop(page, name, content)
    expect(page.locator('[data-testid="document"][data-state="ready"]').filter(has_text="Handbook")).to_be_visible()


def test_a_dropped_pdf_is_read_asked_about_cited_and_shown(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page)
    expect(page.get_by_test_id("document")).to_contain_text("PDF · 2 pages")
    say(page, "What does the handbook say about leave?")
    expect(answer(page)).to_contain_text("twenty-eight days of paid leave")
    expect(answer(page)).not_to_contain_text("[doc-")
    answer(page).get_by_test_id("citation").first.click()
    reader = page.get_by_test_id("reader")
    expect(reader.locator("mark").first).to_be_in_viewport()
    expect(reader.locator("mark").first).to_contain_text("Annual leave")
    expect(reader).to_contain_text("Page 2")
    assert re.search(r"/documents/doc_[0-9a-f]{32}#\d+-\d+~\w+$", page.url)
    page.reload()
    expect(reader.locator("mark").first).to_be_in_viewport()
    expect(answer(page).get_by_test_id("citation").first).to_have_text("1")
    page.get_by_test_id("reader-close").click()
    expect(reader).to_be_hidden()
    assert page.url.rstrip("/") == server.url


def test_a_citation_follows_its_passage_when_the_document_changes(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    leave = "Everybody has twenty-eight days of paid leave."
    give(page, "Handbook.md", f"# Handbook\n\n## Leave\n\n{leave}".encode())
    say(page, "What does the handbook say about leave?")
    expect(answer(page).get_by_test_id("citation")).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "POST" and "/documents" in response.url):
        drop(page, "Handbook.md", f"# Handbook\n\nNew.\n\n## Travel\n\nBy train.\n\n## Leave\n\n{leave}".encode())
    listed = page.locator('[data-testid="document"][data-key^="doc_"]')
    expect(listed).to_contain_text("3 passages")
    answer(page).get_by_test_id("citation").click()
    expect(page.get_by_test_id("reader").locator("mark")).to_have_text(leave)
    page.get_by_test_id("reader-close").click()
    drop(page, "Handbook.md", b"# Handbook\n\n## Leave\n\nNothing is known yet.")
    expect(listed).to_contain_text("1 passage")
    answer(page).get_by_test_id("citation").click()
    expect(page.get_by_test_id("reader-changed")).to_be_visible()


def test_a_document_can_be_dropped_without_https(new_page: NewPage, server: Server) -> None:
    """There a browser keeps some of what it can do from a page; the tests' own address counts as secure."""
    page = new_page()
    page.add_init_script("delete Crypto.prototype.randomUUID")
    sign_up(page, server)
    give(page)
    expect(page.get_by_test_id("document")).to_contain_text("PDF · 2 pages")


def test_a_selection_becomes_a_question(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page)
    page.get_by_test_id("open-document").click()
    page.get_by_test_id("reader-body").get_by_text("twenty-eight days").click(click_count=3)
    page.get_by_test_id("ask-about").click()
    expect(page.get_by_test_id("quote")).to_contain_text("twenty-eight days")
    say(page, "what does this mean?")
    expect(page.locator('[data-role="user"] blockquote')).to_contain_text("twenty-eight days")
    expect(answer(page)).to_contain_text("paid leave")
    expect(page.get_by_test_id("quote")).to_be_hidden()


def test_what_cannot_be_read_says_why(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    drop(page, "secret.pdf", files.encrypted_pdf("x"))
    expect(page.get_by_test_id("document-problem")).to_contain_text("protected by a password")
    drop(page, "empty.md", b"")
    expect(page.get_by_test_id("document-problem").first).to_contain_text("empty")


def test_a_document_is_deleted_once_it_was_asked_again(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page)
    page.get_by_test_id("delete-document").click()
    page.get_by_role("button", name="Really delete").click()
    expect(page.get_by_text("No documents yet")).to_be_visible()
    say(page, "What does the handbook say about leave?")
    expect(answer(page)).to_contain_text("no documents yet")


def test_the_question_stays_while_the_list_is_drawn_anew(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page)
    page.get_by_test_id("delete-document").click()
    drop(page, "Rules.md", b"# Rules\n\nBe kind.")  # is sent, read and listed: the list is drawn several times
    expect(page.locator('[data-testid="document"][data-state="ready"]')).to_have_count(2)
    page.get_by_role("button", name="Really delete").click()
    expect(page.get_by_test_id("document")).to_have_count(1)
    expect(page.get_by_test_id("document")).to_contain_text("Rules")
    page.get_by_test_id("delete-document").click()
    page.get_by_role("button", name="Really delete").blur()
    expect(page.get_by_role("button", name="Delete Rules")).to_be_visible()


def test_markup_in_a_document_stays_text(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page, "Handbook.txt", b"Handbook of <img src=x onerror=document.title=1> leave <b>days</b>.")
    page.get_by_test_id("open-document").click()
    expect(page.get_by_test_id("reader-body")).to_contain_text("<img src=x")
    say(page, "what does the handbook say about leave days?")
    expect(answer(page)).to_contain_text("<img")
    expect(page).to_have_title("Errand")


def test_another_persons_document_cannot_be_opened(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    give(page)
    page.get_by_test_id("open-document").click()
    expect(page.get_by_test_id("reader-title")).to_have_text("Handbook")
    other = new_page()
    sign_up(other, server)
    other.goto(page.url)
    expect(other.get_by_test_id("reader-error")).to_contain_text("no such document")


def test_on_a_phone_documents_are_a_tap_away(new_page: NewPage, server: Server) -> None:
    page = new_page(width=390, height=844)
    sign_up(page, server)
    page.get_by_test_id("switch-tasks").click()
    page.get_by_test_id("show-documents").click()
    page.get_by_test_id("document-files").set_input_files(
        {"name": "h.pdf", "mimeType": "application/pdf", "buffer": HANDBOOK}
    )
    page.get_by_test_id("open-document").click()
    expect(page.get_by_test_id("reader-body")).to_contain_text("Annual leave")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_test_id("reader-close").click()
    expect(page.get_by_test_id("composer")).to_be_visible()


def test_a_link_to_a_document_survives_signing_in(new_page: NewPage, server: Server) -> None:
    page = new_page()
    email = sign_up(page, server)
    give(page)
    page.get_by_test_id("open-document").click()
    expect(page.get_by_test_id("reader-body")).to_contain_text("Annual leave")
    link = page.url
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_test_id("email").fill(email)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("reader-body")).to_contain_text("Annual leave")
