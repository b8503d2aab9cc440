"""Undo, with what others did in between, and forwards again."""

from typing import Any
from uuid import uuid4

from django.test import TestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from core.problems import NotFound, Problem
from tasks.models import Operation, Task
from tasks.queries import history
from tasks.rules import operations, undo
from tests.people import Person, sign_up


def state(person: Person) -> list[dict[str, Any]]:
    """Return all of a user's tasks, byte for byte but for the count and time of changes."""
    tasks = [task.snapshot() for task in Task.objects.for_user(person.user).order_by("number")]
    return [{name: value for name, value in task.items() if name not in undo.BOOKKEEPING} for task in tasks]


class UndoTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def caller(self, **fields: Any) -> Any:
        return self.ann.caller(**fields)

    def add(self, title: str, **values: Any) -> Operation:
        return operations.add_task(self.caller(), {"title": title, **values})

    def undo(self, operation: Operation) -> Operation:
        return undo.undo_operation(self.caller(), operation.pk)

    def test_everything_one_message_did_is_undone_but_what_was_changed_since(self) -> None:
        for title in ("edited", "edited too", "deleted"):
            self.add(title)
        before, turn = state(self.ann), uuid4()
        chat = {"source": "chat", "turn_id": turn}
        for title in ("one", "two", "three"):
            operations.add_task(self.caller(**chat), {"title": title})
        operations.update_task(self.caller(**chat), 1, {"title": "new", "due": "tomorrow"})
        operations.update_task(self.caller(**chat), 2, {"priority": "p1"})
        operations.delete_task(self.caller(**chat), 3)
        operations.update_task(self.caller(source="page"), 2, {"notes": "by hand"})
        result = undo.undo_turns(self.caller(), [turn]).result
        self.assertEqual(sorted(task["id"] for task in result["undone"]), [1, 3, 4, 5, 6])
        self.assertEqual(result["kept"], [{"id": 2, "title": "edited too", "reason": "it was changed since"}])
        after = state(self.ann)
        self.assertEqual([after[0], after[2]], [before[0], before[2]])
        self.assertEqual((after[1]["priority"], after[1]["notes"]), ("p1", "by hand"))

    def test_a_deleted_task_comes_back_with_number_subtasks_and_history(self) -> None:
        self.add("parent")
        self.add("child", parent_id=1)
        before = state(self.ann)
        deletion = operations.delete_task(self.caller(), 1)
        self.assertEqual(state(self.ann), [])
        self.undo(deletion)
        self.assertEqual(state(self.ann), before)
        self.assertEqual(Task.objects.get(number=2).parent, Task.objects.get(number=1))

    def test_an_undo_is_undone(self) -> None:
        added = self.add("a")
        done = state(self.ann)
        undone = self.undo(added)
        self.assertEqual(state(self.ann), [])
        self.undo(undone)
        self.assertEqual(state(self.ann), done)
        self.undo(added)
        self.assertEqual(state(self.ann), [])

    def test_nothing_is_undone_twice(self) -> None:
        added = self.add("a")
        self.undo(added)
        with self.assertRaises(undo.AlreadyUndone):
            self.undo(added)

    def test_the_same_key_undoes_once(self) -> None:
        self.add("a")
        done = operations.complete_task(self.caller(), 1)
        first = undo.undo_operation(self.caller(key="k"), done.pk)
        self.assertEqual(undo.undo_operation(self.caller(key="k"), done.pk), first)

    def test_what_was_deleted_since_is_reported(self) -> None:
        self.add("a")
        change = operations.update_task(self.caller(), 1, {"title": "b"})
        operations.delete_task(self.caller(), 1)
        result = self.undo(change).result
        self.assertEqual(result["kept"], [{"id": 1, "title": "b", "reason": "it was deleted since"}])

    def test_an_added_task_that_got_subtasks_is_kept(self) -> None:
        added = self.add("parent")
        self.add("child", parent_id=1)
        self.assertEqual(self.undo(added).result["kept"][0]["reason"], "it has subtasks now")

    def test_ordering_others_does_not_stand_in_the_way(self) -> None:
        for title in ("a", "b"):
            self.add(title)
        change = operations.update_task(self.caller(), 1, {"title": "c"})
        operations.order_tasks(self.caller(), [2, 1])
        self.undo(change)
        task = Task.objects.get(number=1)
        self.assertEqual((task.title, task.position), ("a", 2))

    def test_versions_go_on_so_that_old_readers_are_noticed(self) -> None:
        self.add("a")
        self.undo(operations.update_task(self.caller(), 1, {"title": "b"}))
        self.assertEqual(Task.objects.get().version, 3)

    def test_operations_are_paged_the_latest_first_without_those_that_changed_nothing(self) -> None:
        titles = ["a", "b", "c"]
        for title in titles:
            self.add(title)
        operations.update_task(self.caller(), 1, {"title": "a"})
        pages: list[str] = []
        cursor = None
        while cursor or not pages:
            page = history.operations(self.ann.user, 2, cursor)
            pages += [change.title for item in page.items for change in item.changes]
            cursor = page.next_cursor
        self.assertEqual(pages, titles[::-1])

    def test_an_operation_of_others_is_no_place_in_the_pages(self) -> None:
        self.add("a")
        with self.assertRaises(NotFound):
            history.operations(sign_up("Bob").user, 2, Operation.objects.get().public_id)

    def test_operations_of_others_cannot_be_undone(self) -> None:
        added = self.add("a")
        with self.assertRaises(undo.NothingToUndo):
            undo.undo_operation(sign_up("Bob").caller(), added.pk)
        self.assertEqual(len(state(self.ann)), 1)

    def test_the_last_turn_of_the_chat_is_undone_as_a_whole(self) -> None:
        turn = uuid4()
        for title in ("a", "b"):
            operations.add_task(self.caller(source="chat", turn_id=turn), {"title": title})
        self.add("by hand")
        undo.undo_last(self.caller(source="chat", turn_id=uuid4()))
        self.assertEqual([task["title"] for task in state(self.ann)], ["by hand"])


