"""Fills the database with tasks of one user among everyone's, by SQL: millions of rows in minutes.

The tasks of that user are the same whether they are alone or spread among everyone's, as if all had come over years.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.core.management import call_command
from django.db import connection

from accounts.models import User

OWN = 125_000  # of which one in five is done
USERS = 10_000
LONG_HISTORY = 7  # the number of a task that was changed often
TABLES = ["tasks_task", "tasks_operation", "tasks_change", "tasks_opencount"]

# A number below `sides` that looks random and is the same in every run.
DICE = """
CREATE OR REPLACE FUNCTION dice(i bigint, salt bigint, sides int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(i, salt) & 9223372036854775807) % sides)::int $$
"""
EVERYONE = """
INSERT INTO accounts_user (password, is_superuser, username, email, is_staff, is_active, date_joined, issuer, subject,
    name, timezone)
SELECT '', false, 'user' || i, '', false, true, now(), 'bench', 'user' || i, 'User ' || i, 'UTC'
FROM generate_series(1, %(users)s) i
RETURNING id
"""
# `seed` makes a task what it is: positive and the task's number for those of the one user, negative for all others.
# Everyone else's tasks fall to users by the square of a die: the busiest has 1 % of all, half of them 7 in 100,000.
TASKS = """
INSERT INTO tasks_task (id, user_id, number, title, notes, priority, labels, due_date, due_time, position, recurrence,
    recurrence_start, occurrence_date, parent_id, completed_at, version, created_at, updated_at)
SELECT (lpad(to_hex(i), 12, '0') || '70008000000000000000')::uuid,
    CASE WHEN seed > 0 THEN %(user)s ELSE %(first)s + floor(%(users)s * (dice(seed, 1, 100000) / 1e5) ^ 2)::int END,
    abs(seed),
    (ARRAY['Call', 'Write to', 'Visit', 'Ask', 'Remind', 'Invite', 'Thank', 'Pay'])[1 + dice(seed, 2, 8)] || ' '
        || (ARRAY['Anna', 'the dentist', 'the bank', 'Bob', 'the landlord', 'the school', 'Carla', 'the garage', 'Dan',
        'the library', 'Eve', 'the office', 'Frank', 'the vet', 'Grace', 'the baker'])[1 + dice(seed, 3, 16)]
        || ' about ' || (ARRAY['the invoice', 'Saturday', 'the keys', 'a present', 'the trip'])[1 + dice(seed, 4, 5)]
        || ' ' || dice(seed, 5, 10000),
    CASE WHEN dice(seed, 6, 5) = 0 THEN repeat('Bring what was agreed upon last time. ', 3) ELSE '' END,
    (ARRAY['p1', 'p2', 'p2', 'p3', 'p3', 'p3', 'p4', 'p4', 'p4', 'p4', 'p4', 'p4', 'p4'])[1 + dice(seed, 7, 13)],
    CASE WHEN seed %% 10000 = 1 THEN ARRAY['rare']
        WHEN seed %% 100 = 2 THEN ARRAY['one-in-100']
        WHEN dice(seed, 8, 10) < 5 THEN ARRAY[]::varchar[]
        WHEN dice(seed, 8, 10) = 5 THEN ARRAY['home', 'label' || dice(seed, 9, 20)]
        ELSE ARRAY['label' || dice(seed, 9, 20)] END
        || CASE WHEN dice(seed, 20, 2) = 0 THEN ARRAY['half'] ELSE ARRAY[]::varchar[] END
        || CASE WHEN day IS NULL AND dice(seed, 20, 2) = 0 THEN ARRAY['someday'] ELSE ARRAY[]::varchar[] END,
    day,
    CASE WHEN dice(seed, 11, 10) < 3 AND day IS NOT NULL THEN make_time(7 + dice(seed, 12, 14), 0, 0) END,
    CASE WHEN dice(seed, 13, 50) = 0 THEN 1 + dice(seed, 14, 20) END,
    CASE WHEN repeats THEN 'FREQ=WEEKLY;INTERVAL=1' ELSE '' END,
    CASE WHEN repeats THEN day END,
    CASE WHEN repeats THEN day END,
    CASE WHEN dice(seed, 16, 20) = 0 AND i > stride
        THEN (lpad(to_hex(i - stride), 12, '0') || '70008000000000000000')::uuid END,
    CASE WHEN seed %% 5 = 0 OR (seed < 0 AND seed %% 2 = 0)
        THEN now() - dice(seed, 17, 525600) * interval '1 minute' END,
    1 + dice(seed, 18, 4),
    now() - (1000000 - i * 1000000 / %(rows)s) * interval '1 minute',
    now() - (1000000 - i * 1000000 / %(rows)s) * interval '1 minute'
