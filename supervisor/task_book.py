"""The bookkeeping of tasks: ledger and schedule moved together, one method per event. It never touches a
process.
"""

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from supervisor.documents import NameBook, put_in_place
from supervisor.ledger import AttemptEnd, DocumentRow, Ledger
from supervisor.retry import Decision, Fail, Quarantine, Requeue, RetryLimits, TaskPast, decide
from supervisor.schedule import Lease, Schedule
from supervisor.snapshot import Counts
from supervisor.task_states import TaskEvent, TaskState
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tabworker.messages import DocumentFetched, DutyFailed, Record, staged_document
from tabworker.probe import Point, reached


class LateReport(Exception):
    """The lease of this epoch is no longer out: its result is refused, and changes nothing."""


class StagedFileMissing(Exception):
    """A worker reported a document that does not lie in staging: its disk or ours is at fault."""


@dataclass(frozen=True)
class Delivery:
    """A document that is in place and in the ledger. ``same_as``: other records with the same bytes (an
    alarm).
    """

    lease: Lease
    name: str
    same_as: tuple[str, ...]


class TaskBook:
    """All tasks of this job. Only the tasks of ``only``/``limit`` are scheduled; the others stay pending."""

    def __init__(self, ledger: Ledger, work_dir: WorkDir, limits: RetryLimits) -> None:
        self._ledger = ledger
        self._work_dir = work_dir
        self._limits = limits
        self._schedule = Schedule()
        self._counts = ledger.counts()
        self._epochs = itertools.count(ledger.last_epoch() + 1)
        self._names = NameBook({name: ref for ref, name in ledger.documents()})
        self.delivered_this_run = 0

    # --- filling ---

    def accept(self, records: list[Record]) -> None:
        """Take in the whole inventory. The caller schedules from it."""
        self._ledger.accept(records)
        self._counts = self._ledger.counts()

    def schedule(self, only: Iterable[str] = (), limit: int = 0) -> int:
        """Queue the pending tasks that this run is to fetch; returns how many. ``limit``: the first
        records, 0 = all.
        """
        wanted = set(only)
        pending = self._ledger.tasks_in(TaskState.PENDING, first=limit)
        chosen = [task for task in pending if not wanted or task in wanted]
        self._schedule.accept(chosen)
        return len(chosen)

    # --- reading ---

    @property
    def counts(self) -> Counts:
        return self._counts

    @property
    def leases(self) -> list[Lease]:
        return self._schedule.leases

    @property
    def work_left(self) -> int:
        """Tasks of this run that have not ended."""
        return self._schedule.pending + len(self._schedule.leases)

    def lease_of(self, epoch: int) -> Lease | None:
        return self._schedule.lease_of(epoch)

    def ready_at(self) -> float | None:
        return self._schedule.ready_at()

    def is_retry_next(self, now: float) -> bool:
        """Whether the next task to lease is one that failed before."""
        return self._schedule.is_retry_next(now)

    def next_epoch(self) -> int:
        """A fencing token that no lease and no duty of this work directory ever had."""
        return next(self._epochs)

    # --- events ---

    def lease(
        self, slot: int, pid: int | None, session_no: int, now: float, timeout_s: float
    ) -> tuple[Lease, Record] | None:
        """Lease the next ready task to a worker; None when none is ready."""
        task = self._schedule.next_task(now)
        if task is None:
            return None
        epoch = self.next_epoch()
        attempt = self._ledger.lease(task, epoch, slot, pid)
        lease = Lease(epoch, task, attempt, slot, now, now + timeout_s, session_no)
        self._schedule.grant(lease)
        reached(Point.LEASED)
        self._count(leased=1, pending=-1)
        return lease, self._ledger.task(task).record

    def deliver(self, report: DocumentFetched, now: float) -> Delivery:
        """Put the staged document in place, then commit ``done``.

        Raises LateReport when the lease is not out any more, StagedFileMissing when the file is not there,
        and OSError when the disk does not take it (the lease is still out then).
        """
        lease = self._schedule.lease_of(report.epoch)
        staged = staged_document(self._work_dir.staging, report.epoch)
        if lease is None:
            staged.unlink(missing_ok=True)
            raise LateReport(f"epoch {report.epoch}")
        if not staged.is_file():
            raise StagedFileMissing(f"the worker reported a document, but {staged} is not there")
        name = self._names.name_for(lease.task)
        reached(Point.BEFORE_RENAME)
        put_in_place(staged, self._work_dir.documents / name)
        reached(Point.BEFORE_COMMIT)
        document = DocumentRow(name, report.sha256, report.size_bytes, report.pages)
        self._ledger.deliver(
            lease.task,
            lease.epoch,
            document,
            AttemptEnd("delivered", now - lease.leased_at, reason=report.warning),
        )
        reached(Point.AFTER_COMMIT)
        self._schedule.settle(report.epoch)
        self._count(done=1, leased=-1)
        self.delivered_this_run += 1
        return Delivery(lease, name, tuple(self._ledger.others_with_content(report.sha256, lease.task)))

    def fail(
        self, report: DutyFailed, now: float, failure: FailureClass | None = None
    ) -> tuple[Lease, Decision]:
        """Carry out what the retry rule says of a failed attempt. ``failure`` overrides the class that was
        reported.

        Raises LateReport when the lease is not out any more.
        """
        lease = self._schedule.lease_of(report.epoch)
        if lease is None:
            raise LateReport(f"epoch {report.epoch}")
        failure = failure or report.failure_class
        row = self._ledger.task(lease.task)
        decision = decide(failure, TaskPast(row.charged, row.deaths), self._limits, random.uniform)
        end = AttemptEnd(
            str(failure), now - lease.leased_at, report.step, report.reason, tuple(report.evidence)
        )
        self._settle(lease, decision, end, now)
        return lease, decision

    def _settle(self, lease: Lease, decision: Decision, end: AttemptEnd, now: float) -> None:
        match decision:
            case Requeue(delay_s, front, charged, death):
                self._ledger.requeue(lease.task, lease.epoch, end, charged=charged, death=death)
                self._schedule.settle(lease.epoch)
                if front:
                    self._schedule.requeue_in_front(lease.task)
                else:
                    self._schedule.requeue(lease.task, now, delay_s)
                self._count(pending=1, leased=-1)
            case Fail():
                self._ledger.give_up(lease.task, lease.epoch, TaskEvent.FAIL, end)
                self._schedule.settle(lease.epoch)
                self._count(failed=1, leased=-1)
            case Quarantine():
                self._ledger.give_up(lease.task, lease.epoch, TaskEvent.QUARANTINE, end)
                self._schedule.settle(lease.epoch)
                self._count(quarantined=1, leased=-1)
        staged_document(self._work_dir.staging, lease.epoch).unlink(missing_ok=True)

    def _count(self, **changes: int) -> None:
        """Kept by the transitions themselves: counting 100,000 rows at every one of them would cost more
        than the work.
        """
        changed = {state: getattr(self._counts, state) + by for state, by in changes.items()}
        self._counts = msgspec.structs.replace(self._counts, **changed)
