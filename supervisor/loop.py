"""The supervisor's main loop: wait, look at Chrome, hear the crew, judge, refill, publish. Each turn fits a
screen.

It joins those who decide (dispatcher, watchdog) with those who act (crew, Chrome keeper) and holds no rule
of its own but the order: Chrome is looked at before the crew is heard, because a dying Chrome makes its
workers report failures that are not their records' fault; and reports are heard before anyone is judged,
because a result that is already there saves its worker (HAZARDS P11).
"""

import os
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from urllib.parse import urlsplit

from loguru import logger

from supervisor.awake_clock import AwakeClock
from supervisor.chrome_keeper import ChromeState
from supervisor.crew import Died, Gone, Reported, Worker, WorkerState
from supervisor.disk_room import lack_of_room
from supervisor.exit_codes import ExitCode
from supervisor.fate import Fate, in_hindsight
from supervisor.halt import Halt, disk_halt
from supervisor.kill_ladder import LadderEnd
from supervisor.mailbox import Interrupted
from supervisor.parts import Parts
from supervisor.pause import EnterPressed
from supervisor.session import SessionState
from supervisor.showing import Showing
from supervisor.snapshot import Snapshot
from supervisor.staffing import Staffing
from supervisor.watchdog import Kill, WatchLimits, WorkerView, judge
from tabworker.failures import FailureClass
from tabworker.messages import Attached, DocumentFetched, DutyFailed, Report
from tabworker.storage_probe import storage_fault

_TURN_S = 0.2
"""A turn waits at most this long when nothing happens: the grain of the watchdog and of the view."""

_DISK_CHECK_EVERY_S = 5.0

_LEAST_BOOTS_AT_ONCE = 2
"""On a machine of one processor too, so that one that freezes in its boot does not hold up the next."""


@dataclass
class _Ending:
    """``at_once``: do not wait for what runs. ``halt`` decides the exit code and the last word."""

    halt: Halt
    at_once: bool


