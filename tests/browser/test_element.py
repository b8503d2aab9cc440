"""The chat element by itself: what people can add to a message, and what a server can show them."""

import re
from typing import Any

from chatkit import types
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.element import AT, THREAD, Element, answered, page_of, said, widget
from tests.server import Server

MILK = {
    "id": "task:1",
    "title": "Buy milk",
    "group": "Tasks",
    "interactive": True,
    "data": {"type": "task", "number": "1"},
}
HOME = {"id": "label:home", "title": "home", "group": "Labels"}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
ACCEPT = {"image/png": [".png"], "text/plain": [".txt"]}
FILES = {"attachments": {"enabled": True, "maxSize": 1000, "maxCount": 2, "accept": ACCEPT}}


def attachments(element: Element) -> None:
    """Let the scripted server take files, as the contract of two phases says."""

    def create(params: dict[str, Any]) -> types.Attachment:
        kind = types.ImageAttachment if params["mime_type"].startswith("image/") else types.FileAttachment
        url = f"{element.server.url}/files/{params['name']}"
        place = types.AttachmentUploadDescriptor.model_validate({"url": url, "method": "PUT"})
        fields = {"id": f"atc_{params['name']}", "name": params["name"], "mime_type": params["mime_type"]}
        return kind.model_validate({**fields, "upload_descriptor": place, "preview_url": url})

    element.answers |= {"attachments.create": create, "attachments.delete": {}}
    element.page.route(
        "**/files/*",
        lambda route: (
            route.fulfill(body=PNG, content_type="image/png")
            if route.request.method == "GET"
            else route.fulfill(json={})
        ),
    )


def file(name: str, kind: str, content: bytes) -> Any:
    return {"name": name, "mimeType": kind, "buffer": content}


def test_files_go_ahead_of_their_message(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    attachments(element)
    page = element.mount(composer=FILES)
    page.get_by_test_id("composer-menu").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("suggestion").filter(has_text="Add files").click()
    with page.expect_request("**/files/notes.txt") as sent:
        chooser.value.set_files([file("notes.txt", "text/plain", b"milk")])
    assert sent.value.method == "PUT"
    assert sent.value.post_data == "milk"
    expect(page.get_by_test_id("attachment")).to_have_attribute("data-state", "ready")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("sent-file")).to_contain_text("notes.txt")
    assert element.request("threads.create")["input"]["attachments"] == ["atc_notes.txt"]


def test_a_file_that_cannot_be_sent_says_why(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    attachments(element)
    page = element.mount(composer=FILES)
    page.evaluate("""() => document.querySelector("#chat").setComposerValue({ files: [
      new File(["x".repeat(2000)], "big.txt", { type: "text/plain" }),
      new File([], "empty.txt", { type: "text/plain" }),
      new File(["x"], "tool.exe", { type: "application/x-msdownload" })] })""")
    chips = page.get_by_test_id("attachment")
    expect(chips.nth(0)).to_contain_text("larger than 1 kB")
    expect(chips.nth(1)).to_contain_text("empty")
    expect(chips.nth(2)).to_contain_text("this kind")
    assert element.asked == []
    page.get_by_test_id("composer").fill("never mind")
    for _ in range(3):
        page.get_by_test_id("remove-attachment").first.click()
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("message")).to_contain_text("never mind")
    assert element.request("threads.create")["input"]["attachments"] == []


