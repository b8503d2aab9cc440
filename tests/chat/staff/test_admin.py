import re
from functools import partial

from django.test import TestCase

from accounts.models import AccessToken, User
from chat.models import Look, Turn
from chat.turns import starting
from core.problems import Conflict
from tasks.rules import operations
from tests.people import sign_up


class AdminTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        operations.add_task(self.ann.caller(), {"title": "Buy milk"})
        request = starting.Request.of(None, {})
        self.turn, _ = starting.accept(self.ann.user, None, starting.user_message("add milk"), request)
        self.client.force_login(User.objects.create_superuser("staff"))

    def test_staff_see_conversations_turns_tasks_and_operations(self) -> None:
        for path, words in {
            f"chat/conversation/{self.turn.conversation_id}/change/": "add milk",
            f"chat/conversation/{self.turn.conversation_id}/change/?": "running",
            "chat/conversation/?q=milk": "add milk",
            "tasks/task/?q=milk": "Buy milk",
            "tasks/operation/": "add_task",
            "accounts/user/": "ann@example.org",
        }.items():
            with self.subTest(path):
                self.assertContains(self.client.get(f"/admin/{path}"), words)

    def test_staff_make_a_token_whose_secret_is_shown_once(self) -> None:
        form = {"user": self.ann.user.pk, "name": "Script", "scope": "read", "expires_at_0": "", "expires_at_1": ""}
        page = self.client.post("/admin/accounts/accesstoken/add/", form, follow=True)
        found = re.search(r"errand_[\w-]+", page.content.decode())
        assert found
        token = AccessToken.objects.find(found[0])
        assert token
        self.assertEqual((token.user, token.scope), (self.ann.user, "read"))
        self.assertNotContains(self.client.get("/admin/accounts/accesstoken/"), found[0])

    def test_nothing_is_changed_here(self) -> None:
        path = f"/admin/chat/conversation/{self.turn.conversation_id}/change/"
        self.assertEqual(self.client.post(path, {"status": "completed"}).status_code, 403)
        self.assertEqual(Turn.objects.get().status, "running")

    def test_staff_lock_a_conversation_and_unlock_it(self) -> None:
        Turn.objects.update(status="completed")
        say = partial(starting.accept, self.ann.user, self.turn.conversation.public_id, starting.user_message("hi"))
        form = {"_selected_action": self.turn.conversation_id}
        self.client.post("/admin/chat/conversation/", form | {"action": "lock"})
        with self.assertRaisesMessage(Conflict, "This conversation is locked. Begin a new one."):
            say(starting.Request.of("locked", {}))
        self.client.post("/admin/chat/conversation/", form | {"action": "unlock"})
        self.assertTrue(say(starting.Request.of("unlocked", {}))[1])
        self.assertEqual(list(Look.objects.values_list("what", flat=True)), ["unlock", "lock"])

    def test_users_without_staff_rights_see_nothing(self) -> None:
        self.client.force_login(self.ann.user)
        self.assertEqual(self.client.get("/admin/chat/conversation/").status_code, 302)
