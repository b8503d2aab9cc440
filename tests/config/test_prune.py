"""`prune`: what has been kept long enough goes, what somebody is in the middle of stays."""

import datetime
from io import StringIO

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import AccessToken, Attempts, Session
from chat.models import Attachment, Conversation, Look, Message, PromptTemplate, Step, Toolset, Turn
from config import retention
from core import clock
from tasks.models import Change, Operation, Task
from tasks.rules import operations
from tests import recordings
from tests.chat.talking import talk
from tests.people import sign_up

YEAR = {"RETAIN_CONVERSATIONS_DAYS": 365, "RETAIN_HISTORY_DAYS": 365, "RETAIN_READING_DAYS": 365}
DAY = datetime.timedelta(days=1)


def prune(*arguments: str, days: int = 0) -> str:
    """Run the command as it will run in `days` from now; return what it says."""
    recordings.keep_now()
    out = StringIO()
    with clock.running(clock.Clock(timezone.now() + days * DAY)):
        call_command("prune", *arguments, stdout=out)
    return out.getvalue()


class PruneTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def test_by_default_what_people_said_and_did_is_kept_for_ever(self) -> None:
        talk(self.ann, "add buy milk")
        said = prune(days=10_000)
        self.assertIn("conversations: kept for ever\noperations with their changes: kept for ever\n", said)
        self.assertEqual((Conversation.objects.count(), Operation.objects.count()), (1, 1))

    @override_settings(**YEAR)
    def test_a_conversation_goes_with_all_that_hangs_on_it_and_its_tasks_stay(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        file = ContentFile(b"%PDF", "plan.pdf")
        attached = Attachment.objects.create(
            user=self.ann.user,
            conversation=conversation,
            name="plan.pdf",
            mime_type="application/pdf",
            bytes=4,
            file=file,
        )
        said = prune(days=366)
        self.assertIn("conversations: 1 removed\noperations with their changes: 1 removed\n", said)
        left = [model.objects.count() for model in (Conversation, Message, Turn, Step, Operation, Change, Attachment)]
        self.assertEqual(left, [0] * 7)
        self.assertFalse(attached.file.storage.exists(str(attached.file.name)))
        self.assertEqual(Task.objects.for_user(self.ann.user).open().count(), 1)

    @override_settings(**YEAR)
    def test_what_is_younger_stays(self) -> None:
        talk(self.ann, "add buy milk")
        prune(days=364)
        self.assertEqual((Conversation.objects.count(), Operation.objects.count()), (1, 1))

    @override_settings(**YEAR)
    def test_what_runs_or_waits_for_the_person_stays_with_what_it_did(self) -> None:
        for status in Turn.UNFINISHED:
            with self.subTest(status):
                conversation = talk(self.ann, "add buy milk")
                Turn.objects.filter(conversation=conversation).update(status=status)
                prune(days=366)
                self.assertTrue(Conversation.objects.filter(pk=conversation.pk).exists())
                self.assertTrue(Operation.objects.filter(turn_id__in=conversation.turns.values("pk")).exists())

    @override_settings(**YEAR)
    def test_history_can_go_without_the_conversations(self) -> None:
        talk(self.ann, "add buy milk")
        with override_settings(RETAIN_CONVERSATIONS_DAYS=0):
            prune(days=366)
        self.assertEqual((Conversation.objects.count(), Operation.objects.count()), (1, 0))

    def test_more_than_a_batch_goes_in_several_transactions(self) -> None:
        for number in range(retention.BATCH + 1):
            operations.add_task(self.ann.caller(), {"title": f"Task {number}"})
        with override_settings(**YEAR):
            self.assertIn("operations with their changes: 51 removed", prune(days=366))
        self.assertEqual((Operation.objects.count(), Change.objects.count(), Task.objects.count()), (0, 0, 51))

    @override_settings(**YEAR)
    def test_a_dry_run_says_what_a_run_would_do_and_does_nothing(self) -> None:
        talk(self.ann, "add buy milk")
        said = prune("--dry-run", days=366)
        self.assertIn("conversations: 1 would be removed", said)
        self.assertEqual(Conversation.objects.count(), 1)
        self.assertIn("conversations: 1 removed", prune(days=366))

    @override_settings(**YEAR)
    def test_readings_by_staff_go_by_their_own_time(self) -> None:
        conversation = talk(self.ann, "hello")
        Look.objects.create(staff=self.ann.user, conversation_id=conversation.pk)
        with override_settings(RETAIN_READING_DAYS=0):
            self.assertIn("readings by staff: kept for ever", prune(days=366))
        self.assertIn("readings by staff: 1 removed", prune(days=366))

    def test_what_has_expired_goes_and_what_is_valid_stays(self) -> None:
        for days in (10, 50):
            AccessToken.objects.make(self.ann.user, "Laptop", "read", days * DAY)
            Session.objects.create(session_key=str(days), session_data="", expire_date=timezone.now() + days * DAY)
        AccessToken.objects.make(self.ann.user, "For ever", "read", None)
        Attempts.note("sign-in", 10)
        said = prune(days=41)
        self.assertIn("expired sessions: 1 removed\nexpired access tokens: 1 removed\n", said)
        self.assertIn("counts of attempts: 1 removed", said)
        self.assertEqual((AccessToken.objects.count(), Session.objects.get().session_key), (2, "50"))

    def test_prompts_and_tools_stay_as_long_as_a_turn_names_them(self) -> None:
        conversation = talk(self.ann, "hello")
        prune(days=2)
        self.assertEqual((PromptTemplate.objects.count(), Toolset.objects.count()), (1, 1))
        conversation.delete()
        prune()
        self.assertEqual((PromptTemplate.objects.count(), Toolset.objects.count()), (1, 1))  # from today
        prune(days=2)
        self.assertEqual((PromptTemplate.objects.count(), Toolset.objects.count()), (0, 0))

    @override_settings(**YEAR)
    def test_a_row_that_somebody_works_with_is_passed_over(self) -> None:
        conversation = talk(self.ann, "hello")
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT 1 FROM chat_conversation WHERE id = %s FOR UPDATE", [conversation.pk])
                self.assertIn("conversations: 0 removed", prune(days=366))
                cursor.execute("ROLLBACK")
        finally:
            other.close()
        self.assertIn("conversations: 1 removed", prune(days=366))
