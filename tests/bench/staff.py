"""The admin's pages on many messages beside the same pages on few: the whole request, with Python and the template."""

import statistics
from argparse import Namespace
from collections.abc import Iterator
from time import perf_counter

from django.db import connection
from django.test import Client, override_settings

from accounts.models import User
from chat.models import Conversation
from tests.bench.filling import empty_database
from tests.bench.table import Row, Table

FEW = 1_000
RUNS = 9
TURNS = 5  # in a conversation, with a question, an answer, a tool call and two responses each
LONG = 200  # turns of the one long conversation
PEOPLE = 1_000
LIST = "/admin/chat/conversation/"
TABLES = ["chat_conversation", "chat_turn", "chat_message", "chat_step", "tasks_operation", "tasks_change"]

DICE = """
CREATE OR REPLACE FUNCTION dice(i bigint, salt bigint, sides int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(i, salt) & 9223372036854775807) % sides)::int $$
"""
IDS = """
CREATE OR REPLACE FUNCTION made(kind text, i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(1700000000000 + i), 12, '0') || '7' || kind || '008000' || lpad(to_hex(i), 12, '0'))::uuid $$
"""
EVERYONE = """
INSERT INTO accounts_user (password, is_superuser, username, email, is_staff, is_active, date_joined, issuer, subject,
    name, timezone)
SELECT '', false, 'user' || i, 'user' || i || '@example.org', false, true, now(), 'bench', 'user' || i, 'User ' || i,
    'UTC'
FROM generate_series(1, %(people)s) i
"""
# Conversation number 1 has the most turns; one turn in 50 failed, one in 10,000 with a rare error.
CONVERSATIONS = """
INSERT INTO chat_conversation (id, user_id, title, status, created_at, updated_at)
SELECT made('c', i), (SELECT min(id) FROM accounts_user WHERE issuer = 'bench') + dice(i, 1, %(people)s),
    'Remind me of thing ' || i, '{}', at, at
FROM generate_series(1, %(count)s) i, LATERAL (SELECT now() - (%(count)s - i) * interval '25 s') moment(at)
"""
TURNS_SQL = """
INSERT INTO chat_turn (id, conversation_id, user_id, is_active, abandoned, key, fingerprint, status, lease_owner,
    lease_expires_at, stop_requested, attempts, model, prompt_hash, input_tokens, output_tokens, cost, first_text_ms,
    queue_ms, history_ms, error, created_at, ended_at)
SELECT made('d', i), c.id, c.user_id, true, '[]', 'bench' || i, '',
    CASE WHEN i %% 50 = 0 THEN 'failed' ELSE 'completed' END, gen_random_uuid(), c.updated_at, false, 1,
    (ARRAY['gpt-5-mini', 'gpt-5', 'qwen3'])[1 + dice(i, 2, 3)], md5((i / 100000)::text), 1500 + dice(i, 3, 3000),
    100 + dice(i, 4, 200), 0.001 + dice(i, 5, 1000) / 100000.0, 300 + dice(i, 6, 1500), 3, 12,
    CASE WHEN i %% 10000 = 0 THEN 'The context was too long.' WHEN i %% 50 = 0 THEN 'The provider is busy.' ELSE '' END,
    c.updated_at, c.updated_at + interval '3 s'
FROM generate_series(1, %(turns)s) i
JOIN chat_conversation c ON c.id = made('c', CASE WHEN i <= %(long)s THEN 1 ELSE (i - 1) / %(of)s + 1 END)
"""
MESSAGES = """
INSERT INTO chat_message (item_id, conversation_id, turn_id, kind, text, item, created_at)
SELECT kind || t.id, t.conversation_id, t.id, kind, words, jsonb_build_object('id', kind || t.id), t.created_at
FROM (SELECT *, ('x' || right(id::text, 8))::bit(32)::bigint AS i FROM chat_turn) t, LATERAL (VALUES
    ('user_message', 'Please remind me to ' || (ARRAY['call', 'visit', 'pay', 'thank'])[1 + dice(i, 7, 4)] || ' '
        || (ARRAY['the dentist', 'Anna', 'the landlord', 'Bob'])[1 + dice(i, 8, 4)] || ' about number' || i),
    ('assistant_message', 'Added it for tomorrow, word' || dice(i, 9, 2000) || '. ' || repeat('More to do. ', 8))
) said(kind, words)
"""
STEPS = """
INSERT INTO chat_step (turn_id, number, kind, items, call_id, name, arguments, result, is_error, input_tokens,
    output_tokens, duration_ms, created_at)
SELECT t.id, n, CASE WHEN n = 2 THEN 'tool' ELSE 'response' END, '[]', CASE WHEN n = 2 THEN 'call' ELSE '' END,
    CASE WHEN n <> 2 THEN '' WHEN i %% 5000 = 0 THEN 'undo' ELSE
        (ARRAY['add_task', 'list_tasks', 'complete_task'])[1 + dice(i, 10, 3)] END,
    '{"title": "Call the dentist"}', '{"task": {"id": 1, "title": "Call the dentist"}}', false, 700, 50, 40 * n,
    t.created_at
FROM (SELECT *, ('x' || right(id::text, 8))::bit(32)::bigint AS i FROM chat_turn) t, generate_series(1, 3) n
"""
OPERATIONS = """
INSERT INTO tasks_operation (id, user_id, source, key, tool, arguments, result, turn_id, summary, changes_count,
    created_at)
SELECT made('e', ('x' || right(id::text, 8))::bit(32)::bigint), user_id, 'chat', 'turn:' || id, 'add_task', '{}', '{}',
    id, 'Added “Call the dentist”', 1, created_at
FROM chat_turn
"""
CHANGES = """
INSERT INTO tasks_change (operation_id, user_id, task_id, number, before, after)
SELECT id, user_id, id, 1, NULL, '{"id": "x", "title": "Call the dentist", "notes": "", "priority": "p4", "labels": [],
    "due_date": null, "due_time": null, "recurrence": "", "parent_id": null, "completed_at": null}'
FROM tasks_operation
"""


