"""The task panel in a real browser: adding, changing, ordering and taking back, by mouse, finger and keyboard."""

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up, task
from tests.server import Server


def add(page: Page, *texts: str) -> None:
    for text in texts:
        page.get_by_test_id("add-task").fill(text)
        page.get_by_test_id("add-task").press("Enter")
        expect(page.get_by_test_id("add-task")).to_have_value("")


def opened(page: Page, title: str) -> Locator:
    """Open a task's row; return its editor."""
    task(page, title).get_by_test_id("task-title").click()
    editor = page.get_by_test_id("task-editor")
    expect(editor).to_be_visible()
    return editor


def group(page: Page, name: str) -> Locator:
    return page.locator("section").filter(has=page.locator(f'h3[data-group="{name}"]'))


def titles(page: Page) -> Locator:
    return page.get_by_test_id("task-title")


def toast(page: Page) -> Locator:
    return page.get_by_test_id("toast")


def undo(page: Page) -> None:
    toast(page).get_by_role("button", name="Undo").click()


def other_tab(page: Page, server: Server) -> Page:
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.get_by_test_id("add-task")).to_be_visible()
    return other


# What drags is fetched when the pointer comes to the list; a person's hand is slower than that.
ORDER_IS_HERE = """() => performance.getEntriesByType("resource").some(
  ({ name, responseEnd }) => name.endsWith("/tasks/order.js") && responseEnd)"""


def drag(page: Page, row: Locator, onto: Locator) -> None:
    """Take a row by its title and let it go in the middle of something else."""
    start, end = row.bounding_box(), onto.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + start["height"] / 2)
    page.wait_for_function(ORDER_IS_HERE)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + end["height"] / 2, steps=8)
    page.mouse.up()


