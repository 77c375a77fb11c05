"""The keeper of the worker processes: spawns them, gives them duties, hears them, buries them. It never
touches a task.

One incarnation of a worker is spawned with its own inbox, report pipe, clocks and tab, and all of them go
with it: nothing that a killed process could leave locked or half-read is ever used again (HAZARDS P1–P4).

    starting ──Attached──► idle ◄──report── busy        each of them ──dismissed or died──► down
                             └────duty─────►
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import multiprocess
from loguru import logger

from chrome_launcher.process_tree import ProcessIdentity
from supervisor import kill_ladder
from supervisor.assignment import Assignment
from supervisor.browser import Browser
from supervisor.kill_ladder import LadderEnd, Victim
from supervisor.report_reader import ReportReader
from tabworker.clocks import Clocks
from tabworker.main import run_worker
from tabworker.messages import Attach, Attached, Duty, PersonAwaited, Report, decode_report, encode_duty
from tabworker.probe import Point, reached
from tabworker.setup import WorkerSetup

_EXIT_CODE_WITHIN_S = 0.2
"""A dying process closes its pipe a moment before its exit code can be read."""

_SPAWN = multiprocess.get_context("spawn")


_SIGKILL = 9
"""By its number: Windows has no name for it."""


class WorkerState(StrEnum):
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DOWN = "stopping"


@dataclass(eq=False)
class Worker:
    """One incarnation. ``dismissed``: why we end it, empty if it died by itself or lives.

    ``pid``: kept here, because ``process`` tells it no more once it is buried, and its death may be told
    after that.
    """

    slot: int
    name: str
    pid: int
    process: Any
    inbox: Any
    reports: ReportReader
    clocks: Clocks
    setup: WorkerSetup
    started_at: float
    tab: "Future[str]"
    ws_url: str
    identity: ProcessIdentity | None = None
    state: WorkerState = WorkerState.STARTING
    assignment: Assignment | None = None
    documents: int = 0
    attached: bool = False
    tab_given: bool = False
    dismissed: str = ""
    ladder: LadderEnd | None = None


@dataclass(frozen=True)
class Reported:
    worker: Worker
    report: Report


@dataclass(frozen=True)
class Died:
    """The process ended without our doing; its ladder has been started. ``killed``: by SIGKILL, which no
    program of ours sends to itself: a person did, or a system that is out of memory.
    """

    worker: Worker
    how: str
    killed: bool = False


@dataclass(frozen=True)
class Gone:
    """Nothing of this incarnation is left: reports read to their end, process reaped, tab closed."""

    worker: Worker
    ladder: LadderEnd


CrewEvent = Reported | Died | Gone


class Crew:
    """The set of workers, at most one in each slot. All methods are for the supervisor's main thread
    (HAZARDS P6).
    """

    def __init__(self, wake: Callable[[], None], body: Callable[..., None] = run_worker) -> None:
        """``wake``: called from other threads when the loop should look at the crew again.

        ``body``: what a worker process runs; tests give one that misbehaves.
        """
        self._workers: dict[int, Worker] = {}
        self._incarnations = 0
        self._wake = wake
        self._body = body

    # --- reading ---

    @property
    def workers(self) -> list[Worker]:
        return [self._workers[slot] for slot in sorted(self._workers)]

    def in_slot(self, slot: int) -> Worker | None:
        return self._workers.get(slot)

    def idle(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.state is WorkerState.IDLE]

    def waitables(self) -> list[Any]:
        """What becomes readable when a worker says something or dies."""
        things: list[Any] = []
        for worker in self._workers.values():
            if not worker.reports.at_end:
                things.append(worker.reports.connection)
            if worker.process.exitcode is None:
                things.append(worker.process.sentinel)
        return things

    # --- acting ---

    def spawn(
        self,
        slot: int,
        make_setup: Callable[[str], WorkerSetup],
        tab: "Future[str]",
        ws_url: str,
        started_at: float,
    ) -> Worker:
        """Start a worker in an empty slot. ``tab``: opens while the process boots; it is handed over when
        both are ready.
        """
        if slot in self._workers:
            raise RuntimeError(f"slot {slot} is taken")
        self._incarnations += 1
        setup = make_setup(f"{slot}.{self._incarnations}")
        setup.temp.mkdir(mode=0o700, parents=True, exist_ok=True)
        reading, writing = _SPAWN.Pipe(duplex=False)
        inbox = _SPAWN.Queue()
        clocks = Clocks.shared(_SPAWN, time.monotonic())
        process = _SPAWN.Process(
            target=self._body,
            args=(setup, inbox, writing, clocks),
            name=f"worker-{setup.name}",
            daemon=True,
        )
        process.start()
        reached(Point.SPAWNING)
        # Our copy of the writing end must go, or the pipe would never come to its end.
        writing.close()
        worker = Worker(
            slot,
            setup.name,
            process.pid,
            process,
            inbox,
            ReportReader(reading),
            clocks,
            setup,
            started_at,
            tab,
            ws_url,
        )
        worker.identity = ProcessIdentity.of(process.pid)
        self._workers[slot] = worker
        tab.add_done_callback(lambda _: self._wake())
        return worker

    def give(self, worker: Worker, duty: Duty, assignment: Assignment) -> None:
        """Give an idle worker its next duty."""
        if worker.state is not WorkerState.IDLE:
            raise RuntimeError(f"worker {worker.name} is {worker.state}, not idle")
        worker.state = WorkerState.BUSY
        worker.assignment = assignment
        worker.inbox.put(encode_duty(duty))

    def dismiss(self, worker: Worker, why: str, browser: Browser | None, *, dump: bool = False) -> None:
        """End a worker, whatever it does. ``Gone`` follows. ``dump``: it hangs, so keep its stacks first."""
        if worker.state is WorkerState.DOWN:
            return
        worker.dismissed = why
        self._begin_ladder(worker, browser, dump=dump)

    def poll(self, browser: Browser | None) -> list[CrewEvent]:
        """All that happened since the last call, in the order in which it can be relied on: reports before
        deaths.
        """
        events: list[CrewEvent] = []
        for worker in self.workers:
            events += self._hear(worker)
            if worker.state is not WorkerState.DOWN and (how := self._death_of(worker)):
                killed = worker.process.exitcode == -_SIGKILL
                self._begin_ladder(worker, browser, dump=False)
                events.append(Died(worker, how, killed))
            if worker.ladder is not None and worker.reports.at_end and worker.process.exitcode is not None:
                self._bury(worker)
                events.append(Gone(worker, worker.ladder))
        return events

    # --- inside ---

    def _death_of(self, worker: Worker) -> str:
        """How a worker ended by itself; empty while it lives. Hands its tab over on the way, once that is
        open.
        """
        if worker.process.exitcode is not None or worker.reports.at_end:
            worker.process.join(timeout=_EXIT_CODE_WITHIN_S)
            return _how_it_ended(worker.process.exitcode)
        if worker.tab.done() and not worker.tab_given:
            worker.tab_given = True
            if (error := worker.tab.exception()) is not None:
                return f"got no tab: {error}"
            worker.inbox.put(encode_duty(Attach(worker.ws_url, worker.tab.result())))
        return ""

    def _hear(self, worker: Worker) -> list[CrewEvent]:
        events: list[CrewEvent] = []
        for frame in worker.reports.read():
            try:
                report = decode_report(frame)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                logger.bind(event="report_unreadable", worker=worker.name).error(
                    "report not understood: {}", error
                )
                continue
            if isinstance(report, Attached):
                worker.attached = True
                if worker.state is WorkerState.STARTING:
                    worker.state = WorkerState.IDLE
            elif _answers(report, worker):
                worker.state = WorkerState.IDLE
                worker.assignment = None
            events.append(Reported(worker, report))
        return events

    def _begin_ladder(self, worker: Worker, browser: Browser | None, *, dump: bool) -> None:
        worker.state = WorkerState.DOWN
        stacks: Path | None = worker.setup.logs / f"worker-{worker.slot}.out" if dump else None
        victim = Victim(worker.slot, worker.name, worker.identity, worker.tab, worker.setup.temp, stacks)

        def ended(end: LadderEnd) -> None:  # in the ladder's thread: one attribute store, then a nudge
            worker.ladder = end
            self._wake()

        kill_ladder.start(victim, browser, ended)

    def _bury(self, worker: Worker) -> None:
        worker.process.join()
        worker.process.close()
        worker.reports.close()
        _discard(worker.inbox)
        del self._workers[worker.slot]


def _answers(report: Report, worker: Worker) -> bool:
    """Whether it ends what the worker is at. A report of another epoch (a late one, one too many) frees
    nobody: the worker would get a second duty on top, and the first would be nobody's when it dies. That a
    person is awaited ends nothing.
    """
    at = None if isinstance(report, PersonAwaited) else worker.assignment
    return worker.state is WorkerState.BUSY and at is not None and getattr(report, "epoch", None) == at.epoch


def _discard(inbox: Any) -> None:
    """Close both ends of a queue that nobody reads any more."""
    inbox.close()
    # Waiting for its feeder thread to empty it would wait for ever.
    inbox.cancel_join_thread()
    if inbox._thread is None:
        # Never written to: there is no feeder that would close the pipe, and the library offers no other way.
        inbox._reader.close()
        inbox._writer.close()


def _how_it_ended(exitcode: int | None) -> str:
    if exitcode is None:
        return "closed its report pipe"
    if exitcode < 0:
        return f"was killed by signal {-exitcode}"
    return f"ended with exit code {exitcode}"