def fill(messages: int) -> None:
    """Make the tables anew, with so many messages."""
    turns = messages // 2
    values = {"people": PEOPLE, "turns": turns, "count": turns // TURNS, "of": TURNS, "long": min(LONG, turns)}
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cursor.execute("DELETE FROM accounts_user WHERE issuer = 'bench'")
        for statement in [DICE, IDS]:
            cursor.execute(statement)
        for statement in [EVERYONE, CONVERSATIONS, TURNS_SQL, MESSAGES, STEPS, OPERATIONS, CHANGES]:
            cursor.execute(statement, values)
        cursor.execute(f"VACUUM (ANALYZE) {', '.join([*TABLES, 'accounts_user'])}")


def pages() -> Iterator[tuple[str, str]]:
    latest = Conversation.objects.order_by("-updated_at").first()
    longest = Conversation.objects.order_by("id").first()
    assert latest
    assert longest
    yield "list", LIST
    yield "list, second page", f"{LIST}?p=2"
    for name, words in {
        "a word that one message has": "number77",
        "a word that one in 4,000 has": "word77",
        "two words that one in 32 has": "dentist visit",
        "a word that half of them have": "remind",
        "words that none has": "purple giraffe",
        "user": "user:user77",
        "model (one in three)": "model:qwen3",
        "status (one in 50)": "status:failed",
        "an error that one in 10,000 has": "error:context",
        "a tool (one in three)": "tool:list_tasks",
        "a tool (one in 5,000)": "tool:undo",
        "cost": "cost>0.0109",
        "since": "since:2020-01-01",
        "user, tool and words": "user:user77 tool:add_task dentist",
        "status and words": "status:failed remind",
    }.items():
        yield f"search: {name}", f"{LIST}?q={words.replace(' ', '+').replace('>', '%3E')}"
    yield "timeline", f"{LIST}{latest.pk}/change/"
    yield f"timeline of {LONG} turns", f"{LIST}{longest.pk}/change/"
    yield "dashboard, 30 days", f"{LIST}dashboard/?days=30"


def measure(options: Namespace) -> Table:
    empty_database()
    staff = User.objects.create_superuser("bench-staff")
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        client = Client()
        client.force_login(staff)
        taken = []
        for messages in (FEW, options.messages):
            fill(messages)
            taken.append({name: milliseconds(client, path) for name, path in pages()})
    few, many = taken
    rows = [Row(name, many[name], few[name], "ms") for name in many]
    return Table("Staff: the admin's pages", f"{options.messages:,} messages", f"{FEW:,}", rows)


def milliseconds(client: Client, path: str) -> float:
    """Return how long a page takes, the median of some runs after a first one."""
    runs = []
    for _ in range(RUNS + 1):
        start = perf_counter()
        response = client.get(path)
        runs.append((perf_counter() - start) * 1000)
        assert response.status_code == 200, (path, response.status_code)
    return statistics.median(runs[1:])
