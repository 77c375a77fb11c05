"""Storage that looks right until the power fails: each variant leaves one precaution out (HAZARDS S2, S3)."""

import os
from pathlib import Path

from supervisor.documents import document_name
from supervisor.ledger import AttemptEnd, DocumentRow, Ledger
from supervisor.retry import RetryLimits
from supervisor.task_book import Delivery, LateReport, TaskBook
from supervisor.work_dir import WorkDir, sync_directory
from tabworker.messages import DocumentFetched, staged_document


def ledger_that_syncs_now_and_then(path: Path) -> Ledger:
    """As most programs open SQLite: in WAL mode, ``synchronous=NORMAL`` is faster and safe from a mere
    crash.
    """
    ledger = Ledger.open(path)
    ledger._db.execute("PRAGMA synchronous = NORMAL")
    return ledger


class _NaiveTaskBook(TaskBook):
    syncs_file = True
    syncs_folder = True
    commits_first = False

    def __init__(self, ledger: Ledger, work_dir: WorkDir) -> None:
        super().__init__(ledger, work_dir, RetryLimits())

    def deliver(self, report: DocumentFetched, now: float) -> Delivery:
        lease = self._schedule.lease_of(report.epoch)
        if lease is None:
            raise LateReport(f"epoch {report.epoch}")
        name = document_name(lease.task)
        document = DocumentRow(name, report.sha256, report.size_bytes, report.pages)
        staged = staged_document(self._work_dir.staging, report.epoch)
        if not self.commits_first:
            self._place(staged, name)
        end = AttemptEnd("delivered", now - lease.leased_at)
        self._ledger.deliver(lease.task, lease.epoch, document, end)
        if self.commits_first:
            self._place(staged, name)
        self._schedule.settle(report.epoch)
        self._count(done=1, leased=-1)
        return Delivery(lease, name, ())

    def _place(self, staged: Path, name: str) -> None:
        final = self._work_dir.documents / name
        if self.syncs_file:
            fd = os.open(staged, os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)
        staged.replace(final)
        if self.syncs_folder:
            sync_directory(final.parent)


class RenamesWithoutSync(_NaiveTaskBook):
    """A rename is atomic, is it not?"""

    syncs_file = False


class ForgetsTheFolder(_NaiveTaskBook):
    """The file is synced; its name is an entry of the folder, which has a sync of its own."""

    syncs_folder = False


class CommitsFirst(_NaiveTaskBook):
    """``done`` first, then the document: the folder never holds a file that the ledger does not know."""

    commits_first = True
