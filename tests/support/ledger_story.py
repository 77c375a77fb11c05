"""A supervisor's bookkeeping from the first record to the last, killed before any SQL statement of it.

python -m tests.support.ledger_story FOLDER: prints how many kills there were. A process of its own, with one
thread, because it forks.
"""

import os
import signal
import sqlite3
import sys
from itertools import count
from pathlib import Path

from supervisor.ledger import Ledger
from supervisor.retry import RetryLimits
from supervisor.task_book import TaskBook
from supervisor.task_states import TaskState
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tests.support.books import PID, SLOT, assert_accounting, failed, fetched, prepared, records

REFS = ("delivered", "permanent", "requeued", "poison")
LIMITS = RetryLimits(max_retries=1, backoff_s=0.0, max_worker_deaths=2)


def tell(folder: Path, kill_at: int) -> None:
    """Every kind of transition. SIGKILLs itself before statement ``kill_at``; 0: never."""
    ledger = Ledger.open(prepared(folder).ledger)
    arm(ledger, kill_at)
    if not ledger.inventory_complete:
        ledger.accept(records(*REFS))
    ledger.requeue_leases_of_dead_run()
    ledger.set_meta("run_id", "this one")
    book = TaskBook(ledger, WorkDir(folder), LIMITS)
    book.schedule()
    for now in count(1.0):
        leased = book.lease(SLOT, PID, 1, now, 60.0)
        if leased is None:
            break
        end_attempt(folder, book, leased[0].task, leased[0].epoch, leased[0].attempt, now)
    ended = set(ledger.tasks_in(TaskState.FAILED, TaskState.QUARANTINED))
    ledger.retry(sorted(ended & {"permanent"}))
    ledger.close()


def end_attempt(folder: Path, book: TaskBook, task: str, epoch: int, attempt: int, now: float) -> None:
    if task == "permanent":
        book.fail(failed(epoch, FailureClass.PERMANENT), now)
    elif task == "poison":
        book.fail(failed(epoch, FailureClass.WORKER), now)
    elif task == "requeued" and attempt == 1:
        book.fail(failed(epoch, FailureClass.TRANSIENT), now)
    else:
        book.deliver(fetched(folder, epoch, f"%PDF-1.7 {task} %%EOF".encode()), now)


def arm(ledger: Ledger, kill_at: int) -> None:
    numbers = count(1)

    def before_statement(_: str) -> None:
        if next(numbers) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    connection: sqlite3.Connection = ledger._db
    connection.set_trace_callback(before_statement)


def look(folder: Path) -> None:
    """What must hold after any kill, before anything is mended."""
    ledger = Ledger.open(WorkDir(folder).ledger)
    counts = ledger.counts()
    assert_accounting(counts)
    assert counts.accepted in (0, len(REFS)), counts
    assert (counts.accepted > 0) == ledger.inventory_complete
    assert counts.leased <= 1, counts
    for task, name in ledger.documents():
        content = (WorkDir(folder).documents / name).read_bytes()
        assert content == f"%PDF-1.7 {task} %%EOF".encode(), (task, content)
    ledger.close()


def in_child(folder: Path, kill_at: int) -> bool:
    """Whether the story came to its end."""
    child = os.fork()
    if child == 0:
        tell(folder, kill_at)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status == 0


def main() -> None:
    root = Path(sys.argv[1])
    for kill_at in count(1):
        folder = root / str(kill_at)
        ended = in_child(folder, kill_at)
        look(folder)
        tell(folder, 0)  # the next start goes on
        look(folder)
        ledger = Ledger.open(WorkDir(folder).ledger)
        counts = ledger.counts()
        assert (counts.done, counts.quarantined, counts.leased) == (2, 1, 0), counts
        ledger.close()
        if ended:
            sys.stdout.write(f"{kill_at - 1}\n")
            return


if __name__ == "__main__":
    main()
