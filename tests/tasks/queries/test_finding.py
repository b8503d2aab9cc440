"""Finding tasks by words and labels: what fits, in which order, and whatever people may type."""

from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase
from django.utils.http import urlencode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from tasks.models import OpenCount, Task
from tasks.queries import finding
from tasks.queries.finding import Filters
from tasks.rules import operations
from tests.people import Person, sign_up

STRANGE = [
    "x" * 200,
    "!!! ... ???",
    "🎉",
    "👩‍👩‍👧",
    "牛乳を買う",
    "שלום عليكم",
    "it's \"quoted\" \\ '",
    ":* & | ! <-> ( )",
    "%_",
    "1+/secret 2+#secret",
    "' | '2+/secret",
    "\u200f\ufeff",
    "ǅ ß İ ﬁ ½",
]


def titles(person: Person, **filters: Any) -> list[str]:
    return [task.title for task in finding.find(person.user, Filters(**filters)).tasks]


class FindingTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def add(self, title: str, **values: Any) -> None:
        operations.add_task(self.ann.caller(), {"title": title, **values})

    def test_a_search_finds_beginnings_of_words(self) -> None:
        self.add("Buy Milkshake", notes="from the corner-shop", labels=["errands", "in town"])
        for search in ("milk", "MILKSHAKE", "buy  milk", "milk, buy!", "shop", "corn", "err", "tow buy", "#town", "  "):
            with self.subTest(search):
                self.assertEqual(titles(self.ann, search=search), ["Buy Milkshake"])
        for search in ("shake", "uy", "milk tea", "milkshakes", "!"):
            with self.subTest(search):
                self.assertEqual(titles(self.ann, search=search), [])

    def test_accents_and_case_do_not_matter(self) -> None:
        for title, searches in {
            "Café ÉCLAIR": ("cafe", "CAFÉ", "eclair", "cafe\u0301"),
            "Käse für Øystein": ("kase fur", "KÄSE", "øy"),
            "Записать ёлку": ("ЕЛКУ", "запис"),
            "שָׁלוֹם": ("שלום",),
            "مُوعِد": ("موعد",),
        }.items():
            self.add(title)
            for search in searches:
                with self.subTest(search):
                    self.assertEqual(titles(self.ann, search=search), [title])

    def test_scripts_without_spaces_are_searched_by_their_characters(self) -> None:
        self.add("牛乳を買う🎉party")
        for search in ("牛乳", "買う", "乳", "🎉", "party"):
            with self.subTest(search):
                self.assertEqual(titles(self.ann, search=search), ["牛乳を買う🎉party"])
        self.assertEqual(titles(self.ann, search="牛肉"), [])

    def test_what_changes_is_found_as_it_is_now(self) -> None:
        self.add("Water the plants", labels=["home"])
        operations.complete_task(self.ann.caller(), 1)
        self.assertEqual(titles(self.ann, search="water"), [])
        for status in ("done", "all"):
            self.assertEqual(titles(self.ann, status=status, search="water", label="home"), ["Water the plants"])
        operations.update_task(self.ann.caller(), 1, {"title": "Feed the cat", "labels": [], "completed": False})
        self.assertEqual(titles(self.ann, search="feed"), ["Feed the cat"])
        self.assertEqual(titles(self.ann, status="all", search="water"), [])
        self.assertEqual(titles(self.ann, status="all", label="home"), [])

    def test_a_label_is_found_whole_and_as_it_is_written(self) -> None:
        for label in ("home", "home office", "it's \\ | 'x':*", "家"):
            self.add(label, labels=[label])
            self.assertEqual(titles(self.ann, label=f"#{label.upper()}"), [label])
        self.assertEqual(titles(self.ann, label="hom"), [])

    def test_whatever_is_typed_gets_an_answer(self) -> None:
        self.add("secret", labels=["secret"])
        for number, text in enumerate(STRANGE, 2):
            self.add(f"{number} {text}", labels=[text[:50]])
            for name in ("q", "label"):
                with self.subTest(text, name=name):
                    answer = self.client.get(
                        f"{self.ann.api}/tasks?{urlencode({name: text, 'status': 'all'})}", headers=self.ann.headers
                    )
                    self.assertEqual(answer.status_code, 200, answer.content)
                    self.assertNotIn(1, [task["id"] for task in answer.json()["items"]])

    def test_what_the_database_cannot_hold_is_passed_over(self) -> None:
        self.add("buy milk", labels=["home"])
        self.assertEqual(titles(self.ann, search="milk\0", label="home\0"), ["buy milk"])

    def test_a_search_that_is_too_long_is_refused(self) -> None:
        answer = self.client.get(f"{self.ann.api}/tasks?q={'x' * 100_000}", headers=self.ann.headers)
        self.assertEqual(answer.status_code, 422)
        with self.assertRaisesRegex(finding.BadFilter, "200 characters"):
            finding.find(self.ann.user, Filters(search="x" * 100_000))

    def test_long_notes_are_searched_to_their_end(self) -> None:
        self.add("long", notes=" ".join(f"word{number}" for number in range(2_000)) + " needle")
        self.add("longer", notes="x" * 20_000)
        self.assertEqual(titles(self.ann, search="needle"), ["long"])
        self.assertEqual(titles(self.ann, search="x" * 200), ["longer"])

    def test_short_words_and_signs_count_beside_long_ones(self) -> None:
        self.add("a plan for the garden")
        for search, found in (("a garden", 1), ("a ???", 1), ("a !!! garden", 1), ("z garden", 0), ("a z", 0)):
            for many in (True, False):
                with self.subTest(search, many=many), patch.object(finding, "are_many", lambda *args, m=many: m):
                    self.assertEqual(len(finding.find(self.ann.user, Filters(search=search)).tasks), found)

    def test_words_of_others_are_out_of_reach(self) -> None:
        bob = sign_up("Bob")
        operations.add_task(bob.caller(), {"title": "secret", "labels": ["secret"]})
        mark = f"{bob.user.pk}+"
        for text in ("secret", f"{mark}/secret", f"x' | '{mark}/secret", f"x' | '{mark}#secret", f"\\' | '{mark}/s"):
            for name in ("search", "label"):
                with self.subTest(text, name=name):
                    filters = Filters("all", **{name: text})
                    self.assertEqual(finding.find(self.ann.user, filters).tasks, [])
                    self.assertEqual(finding.count(self.ann.user, filters), 0)

    def test_a_count_stops(self) -> None:
        for title in ("milk one", "milk two", "milk three", "eggs"):
            self.add(title)
        self.assertEqual(finding.count(self.ann.user, Filters(search="milk")), 3)
        with patch.object(finding, "COUNTED", 2):
            self.assertEqual(finding.count(self.ann.user, Filters(search="milk")), 2)

    def test_a_sample_decides_how_tasks_are_looked_for(self) -> None:
        for number in range(10):
            self.add("milk" if number < 4 else "eggs")
        for sample, many, search, expected in ((11, 1, "x", True), (10, 3, "milk", True), (10, 2, "milk", False)):
            with patch.object(finding, "SAMPLE", sample):
                filters = Filters(search=search)
                tasks, terms = filters.of(self.ann.user).in_list_order(), filters.terms(self.ann.user)
                assert terms
                self.assertEqual(finding.are_many(tasks, terms, many), expected)


