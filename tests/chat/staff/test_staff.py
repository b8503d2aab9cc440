"""What staff see: conversations found and read, at the same number of queries however many there are."""

import io
import json
import re
import zipfile
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client, TransactionTestCase

from accounts.models import User
from chat.models import Conversation, Look, PromptTemplate, Step, Turn
from chat.staff import search
from tasks.models import Operation, Task
from tests.chat.talking import talk
from tests.people import sign_up

LIST = "/admin/chat/conversation/"
LIST_QUERIES = 6
TIMELINE_QUERIES = 12


class Staff(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.staff = User.objects.create_superuser("staff")
        self.client.force_login(self.staff)

    def read(self, conversation: Conversation, **parameters: Any) -> str:
        return self.page(f"{LIST}{conversation.pk}/change/", parameters)

    def page(self, path: str, parameters: dict[str, Any] | None = None) -> str:
        response = self.client.get(path, parameters)
        self.assertEqual(response.status_code, 200, path)
        return response.content.decode()

    def found(self, words: str) -> set[str]:
        return set(re.findall(r"conversation/([0-9a-f-]{36})/change", self.page(LIST, {"q": words})))

    def queries(self, path: str, number: int) -> None:
        self.client.get(path)
        with self.assertNumQueries(number):
            self.client.get(path)


class TimelineTests(Staff):
    def test_a_conversation_shows_what_was_seen_and_what_was_done(self) -> None:
        page = self.read(talk(self.ann, "add buy milk tomorrow at 5pm", "delete buy milk"))
        shown = ["add buy milk tomorrow at 5pm", "offline", "add_task", "Approval decided", "delete_task (approve)"]
        self.assertEqual([words for words in shown if words not in page], [])
        self.assertIn('aria-label="Time: ', page)

    def test_what_people_and_models_say_is_never_markup(self) -> None:
        page = self.read(talk(self.ann, "add <script>alert(1)</script><img src=x>"))
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(1)", page)

    def test_the_whole_request_of_a_response_can_be_read(self) -> None:
        conversation = talk(self.ann, "add buy milk", "move it to friday")
        step = Step.objects.filter(kind="response").order_by("-id").first()
        assert step
        page = self.page(f"{LIST}{conversation.pk}/step/{step.pk}/")
        for words in ("You are Errand, the assistant of Ann", "add buy milk", "move it to friday", "update_task"):
            self.assertIn(words, page)

    def test_a_name_in_the_instructions_is_never_markup(self) -> None:
        self.ann.user.name = "<img src=x onerror=alert(1)>"
        self.ann.user.save()
        conversation = talk(self.ann, "add buy milk")
        step = Step.objects.get(kind="response", number=1)
        page = self.page(f"{LIST}{conversation.pk}/step/{step.pk}/")
        self.assertNotIn("<img src=x", page)
        self.assertIn("the assistant of &lt;img src=x", page)

    def test_undo_goes_through_the_one_door_as_the_admins(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        turn = Turn.objects.get()
        path = f"{LIST}{conversation.pk}/undo/{turn.pk}/"
        self.assertEqual(self.client.get(path).status_code, 403)
        self.assertContains(self.client.post(path, follow=True), "Undid the change to “buy milk”")
        self.assertFalse(Task.objects.exists())
        operation = Operation.objects.latest("created_at")
        self.assertEqual((operation.source, operation.tool, operation.user), ("admin", "undo", self.ann.user))
        self.assertNotIn("Undo what this turn did", self.read(conversation))

    def test_who_may_only_read_cannot_undo(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        reader = User.objects.create_user("reader", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_conversation"))
        self.client.force_login(reader)
        self.assertNotIn("Undo what this turn did", self.read(conversation))
        path = f"{LIST}{conversation.pk}/undo/{Turn.objects.get().pk}/"
        self.assertEqual(self.client.post(path).status_code, 403)

    def test_who_looked_is_recorded(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        self.read(conversation)
        self.client.get(f"{LIST}{conversation.pk}/export/")
        looks = Look.objects.filter(staff=self.staff, conversation_id=conversation.pk).values_list("what", flat=True)
        self.assertEqual(list(looks), ["export", "timeline"])

    def test_nobody_else_sees_it(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        nobody = User.objects.create_user("nobody", is_staff=True)
        for client_user, status in ((nobody, 403), (self.ann.user, 302)):
            client = Client()
            client.force_login(client_user)
            for path in (f"{conversation.pk}/change/", f"{conversation.pk}/export/", "dashboard/"):
                self.assertEqual(client.get(f"{LIST}{path}").status_code, status, path)
        self.assertFalse(Look.objects.exists())

    def test_one_and_many_are_exported(self) -> None:
        conversation = talk(self.ann, "add milk")
        other = talk(self.ann, "add eggs")
        one = json.loads(self.client.get(f"{LIST}{conversation.pk}/export/").content)
        self.assertEqual(one["conversation"]["id"], str(conversation.pk))
        form = {"action": "export", "_selected_action": [str(conversation.pk), str(other.pk)]}
        packed = zipfile.ZipFile(io.BytesIO(self.client.post(LIST, form).content))
        self.assertEqual({*packed.namelist()}, {f"{each.public_id}.json" for each in (conversation, other)})

    def test_a_long_conversation_is_read_in_pages(self) -> None:
        conversation = talk(self.ann, "hello")
        turn = Turn.objects.get()
        for number in range(70):
            turn.pk, turn.key = None, f"copy {number}"
            turn.pk = Turn._meta.pk.get_default()
            turn.save(force_insert=True)
        page = self.read(conversation)
        self.assertEqual(page.count('<section class="turn'), 30)
        older = re.search(r"\?before=([0-9a-f-]+)", page)
        assert older
        self.assertIn("The latest turns", self.read(conversation, before=older[1]))


class FindingTests(Staff):
    def setUp(self) -> None:
        super().setUp()
        self.bob = sign_up("Bob")
        self.milk = talk(self.ann, "add buy milk")
        self.eggs = talk(self.bob, "add buy eggs", "complete eggs")
        Turn.objects.filter(conversation=self.eggs).update(model="gpt-5-mini", cost="0.5")
        failed = Turn.objects.filter(conversation=self.milk)
        failed.update(status="failed", error="The provider is busy.")

    def test_each_way_to_search_finds_what_it_should(self) -> None:
        milk, eggs = str(self.milk.pk), str(self.eggs.pk)
        for words, expected in {
            "": {milk, eggs},
            "milk": {milk},
            "buy": {milk, eggs},
            "buy sugar": set[str](),
            "user:bob": {eggs},
            "user:ann@example.org": {milk},
            "tool:complete_task": {eggs},
            "tool:add_task user:ann": {milk},
            "tool:add_task": {milk, eggs},
            "model:gpt": {eggs},
            "status:failed": {milk},
            "error:busy": {milk},
            "error:any eggs": set[str](),
            "cost>0.1": {eggs},
            "cost>0.1 buy": {eggs},
            "since:2020-01-01": {milk, eggs},
            "until:2020-01-01": set[str](),
            f"id:{self.milk.public_id}": {milk},
        }.items():
            with self.subTest(words):
                self.assertEqual(self.found(words), expected)

    def test_what_cannot_be_read_is_said(self) -> None:
        for words, said in {"since:soon": "since:2026-05-01", "cost>much": "cost&gt;0.01", "id:7": "conv_"}.items():
            with self.subTest(words):
                self.assertIn(said, self.page(LIST, {"q": words}))

    def test_words_that_many_messages_have_find_the_latest(self) -> None:
        many, search.MANY = search.MANY, 1
        try:
            self.assertEqual(self.found("buy"), {str(self.milk.pk), str(self.eggs.pk)})
        finally:
            search.MANY = many

    def test_the_list_takes_the_same_queries_for_one_and_for_many(self) -> None:
        self.queries(LIST, LIST_QUERIES)
        for number in range(20):
            Conversation.objects.create(user=self.ann.user, title=f"Conversation {number}")
        self.queries(LIST, LIST_QUERIES)

    def test_a_timeline_takes_the_same_queries_for_few_and_for_many_turns(self) -> None:
        self.queries(f"{LIST}{self.milk.pk}/change/", TIMELINE_QUERIES)
        talk(self.ann, "add tea", "complete tea", "delete milk", "hello", conversation=self.milk)
        self.queries(f"{LIST}{self.milk.pk}/change/", TIMELINE_QUERIES)


class FiguresTests(Staff):
    def test_the_dashboard_draws_and_lists_what_happened(self) -> None:
        talk(self.ann, "add buy milk", "what is on my list?")
        page = self.page(f"{LIST}dashboard/", {"days": "7"})
        self.assertEqual(page.count('<svg class="chart"'), 5)
        for words in ("<dt>Turns</dt><dd>2</dd>", "offline", "list_tasks"):
            self.assertIn(words, page)

    def test_an_empty_dashboard_says_so(self) -> None:
        self.assertIn("Nobody has asked anything yet", self.page(f"{LIST}dashboard/"))

    def test_two_versions_of_a_prompt_are_compared(self) -> None:
        talk(self.ann, "add buy milk")
        other = PromptTemplate.objects.create(hash="0" * 64, name="prompts/system.md", text="Be brief.\nNow: {{ now }}")
        hashes = list(PromptTemplate.objects.values_list("pk", flat=True))
        form = {"action": "compare", "_selected_action": hashes}
        page = self.client.post("/admin/chat/prompttemplate/", form).content.decode()
        self.assertIn('<span class="added">+ Be brief.', page)
        self.assertIn("tool calls a turn", page)
        self.assertIn("Be brief.", self.page(f"/admin/chat/prompttemplate/{other.pk}/change/"))