def test_pictures_are_pasted_dropped_and_shown(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    attachments(element)
    page = element.mount(composer=FILES)
    transfer = page.evaluate_handle(
        """(bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], "shot.png", { type: "image/png" }));
      return data;
    }""",
        list(PNG),
    )
    page.get_by_test_id("composer").evaluate(
        "(node, clipboardData) => node.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))",
        transfer,
    )
    expect(page.get_by_test_id("attachment")).to_have_count(1)
    page.locator("#chat").dispatch_event("dragover", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop files to send them")).to_be_visible()
    page.locator("#chat").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_test_id("attachment")).to_have_count(2)
    expect(page.locator('[data-testid="attachment"][data-state="ready"]')).to_have_count(2)
    sent = types.ImageAttachment.model_validate(
        {"id": "a", "name": "shot.png", "mime_type": "image/png", "preview_url": f"{server.url}/files/shot.png"}
    )
    element.items = [said("look", attachments=[sent])]
    element.open()
    expect(page.get_by_test_id("sent-file").get_by_role("img", name="shot.png")).to_have_attribute(
        "src", re.compile("^blob:")
    )


def test_what_is_mentioned_goes_with_the_message(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    page = element.mount({"onTagSearch": [HOME, MILK]})
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("Move @m")
    expect(page.get_by_role("option")).to_have_count(2)
    composer.press("ArrowDown")
    expect(page.get_by_role("option", name="Buy milk")).to_have_attribute("aria-selected", "true")
    composer.press("Enter")
    expect(composer).to_have_value("Move @Buy milk ")
    composer.press_sequentially("to friday")
    page.reload()  # the draft keeps what it means
    page = element.mount({"onTagSearch": [HOME, MILK]})
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("message")).to_contain_text("Move @Buy milk to friday")
    content = element.request("threads.create")["input"]["content"]
    assert [part["text"] for part in content] == ["Move ", "@Buy milk", " to friday"]
    assert content[1] == {
        "type": "input_tag",
        "id": "task:1",
        "text": "@Buy milk",
        "group": "Tasks",
        "data": MILK["data"],
        "interactive": True,
    }
    page.get_by_test_id("tag").click()
    assert page.evaluate("window.asides[0][1].id") == "task:1"


def test_nothing_found_leaves_the_text_alone(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server).mount({"onTagSearch": [MILK]})
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("mail @zz")
    expect(page.get_by_test_id("suggestions")).to_contain_text("Nothing found")
    composer.press("Escape")
    expect(page.get_by_test_id("suggestions")).to_be_hidden()
    expect(composer).to_have_value("mail @zz")


def test_a_tool_and_a_model_are_chosen_for_a_message(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    tools = [{"id": "search", "label": "Search documents", "icon": "search", "placeholderOverride": "What to look for"}]
    models = [{"id": "small", "label": "Small", "default": True}, {"id": "large", "label": "Large"}]
    page = element.mount(
        {"commands": [{"id": "help", "label": "Help me"}]}, composer={"tools": tools, "models": models}
    )
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("/sea")
    composer.press("Enter")
    expect(page.get_by_test_id("chosen-tool")).to_contain_text("Search documents")
    expect(composer).to_have_attribute("placeholder", "What to look for")
    page.get_by_test_id("model").select_option("large")
    composer.fill("holidays")
    composer.press("Enter")
    expect(page.get_by_test_id("message")).to_be_visible()
    options = element.request("threads.create")["input"]["inference_options"]
    assert options == {"tool_choice": {"id": "search"}, "model": "large"}
    expect(page.get_by_test_id("chosen-tool")).to_have_count(0)
    composer.press_sequentially("/")
    page.get_by_role("option", name="Help me").click()
    assert page.evaluate("window.asides") == [["command", "help"]]
    expect(composer).to_have_value("")


def test_what_is_dictated_stands_in_the_text(new_page: NewPage, server: Server) -> None:
    page = new_page()
    element = Element(page, server, input__transcribe={"text": "buy milk"})
    element.mount(composer={"dictation": {"enabled": True}})
    button = page.get_by_test_id("dictate")
    button.click()
    expect(button).to_have_attribute("aria-label", "Stop dictating")
    button.click()
    expect(page.get_by_test_id("composer")).to_have_value("buy milk")
    params = element.request("input.transcribe")
    assert params["mime_type"].startswith("audio/")
    assert params["audio_base64"]


def test_a_refused_microphone_is_told(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server).mount(composer={"dictation": {"enabled": True}})
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no')); }")
    page.get_by_test_id("dictate").click()
    expect(page.get_by_test_id("notice")).to_contain_text("microphone cannot be used")


def questions(status: str, answer: list[str] | None = None) -> types.StructuredInputItem:
    inputs: list[dict[str, Any]] = [
        {
            "id": "when",
            "type": "multiple_choice",
            "question": "When?",
            "options": [{"value": "Today"}, {"value": "Friday"}],
        },
        {"id": "why", "type": "freeform", "question": "Why?", "description": "In a word or two."},
    ]
    if answer:
        inputs[0]["answer"] = {"values": answer}
        inputs[1]["answer"] = {"values": [], "skipped": True}
    return types.StructuredInputItem.model_validate(
        {
            "id": "q_1",
            "thread_id": THREAD,
            "created_at": AT,
            "type": "structured_input",
            "status": status,
            "inputs": inputs,
        }
    )


def test_questions_are_answered(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server, said("plan it"), questions("pending"))
    element.answers["threads.add_structured_input"] = [
        types.ThreadItemReplacedEvent(item=questions("answered", ["Friday"])),
        types.ThreadItemDoneEvent(item=answered("Friday it is.")),
    ]
    page = element.open()
    page.get_by_label("Friday").check()
    element.items = [said("plan it"), questions("answered", ["Friday"]), answered("Friday it is.")]
    page.get_by_test_id("questions-answer").click()
    expect(page.locator(".markdown")).to_have_text("Friday it is.")
    expect(page.get_by_test_id("questions")).to_contain_text("Skipped")
    params = element.request("threads.add_structured_input")
    assert params["item_id"] == "q_1"
    answers = {"when": {"values": ["Friday"], "skipped": False}, "why": {"values": [], "skipped": True}}
    assert params["input"] == {"status": "answered", "answers": answers}


def test_questions_can_be_skipped_and_answered_in_own_words(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server, said("plan it"), questions("pending"), threads__add_structured_input=[])
    page = element.open()
    page.get_by_label("Another answer").fill("Next year")
    page.get_by_test_id("questions-answer").click()
    expect(page.get_by_test_id("stop")).to_be_hidden()
    assert element.request("threads.add_structured_input")["input"]["answers"]["when"]["values"] == ["Next year"]
    page.get_by_test_id("questions-skip").click()
    expect(page.get_by_test_id("stop")).to_be_hidden()
    assert element.request("threads.add_structured_input")["input"]["status"] == "skipped"


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool", "payload": {"tool": name, "arguments": arguments}, "handler": "server", "streaming": False}


def task_list(*done: int) -> dict[str, Any]:
    def row(number: int) -> dict[str, Any]:
        box = {
            "type": "Checkbox",
            "name": "arguments.completed",
            "label": f"Task {number}",
            "defaultChecked": number in done,
        }
        return {
            "type": "ListViewItem",
            "key": str(number),
            "children": [box | {"onChangeAction": tool("complete_task", task_id=number)}],
        }

    return {"type": "ListView", "limit": 3, "children": [row(number) for number in range(1, 6)]}


def test_a_widget_changes_in_place(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server, said("list"), widget(task_list()))
    element.answers["threads.sync_custom_action"] = {"updated_item": page_of(widget(task_list(2)))["data"][0]}
    page = element.open()
    box = page.get_by_label("Task 2")
    box.evaluate("node => { node.isTheSame = true; }")
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    params = element.request("threads.sync_custom_action")
    payload = {"tool": "complete_task", "arguments": {"task_id": 2, "completed": True}}
    assert params == {"thread_id": THREAD, "item_id": "widget_1", "action": {"type": "tool", "payload": payload}}
    element.items = [said("list"), widget(task_list(1, 2))]  # somebody ticked another one elsewhere
    page.evaluate("document.querySelector('#chat').fetchUpdates()")
    expect(page.get_by_label("Task 1")).to_be_checked()
    assert box.evaluate("node => node.isTheSame && node.matches(':focus')")
    expect(page.get_by_label("Task 4")).to_have_count(0)
    page.get_by_test_id("widget-more").click()
    expect(page.get_by_label("Task 5")).to_be_visible()


def test_a_refused_click_shows_the_state_that_is(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server, said("list"), widget(task_list()))
    page = element.open()
    page.route("**/chatkit", lambda route: route.fulfill(status=409, json={"detail": "That task was deleted."}))
    page.get_by_label("Task 2").click()
    expect(page.get_by_test_id("notice")).to_contain_text("That task was deleted.")
    expect(page.get_by_label("Task 2")).not_to_be_checked()


def test_fields_go_into_the_arguments_of_a_tool(new_page: NewPage, server: Server) -> None:
    change = tool("update_task", task_id=3)
    card = {
        "type": "Card",
        "size": "md",
        "children": [
            {
                "type": "DatePicker",
                "name": "arguments.due_date",
                "defaultValue": "2026-11-25",
                "onChangeAction": change,
            },
            {
                "type": "Select",
                "name": "arguments.priority",
                "options": [{"value": "p1", "label": "High"}, {"value": "p4", "label": "Low"}],
                "defaultValue": "p4",
                "onChangeAction": change,
            },
        ],
    }
    element = Element(
        new_page(), server, said("show"), widget(card), threads__sync_custom_action={"updated_item": None}
    )
    page = element.open()
    with page.expect_response("**/chatkit"):
        page.get_by_label("due date").fill("2026-12-01")
    with page.expect_response("**/chatkit"):
        page.get_by_label("priority").select_option("p1")
    payloads = [
        each["params"]["action"]["payload"] for each in element.asked if each["type"] == "threads.sync_custom_action"
    ]
    assert payloads[0]["arguments"] == {"task_id": 3, "due_date": "2026-12-01"}
    assert payloads[1]["arguments"] == {"task_id": 3, "priority": "p1"}


def test_a_chart_is_drawn_and_can_be_read(new_page: NewPage, server: Server) -> None:
    data = [{"day": "Mon", "done": 3, "added": 5}, {"day": "Tue", "done": 4, "added": 1}]
    series = [
        {"type": "bar", "dataKey": "done", "label": "Done"},
        {"type": "area", "dataKey": "added", "label": "Added"},
    ]
    chart = {"type": "Card", "children": [{"type": "Chart", "data": data, "series": series, "xAxis": "day"}]}
    page = Element(new_page(), server, said("overview"), widget(chart)).open()
    expect(page.locator(".c-bar")).to_have_count(2)
    expect(page.locator(".c-area")).to_have_count(1)
    expect(page.get_by_role("table")).to_contain_text("Tue")


def test_unknown_components_are_left_out(new_page: NewPage, server: Server) -> None:
    root = {"type": "Basic", "children": [{"type": "Hologram", "value": "?"}, {"type": "Text", "value": "Here"}]}
    page = Element(new_page(), server, said("show")).mount()
    text = page.evaluate(
        """async (root) => {
      const { WidgetView } = await import("/static/chat/widgets/widget.js");
      const { stringsIn } = await import("/static/chat/words/words.js");
      const view = new WidgetView({}, { strings: stringsIn("en"), adopt() {} }, {});
      view.set({ widget: root });
      return view.node.textContent;
    }""",
        root,
    )
    assert text == "Here"


def test_a_rarer_icon_survives_that_its_widget_changes(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server, said("show")).mount()
    strokes = page.evaluate(
        """async () => {
      const { WidgetView } = await import("/static/chat/widgets/widget.js");
      const { stringsIn } = await import("/static/chat/words/words.js");
      const view = new WidgetView({}, { strings: stringsIn("en"), adopt() {} }, {});
      const icon = { type: "Icon", name: "compass" };
      const root = (text) => ({ type: "Basic", children: [icon, { type: "Text", value: text }] });
      const drawn = () => view.node.querySelector("path").getAttribute("d");
      view.set({ widget: root("one") });
      while (!drawn()) await new Promise(requestAnimationFrame);
      const before = drawn();
      view.set({ widget: root("two") });
      return [before, drawn(), view.node.textContent];
    }"""
    )
    assert strokes == [strokes[0], strokes[0], "two"]


def test_a_source_that_is_a_thing_of_the_page_opens_there(new_page: NewPage, server: Server) -> None:
    source = types.EntitySource(id="task:1", title="Buy milk", interactive=True, data={"type": "task", "number": "1"})
    note = types.Annotation(source=source, index=11)
    page = Element(new_page(), server, said("what?"), answered("Milk is due.", annotations=[note])).open(
        {"onTagSearch": []}
    )
    page.get_by_test_id("source").click()
    assert page.evaluate("window.asides[0][1].data") == {"type": "task", "number": "1"}


def test_markdown_becomes_nodes_and_never_markup(new_page: NewPage, server: Server) -> None:
    text = """# Title

| a | b |
|---|:-:|
| 1<br>2 | **bold** &copy; |

- [x] done
- [ ] open

```py
if a < b: pass
```

<img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org) ![alt](https://example.org/i.png)"""
    page = Element(new_page(), server, said("show"), answered(text)).open()
    message = page.locator(".markdown")
    expect(message.locator("td").first).to_have_text("12")
    expect(message.locator("td").last).to_have_text("bold ©")
    expect(message.locator("pre")).to_have_text("if a < b: pass")
    expect(message.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    expect(message.locator("img")).to_have_count(0)
    assert message.locator("a").evaluate_all("all => all.map(a => a.href)") == [
        "https://example.org/",
        "https://example.org/i.png",
    ]


def test_languages_are_chosen_by_locale_and_urdu_runs_from_the_right(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server).mount(locale="de-AT")
    expect(page.get_by_test_id("greeting")).to_have_text("Womit kann ich heute helfen?")
    page.get_by_test_id("composer").fill("Milch kaufen")
    page.evaluate(
        "document.querySelector('#chat').setOptions({ api: { url: '/chatkit', domainKey: 'local' }, locale: 'ur' })"
    )
    expect(page.get_by_test_id("greeting")).to_have_text("آج میں آپ کی کیا مدد کروں؟")
    expect(page.get_by_test_id("composer")).to_have_value("Milch kaufen")
    button = page.get_by_test_id("history-toggle").bounding_box()
    assert button
    assert button["x"] > 1100
    assert page.locator("#chat").get_attribute("dir") == "rtl"


def test_every_language_has_every_word(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server).mount()
    missing = page.evaluate("""async () => {
      const { stringsIn } = await import("/static/chat/words/words.js");
      const english = stringsIn("en");
      const others = { de: await stringsIn("de"), ur: await stringsIn("ur") };
      const lacks = (words) => Object.keys(english).filter((key) => typeof words[key] !== typeof english[key]);
      return Object.entries(others).flatMap(([name, words]) => lacks(words).map((key) => `${name}.${key}`));
    }""")
    assert missing == []


def test_conversations_are_searched(new_page: NewPage, server: Server) -> None:
    found = {"id": "conv_2", "title": "Garden plans", "created_at": "2026-11-01T12:00:00Z"}
    page = Element(new_page(), server).mount({"search": [found]})
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("history-item")).to_contain_text("Errands")
    page.get_by_test_id("history-search").fill("Garden")
    expect(page.get_by_test_id("history-item")).to_contain_text("Garden plans")
    page.get_by_test_id("history-search").fill("Moon")
    expect(page.get_by_test_id("history")).to_contain_text("No conversation says that.")
    page.get_by_test_id("history-search").fill("")
    expect(page.get_by_test_id("history-item")).to_contain_text("Errands")
    names = [name for name, _ in page.evaluate("window.heard")]
    assert "history.open" in names


def test_a_button_of_the_page_stands_in_the_header(new_page: NewPage, server: Server) -> None:
    page = Element(new_page(), server).mount({"header": True})
    page.get_by_role("button", name="home").click()
    assert page.evaluate("window.asides.length") == 1


def test_a_theme_is_put_on(new_page: NewPage, server: Server) -> None:
    theme = {"colorScheme": "dark", "radius": "sharp", "color": {"accent": {"primary": "#ff8800", "level": 1}}}
    page = Element(new_page(), server).mount(theme=theme)
    expect(page.get_by_test_id("composer")).to_be_visible()
    page.get_by_test_id("composer").fill("x")
    expect(page.get_by_test_id("send")).to_have_css("background-color", "rgb(255, 136, 0)")
    expect(page.get_by_test_id("send")).to_have_css("border-radius", "0px")


def test_a_running_turn_goes_on_after_a_reload(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server, said("before", "msg_0"), threads__add_user_message=None)
    page = element.open()
    page.get_by_test_id("composer").fill("add milk")
    with page.expect_request("**/chatkit"):
        page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("stop")).to_be_visible()
    element.items = [said("before", "msg_0"), said("add milk")]
    element.answers["threads.add_user_message"] = [
        types.ThreadItemDoneEvent(item=said("add milk")),
        types.ThreadItemDoneEvent(item=answered("Added milk.")),
    ]
    element.open()
    expect(page.locator(".markdown")).to_have_text("Added milk.")
    expect(page.locator('[data-role="user"]')).to_have_count(2)
    first, second = [number for number, each in enumerate(element.asked) if each["type"] == "threads.add_user_message"]
    assert element.asked[first] == element.asked[second]
    assert element.keys[first] == element.keys[second] != None  # noqa: E711
    element.open()  # once answered it is not asked again
    expect(page.get_by_text("before")).to_be_visible()
    assert sum(each["type"] == "threads.add_user_message" for each in element.asked) == 2


def test_a_message_is_edited_with_its_files(new_page: NewPage, server: Server) -> None:
    sent = types.FileAttachment(id="atc_1", name="notes.txt", mime_type="text/plain")
    element = Element(new_page(), server, said("read this", attachments=[sent]), answered("Done."))
    attachments(element)
    page = element.open(composer=FILES)
    page.get_by_test_id("message").first.hover()
    page.get_by_test_id("edit").click()
    expect(page.get_by_test_id("attachment")).to_contain_text("notes.txt")
    page.get_by_test_id("composer").fill("read that")
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    assert element.request("threads.add_user_message")["input"]["attachments"] == ["atc_1"]


def test_who_is_signed_out_gets_words_and_files_back(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    attachments(element)
    page = element.mount(composer=FILES)
    page.evaluate("""() => document.querySelector("#chat").setComposerValue({ text: "read this", files: [
      new File(["x"], "notes.txt", { type: "text/plain" })] })""")
    expect(page.locator('[data-testid="attachment"][data-state="ready"]')).to_be_visible()
    page.route("**/chatkit", lambda route: route.fulfill(status=401, json={"detail": "Your session has ended."}))
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("composer")).to_have_value("read this")
    expect(page.get_by_test_id("attachment")).to_contain_text("notes.txt")