numbers = st.integers(1, 6)
words = st.sampled_from(["milk", "eggs", "bread"])
values = st.fixed_dictionaries(
    {},
    optional={
        "title": words,
        "notes": words,
        "priority": st.sampled_from(["p1", "p4"]),
        "labels": st.lists(words, max_size=2, unique=True),
        "due_date": st.sampled_from([None, "2026-12-24", "2027-02-28"]),
        "recurrence": st.sampled_from(["", "FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
        "completed": st.booleans(),
        "parent_id": st.one_of(st.none(), numbers),
    },
)
steps = st.one_of(
    st.tuples(st.just("add"), words, values),
    st.tuples(st.just("update"), numbers, values),
    st.tuples(st.just("complete"), numbers),
    st.tuples(st.just("reopen"), numbers),
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("order"), st.lists(numbers, min_size=1, max_size=4, unique=True)),
    st.tuples(st.just("batch"), st.lists(numbers, min_size=1, max_size=3)),
)


def take(person: Person, step: tuple[Any, ...]) -> Operation | None:
    """Do a step, or nothing where it cannot be done."""
    caller = person.caller()
    try:
        match step:
            case ("add", title, fields):
                fields = {name: value for name, value in fields.items() if name != "completed"}
                return operations.add_task(caller, {**fields, "title": title})
            case ("update", number, fields):
                return operations.update_task(caller, number, fields)
            case ("complete", number):
                return operations.complete_task(caller, number)
            case ("reopen", number):
                return operations.reopen_task(caller, number)
            case ("delete", number):
                return operations.delete_task(caller, number)
            case ("order", order):
                return operations.order_tasks(caller, order)
            case ("batch", order):
                items = [{"action": "complete", "task_id": number} for number in order]
                return operations.batch(caller, "batch", [*items, {"action": "add", "title": "more"}])
    except Problem:
        return None
    raise AssertionError(step)


class PropertyTests(HypothesisTestCase):
    @given(st.lists(steps, max_size=12))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_any_sequence_undone_in_reverse_gives_the_starting_state(self, sequence: list[tuple[Any, ...]]) -> None:
        ann = sign_up()
        for title in ("first", "second", "third"):
            operations.add_task(ann.caller(), {"title": title})
        start = state(ann)
        done = [operation for step in sequence if (operation := take(ann, step))]
        end = state(ann)
        undone = [undo.undo_operation(ann.caller(), operation.pk) for operation in reversed(done)]
        assert [operation.result["kept"] for operation in undone if operation.result["kept"]] == []
        assert state(ann) == start
        for operation in reversed(undone):
            undo.undo_operation(ann.caller(), operation.pk)
        assert state(ann) == end
