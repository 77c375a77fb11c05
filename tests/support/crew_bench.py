"""A real Crew of real processes without a browser: give duties, turn it, collect what it says."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

from supervisor.assignment import Assignment
from supervisor.crew import Crew, CrewEvent, Worker, WorkerState
from supervisor.mailbox import Mailbox
from supervisor.watchdog import Kill, WatchLimits, WorkerView, judge
from tabworker.adapters.form_settings import FormSettings
from tabworker.messages import FetchDocument, Record
from tabworker.setup import WorkerSetup

E = TypeVar("E", bound=CrewEvent)


class CrewBench:
    """``with CrewBench(tmp_path, body) as bench``; kills whoever is left at the end."""

    def __init__(self, folder: Path, body: Callable[..., None]) -> None:
        self.folder = folder
        self.mailbox = Mailbox()
        self.crew = Crew(lambda: self.mailbox.post(None), body)
        self.events: list[CrewEvent] = []
        self._epoch = 0

    def __enter__(self) -> "CrewBench":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.crew.workers:
            self.crew.dismiss(worker, "the test is over", None)
        self.turn_until(lambda: not self.crew.workers, within_s=10)
        self.mailbox.close()

    def spawn(self, slot: int = 1) -> Worker:
        """A worker that is about to boot."""
        tab: Future[str] = Future()
        tab.set_result("tab")
        return self.crew.spawn(slot, self._setup, tab, "ws://nowhere", time.monotonic())

    def idle_worker(self, slot: int = 1) -> Worker:
        worker = self.spawn(slot)
        self.turn_until(lambda: worker.state is WorkerState.IDLE, within_s=20)
        return worker

    def give(self, worker: Worker) -> int:
        """Give it a document to fetch; returns the epoch."""
        self._epoch += 1
        duty = FetchDocument(self._epoch, Record("V-1"), 1, 60.0, "V-1-attempt-1")
        now = time.monotonic()
        self.crew.give(worker, duty, Assignment(self._epoch, "V-1", now, now + 60.0, 1))
        return self._epoch

    def turn(self) -> None:
        wait([self.mailbox.fileno(), *self.crew.waitables()], timeout=0.1)
        self.mailbox.take()
        self.events += self.crew.poll(None)

    def turn_until(self, condition: Callable[[], bool], within_s: float) -> None:
        give_up_at = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < give_up_at, f"not within {within_s} s; so far: {self.events}"
            self.turn()

    def wait_for(self, kind: type[E], within_s: float = 10.0) -> E:
        """The first event of this kind."""
        self.turn_until(lambda: any(isinstance(event, kind) for event in self.events), within_s)
        return next(event for event in self.events if isinstance(event, kind))

    def wait_for_kill(self, worker: Worker, limits: WatchLimits, within_s: float) -> Kill:
        """Turn until the watchdog would kill this worker."""
        kills: list[Kill] = []

        def late() -> bool:
            kills.extend(judge([self._view(worker)], limits, time.monotonic()))
            return bool(kills)

        self.turn_until(late, within_s)
        return kills[0]

    def _view(self, worker: Worker) -> WorkerView:
        reading = worker.clocks.read()
        return WorkerView(
            slot=worker.slot,
            pid=worker.pid,
            started_at=worker.started_at,
            attached=worker.attached,
            alive_at=reading.alive_at,
            has_beaten=reading.has_beaten,
            step=reading.step,
            step_since=reading.step_since,
            step_deadline_at=reading.step_deadline_at,
            duty=str(worker.assignment or ""),
            deadline_at=worker.assignment.deadline_at if worker.assignment else None,
        )

    def _setup(self, name: str) -> WorkerSetup:
        return WorkerSetup(
            slot=int(name.split(".")[0]),
            name=name,
            supervisor_pid=os.getpid(),
            adapter="form",
            portal=FormSettings(url="http://127.0.0.1:9"),
            staging=self.folder,
            downloads=self.folder,
            failures=self.folder,
            logs=self.folder,
            temp=self.folder / f"worker-{name}",
            heartbeat_s=0.1,
            blocked_addresses=(),
            shows_pdfs=False,
            by_hand=False,
            log_level="INFO",
        )
