"""Work in the background: reading documents, embedding passages, resuming what a dead process left.

Tasks are kept in the database (Django's Tasks framework, django-tasks-db). `DOCUMENT_WORKER` says who runs them:
a thread of each server process, or processes of `manage.py db_worker`.
"""

import datetime
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.tasks import Task, TaskResultStatus, task
from django.tasks.signals import task_enqueued
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from uuid_utils.compat import uuid7

from core.compat import run_queued_task
from core.sections import released
from knowledge.models import Document, DocumentQuerySet
from knowledge.reading import ingest
from knowledge.retrieval import embeddings

SWEEP_SECONDS = 15
SWEPT_AT_ONCE = 100
EMBEDDING_PAUSE = datetime.timedelta(minutes=2)  # until an endpoint that failed is asked again
KEPT = datetime.timedelta(days=1)

log = structlog.get_logger("errand.knowledge")


@task
def read_document(id: str) -> str:
    """Read a document, then let its passages be embedded. Returns its state."""
    document = ingest.read(UUID(id))
    if document and document.state == Document.State.READY and embeddings.is_on():
        released(embed_document.enqueue, id)
    return document.state if document else "gone"


@task(priority=-10)  # a document can be searched before it is embedded: reading others comes first
def embed_document(id: str) -> int:
    """Embed a document's passages. Returns how many; -1 where the endpoint failed, and a sweep will try again."""
    try:
        return embeddings.embed(UUID(id))
    except embeddings.EmbeddingFailed as error:
        log.warning("embedding.failed", document=id, error=str(error))
        return -1


def add(place: ingest.Place, name: str, content: bytes, language: str = "") -> tuple[Document, bool]:
    """Store a file and let it be read; return its document, and True if it is new. Raises `Problem`."""
    with transaction.atomic():
        document, is_new = ingest.store(place, name, content, language)
        if document.state == Document.State.WAITING:
            read_document.enqueue(str(document.pk))
    return document, is_new


def read_again(document: Document) -> None:
    """Let a document be read once more, whatever came of it before."""
    with transaction.atomic():
        document.read_digest = ""
        ingest.read_again(document)
        read_document.enqueue(str(document.pk))


def sweep() -> int:
    """Enqueue work that nobody does and somebody should; return how many. Delete finished tasks after a while."""
    count = enqueue_each(Document.objects.stranded(), read_document, ingest.LEASE, state=Document.State.WAITING)
    if embeddings.is_on():
        behind = Document.objects.not_embedded_by(settings.EMBEDDING_MODEL)
        count += enqueue_each(behind, embed_document, EMBEDDING_PAUSE)
    finished = [TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED]
    DBTaskResult.objects.filter(status__in=finished, finished_at__lt=timezone.now() - KEPT).delete()
    return count


def enqueue_each(
    documents: DocumentQuerySet, work: Task[..., Any], lease: datetime.timedelta, **changes: object
) -> int:
    """Enqueue a task for each of the first documents. Two sweeps at once enqueue none twice: the lease says who did."""
    count = 0
    for id in documents.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        with transaction.atomic():
            if documents.filter(pk=id).update(lease_expires_at=timezone.now() + lease, **changes):
                work.enqueue(str(id))
                count += 1
    return count


class DocumentThread:
    """The thread of a server process that sweeps and, where documents are read inside, works the tasks off."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.stopped = False
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, once. The thread does not keep the process alive: what it leaves undone, another process resumes."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, name="documents", daemon=True)
            self.thread.start()
            task_enqueued.connect(self.wake)

    def wake(self, **kwargs: object) -> None:
        transaction.on_commit(self.woken.set)

    def run(self) -> None:
        while not self.stopped:
            try:
                released(sweep)
                if settings.DOCUMENT_WORKER == "inside":
                    released(work_off, lambda: self.stopped)
            except DatabaseError as error:  # the database is away for a moment; the next round finds the work
                log.warning("documents.paused", error=str(error))
            self.woken.wait(SWEEP_SECONDS)
            self.woken.clear()  # before the next look: what is enqueued during it is not missed

    def stop(self, seconds: float = 2) -> None:
        """End after the task under way, or leave it to whoever comes next."""
        self.stopped = True
        self.woken.set()
        if self.thread:
            self.thread.join(seconds)


def work_off(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Run all tasks that wait, until there are none or `is_stopped` says so."""
    worker_id = uuid7().hex
    while not is_stopped() and (claimed := released(claim, worker_id)):
        run_queued_task(claimed, worker_id)


def claim(worker_id: str) -> DBTaskResult[..., Any] | None:
    """Take the next task, so that no other worker does."""
    with transaction.atomic():
        if found := DBTaskResult.objects.ready().filter(backend_name="default").get_locked():
            found.claim(worker_id)
    return found


keeper = DocumentThread()
