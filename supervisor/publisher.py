"""Makes the snapshot that people see, and writes it to status.json once a second."""

import os
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import psutil

from supervisor.crew import Worker
from supervisor.halt import Halt
from supervisor.snapshot import Counts, EventRow, Snapshot, WorkerRow
from supervisor.work_dir import WorkDir, replace_file

_STATUS_EVERY_S = 1.0
_MEMORY_EVERY_S = 5.0
_RATE_SAMPLE_EVERY_S = 2.0
_RATE_WINDOW_S = 300.0
_RATE_NEEDS_DOCUMENTS = 3


class Rate:
    """Documents a minute over a sliding window. Pure: ``now`` is a parameter."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, done: int, now: float) -> None:
        if self._samples and now - self._samples[-1][0] < _RATE_SAMPLE_EVERY_S:
            return
        self._samples.append((now, done))
        while now - self._samples[0][0] > _RATE_WINDOW_S:
            self._samples.popleft()

    def per_minute(self, done: int, now: float) -> float | None:
        if not self._samples:
            return None
        since, at_start = self._samples[0]
        if done - at_start < _RATE_NEEDS_DOCUMENTS or now <= since:
            return None
        return 60.0 * (done - at_start) / (now - since)


class MemoryMeter:
    """Resident memory of each worker and its driver, measured now and then: a look at a process tree is
    dear.
    """

    def __init__(self) -> None:
        self._measured_at = float("-inf")
        self._mb: dict[str, float] = {}

    def measure(self, workers: Iterable[Worker], now: float) -> None:
        if now - self._measured_at < _MEMORY_EVERY_S:
            return
        self._measured_at = now
        self._mb = {worker.name: _tree_mb(worker) for worker in workers}

    def of(self, worker: Worker) -> float:
        """MB, 0 when not yet measured."""
        return self._mb.get(worker.name, 0.0)


class Publisher:
    """Turns the run's state into snapshots. ``fault``: why the last was not written, empty when it was."""

    def __init__(self, run_id: str, work_dir: WorkDir, portal: str, now: float) -> None:
        self._work_dir = work_dir
        self._base = Snapshot(
            run_id=run_id,
            pid=os.getpid(),
            phase="starting",
            started_at=_utc_now(),
            updated_at=_utc_now(),
            counts=Counts(),
            portal=portal,
            work_dir=str(work_dir.root),
        )
        self._began_at = now
        self._rate = Rate()
        self._written_at = float("-inf")
        self.fault = ""

    def snapshot(
        self,
        *,
        now: float,
        phase: str,
        counts: Counts,
        work_left: int,
        done_this_run: int,
        workers: tuple[WorkerRow, ...],
        events: tuple[EventRow, ...],
        **rest: object,
    ) -> Snapshot:
        """The snapshot of this moment; ``rest`` goes into the fields of the same name."""
        self._rate.note(done_this_run, now)
        rate = self._rate.per_minute(done_this_run, now)
        return msgspec.structs.replace(
            self._base,
            updated_at=_utc_now(),
            elapsed_s=round(now - self._began_at, 1),
            phase=phase,
            counts=counts,
            done_this_run=done_this_run,
            rate_per_min=rate,
            eta_s=None if not rate else 60.0 * work_left / rate,
            workers=workers,
            events=events,
            **rest,
        )

    def ending(
        self, last: Snapshot | None, halt: Halt, counts: Counts, events: tuple[EventRow, ...]
    ) -> Snapshot:
        """The snapshot that stays: no workers any more, the exit code and its reason."""
        return msgspec.structs.replace(
            last or self._base,
            updated_at=_utc_now(),
            phase="finished",
            counts=counts,
            workers=(),
            events=events[-20:],
            holding="",
            attention="",
            rate_per_min=None,
            eta_s=None,
            chrome_pid=None,
            exit_code=int(halt.code),
            summary="" if halt.message == halt.code.meaning else halt.message,
        )

    def write(self, snapshot: Snapshot, now: float, *, force: bool = False) -> None:
        """Replace status.json when a second has passed. Never raises: it is for who watches, and the run does
        not depend on it.
        """
        if not force and now - self._written_at < _STATUS_EVERY_S:
            return
        self._written_at = now
        try:
            replace_file(self._work_dir.status, msgspec.json.format(msgspec.json.encode(snapshot), indent=1))
            self.fault = ""
        except OSError as error:
            self.fault = error.strerror or str(error)


def worker_row(
    worker: Worker, memory_mb: float, restarts: int, awake_now: float, step_since: float
) -> WorkerRow:
    """How a worker is shown."""
    assignment = worker.assignment
    reading = worker.clocks.read()
    return WorkerRow(
        slot=worker.slot,
        pid=worker.pid,
        state=str(worker.state),
        task=assignment.subject if assignment else "",
        attempt=assignment.attempt if assignment else 0,
        step=reading.step if assignment else "",
        step_s=round(max(0.0, awake_now - step_since), 1) if assignment and reading.step else 0.0,
        memory_mb=round(memory_mb, 1),
        documents=worker.documents,
        restarts=restarts,
    )


def _tree_mb(worker: Worker) -> float:
    process = worker.identity.process() if worker.identity else None
    if process is None:
        return 0.0
    total = 0
    try:
        for member in (process, *process.children(recursive=True)):
            total += member.memory_info().rss
    except psutil.Error:
        return 0.0
    return total / 2**20


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