def api(page: Page, server: Server, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Change something as the signed-in person, but not on the page."""
    token = page.request.get(f"{server.url}/api/auth/token").json()["token"]
    user = page.request.get(f"{server.url}/api/auth/get-session").json()["user"]["id"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = page.request.fetch(f"{server.url}/api/{user}/{path}", method=method, headers=headers, data=body)
    assert reply.ok, reply.text()
    return reply.json()


def number(row: Locator) -> int:
    return int(row.get_attribute("data-task-id") or 0)


# ---- adding


def test_a_task_is_added_as_people_type_it(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    page.get_by_test_id("add-task").fill("water the plants every monday 9am #home p2")
    expect(page.get_by_test_id("add-reading")).to_contain_text("every Monday · #home · P2", ignore_case=True)
    page.get_by_test_id("add-task").press("Enter")
    row = task(page, "water the plants")
    expect(row.get_by_test_id("task-repeats")).to_contain_text("every Monday")
    expect(row).to_contain_text("09:00")
    expect(row).to_contain_text("#home")
    expect(row).to_contain_text("P2")


def test_what_was_added_is_taken_back(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    expect(toast(page)).to_contain_text("Added “buy milk”", ignore_case=True)
    undo(page)
    expect(task(page, "buy milk")).to_have_count(0)
    toast(page).get_by_role("button", name="Redo").click()
    expect(task(page, "buy milk")).to_be_visible()


# ---- changing in place


def test_only_what_was_changed_is_saved(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk tomorrow #shopping")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-title").fill("Buy oat milk")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        editor.get_by_test_id("edit-title").press("Enter")
    assert sent.value.post_data_json == {"title": "Buy oat milk", "version": 1}
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    expect(task(page, "Buy oat milk").get_by_test_id("task-title")).to_be_focused()
    page.reload()
    expect(task(page, "Buy oat milk")).to_contain_text("#shopping")


def test_every_field_is_changed_in_place(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "report")
    editor = opened(page, "report")
    editor.get_by_test_id("edit-notes").fill("Two pages,\nno more")
    editor.get_by_test_id("edit-recurrence").fill("every friday")
    editor.get_by_test_id("edit-labels").fill("work,")
    editor.get_by_test_id("edit-labels").press("Enter")
    editor.get_by_role("radio", name="Priority 1").check(force=True)
    editor.get_by_test_id("edit-due").fill("tomorrow 5pm")
    expect(editor.get_by_test_id("reading-due")).to_contain_text("17:00")
    editor.get_by_test_id("edit-done").click()
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    row = task(page, "report")
    for text in ("tomorrow 17:00", "every Friday", "#work", "P1"):
        expect(row).to_contain_text(text, ignore_case=True)
    editor = opened(page, "report")
    expect(editor.get_by_test_id("edit-notes")).to_have_value("Two pages,\nno more")


def test_escape_changes_nothing(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-title").fill("buy everything")
    editor.get_by_test_id("edit-title").press("Escape")
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    page.reload()
    expect(titles(page)).to_have_text(["Buy milk"], ignore_case=True)


def test_leaving_a_row_saves_it(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk", "call anna")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-title").fill("buy cheese")
    task(page, "call anna").get_by_test_id("task-title").click()
    expect(task(page, "buy cheese")).to_be_visible()
    expect(page.get_by_test_id("edit-title")).to_have_value(re.compile("call anna", re.I))
    page.reload()
    expect(task(page, "buy cheese")).to_be_visible()


def test_a_date_that_cannot_be_read_keeps_the_row_open(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-due").fill("when pigs fly")
    expect(editor.get_by_test_id("reading-due")).to_have_text("Not understood")
    editor.get_by_test_id("edit-due").press("Enter")
    expect(editor.get_by_test_id("edit-error")).to_be_visible()
    expect(editor.get_by_test_id("edit-due")).to_have_value("when pigs fly")


def test_what_changed_meanwhile_is_shown_and_what_is_typed_is_kept(new_page: NewPage, server: Server) -> None:
    page = new_page()
    # Without the live connection, the refused save is how the page learns of it.
    page.route_web_socket("**/ws/tasks", lambda socket: None)
    sign_up(page, server)
    add(page, "buy milk")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-title").fill("buy oat milk")
    api(page, server, "PATCH", f"tasks/{number(task(page, 'buy milk'))}", {"notes": "two litres"})
    editor.get_by_test_id("edit-title").press("Enter")
    expect(editor.get_by_test_id("edit-note")).to_contain_text("Notes are now “two litres”")
    expect(editor.get_by_test_id("edit-title")).to_have_value("buy oat milk")
    editor.get_by_test_id("edit-title").press("Enter")
    expect(task(page, "buy oat milk")).to_be_visible()
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    assert api(page, server, "GET", "tasks")["items"][0]["notes"] == "two litres"


def test_another_tab_does_not_disturb_who_is_typing(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    other = other_tab(page, server)
    mine = opened(page, "buy milk")
    mine.get_by_test_id("edit-title").fill("buy oat m")
    theirs = opened(other, "buy milk")
    theirs.get_by_test_id("edit-due").fill("tomorrow")
    theirs.get_by_test_id("edit-due").press("Enter")
    expect(mine.get_by_test_id("edit-note")).to_contain_text("Due is now tomorrow")
    expect(mine.get_by_test_id("edit-due")).to_have_value("tomorrow")
    expect(mine.get_by_test_id("edit-title")).to_have_value("buy oat m")
    expect(mine.get_by_test_id("edit-title")).to_be_focused()
    page.keyboard.type("ilk")
    page.keyboard.press("Enter")
    expect(task(other, "buy oat milk")).to_contain_text("tomorrow", ignore_case=True)


def test_a_task_deleted_meanwhile_is_not_lost_while_it_is_edited(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    editor = opened(page, "buy milk")
    editor.get_by_test_id("edit-title").fill("buy oat milk")
    other = other_tab(page, server)
    opened(other, "buy milk").get_by_test_id("delete-task").click()
    expect(editor.get_by_test_id("edit-note")).to_contain_text("Deleted meanwhile")
    editor.get_by_test_id("edit-title").press("Enter")
    expect(task(other, "buy oat milk")).to_be_visible()


# ---- taking back


def test_a_ticked_task_comes_back(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    task(page, "buy milk").get_by_test_id("task-check").click()
    expect(toast(page)).to_contain_text("Completed “buy milk”", ignore_case=True)
    expect(group(page, "someday")).to_be_hidden()
    undo(page)
    expect(group(page, "someday").get_by_test_id("task")).to_contain_text("buy milk", ignore_case=True)


def test_control_z_undoes_the_last_change_and_leaves_text_fields_alone(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk", "call anna")
    page.get_by_test_id("add-task").press("Control+z")
    expect(task(page, "call anna")).to_be_visible()
    task(page, "buy milk").get_by_test_id("task-title").focus()
    page.keyboard.press("Control+z")
    expect(task(page, "call anna")).to_have_count(0)
    expect(task(page, "buy milk")).to_be_visible()
    page.keyboard.press("Control+Shift+z")
    expect(task(page, "call anna")).to_be_visible()


def test_what_cannot_be_undone_is_told(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    task(page, "buy milk").get_by_test_id("task-check").click()
    expect(toast(page)).to_contain_text("Completed")
    api(page, server, "PATCH", f"tasks/{number(task(page, 'buy milk').first)}", {"title": "buy cheese"})
    undo(page)
    expect(toast(page)).to_contain_text("0 undone, 1 kept")
    expect(toast(page)).to_contain_text("changed since")


def test_all_that_one_answer_did_is_undone_together(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add buy milk and call anna")
    expect(answer(page)).to_be_visible()
    expect(page.get_by_test_id("stop")).to_be_hidden()
    expect(task(page, "call anna")).to_be_visible()
    undo(page)
    expect(page.get_by_test_id("task")).to_have_count(0)


def test_a_repeating_task_moves_to_its_next_day(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "water the plants every day 9am")
    before = task(page, "water the plants").get_attribute("data-due")
    task(page, "water the plants").get_by_test_id("task-check").click()
    expect(toast(page)).to_contain_text("Next: ")
    expect(task(page, "water the plants")).not_to_have_attribute("data-due", before or "")
    expect(task(page, "water the plants").get_by_test_id("task-check")).not_to_be_checked()
    undo(page)
    expect(task(page, "water the plants")).to_have_attribute("data-due", before or "")


# ---- order


def test_tasks_are_ordered_with_the_mouse(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "one", "two", "three")
    other = other_tab(page, server)
    expect(titles(page)).to_have_text(["one", "two", "three"], ignore_case=True)
    with page.expect_request(lambda request: request.url.endswith("/tasks/order")) as sent:
        drag(page, task(page, "three"), task(page, "one"))
    assert sent.value.post_data_json == {"ids": [3, 1, 2]}
    for tab in (page, other):
        expect(titles(tab)).to_have_text(["three", "one", "two"], ignore_case=True)
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    page.reload()
    expect(titles(page)).to_have_text(["three", "one", "two"], ignore_case=True)


def test_a_row_dropped_on_a_heading_takes_its_date(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "pay rent today", "two")
    drag(page, task(page, "two"), page.locator('h3[data-group="today"]'))
    expect(group(page, "today").get_by_test_id("task")).to_have_count(2)
    drag(page, task(page, "pay rent"), page.locator('h3[data-group="today"]'))
    expect(group(page, "today").get_by_test_id("task")).to_have_count(2)
    undo(page)
    expect(group(page, "someday").get_by_test_id("task")).to_contain_text("two", ignore_case=True)


def test_escape_ends_a_drag_where_it_began(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "one", "two")
    start, end = task(page, "two").bounding_box(), task(page, "one").bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + 15)
    page.wait_for_function(ORDER_IS_HERE)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 5, steps=5)
    expect(page.locator("[data-dragged]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator("[data-dragged]")).to_have_count(0)
    expect(titles(page)).to_have_text(["one", "two"], ignore_case=True)
    expect(page.get_by_test_id("task-editor")).to_have_count(0)


def test_tasks_are_ordered_with_the_keyboard(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "one", "two", "three")
    task(page, "three").get_by_test_id("task-title").focus()
    with page.expect_response(lambda response: response.url.endswith("/tasks/order")) as stored:
        page.keyboard.press("Alt+ArrowUp")
        page.keyboard.press("Alt+ArrowUp")
    assert json.loads(stored.value.request.post_data or "") == {"ids": [3, 1, 2]}
    expect(page.get_by_test_id("tasks-live")).to_have_text("three, 1 of 3", ignore_case=True)
    expect(task(page, "three").get_by_test_id("task-title")).to_be_focused()
    page.reload()
    expect(titles(page)).to_have_text(["three", "one", "two"], ignore_case=True)


def test_tasks_are_ordered_with_a_finger(new_page: NewPage, server: Server) -> None:
    page = new_page(width=390, height=844)
    sign_up(page, server)
    page.get_by_test_id("switch-tasks").click()
    add(page, "one", "two", "three")
    start, end = task(page, "three").bounding_box(), task(page, "one").bounding_box()
    assert start
    assert end
    touch = page.context.new_cdp_session(page)
    x, y, goal = start["x"] + 90, start["y"] + 20, end["y"] + 5

    def finger(kind: str, *points: float) -> None:
        params = {"type": kind, "touchPoints": [{"x": x, "y": point} for point in points]}
        touch.send("Input.dispatchTouchEvent", params)

    finger("touchStart", y)
    expect(page.locator("[data-dragged]")).to_have_count(1)
    for step in range(1, 9):
        finger("touchMove", y + (goal - y) * step / 8)
    finger("touchEnd")
    expect(titles(page)).to_have_text(["three", "one", "two"], ignore_case=True)


# ---- subtasks and keys


def test_subtasks_stand_below_their_task_and_count(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "plan the party")
    editor = opened(page, "plan the party")
    editor.get_by_test_id("add-subtask").click()
    for title in ("buy lanterns", "invite anna"):
        editor.get_by_test_id("subtask-input").fill(title)
        editor.get_by_test_id("subtask-input").press("Enter")
        expect(task(page, title)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    task(page, "buy lanterns").get_by_test_id("task-check").click()
    parent = task(page, "plan the party").first
    expect(parent.get_by_test_id("task-progress")).to_have_text("1/2")
    expect(task(page, "invite anna")).to_have_attribute("data-nested", "")
    parent.get_by_test_id("task-fold").click()
    expect(task(page, "invite anna")).to_have_count(0)
    page.reload()
    expect(task(page, "plan the party")).to_be_visible()
    expect(task(page, "invite anna")).to_have_count(0)


def test_the_list_works_by_keys_alone(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "one", "two")
    task(page, "one").get_by_test_id("task-title").focus()
    page.keyboard.press("ArrowDown")
    expect(task(page, "two").get_by_test_id("task-title")).to_be_focused()
    page.keyboard.press("F2")
    expect(page.get_by_test_id("edit-title")).to_be_focused()
    page.keyboard.type(" more")
    page.keyboard.press("Enter")
    expect(task(page, "two more").get_by_test_id("task-title")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("edit-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(task(page, "two more").get_by_test_id("task-title")).to_be_focused()


# ---- history


def test_the_history_tells_who_did_what_and_takes_it_back(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    add(page, "buy milk")
    say(page, "add call anna")
    expect(task(page, "call anna")).to_be_visible()
    page.get_by_test_id("history-open").click()
    newest = page.get_by_test_id("operation").first
    expect(newest).to_contain_text("Added “call anna”", ignore_case=True)
    expect(newest).to_contain_text("The assistant")
    expect(page.get_by_test_id("operation").nth(1)).to_contain_text("You")
    newest.get_by_test_id("operation-undo").click()
    expect(page.get_by_test_id("operation").filter(has_text="Undone")).to_contain_text("call anna")
    page.get_by_test_id("operation").first.get_by_role("button", name="Redo").click()
    expect(page.get_by_test_id("operation")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(task(page, "call anna")).to_be_visible()


def test_a_mark_leads_to_the_message_that_asked_for_the_change(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add call anna tomorrow")
    mark = task(page, "call anna").get_by_test_id("task-mark")
    expect(mark).to_have_attribute("title", "Changed by the assistant · Show message")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("new-thread").click()
    expect(page.get_by_test_id("message")).to_have_count(0)
    mark.click()
    expect(page.get_by_test_id("message").first).to_contain_text("add call anna tomorrow")
    expect(page.get_by_test_id("message").first).to_be_in_viewport()


def test_an_opened_row_tells_who_changed_its_fields(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add call anna tomorrow")
    expect(task(page, "call anna")).to_be_visible()
    editor = opened(page, "call anna")
    editor.get_by_test_id("edit-title").fill("call anna and bob")
    editor.get_by_test_id("edit-title").press("Enter")
    expect(page.get_by_test_id("task-editor")).to_have_count(0)
    editor = opened(page, "call anna and bob")
    editor.get_by_test_id("task-history-toggle").click()
    history = editor.get_by_test_id("task-history")
    expect(history).to_contain_text("“call anna” → “call anna and bob”", ignore_case=True)
    expect(history).to_contain_text("You, just now")
    expect(history).to_contain_text("The assistant, just now")
    expect(history.get_by_test_id("show-message")).to_have_count(1)


# ---- access tokens


def test_an_access_token_is_made_shown_once_and_revoked(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    page.get_by_test_id("account").click()
    page.get_by_test_id("show-tokens").click()
    page.get_by_test_id("token-name").fill("Claude on my laptop")
    page.get_by_test_id("token-scope").select_option("read")
    page.get_by_test_id("token-expires").select_option("")
    page.get_by_test_id("create-token").click()
    secret = page.get_by_test_id("token-secret").inner_text()
    row = page.get_by_test_id("token")
    expect(row).to_contain_text("Claude on my laptop")
    expect(row).to_contain_text("never expires")
    for client in page.get_by_test_id("client").all():
        client.locator("summary").click()
        expect(client.locator("pre")).to_contain_text(f"{server.url}/mcp")
        expect(client.locator("pre")).to_contain_text(secret)
    page.keyboard.press("Escape")
    page.get_by_test_id("account").click()
    page.get_by_test_id("show-tokens").click()
    expect(row).to_be_visible()
    expect(page.get_by_test_id("token-secret")).to_have_count(0)
    page.get_by_test_id("revoke-token").click()
    expect(row).to_be_visible()
    page.get_by_test_id("revoke-token").click()
    expect(row).to_have_count(0)


# ---- phones


def test_everything_fits_a_phone(new_page: NewPage, server: Server) -> None:
    page = new_page(width=390, height=844)
    sign_up(page, server)
    page.get_by_test_id("switch-tasks").click()
    add(page, "send the invoice to Miller & Sons tomorrow 5pm #work #money p1")
    opened(page, "send the invoice")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_test_id("edit-done").click()
    page.get_by_test_id("history-open").click()
    expect(page.get_by_test_id("operation")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
