"""Cases as files: what passes, what does not and why, how often, and as reports."""

import json
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from xml.etree import ElementTree

from django.core.management import CommandError
from django.test import SimpleTestCase, TransactionTestCase
from django.urls import reverse

from accounts.models import User
from chat.models import Turn
from chat.replay import case_checks, cases
from chat.replay.evaluation import wilson
from tasks.rules import operations
from tasks.surfaces.mcp import tools
from tests.chat.talking import command, command_json, talk
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up
from tests.server import ROOT

CASES = ROOT / "tests" / "cases"
ADD_MILK = """
title = "Add milk"
tags = ["add"]
[[turns]]
say = "add buy milk tomorrow"
calls = [{ name = "add_task", arguments = { title = { contains = "milk" } } }]
answer = { contains = "milk" }
[[end.things.tasks]]
title = "buy milk"
due_date = "2026-05-05"
"""
KEEP_MILK = """
title = "Keep milk"
[[start.tasks]]
title = "buy milk"
labels = ["shop"]
[[turns]]
say = "complete buy milk"
never = ["*"]
[end]
unchanged = true
"""


class CaseFileTests(SimpleTestCase):
    def test_there_are_cases_for_every_tool(self) -> None:
        found = cases.load_all(CASES)
        self.assertGreaterEqual(len(found), 80)
        asked = {name for case in found for turn in case.turns for call in turn.calls for name in call.names}
        self.assertEqual({"search_knowledge", *(tool.name for tool in tools)} - asked, set())

    def test_what_is_no_case_is_told_by_place(self) -> None:
        path = Path(mkdtemp()) / "bad.toml"
        for content, said in {
            "title = ": "bad.toml",
            'title = "x"': "turns",
            'title = "x"\ntests = 1': "bad.toml",
        }.items():
            path.write_text(content)
            with self.assertRaisesMessage(cases.BadCase, said):
                cases.load(path)

    def test_rules(self) -> None:
        for rule, value, fits in [
            ("Milk", "milk", True),
            ({"contains": ["a", "B"]}, "xAb", True),
            ({"without": "a"}, "cat", False),
            ({"any": ["x", {"contains": "y"}]}, "xyz", True),
            ({"matches": r"^\d+$"}, "12", True),
            ({"missing": True}, [], True),
            ({"missing": True}, "x", False),
            (["b", "a"], ["a", "b"], True),
            (5, 6, False),
        ]:
            with self.subTest(rule=rule, value=value):
                self.assertEqual(case_checks.fits(rule, value), fits)

    def test_intervals_are_those_of_wilson(self) -> None:
        low, high = wilson(8, 10)  # Newcombe (1998), method 3
        self.assertAlmostEqual(low, 0.4902, 3)
        self.assertAlmostEqual(high, 0.9433, 3)
        self.assertEqual(wilson(0, 0), (0.0, 1.0))
        self.assertLess(wilson(10, 10)[0], 1)


class EvaluateTests(TransactionTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        (self.folder / "add-milk.toml").write_text(ADD_MILK)
        (self.folder / "keep-milk.toml").write_text(KEEP_MILK)

    def evaluate(self, *options: Any) -> tuple[int, Any]:
        status, printed = command_json("evaluate", self.folder, *options)
        return status, printed["results"]

    def test_cases_pass_or_say_why_not(self) -> None:
        status, (result,) = self.evaluate("--runs", 2)
        self.assertEqual((status, result["passed"], result["runs"]), (1, 2, 4))
        by_name = {case["name"]: case["runs"] for case in result["cases"]}
        self.assertEqual([run["faults"] for run in by_name["add-milk"]], [[], []])
        self.assertEqual(
            by_name["keep-milk"][0]["faults"], ["turn 1: called complete_task", "end: something was changed"]
        )

    def test_a_lower_bar_can_be_set(self) -> None:
        self.assertEqual(self.evaluate("--at-least", 0.5)[0], 0)
        self.assertEqual(self.evaluate("--only", "add")[0], 0)

    def test_two_models_are_compared_in_one_table(self) -> None:
        def lazy(asked: Asked) -> Reply:
            return Reply(["Added buy milk."])

        def able(asked: Asked) -> Reply:
            if asked.has_results:
                return Reply(["Added buy milk."])
            return Reply(calls=[Call("add_task", {"title": "Buy milk", "due": "tomorrow"})])

        with Provider(keep_alive=False).scripted("lazy", lazy).scripted("able", able).serving() as url:
            options = ["--provider", "custom", "--base-url", url, "--model", "lazy", "--only", "add"]
            versus = ["--versus-provider", "custom", "--versus-base-url", url, "--versus-model", "able"]
            status, results = self.evaluate(*options, *versus)
            _, table = command("evaluate", self.folder, *options, *versus)
        self.assertEqual([(each["label"], each["passed"]) for each in results], [("lazy", 0), ("able", 1)])
        self.assertEqual(status, 1)
        self.assertRegex(table, r"add-milk +0/1 \(0 %\) +1/1 \(100 %\)")

    def test_junit_names_what_failed(self) -> None:
        path = self.folder / "junit.xml"
        command("evaluate", self.folder, "--junit", path)
        root = ElementTree.parse(path).getroot()  # noqa: S314 - written a line above
        suite = root[0]
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        self.assertEqual([case.get("name") for case in suite if len(case)], ["keep-milk 1"])

    def test_what_cannot_be_is_said(self) -> None:
        for arguments in (["/nowhere"], [self.folder, "--only", "nothing"], [self.folder, "--runs", 0]):
            with self.subTest(arguments), self.assertRaises(CommandError) as caught:
                command("evaluate", *arguments)
            self.assertEqual(caught.exception.returncode, 2)

    def test_a_turn_in_the_admin_becomes_a_case_that_passes(self) -> None:
        ann = sign_up()
        operations.add_task(ann.caller(), {"title": 'Say "hi"', "labels": ["a", "b"], "due": "2030-05-01 17:00"})
        operations.add_task(ann.caller(), {"title": "Swim", "recurrence": "every friday"})
        operations.add_task(ann.caller(), {"title": "Pack", "parent_id": 1})
        conversation = talk(ann, "add buy milk tomorrow at 5pm", "complete it", "delete swim")
        self.client.force_login(User.objects.create_superuser("staff"))
        turn = Turn.objects.order_by("id").last()
        assert turn
        response = self.client.get(reverse("admin:chat_case", args=[conversation.pk, turn.pk]))
        path = self.folder / "recorded.toml"
        path.write_bytes(response.content)
        status, printed = command_json("evaluate", path)
        self.assertEqual(status, 0, json.dumps(printed, indent=1) + path.read_text())
