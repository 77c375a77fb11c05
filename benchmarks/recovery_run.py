"""Causes faults in a real run, one kind in one run, and gathers what is needed to tell the times."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.log_tail import LogTail
from benchmarks.recovery_figures import Caused, figures_of
from tests.rehearsal.gather import attempts_of
from tests.rehearsal.schedule import Victim
from tests.rehearsal.victims import find_victims, worker_of
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 3000
"""More than any series needs: a run that ends by itself would end the series."""

_NEVER = 100_000
SETTINGS: dict[str, object] = {
    # The limits stop a run in which this much dies; everything else is as shipped.
    "watchdog__max_restarts": _NEVER,
    "chrome__max_restarts": _NEVER,
    "retry__max_worker_deaths": _NEVER,
    "retry__max_retries": _NEVER,
    "pacing__portal_down_after": _NEVER,
}
_LOOK_EVERY_S = 0.05
_RECOVERED_WITHIN_S = 60.0
_SETTLE_S = 1.5
_FROZEN_CYCLE_S = 16.0
"""A frozen worker is killed after about ten seconds and replaced; then it should work for a while."""

_HIT_WITHIN_S = 3.0


@dataclass(frozen=True)
class Options:
    """``latency_s``: the portal's time for a document, long enough that a fault nearly always hits a task."""

    faults: int
    tabs: int
    latency_s: float
    seed: int


@dataclass(frozen=True)
class Series:
    """What one kind of fault took. ``struck``: faults caused; the rest of them hit no task. ``busy_percent``:
    how busy the machine's cores were meanwhile.
    """

    victim: Victim
    struck: int
    figures: list[dict[str, float]]
    busy_percent: float


