"""The account dialog: name and zone, where one is signed in, and deleting everything."""

import re

import psycopg
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import say, sign_up, task
from tests.server import Server


def open_account(page: Page) -> None:
    page.get_by_test_id("account").click()
    page.get_by_test_id("show-account").click()
    expect(page.get_by_test_id("session")).not_to_have_count(0)


def sign_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.get_by_test_id("email").fill(email)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()


def test_a_password_typed_before_the_script_came_goes_nowhere(new_page: NewPage, server: Server) -> None:
    page = new_page()
    page.route("**/page/sign-in*.js", lambda route: route.abort())
    page.goto(f"{server.url}/sign-in")
    page.get_by_test_id("email").fill("ann@example.org")
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("password").press("Enter")
    page.get_by_test_id("submit").click(force=True)
    expect(page.get_by_test_id("password")).to_have_value("correct horse battery")
    assert page.url == f"{server.url}/sign-in"


def test_name_and_zone_are_kept(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    open_account(page)
    page.get_by_test_id("person-name").fill("Anna")
    page.get_by_test_id("person-zone").select_option("Pacific/Auckland")
    page.get_by_test_id("save-account").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.reload()
    open_account(page)
    expect(page.get_by_test_id("person-name")).to_have_value("Anna")
    expect(page.get_by_test_id("person-zone")).to_have_value("Pacific/Auckland")


def test_another_browser_is_signed_out(new_page: NewPage, server: Server) -> None:
    page, other = new_page(), new_page()
    email = sign_up(page, server)
    sign_in(other, server, email)
    expect(other.get_by_test_id("composer")).to_be_visible()
    open_account(page)
    expect(page.get_by_test_id("session")).to_have_count(2)
    page.get_by_test_id("revoke-session").click()
    expect(page.get_by_test_id("session")).to_have_count(1)
    other.reload()
    expect(other.get_by_test_id("submit")).to_be_visible()


def test_a_deleted_account_lets_nobody_in(new_page: NewPage, server: Server) -> None:
    page = new_page()
    email = sign_up(page, server)
    say(page, "add buy milk")
    expect(task(page, "buy milk")).to_be_visible()
    open_account(page)
    page.get_by_test_id("delete-account").click()
    expect(page.get_by_text("Type delete to confirm.")).to_be_visible()
    page.get_by_test_id("delete-word").fill("delete")
    page.get_by_test_id("delete-account").click()
    expect(page.get_by_test_id("submit")).to_be_visible()
    sign_in(page, server, email)
    expect(page.get_by_text("E-mail address or password is wrong.")).to_be_visible()


NO_SOCKETS_YET = """
const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor(url) { super(window.letSockets ? url : url.replace("/ws/", "/nowhere/")); }
};
"""


def execute(server: Server, statement: str) -> None:
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
        database.execute(statement)


def test_a_token_that_is_refused_is_renewed_without_a_word(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    execute(server, "UPDATE accounts_user SET revoked_before = now()")
    page.wait_for_timeout(1_000)  # tokens count whole seconds
    say(page, "add buy milk")
    expect(task(page, "buy milk")).to_be_visible()  # the list's connection was closed, and comes back
    expect(page.locator("#ended")).to_be_hidden()


def test_a_list_that_could_not_be_loaded_comes_once_there_is_a_connection(new_page: NewPage, server: Server) -> None:
    """As where access was taken back while the page began: tokens of the same second are refused too."""
    page = new_page()
    sign_up(page, server)
    page.get_by_test_id("add-task").fill("buy milk")
    page.get_by_test_id("add-task").press("Enter")
    expect(task(page, "buy milk")).to_be_visible()
    page.add_init_script(NO_SOCKETS_YET)
    page.route(re.compile("/tasks[?]"), lambda route: route.fulfill(status=401, json={"detail": "No."}))
    page.reload()
    expect(page.get_by_text("Your tasks could not be loaded.")).to_be_visible()
    page.unroute_all()
    page.evaluate("window.letSockets = true")
    expect(task(page, "buy milk")).to_be_visible()
    expect(page.get_by_text("Your tasks could not be loaded.")).to_be_hidden()


def test_what_changes_before_there_is_a_connection_is_shown_too(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    other = page.context.new_page()
    other.add_init_script(NO_SOCKETS_YET)
    other.goto(server.url)
    expect(other.get_by_text("Nothing due today")).to_be_visible()
    page.get_by_test_id("add-task").fill("buy milk")
    page.get_by_test_id("add-task").press("Enter")
    expect(task(page, "buy milk")).to_be_visible()
    expect(task(other, "buy milk")).to_have_count(0)
    other.evaluate("window.letSockets = true")
    expect(task(other, "buy milk")).to_be_visible()


def test_what_was_typed_outlives_a_session_that_ended(new_page: NewPage, server: Server) -> None:
    page = new_page()
    email = sign_up(page, server)
    page.get_by_test_id("composer").fill("add buy bread")
    execute(server, "DELETE FROM accounts_session")
    execute(server, "UPDATE accounts_user SET revoked_before = now()")
    page.get_by_test_id("composer").press("Enter")
    expect(page.locator("#ended")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_have_value("add buy bread")
    page.wait_for_timeout(1_000)
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_test_id("email").fill(email)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("composer")).to_have_value("add buy bread")
    page.get_by_test_id("composer").press("Enter")
    expect(task(page, "buy bread")).to_be_visible()