class Loop:
    """One run from the first turn to the last. ``run`` may be called once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = AwakeClock(time.monotonic())
        self._now = self._clock.awake(time.monotonic())
        watchdog = parts.settings.watchdog
        self._limits = WatchLimits(watchdog.heartbeat_timeout_s, watchdog.boot_timeout_s)
        self._fates: dict[str, Fate] = {}
        by_hand = parts.settings.portal.by_hand
        boots_at_once = max(_LEAST_BOOTS_AT_ONCE, os.cpu_count() or 1)
        self._staffing = Staffing(parts.settings.run, watchdog, by_hand=by_hand, boots_at_once=boots_at_once)
        self._showing = Showing(parts, self._clock, self._staffing)
        self._interrupts = 0
        self._ending: _Ending | None = None
        self._disk_checked_at = float("-inf")
        self._session_no = 0

    def run(self) -> tuple[Halt, Snapshot]:
        """Blocks until the run is over and no worker is left; Chrome is the caller's to stop."""
        parts = self._parts
        parts.chrome.start()
        while True:
            self._wait()
            self._heed_interrupts()
            self._look_at_chrome()
            self._hear_crew()
            self._judge()
            self._check_disk()
            self._consider_end()
            if self._ending is not None and self._ending.at_once and not parts.crew.workers:
                return self._ending.halt, self._publish(force=True)
            self._refill()
            self._publish()

    # --- wait ---

    def _wait(self) -> None:
        parts = self._parts
        wait([parts.mailbox.fileno(), *parts.crew.waitables()], timeout=_TURN_S)
        monotonic = time.monotonic()
        nap_s = self._clock.turn(monotonic)
        self._now = self._clock.awake(monotonic)
        if nap_s:
            parts.journal.warning(
                "nap", f"the supervisor itself stood still for {nap_s:.1f} s: all deadlines are moved"
            )

    def _heed_interrupts(self) -> None:
        for item in self._parts.mailbox.take():
            if isinstance(item, EnterPressed | Interrupted):
                self._go_on()
            if not isinstance(item, Interrupted):
                continue
            self._interrupts += 1
            halt = Halt(ExitCode.INTERRUPTED, f"interrupted by {item.name}")
            if self._interrupts == 1 and self._parts.dispatcher.session.state is SessionState.GOOD:
                self._ending = self._ending or _Ending(halt, at_once=False)
                self._parts.journal.warning(
                    "draining", f"{item.name}: finishing the documents that run; once more stops at once"
                )
            else:
                self._end(halt)

    def _pause(self, worker: Worker, report: DutyFailed, task: str) -> None:
        parts = self._parts
        if report.epoch == 0 or self._ending is not None or parts.chrome.handle is None:
            return
        what = task or f"the step “{report.step}”"
        if parts.pause.hold(worker.name, what):
            parts.journal.warning(
                "paused",
                f"paused on the page of {what}. Look at it in Chrome's window, or with the DevTools of "
                "another Chrome: chrome://inspect, Configure…, "
                f"{urlsplit(parts.chrome.handle.ws_url).netloc}. Enter goes on, Ctrl-C stops",
                worker=worker.name,
            )

    def _go_on(self) -> None:
        """After a pause. Whoever looked at the page may have changed it, so its worker starts anew."""
        held = self._parts.pause.release()
        for worker in self._parts.crew.workers:
            if worker.name == held:
                self._dismiss(worker, Fate(FailureClass.OURS, "the pause is over", counts_as_restart=False))

    # --- Chrome ---

    def _look_at_chrome(self) -> None:
        parts = self._parts
        if not parts.chrome.look(self._now):
            return
        if parts.chrome.state is ChromeState.BROKEN:
            self._end_over_disk()
            self._end(Halt(ExitCode.CHROME_CANNOT_START, parts.chrome.why))
        elif parts.chrome.state is ChromeState.UP:
            parts.dispatcher.session.suspect()
        elif parts.chrome.state is ChromeState.DOWN:
            parts.pause.release()
            what_now = "replacing it and all workers" if parts.chrome.is_ours else "stopping"
            parts.journal.error("chrome_died", f"{parts.chrome.why.rstrip('.')}: {what_now}")
            for worker in parts.crew.workers:
                self._dismiss(worker, Fate(FailureClass.OURS, parts.chrome.why, counts_as_restart=False))
            if not parts.chrome.is_ours:
                self._end(
                    Halt(
                        ExitCode.CHROME_CANNOT_START,
                        f"{parts.chrome.why}. Tabcrew did not start it and does not start it again. Nothing "
                        "is lost: start it, sign in there, and run the same command again.",
                    )
                )

    def _restart_chrome(self) -> None:
        chrome = self._parts.chrome
        chrome.clear_away()
        if chrome.restarts.exceeded(self._now):
            self._end(
                Halt(
                    ExitCode.RESTART_LIMIT,
                    f"Chrome died {chrome.restarts.max_restarts + 1} times within "
                    f"{chrome.restarts.window_s:.0f} s, and [chrome] max_restarts allows "
                    f"{chrome.restarts.max_restarts} (last: {chrome.why}). Its own words are in "
                    f"{self._parts.work_dir.logs / 'chrome.log'}",
                )
            )
            return
        self._staffing.chrome_died()
        chrome.start()

    # --- the crew ---

    def _hear_crew(self) -> None:
        parts = self._parts
        for event in parts.crew.poll(parts.chrome.handle):
            match event:
                case Reported(worker, report):
                    self._heard(worker, report)
                case Died(worker, how, killed):
                    self._died(worker, how, killed=killed)
                case Gone(worker, ladder):
                    self._gone(worker, ladder)

    def _heard(self, worker: Worker, report: Report) -> None:
        if isinstance(report, Attached):
            self._staffing.attached()
            logger.bind(event="worker_attached", worker=worker.name, pid=worker.pid).info(
                "attached in {:.2f} s", report.took_s
            )
            return
        if isinstance(report, DocumentFetched):
            worker.documents += 1
        lease = self._parts.book.lease_of(report.epoch)
        report = in_hindsight(report, self._fates.get(worker.name))
        was_good = self._parts.dispatcher.session.state is SessionState.GOOD
        self._parts.dispatcher.reported(report, self._now)
        if isinstance(report, DutyFailed):
            self._pause(worker, report, lease.task if lease else "")
        if isinstance(report, DutyFailed) and report.unfit and not self._parts.pause.holds:
            self._dismiss(worker, Fate(FailureClass.WORKER, f"worker {worker.slot}: {report.unfit}"))
        session = self._parts.dispatcher.session
        if was_good and session.state is SessionState.NEEDED:
            self._parts.chrome.give_back_session()
        if session.state is SessionState.GOOD and session.number != self._session_no:
            self._session_no = session.number
            self._parts.chrome.remember_session()

    def _died(self, worker: Worker, how: str, *, killed: bool) -> None:
        reason = f"worker {worker.slot} (pid {worker.pid}) {how}"
        self._fates[worker.name] = Fate(FailureClass.WORKER, reason)
        self._parts.journal.warning("worker_died", f"{reason}: replacing it", worker=worker.name)
        if worker.name == self._parts.pause.worker:
            self._parts.pause.release()
        if not worker.attached and not killed:  # else the slot's restart limit is all that a storm needs
            self._staffing.died_at_boot()
            self._end_over_disk()
        if self._staffing.cannot_boot:
            output = worker.setup.logs / f"worker-{worker.slot}.out"
            self._end(
                Halt(
                    ExitCode.RESTART_LIMIT,
                    f"{self._staffing.boot_deaths} workers in a row ended before they took their tab; the "
                    f"last {how}. Its last words, from {output}: {_last_words(output)}",
                )
            )

    def _gone(self, worker: Worker, ladder: LadderEnd) -> None:
        logger.bind(event="worker_gone", worker=worker.name).info(
            "nothing of it left after {:.2f} s", ladder.took_s
        )
        fate = self._fates.pop(worker.name, Fate(FailureClass.OURS, "the run ended"))
        if worker.assignment is not None:
            step = worker.clocks.read().step
            self._parts.dispatcher.lost(worker.assignment, fate.failure, fate.reason, step, self._now)
        if fate.counts_as_restart and self._ending is None:
            self._staffing.restarted(worker.slot, self._now)
        if not ladder.tab_gone and self._ending is None and not self._parts.chrome.is_ours:
            self._parts.journal.error(
                "tab_stuck", f"the tab of worker {worker.slot} could not be closed: please close it yourself"
            )
        elif not ladder.tab_gone and self._ending is None:
            self._parts.journal.error(
                "tab_stuck", f"the tab of worker {worker.slot} could not be closed: restarting Chrome"
            )
            self._parts.chrome.clear_away()

    def _dismiss(self, worker: Worker, fate: Fate, *, dump: bool = False) -> None:
        self._fates.setdefault(worker.name, fate)
        self._parts.crew.dismiss(worker, fate.reason, self._parts.chrome.handle, dump=dump)

    # --- judge ---

    def _judge(self) -> None:
        views = [self._view(w) for w in self._parts.crew.workers if w.state is not WorkerState.DOWN]
        for kill in judge(views, self._limits, self._now):
            worker = self._parts.crew.in_slot(kill.slot)
            if worker is not None:
                self._kill(worker, kill)

    def _kill(self, worker: Worker, kill: Kill) -> None:
        task = f"; {worker.assignment} requeued" if worker.assignment else ""
        self._parts.journal.warning(
            "worker_killed", f"{kill.reason}{task}", worker=worker.name, clock=str(kill.clock)
        )
        self._dismiss(worker, Fate(FailureClass.WORKER, kill.reason), dump=True)

    def _view(self, worker: Worker) -> WorkerView:
        reading = worker.clocks.read()
        awake = self._clock.awake
        return WorkerView(
            slot=worker.slot,
            pid=worker.pid,
            started_at=worker.started_at,
            attached=worker.attached,
            alive_at=awake(reading.alive_at),
            has_beaten=reading.has_beaten,
            step=reading.step,
            step_since=awake(reading.step_since),
            step_deadline_at=(
                None
                if reading.step_deadline_at is None
                else self._clock.awake_deadline(reading.step_since, reading.step_deadline_at)
            ),
            duty=str(worker.assignment or ""),
            deadline_at=worker.assignment.deadline_at if worker.assignment else None,
        )

    def _check_disk(self) -> None:
        if self._now - self._disk_checked_at < _DISK_CHECK_EVERY_S:
            return
        self._disk_checked_at = self._now
        self._parts.ledger.check_in_place()
        if lack := lack_of_room(self._parts.work_dir, self._parts.settings.run.min_free_disk_mb):
            self._end(Halt(ExitCode.DISK, lack))

    def _end_over_disk(self) -> None:
        """Before somebody is blamed who only could not write: the first reason to end is the one told."""
        work_dir = self._parts.work_dir
        profile = [work_dir.profile] if self._parts.chrome.is_ours else []
        if fault := storage_fault(work_dir.logs, work_dir.staging, *profile):
            self._end(disk_halt(fault))

    # --- ending ---

    def _consider_end(self) -> None:
        dispatcher, book = self._parts.dispatcher, self._parts.book
        if self._parts.pause.holds:
            return
        if dispatcher.halt is not None:
            self._end(dispatcher.halt)
        elif dispatcher.over:
            # The last word must stand in the file that the next run reads.
            self._parts.ledger.check_in_place()
            failed = book.counts.failed + book.counts.quarantined
            code = ExitCode.SOME_FAILED if failed else ExitCode.ALL_DONE
            self._end(Halt(code, code.meaning))
        elif self._ending is not None and not book.leases:
            self._end(self._ending.halt)

    def _end(self, halt: Halt) -> None:
        """End now: everybody goes, leases return to pending. The first reason to end is the one that is
        told.
        """
        if self._ending is None:
            self._ending = _Ending(halt, at_once=True)
        self._ending.at_once = True
        for worker in self._parts.crew.workers:
            # Chrome, or our part in it, ends right after, and the tabs with it: no need to close each here.
            self._fates.setdefault(worker.name, Fate(FailureClass.OURS, self._ending.halt.message))
            self._parts.crew.dismiss(worker, self._ending.halt.message, None)

    # --- refill ---

    def _refill(self) -> None:
        parts = self._parts
        if self._ending is not None or parts.pause.holds:
            return
        if parts.chrome.state is ChromeState.DOWN and not parts.crew.workers:
            self._restart_chrome()
        if parts.chrome.state is not ChromeState.UP or parts.chrome.handle is None:
            return
        for worker in parts.crew.idle():
            if why := self._staffing.outworn(worker.documents, self._showing.memory.of(worker)):
                self._dismiss(worker, Fate(FailureClass.OURS, why, counts_as_restart=False))
                continue
            given = parts.dispatcher.next_duty(worker.slot, worker.pid, self._now)
            if given is None:
                break  # what holds for one idle worker holds for all
            parts.crew.give(worker, *given)
        self._fill_slots()

    def _fill_slots(self) -> None:
        parts, dispatcher = self._parts, self._parts.dispatcher
        workers = parts.crew.workers
        for slot in self._staffing.to_start(
            taken={worker.slot for worker in workers},
            booting=sum(not worker.attached for worker in workers),
            work_left=parts.book.work_left if dispatcher.inventory_known else None,
            sessions=dispatcher.session.number,
            now=self._now,
        ):
            parts.crew.spawn(
                slot,
                partial(parts.make_setup, slot),
                parts.chrome.open_tab(),
                parts.chrome.ws_url,
                self._now,
            )

    # --- publish ---

    def _publish(self, *, force: bool = False) -> Snapshot:
        ending = "" if self._ending is None else "stopping" if self._ending.at_once else "draining"
        return self._showing.show(self._now, ending, force=force)


def _last_words(output: Path) -> str:
    try:
        text = output.read_text("utf-8", "replace").strip()
    except OSError:
        return "none"
    return text[-400:].replace("\n", " | ") or "none"
