"""Finding tasks: one user's, alone in the database and among everyone's. Nothing may grow with other people's data.

Measured is the time that PostgreSQL needs for the queries that the application really makes; writes are measured as
a whole.
"""

import json
import statistics
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from time import perf_counter

from django.db import connection
from django.db.models import Count, Max
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.models import User
from tasks.models import Operation, Task, TaskList
from tasks.queries import finding, history
from tasks.queries.finding import Filters
from tasks.rules import operations
from tests.bench.filling import LONG_HISTORY, OWN, USERS, empty_database, fill
from tests.bench.table import Row, Table

PAGE = 50
RUNS = 15
WRITES = 101
NOTES = " ".join(f"word{number}" for number in range(2_100))[:20_000]
LABELS = {
    "none has": "zebra",
    "of 1 in 10,000": "rare",
    "of 1 in 100": "one-in-100",
    "of 1 in 40": "label7",
    "of 1 in 10": "home",
    "of 1 in 2": "half",
    "of 1 in 5, all at the list's end": "someday",
}
SEARCHES = {
    "none fits": "zebra",
    "1 in 10,000 fits": "7654",
    "1 in 90 fits": "76",
    "1 in 80 fits": "dentist invoice",
    "1 in 45 fits": "call saturday",
    "1 in 16 fits": "dentist",
    "1 in 8 fits": "call",
    "1 in 5 fits": "bring agreed",
    "all fit": "about",
    "none fits, one word is everywhere": "a zebra",
}

type Case = tuple[str, Callable[[], object]]


def measure(options: Namespace) -> Table:
    """Measure with `options.rows` tasks of everyone."""
    empty_database()
    user = User.objects.sign_up(name="Ann", email="ann@example.org", password="correct horse battery")
    own = min(OWN, options.rows // 2)
    fill(user, own, rows=own, users=1)
    alone = times(user)
    fill(user, own, rows=options.rows, users=min(USERS, options.rows))
    among = times(user) | {f"an ordinary user's {name}": time for name, time in ordinary_times().items()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        version, memory = cursor.fetchone()
    return Table(
        title=f"Finding: time in PostgreSQL {version} with {memory} of shared buffers, warm, median of {RUNS}; "
        f"pages of {PAGE} of one user's {own:,} tasks, four of five open",
        here=f"among {options.rows:,}",
        reference="alone",
        rows=[Row(name, time, alone.get(name), "ms") for name, time in among.items()],
    )


def ordinary_times() -> dict[str, float]:
    """Return the times of what costs as much as one has tasks, for a user who has as many as half of everyone."""
    counted = User.objects.filter(issuer="bench").annotate(n=Count("tasks")).order_by("n", "pk")
    user = counted[counted.count() // 2]
    calls: list[Case] = [
        ("label that none has", partial(finding.find, user, Filters(label="zebra"), PAGE)),
        ("search, none fits", partial(finding.find, user, Filters(search="zebra"), PAGE)),
        ("overview", partial(finding.overview, user)),
    ]
    return {f"{name} ({user.n} tasks)": milliseconds(call) for name, call in calls}


def times(user: User) -> dict[str, float]:
    return {name: milliseconds(call) for name, call in cases(user)} | written(user)


def cases(user: User) -> Iterator[Case]:
    page = partial(finding.find, user, limit=PAGE)
    of_all = {status: Task.objects.for_user(user).with_status(status).count() for status in ("open", "done")}
    yield "open tasks, first page", partial(page, Filters())
    for name, start in [("in the middle", of_all["open"] // 2), ("last page", of_all["open"] - PAGE)]:
        task = Task.objects.for_user(user).open().in_list_order()[start - 1]
        yield f"open tasks, {name}", partial(page, Filters(), cursor=finding.write_cursor(task, False))
    yield "done tasks, first page", partial(page, Filters(status="done"))
    task = Task.objects.for_user(user).done().latest_first()[of_all["done"] // 2]
    done = finding.write_cursor(task, True)
    yield "done tasks, in the middle", partial(page, Filters(status="done"), cursor=done)
    yield "all tasks, first page", partial(page, Filters(status="all"))
    for due in ["today", "overdue", "next 7 days", "no date"]:
        yield f"due: {due}", partial(page, Filters(due=due))
    yield "priority p1", partial(page, Filters(priority="p1"))
    for name, filters in finds():
        yield name, partial(page, filters)
    found = finding.find(user, Filters(search="dentist"), PAGE)
    yield "search, 1 in 16 fits, second page", partial(page, Filters(search="dentist"), cursor=found.next_cursor)
    yield "counting open tasks (to 1,000)", partial(finding.count, user, Filters())
    yield "counting overdue tasks", partial(finding.count, user, Filters(due="overdue"))
    for name, filters in finds():
        yield f"counting {name} (to 1,000)", partial(finding.count, user, filters)
    yield "overview", partial(finding.overview, user)
    yield "a task by its number", partial(finding.get, user, of_all["open"] // 2)
    yield "operations, first page", partial(history.operations, user, PAGE, None)
    middle = Operation.objects.filter(user=user).latest_first()[of_all["open"] // 2]
    yield "operations, in the middle", partial(history.operations, user, PAGE, middle.public_id)
    yield "history of a task", partial(history.of_task, user, of_all["open"] // 2)
    yield "history of a task changed 150 times", partial(history.of_task, user, LONG_HISTORY)


def finds() -> Iterator[tuple[str, Filters]]:
    """Yield what fits from none to all of the tasks, evenly spread over the list or only at its end."""
    for name, label in LABELS.items():
        yield f"label {name}", Filters(label=label)
    for name, search in SEARCHES.items():
        yield f"search, {name}", Filters(search=search)
    yield "search, 1 in 16 fits, of all tasks", Filters("all", search="dentist")
    yield "search, 1 in 16 fits, due in the next 7 days", Filters(due="next 7 days", search="dentist")


def written(user: User) -> dict[str, float]:
    """Return the milliseconds that writes take, all of them: Python, the database and its disk."""
    last = Task.objects.for_user(user).aggregate(last=Max("number"))["last"]
    TaskList.objects.update_or_create(user=user, defaults={"last_number": last})
    caller = partial(Caller, user, "rest")
    numbers = count(401)
    writes: list[Case] = [
        ("adding a task", lambda: operations.add_task(caller(), {"title": "Call the bank", "labels": ["home"]})),
        ("renaming a task", lambda: operations.update_task(caller(), next(numbers), {"title": "Call the baker"})),
        ("moving a task", lambda: operations.update_task(caller(), next(numbers), {"due_date": "2030-01-01"})),
        ("adding notes of 20,000 characters", lambda: operations.add_task(caller(), {"title": "a", "notes": NOTES})),
    ]
    return {f"{name} (with Python)": statistics.median(timed(write) for _ in range(WRITES)) for name, write in writes}


def timed(write: Callable[[], object]) -> float:
    start = perf_counter()
    write()
    return (perf_counter() - start) * 1_000


def milliseconds(call: Callable[[], object]) -> float:
    """Return the time that a call's queries take in the database: the median of some runs, warm."""
    with CaptureQueriesContext(connection) as queries:
        call()
    statements = [query["sql"] for query in queries.captured_queries]
    runs = [sum(explain(statement) for statement in statements) for _ in range(RUNS + 1)]
    return statistics.median(runs[1:])


def explain(statement: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return float(plan[0]["Execution Time"])
