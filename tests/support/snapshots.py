"""Made-up snapshots: a run at any moment for tests of whatever shows one, and a whole run to look at.

python -m tests.support.snapshots [documents] [workers]
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from supervisor.snapshot import Counts, EventRow, Snapshot, WorkerRow
from supervisor.terminal import open_display
from supervisor.terminal.summary import NextCommands

START = datetime(2025, 3, 1, 3, 0, tzinfo=UTC)
STEPS = ("open record", "wait for document", "download", "verify")


def worker_row(slot: int = 1, **changes: Any) -> WorkerRow:
    row = WorkerRow(
        slot=slot,
        pid=4000 + slot,
        state="busy",
        task=f"V-{slot:04d}",
        attempt=1,
        step="open record",
        step_s=1.5,
        memory_mb=210.0,
        documents=12,
    )
    return msgspec.structs.replace(row, **changes)


def event_row(number: int = 1, level: str = "info", text: str = "") -> EventRow:
    at = (START + timedelta(seconds=number)).isoformat()
    return EventRow(at=at, level=level, text=text or f"event number {number}")


def snapshot(**changes: Any) -> Snapshot:
    """A run in full swing; ``changes`` replace its fields."""
    moment = Snapshot(
        run_id="r-1",
        pid=4000,
        phase="fetching",
        started_at=START.isoformat(),
        updated_at=(START + timedelta(minutes=7)).isoformat(),
        counts=Counts(accepted=2000, pending=1200, leased=5, done=790, failed=4, quarantined=1),
        workers=tuple(worker_row(slot) for slot in range(1, 6)),
        events=tuple(event_row(number) for number in range(1, 6)),
        done_this_run=790,
        elapsed_s=420.0,
        rate_per_min=112.9,
        eta_s=640.0,
        chrome_pid=4001,
        worker_restarts=2,
        sign_ins=1,
        portal="https://fleet.example.com",
        work_dir="work",
    )
    return msgspec.structs.replace(moment, **changes)


def film(documents: int, workers: int) -> list[Snapshot]:
    """A whole run in snapshots of a quarter of a second: signing in, fetching, a hold, a failure, the end."""
    start = datetime.now(UTC)
    rows = [
        worker_row(slot, state="starting", task="", step="", documents=0) for slot in range(1, workers + 1)
    ]
    frames = [
        snapshot(phase="signing in", counts=Counts(), workers=tuple(rows[:1]), events=(), elapsed_s=1.0)
    ]
    events: list[EventRow] = []
    for done in range(documents + 1):
        slot = done % workers
        rows[slot] = worker_row(
            slot + 1,
            state="busy",
            task=f"V-{done + 1:04d}",
            step=STEPS[done % len(STEPS)],
            step_s=done % 70,
            attempt=1 + done % 9 // 8,
            documents=done // workers,
            restarts=done // 50,
        )
        if done % 12 == 11:
            level = ("info", "warning", "error")[done // 12 % 3]
            text = f'worker {slot + 1} sent no heartbeat for 11.2 s (limit 10.0) in step "open record" of '
            text += f"V-{done:04d}, attempt 2 of 3: killed, task requeued."
            events.append(EventRow(datetime.now(UTC).isoformat(), level, text))
        failed = done // 40
        counts = Counts(
            documents, documents - done - min(workers, documents - done), 0, done - failed, failed
        )
        counts = msgspec.structs.replace(counts, leased=documents - counts.pending - done)
        frames.append(
            snapshot(
                started_at=start.isoformat(),
                updated_at=datetime.now(UTC).isoformat(),
                phase="fetching",
                counts=counts,
                workers=tuple(rows),
                events=tuple(events[-5:]),
                elapsed_s=done * 0.5,
                eta_s=(documents - done) * 0.5,
                rate_per_min=120.0 if done > 5 else None,
                done_this_run=done - failed,
                holding="portal asks to wait 30 s (429)" if done % 30 in (20, 21, 22, 23) else "",
            )
        )
    code = 3 if documents >= 40 else 0
    frames.append(msgspec.structs.replace(frames[-1], phase="finished", exit_code=code, workers=()))
    return frames


def show_film(documents: int, workers: int) -> None:
    display = open_display(NextCommands())
    frames = film(documents, workers)
    for frame in frames[:-1]:
        display.update(frame)
        time.sleep(0.25)
    display.close(frames[-1])


if __name__ == "__main__":
    show_film(documents=int(sys.argv[1]), workers=int(sys.argv[2]))
