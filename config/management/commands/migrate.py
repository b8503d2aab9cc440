from typing import Any

from django.core.management.commands import migrate
from django.db import connection

QUEUE = "django_tasks_database"
# The column came with a later one of the package's migrations: so the table is not one that these have just begun.
ONE_MIGRATION = """
SELECT count(*) FROM django_migrations WHERE app = %s HAVING count(*) = 1 AND EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_name = 'django_tasks_database_dbtaskresult' AND column_name = 'worker_ids')
"""


class Command(migrate.Command):
    """Django's own, for databases of 0.1.0 too: their queue was made by one migration in place of its package's."""

    def handle(self, *args: Any, **options: Any) -> None:
        if is_queue_of_one_migration():
            self.stdout.write("The queue's table is as its package makes it; its migrations are noted as applied.")
            super().handle(*args, **options | {"app_label": QUEUE, "migration_name": None, "fake": True})
        super().handle(*args, **options)


def is_queue_of_one_migration() -> bool:
    if "django_migrations" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute(ONE_MIGRATION, [QUEUE])
        return cursor.fetchone() is not None
