"""Migrations must suit two versions at once: while servers are exchanged one by one, the old code meets the new schema.

django-migration-linter judges the SQL; what it only warns of counts too: an index
that locks a table while it is built.
"""

from io import StringIO

from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import TransactionTestCase
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements, get_sql_analyser_class
from django_tasks_db.models import DBTaskResult

from knowledge.background import read_document

OWN = ("accounts", "chat", "knowledge", "tasks")
# From before the first release: no installation has to be upgraded across them while it runs. None is to be added.
BASELINE = {
    ("accounts", "0001_initial"),
    ("accounts", "0002_approval_policy"),
    ("accounts", "0003_closing"),
    ("accounts", "0004_sessions"),
    ("accounts", "0005_tokens_a_day"),
    ("chat", "0001_initial"),
    ("chat", "0002_approval"),
    ("chat", "0003_branches"),
    ("chat", "0004_summary"),
    ("chat", "0005_replay"),
    ("chat", "0006_staff"),
    ("chat", "0007_feedback"),
    ("chat", "0008_widgets"),
    ("chat", "0009_attachments"),
    ("knowledge", "0001_initial"),
    ("tasks", "0001_initial"),
    ("tasks", "0002_finding"),
}


def faults(loader: MigrationLoader, migration: Migration) -> list[str]:
    """Return what makes a migration unsafe while the version before it still runs."""
    sql = loader.collect_sql([(migration, False)])
    begin = ["BEGIN;"] if migration.atomic else []
    errors, _, warnings = analyse_sql_statements(get_sql_analyser_class("postgresql"), begin + sql)
    return [f"{migration}: {issue.message}" for issue in errors + warnings]


class MigrationTests(TransactionTestCase):
    def setUp(self) -> None:
        self.loader = MigrationLoader(connection)

    def following(self, *operations: migrations.operations.base.Operation, atomic: bool = True) -> Migration:
        """Return a migration of tasks after the last that there is."""
        kind = type("Migration", (Migration,), {"operations": list(operations), "atomic": atomic})
        migration: Migration = kind("9999_next", "tasks")
        key = ("tasks", migration.name)
        self.loader.graph.add_node(key, migration)
        self.loader.graph.add_dependency(migration, key, self.loader.graph.leaf_nodes("tasks")[0])
        return migration

    def test_new_migrations_suit_the_version_before_them(self) -> None:
        new = [key for key in self.loader.disk_migrations if key[0] in OWN and key not in BASELINE]
        self.assertEqual([fault for key in new for fault in faults(self.loader, self.loader.disk_migrations[key])], [])

    def test_what_the_baseline_names_is_there(self) -> None:
        self.assertLessEqual(BASELINE, self.loader.disk_migrations.keys())

    def test_what_the_version_before_would_stumble_over_is_refused(self) -> None:
        cases = {
            "DROPPING columns": migrations.RemoveField("task", "notes"),
            "RENAMING columns": migrations.RenameField("task", "notes", "text"),
            "RENAMING tables": migrations.AlterModelTable("task", "renamed"),
            "DROPPING table": migrations.DeleteModel("change"),
            "NOT NULL constraint on columns": migrations.AddField("task", "colour", models.TextField(default="")),
            "CREATE INDEX locks table": migrations.AddIndex("task", models.Index(fields=["title"], name="by_title")),
        }
        for message, operation in cases.items():
            with self.subTest(message):
                self.loader.build_graph()
                found = faults(self.loader, self.following(operation))
                self.assertIn(f"tasks.9999_next: {message}", found)

    def test_what_suits_both_is_accepted(self) -> None:
        column = models.TextField(default="", db_default="")
        self.assertEqual(faults(self.loader, self.following(migrations.AddField("task", "colour", column))), [])

    def test_an_index_that_is_built_beside_the_work_is_accepted(self) -> None:
        index = AddIndexConcurrently("task", models.Index(fields=["title"], name="by_title"))
        self.assertEqual(faults(self.loader, self.following(index, atomic=False)), [])


class QueueTests(TransactionTestCase):
    """0.1.0 made the queue's table by one migration of its own, under the name of the package's first."""

    def recorded(self) -> int:
        return MigrationRecorder.Migration.objects.filter(app="django_tasks_database").count()

    def test_a_queue_of_the_first_release_is_taken_over_as_it_is(self) -> None:
        read_document.enqueue("0" * 32)
        count = self.recorded()
        later = MigrationRecorder.Migration.objects.filter(app="django_tasks_database").exclude(name="0001_initial")
        later.delete()
        out = StringIO()
        call_command("migrate", stdout=out)
        self.assertIn("noted as applied", out.getvalue())
        self.assertEqual((self.recorded(), DBTaskResult.objects.count()), (count, 1))
        self.assertGreater(count, 20)

    def test_a_queue_of_its_package_is_left_alone(self) -> None:
        out = StringIO()
        call_command("migrate", stdout=out)
        self.assertNotIn("noted as applied", out.getvalue())
