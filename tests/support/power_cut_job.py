"""A job without a portal and without workers, played on the real ledger, task book and work directory."""

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from supervisor.ledger import Ledger
from supervisor.retry import RetryLimits
from supervisor.schedule import Lease
from supervisor.taking import take_ledger
from supervisor.task_book import LateReport, TaskBook
from supervisor.task_states import TaskState
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tabworker.messages import DocumentFetched, staged_document
from tests.support.books import assert_accounting, failed, records

TASKS = 50
SLOTS = 5
REFS = tuple(f"V-{number:04}" for number in range(1, TASKS + 1))
_ENDINGS = [FailureClass.TRANSIENT, FailureClass.WORKER, FailureClass.SESSION, FailureClass.PERMANENT]


@dataclass(frozen=True)
class Storage:
    """What is put to the test. The default is the product's own."""

    open_ledger: Callable[[Path], Ledger] = Ledger.open
    open_book: Callable[[Ledger, WorkDir], TaskBook] = lambda ledger, work_dir: TaskBook(
        ledger, work_dir, RetryLimits()
    )


class PlayedJob:
    """One start of a supervisor on a work directory: what Job and Dispatcher call, without their processes.

    ``committed`` is called after each call that commits. Luck decides how attempts end; time is counted in
    turns.
    """

    def __init__(
        self, root: Path, storage: Storage, committed: Callable[[Ledger], None], seed: int = 1
    ) -> None:
        self._work_dir = WorkDir(root)
        self._storage = storage
        self._tell = committed
        self._committed: Callable[[], None] = lambda: None
        self._random = random.Random(seed)
        self._now = 0.0
        self._leases: list[Lease] = []

    def play(self, *, until_ended: int = TASKS) -> None:
        """Take the work directory, fetch until so many tasks have ended, and give it back."""
        with self._open() as ledger:
            self._committed = partial(self._tell, ledger)
            book = self._take_over(ledger)
            while self._ended(book) < until_ended:
                self._now += 1.0
                if len(self._leases) < SLOTS and self._lease(book):
                    continue
                if self._leases:
                    self._settle(book, self._leases.pop(self._random.randrange(len(self._leases))))
                else:
                    self._now = book.ready_at() or self._now
            assert_accounting(book.counts)
            assert book.counts == ledger.counts()

    def retry_all(self) -> None:
        """``python run.py retry``."""
        with self._open() as ledger:
            ledger.retry(list(ledger.tasks_in(TaskState.FAILED, TaskState.QUARANTINED)))
            self._tell(ledger)

    def start_over(self) -> None:
        """``python run.py --fresh``, up to the new ledger."""
        ledger = take_ledger(self._work_dir, fresh=True)
        self._tell(ledger)
        ledger.close()

    @contextmanager
    def _open(self) -> Iterator[Ledger]:
        self._work_dir.prepare()
        ledger = self._storage.open_ledger(self._work_dir.ledger)
        try:
            self._tell(ledger)
            yield ledger
        finally:
            ledger.close()

    def _take_over(self, ledger: Ledger) -> TaskBook:
        """In the order of Job._take_over and Job._parts."""
        ledger.requeue_leases_of_dead_run()
        self._committed()
        self._work_dir.clear_staging()
        ledger.set_meta("run_id", "this run")
        self._committed()
        book = self._storage.open_book(ledger, self._work_dir)
        if not ledger.inventory_complete:
            book.accept(records(*REFS))
            self._committed()
        book.schedule()
        return book

    def _ended(self, book: TaskBook) -> int:
        return book.counts.done + book.counts.failed + book.counts.quarantined

    def _lease(self, book: TaskBook) -> bool:
        leased = book.lease(self._random.randint(1, SLOTS), 4121, 1, self._now, 180.0)
        if leased is None:
            return False
        self._leases.append(leased[0])
        self._committed()
        return True

    def _settle(self, book: TaskBook, lease: Lease) -> None:
        report = self._fetch(lease)
        if self._random.random() < 0.65:
            book.deliver(report, self._now)
            self._committed()
            return
        book.fail(failed(lease.epoch, self._random.choice(_ENDINGS)), self._now)
        self._committed()
        try:
            book.deliver(report, self._now)  # heard too late: it must change nothing
        except LateReport:
            return
        raise AssertionError(f"a report was taken after the lease of epoch {lease.epoch} had ended")

    def _fetch(self, lease: Lease) -> DocumentFetched:
        """What a worker does, without the sync that it makes to be kind to the supervisor."""
        content = whole_document(lease.task, lease.epoch)
        staged_document(self._work_dir.staging, lease.epoch).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return DocumentFetched(lease.epoch, digest, len(content), pages=1, fetch_s=1.0)


def whole_document(ref: str, epoch: int) -> bytes:
    """A document that shows whether it is whole: it ends in the digest of what comes before."""
    body = b"%PDF-1.7 " + ref.encode() + random.Random(epoch).randbytes(300 + 137 * (epoch % 20))
    return body + hashlib.sha256(body).digest()


def is_whole(content: bytes) -> bool:
    return hashlib.sha256(content[:-32]).digest() == content[-32:]
