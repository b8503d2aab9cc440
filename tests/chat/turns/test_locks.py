"""Whoever needs a conversation and its turn takes them in one order, and a turn ends once."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.test import TransactionTestCase

from chat.models import Conversation, LostLease, Message, Step, Turn
from chat.turns import approvals, journal, starting
from core.sections import released
from tests.people import sign_up
from tests.server import wait_for

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
SECONDS = 20


class TurnLocks(TransactionTestCase):
    def setUp(self) -> None:
        user = sign_up().user
        message = starting.user_message("delete it")
        self.turn, _ = starting.accept(user, None, message, starting.Request.of(None, "delete it"))


class LockOrderTests(TurnLocks):
    def beside(self, work: Callable[..., Any], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=released, args=(work, *args))
        thread.start()
        self.addCleanup(thread.join, SECONDS)
        return thread

    def someone_waits(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            return bool(cursor.fetchone()[0])

    def check_end(self, end: Callable[..., Any], *args: Any) -> None:
        """Check that what ends a turn does not hold it while it waits for the conversation."""
        with transaction.atomic():
            Conversation.locked().get(pk=self.turn.conversation_id)
            thread = self.beside(end, self.turn, *args)
            wait_for(self.someone_waits, SECONDS, lambda: "nobody waits")
            Turn.objects.select_for_update(nowait=True).get(pk=self.turn.pk)
        thread.join(SECONDS)
        self.assertFalse(thread.is_alive())

    def test_a_turn_ends(self) -> None:
        self.check_end(journal.end, Turn.Status.COMPLETED, "", [])
        self.assertEqual(Turn.objects.get().status, "completed")

    def test_a_turn_pauses(self) -> None:
        call = approvals.WaitingCall(id="1", name="delete_task", title="Delete", arguments={}, is_destructive=True)
        self.check_end(approvals.pause, 1, [call], [])
        self.assertEqual(Turn.objects.get().status, "awaiting_approval")

    def test_a_step_is_journaled_while_the_conversation_is_locked(self) -> None:
        with transaction.atomic():
            Conversation.locked().get(pk=self.turn.conversation_id)
            item = starting.user_message("said meanwhile").model_copy(
                update={"thread_id": self.turn.conversation.public_id}
            )
            thread = self.beside(journal.record, self.turn, Step(number=1, kind=Step.Kind.RESPONSE, items=[]), [item])
            thread.join(SECONDS)
            self.assertFalse(thread.is_alive())
        self.assertEqual(Step.objects.count(), 1)


class EndTests(TurnLocks):
    """A stop may come just after a turn has ended or paused: then there is nothing to stop."""

    def stop(self) -> None:
        journal.end(self.turn, Turn.Status.STOPPED, "", [])

    def test_a_turn_that_has_ended_is_not_ended_again(self) -> None:
        journal.end(self.turn, Turn.Status.COMPLETED, "", [])
        self.assertRaises(LostLease, self.stop)
        self.assertEqual(Turn.objects.get().status, "completed")

    def test_a_turn_that_waits_is_not_ended_by_its_run(self) -> None:
        call = approvals.WaitingCall(id="1", name="delete_task", title="Delete", arguments={}, is_destructive=True)
        approvals.pause(self.turn, 1, [call], [])
        self.assertRaises(LostLease, self.stop)
        self.assertEqual(Turn.objects.get().status, "awaiting_approval")

    def test_a_turn_whose_end_could_not_be_stored_can_be_ended(self) -> None:
        elsewhere = Conversation.objects.create(user=self.turn.user)
        item = starting.user_message("there").model_copy(update={"thread_id": elsewhere.public_id})
        Message.put(elsewhere.pk, item)
        with self.assertRaises(IntegrityError):
            journal.end(self.turn, Turn.Status.COMPLETED, "", [item])
        journal.end(self.turn, Turn.Status.FAILED, "It was not stored.", [])
        self.assertEqual(Turn.objects.get().status, "failed")
