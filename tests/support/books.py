"""A ledger and a task book in a folder of the test's own, and what workers would put there."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisor.ledger import Ledger
from supervisor.retry import RetryLimits
from supervisor.snapshot import Counts
from supervisor.task_book import TaskBook
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tabworker.messages import DocumentFetched, DutyFailed, Record, staged_document

SLOT = 1
PID = 4121
SESSION_NO = 1
TIMEOUT_S = 180.0


def records(*refs: str) -> list[Record]:
    return [Record(ref, {"Reference": ref, "Plate": f"{ref} ä"}) for ref in refs]


def prepared(folder: Path) -> WorkDir:
    work_dir = WorkDir(folder)
    work_dir.prepare()
    work_dir.clear_staging()
    return work_dir


@contextmanager
def open_ledger(folder: Path, refs: Iterable[str] = ()) -> Iterator[Ledger]:
    """The ledger of a work directory; ``refs`` are accepted when it has no inventory yet."""
    ledger = Ledger.open(prepared(folder).ledger)
    try:
        if not ledger.inventory_complete:
            ledger.accept(records(*refs))
        yield ledger
    finally:
        ledger.close()


@contextmanager
def open_book(
    folder: Path, refs: Iterable[str] = (), limits: RetryLimits | None = None
) -> Iterator[tuple[TaskBook, Ledger]]:
    """A book with every pending task scheduled, and the ledger below it."""
    with open_ledger(folder, refs) as ledger:
        book = TaskBook(ledger, WorkDir(folder), limits or RetryLimits())
        book.schedule()
        yield book, ledger


def fetched(folder: Path, epoch: int, content: bytes = b"", warning: str = "") -> DocumentFetched:
    """A worker's good report: the document lies in staging. Each epoch has bytes of its own."""
    content = content or f"%PDF-1.7 {epoch} %%EOF".encode()
    staged_document(WorkDir(folder).staging, epoch).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return DocumentFetched(epoch, digest, len(content), pages=1, fetch_s=1.5, warning=warning)


def failed(
    epoch: int, failure: FailureClass, reason: str = "went wrong", step: str = "open record"
) -> DutyFailed:
    return DutyFailed(epoch, failure, reason, step)


def documents_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in WorkDir(folder).documents.iterdir()}


def assert_accounting(counts: Counts) -> None:
    """The identity that holds at every instant."""
    states = (counts.pending, counts.leased, counts.done, counts.failed, counts.quarantined)
    assert min(states) >= 0, counts
    assert counts.accepted == sum(states), counts