words = st.sampled_from(["milk", "milkshake", "eggs", "bread", "oat milk", "o milk"])
dates = st.sampled_from([None, "2026-12-24", "2027-02-28", "9999-12-31"])
lists = st.lists(st.tuples(words, st.lists(words, max_size=2, unique=True), dates, st.booleans()), max_size=9)


class BothWaysTests(HypothesisTestCase):
    """Whether matching tasks are read and sorted, or the list is gone through: the answer is the same."""

    @given(lists, st.sampled_from(["open", "done", "all"]), st.none() | words, st.none() | words)
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_pages_hold_what_fits_in_the_order_of_the_list(
        self, tasks: list[Any], status: str, search: str | None, label: str | None
    ) -> None:
        ann = sign_up()
        for title, labels, day, done in tasks:
            number = operations.add_task(ann.caller(), {"title": title, "labels": labels, "due_date": day}).result[
                "task"
            ]["id"]
            if done:
                operations.complete_task(ann.caller(), number)
        expected = [
            task.id
            for task in finding.find(ann.user, Filters(status)).tasks
            if (not search or all(any(own.startswith(word) for own in own_words(task)) for word in search.split()))
            and (not label or label in task.labels)
        ]
        for many in (True, False):
            with patch.object(finding, "are_many", lambda *args, many=many: many):
                assert pages(ann, Filters(status, search=search, label=label)) == expected
                assert finding.count(ann.user, Filters(status, search=search, label=label)) == len(expected)


def own_words(task: Any) -> list[str]:
    return " ".join([task.title, *task.labels]).split()


def pages(person: Person, filters: Filters) -> list[int]:
    """Return the numbers of what is found, two a page."""
    numbers: list[int] = []
    cursor = None
    while cursor or not numbers:
        found = finding.find(person.user, filters, 2, cursor)
        numbers += [task.id for task in found.tasks]
        cursor = found.next_cursor
        if cursor is None:
            break
    return numbers


class MigrationTests(TransactionTestCase):
    def test_tasks_from_before_are_found_and_counted(self) -> None:
        before, after = [("tasks", "0001_initial")], [("tasks", "0002_finding")]
        ann = sign_up()
        for values in ({"title": "Café", "labels": ["home", "x"], "due_date": "2026-12-24"}, {"title": "b"}):
            operations.add_task(ann.caller(), values)
        operations.add_task(ann.caller(), {"title": "c", "labels": ["home"]})
        operations.complete_task(ann.caller(), 3)
        counts = sorted(OpenCount.objects.filter(count__gt=0).values_list("user", "kind", "name", "count"))
        MigrationExecutor(connection).migrate(before)
        MigrationExecutor(connection).migrate(after)
        self.assertEqual(titles(ann, search="cafe", label="home"), ["Café"])
        self.assertEqual(sorted(OpenCount.objects.values_list("user", "kind", "name", "count")), counts)
        self.assertEqual(Task.objects.count(), 3)