class RecoveryRun:
    """One run of the program under faults of one kind. ``say``: told what happens, a line each."""

    def __init__(
        self, victim: Victim, options: Options, run: TabcrewProcess, say: Callable[[str], None]
    ) -> None:
        self._victim = victim
        self._options = options
        self._run = run
        self._say = say
        self._chance = random.Random(f"recovery/{victim}/{options.seed}")
        self._log = LogTail(run.work_dir / "logs" / "run.jsonl")

    def play(self) -> Series:
        """Blocks until every fault is caused and recovered from, and the run has stopped in good order."""
        self._wait_for(lambda: self._attached_since(0.0) >= self._options.tabs, "the crew is at work")
        self._run.wait_for_documents(1, within_s=_RECOVERED_WITHIN_S)
        self._settle()
        psutil.cpu_percent()
        faults = self._freeze_in_turn() if self._victim is Victim.STOPPED else self._one_by_one()
        busy_percent = psutil.cpu_percent()
        self._stop()
        lines, attempts = self._log.read(), list(attempts_of(self._run))
        figures = [figures_of(fault, lines, attempts, self._options.tabs) for fault in faults]
        return Series(self._victim, len(faults), [one for one in figures if one], busy_percent)

    # --- causing ---

    def _one_by_one(self) -> list[Caused]:
        faults: list[Caused] = []
        in_vain = 0
        while len(faults) < self._options.faults:
            fault = self._strike_supervisor() if self._victim is Victim.SUPERVISOR else self._strike()
            if self._victim is Victim.RENDERER and not self._was_noticed(fault):
                in_vain += 1  # it showed no worker's tab, or one between two tasks
                if in_vain > 5 + self._options.faults:
                    raise SystemExit(
                        f"{in_vain} killed renderers were not noticed within {_HIT_WITHIN_S:.0f} s"
                    )
                continue
            faults.append(fault)
            self._wait_until_recovered(fault)
            self._told(len(faults), fault)
            self._settle()
        return faults

    def _freeze_in_turn(self) -> list[Caused]:
        """Several are frozen at a time, their boots spread evenly: a frozen worker disturbs nobody."""
        every_s = _FROZEN_CYCLE_S / self._options.tabs
        faults: list[Caused] = []
        frozen: dict[int, Caused] = {}
        while len(faults) < self._options.faults:
            next_at = time.monotonic() + every_s
            fault = self._strike(frozen)
            faults.append(fault)
            frozen[self._slot_of(fault)] = fault
            self._told(len(faults), fault)
            self._wait_for(lambda: self._thaw(frozen) < self._options.tabs, "a frozen worker is replaced")
            time.sleep(max(0.0, next_at - time.monotonic()))
        self._wait_for(lambda: not self._thaw(frozen), "the last frozen worker is replaced")
        self._settle()
        return faults

    def _thaw(self, frozen: dict[int, Caused]) -> int:
        """Forget the slots that work again; how many do not."""
        for slot, fault in list(frozen.items()):
            if any(line.slot == slot for line in self._log.since("worker_attached", fault.at)):
                del frozen[slot]
        return len(frozen)

    def _strike(self, spared: dict[int, Caused] | None = None) -> Caused:
        """Hit one of those that have a task just now, but none in the slots ``spared``."""
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = self._candidates(spared or {})
            return bool(found)

        self._wait_for(look, f"there is a {self._victim} to hit")
        process = self._chance.choice(found)
        worker = worker_of(self._victim, process)
        at = time.time()
        process.send_signal(signal.SIGSTOP if self._victim is Victim.STOPPED else signal.SIGKILL)
        return Caused(self._victim, at, worker)

    def _candidates(self, spared: dict[int, Caused]) -> list[psutil.Process]:
        rows = self._run.status().get("workers", [])
        busy = {row["pid"] for row in rows if row["state"] == "busy" and row["slot"] not in spared}
        found = find_victims(self._victim, psutil.Process(self._run.pid), self._run.work_dir / "profile")
        if self._victim is Victim.RENDERER:
            # Chrome keeps a spare one at hand: those that show pages have used more.
            return sorted(found, key=_cpu_s, reverse=True)[: self._options.tabs]
        return [process for process in found if worker_of(self._victim, process) in (None, *busy)]

    def _strike_supervisor(self) -> Caused:
        # A look at the whole process table is dear: those of now are watched, the table is asked at the end.
        known = [*psutil.Process(self._run.pid).children(recursive=True), *self._run.processes()]
        at = time.time()
        self._run.kill()
        self._wait_for(lambda: not any(map(_lives, known)) and not self._run.processes(), "all is swept")
        gone_at = started_at = time.time()
        self._run.start()
        return Caused(self._victim, at, None, gone_at, started_at)

    # --- waiting ---

    def _was_noticed(self, fault: Caused) -> bool:
        give_up_at = time.monotonic() + _HIT_WITHIN_S
        while time.monotonic() < give_up_at:
            if self._log.since("task_requeued", fault.at):
                return True
            time.sleep(_LOOK_EVERY_S)
        return False

    def _wait_until_recovered(self, fault: Caused) -> None:
        since, wanted = fault.at, 1
        if fault.victim in (Victim.CHROME, Victim.SUPERVISOR):
            since, wanted = fault.started_at or fault.at, self._options.tabs
        self._wait_for(lambda: self._attached_since(since) >= wanted, f"the run recovers from {fault}")

    def _attached_since(self, at: float) -> int:
        return len(self._log.since("worker_attached", at))

    def _settle(self) -> None:
        """Long enough for everybody to be at work again, and not always the same part of the work."""
        time.sleep(_SETTLE_S + self._chance.uniform(0.0, 1.0))

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        give_up_at = time.monotonic() + _RECOVERED_WITHIN_S
        while not condition():
            if time.monotonic() > give_up_at:
                raise SystemExit(
                    f"not within {_RECOVERED_WITHIN_S:.0f} s: {what}\n{self._run.said()[-3000:]}"
                )
            time.sleep(_LOOK_EVERY_S)

    def _slot_of(self, fault: Caused) -> int:
        rows = self._run.status()["workers"]
        return next(int(row["slot"]) for row in rows if row["pid"] == fault.worker_pid)

    # --- ending and telling ---

    def _stop(self) -> None:
        """The second Ctrl-C stops at once; whatever is left behind by then is an error of the program."""
        self._run.interrupt()
        time.sleep(_LOOK_EVERY_S)
        self._run.interrupt()
        self._run.wait(within_s=30)
        self._run.assert_clean()

    def _told(self, number: int, fault: Caused) -> None:
        whom = f" of worker {fault.worker_pid}" if fault.worker_pid else ""
        took = f": {time.time() - fault.at:.1f} s" if self._victim is not Victim.STOPPED else ""
        self._say(f"{self._victim} {number} of {self._options.faults}{whom}{took}")


def measure(victim: Victim, options: Options, folder: Path, say: Callable[[str], None]) -> Series:
    """One series in ``folder``: its own portal, its own run; nothing of either is left afterwards."""
    folder.mkdir()
    with (
        PortalProcess(folder, records=RECORDS, latency=options.latency_s, delivery="mixed") as portal,
        TabcrewProcess(folder, portal.url, environ=None, **SETTINGS, run__workers=options.tabs) as run,
    ):
        return RecoveryRun(victim, options, run, say).play()


def _cpu_s(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.Error:
        return 0.0


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
