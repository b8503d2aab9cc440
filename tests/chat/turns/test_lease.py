"""What a process tells of the turns that run in it: all at once, and none keeps another from being told."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from chatkit.types import ProgressUpdateEvent
from django.db import transaction
from django.test import TransactionTestCase
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from chat.models import Turn
from chat.turns import lease, starting
from chat.turns.lease import Answer, LeasedTurn, TurnReport
from chat.turns.running import RunningTurn
from core.sections import released
from tests.people import sign_up

TOLD = Answer(is_told=True)
QUERIES = 1


class ThreeTurns(TransactionTestCase):
    def setUp(self) -> None:
        self.turns = [self.turn(name) for name in ("Ann", "Bob", "Cleo")]

    def turn(self, name: str) -> Turn:
        message = starting.user_message("delete it")
        return starting.accept(sign_up(name).user, None, message, starting.Request.of(None, "delete it"))[0]

    def reports(self, *said: str, renews: bool = False) -> list[TurnReport]:
        return [
            TurnReport(
                LeasedTurn(turn, RunningTurn(), 0, 0),
                [{"type": "progress_update", "text": text}] if text else [],
                renews,
            )
            for turn, text in zip(self.turns, said, strict=True)
        ]

    def written(self) -> list[list[Any]]:
        found = [[row.events for row in turn.broadcasts.all()] for turn in self.turns]
        return [[event["text"] for events in rows for event in events] for rows in found]


class TellTests(ThreeTurns):
    def test_all_turns_are_told_of_in_one_statement(self) -> None:
        with self.assertNumQueries(QUERIES):
            answers = lease.tell(self.reports("one", "", "three"))
        self.assertEqual(answers, [TOLD, TOLD, TOLD])
        self.assertEqual(self.written(), [["one"], [], ["three"]])

    def test_a_lease_is_renewed_where_it_is_time(self) -> None:
        before = timezone.now() + timedelta(seconds=1)
        Turn.objects.update(lease_expires_at=before)
        lease.tell(self.reports("one", "two", "three"))
        self.assertEqual({turn.lease_expires_at for turn in Turn.objects.all()}, {before})
        lease.tell(self.reports("", "", "", renews=True))
        self.assertGreater(min(turn.lease_expires_at for turn in Turn.objects.all()), before)

    def test_a_turn_that_another_run_has_taken_over_is_lost(self) -> None:
        Turn.objects.filter(pk=self.turns[0].pk).update(lease_owner=uuid7())
        Turn.objects.filter(pk=self.turns[1].pk).update(status="completed")
        answers = lease.tell(self.reports("one", "two", "three", renews=True))
        self.assertEqual(answers, [Answer(is_lost=True), Answer(is_lost=True), TOLD])
        self.assertEqual(self.written(), [[], [], ["three"]])

    def test_of_two_runs_of_one_turn_here_only_the_one_that_holds_it_tells(self) -> None:
        old = TurnReport(
            LeasedTurn(copy.copy(self.turns[0]), RunningTurn(), 0, 0),
            [{"type": "progress_update", "text": "old"}],
            True,
        )
        self.turns[0].lease_owner = uuid7()
        self.turns[0].save(update_fields=["lease_owner"])
        for order in ([0, 1], [1, 0]):
            reports = [old, self.reports("new", "", "")[0]]
            answers = lease.tell([reports[place] for place in order])
            self.assertEqual([answers[place] for place in order], [Answer(is_lost=True), TOLD])
        self.assertEqual(self.written()[0], ["new"])

    def test_a_turn_that_is_being_written_to_is_told_of_the_next_time(self) -> None:
        with transaction.atomic():
            self.turns[0].hold()
            with ThreadPoolExecutor(1) as beside:
                answers = beside.submit(released, lease.tell, self.reports("one", "two", "three")).result(20)
        self.assertEqual(answers, [Answer(), TOLD, TOLD])
        self.assertEqual(self.written(), [[], ["two"], ["three"]])

    def test_stop_is_heard_and_so_is_that_somebody_may_no_longer_come_in(self) -> None:
        Turn.objects.filter(pk=self.turns[0].pk).update(stop_requested=True)
        User.objects.filter(pk=self.turns[1].user_id).update(is_active=False)
        answers = lease.tell(self.reports("one", "two", "three"))
        self.assertEqual([answer.stops for answer in answers], [True, True, False])

    def test_what_the_database_cannot_hold_keeps_no_other_turn_from_being_told(self) -> None:
        lease.tell(self.reports("NUL \0.", "half \ud800.", "whole 😀 \\u0000"))
        self.assertEqual(self.written(), [["NUL ."], ["half ?."], ["whole 😀 \\u0000"]])


class KeptTests(ThreeTurns):
    """How a turn hears what became of its report."""

    def setUp(self) -> None:
        super().setUp()
        self.kept = LeasedTurn(self.turns[0], RunningTurn(), 0, 0)
        self.kept.live.emit(ProgressUpdateEvent(text="one"))

    def report(self) -> TurnReport:
        report = self.kept.report(time.monotonic())
        assert report
        return report

    def test_what_was_not_told_is_told_again_with_what_came_since(self) -> None:
        self.kept.hear(Answer(), self.report(), time.monotonic())
        self.kept.live.emit(ProgressUpdateEvent(text="two"))
        for _ in range(2):
            report = self.report()
            self.kept.hear(released(lease.tell, [report])[0], report, time.monotonic())
            self.kept.live.emit(ProgressUpdateEvent(text="three"))
        self.assertEqual(self.written()[0], ["one", "two", "three"])

    def test_a_report_whose_answer_did_not_come_is_made_again_as_it_was(self) -> None:
        lease.tell([self.report()])
        self.kept.live.emit(ProgressUpdateEvent(text="two"))
        for _ in range(2):
            report = self.report()
            self.kept.hear(released(lease.tell, [report])[0], report, time.monotonic())
        self.assertEqual(self.written()[0], ["one", "two"])
        self.assertIsNone(self.kept.report(time.monotonic()))

    def test_a_turn_that_says_nothing_is_asked_for_once_a_second(self) -> None:
        now = time.monotonic()
        self.kept.hear(TOLD, self.report(), now)
        self.assertIsNone(self.kept.report(now + lease.LISTEN_SECONDS / 2))
        report = self.kept.report(now + lease.LISTEN_SECONDS)
        assert report
        self.assertEqual(report.events, [])