FROM (SELECT i::bigint, %(rows)s / %(own)s AS stride FROM generate_series(1, %(rows)s) i) a,
    LATERAL (SELECT CASE WHEN i %% stride = 0 AND i / stride <= %(own)s THEN i / stride ELSE -i END AS seed) b,
    LATERAL (SELECT CASE WHEN dice(seed, 10, 10) < 6 THEN current_date + dice(seed, 19, 400) - 40 END AS day) c,
    LATERAL (SELECT day IS NOT NULL AND dice(seed, 15, 30) = 0 AS repeats) d
"""
# Every task of the user was added by an operation; of everyone else's, one in eight (their record would be 10 GB).
OPERATIONS = """
INSERT INTO tasks_operation (id, user_id, source, key, tool, arguments, result, turn_id, summary, changes_count,
    created_at)
SELECT task.id, user_id, 'rest', task.id::text, 'add_task', jsonb_build_object('title', title),
    jsonb_build_object('task', to_jsonb(task) - 'words'),
    CASE WHEN number %% 3 = 0 THEN task.id END, 'Added “' || title || '”',
    1, created_at
FROM tasks_task task WHERE user_id = %(user)s OR number %% 8 = 1 ORDER BY task.id
"""
CHANGES = """
INSERT INTO tasks_change (operation_id, user_id, task_id, number, after)
SELECT operation.id, task.user_id, task.id, task.number, to_jsonb(task) - 'words'
FROM tasks_operation operation JOIN tasks_task task USING (id) ORDER BY operation.id
"""
MORE_OPERATIONS = """
INSERT INTO tasks_operation (id, user_id, source, key, tool, arguments, result, summary, changes_count,
    created_at)
SELECT (lpad(to_hex(i), 12, '0') || '70009000000000000000')::uuid, user_id, 'chat', 'more ' || i, 'update_task', '{}',
    '{}', 'Changed “' || title || '”', 1, created_at
FROM tasks_task, generate_series(1, 150) i WHERE user_id = %(user)s AND number = %(number)s
"""
MORE_CHANGES = """
INSERT INTO tasks_change (operation_id, user_id, task_id, number, before, after)
SELECT operation.id, user_id, task.id, number, to_jsonb(task) - 'words',
    to_jsonb(task) - 'words' || '{"title": "Another"}'
FROM tasks_operation operation JOIN tasks_task task USING (user_id)
WHERE user_id = %(user)s AND number = %(number)s AND key LIKE 'more %%'
"""
# As the migration counts what is there already.
COUNTS = import_module("tasks.migrations.0002_finding").COUNTS


def empty_database() -> None:
    """Make this process's database, or empty it of what another group left."""
    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)


def fill(user: User, own: int, rows: int, users: int = USERS) -> None:
    """Make the tables anew: `own` tasks of the user, evenly spread among everyone's, `rows` in all."""
    with connection.cursor() as cursor:
        cursor.execute(DICE)
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        cursor.execute("DELETE FROM accounts_user WHERE issuer = 'bench'")
        cursor.execute(EVERYONE, {"users": users})
        first = min(id for (id,) in cursor.fetchall())
        values = {"user": user.pk, "own": own, "rows": rows, "users": users, "first": first, "number": LONG_HISTORY}
        with indexed_last():
            for statement in [TASKS, OPERATIONS, CHANGES, MORE_OPERATIONS, MORE_CHANGES, COUNTS]:
                cursor.execute(statement, values)
        cursor.execute(f"VACUUM (ANALYZE) {', '.join([*TABLES, 'accounts_user'])}")
        cursor.execute("CHECKPOINT")


@contextmanager
def indexed_last() -> Iterator[None]:
    """Build indexes after the rows are there, and trust that they refer to each other: many times faster."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid::regclass::text = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [TABLES],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        for _, definition in indexes:
            cursor.execute(definition)
