"""Plays one night for real: a portal that misbehaves, a run in its own folder, and the kills of the plan."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.rehearsal.evidence import Death
from tests.rehearsal.schedule import PlannedKill, Victim, pick_one, plan_kills
from tests.rehearsal.stray_tabs import StrayTabs
from tests.rehearsal.victims import NIGHT_MARK, find_victims, processes_of_night, worker_of
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

FAULTS = (
    "slow=0.03,hang=0.02,error=0.04,throttle=0.02,logout=0.015,licence=0.01,alert=0.04,spin=0.02,crash=0.02,"
    "truncated=0.03,html=0.03,wrong=0.03,slow_s=1.5,retry_after_s=1"
)
"""Every kind that the portal knows; about three records in ten meet one."""

NO_REPORT = 0.02
SETTINGS: dict[str, object] = {
    # Short waits, so that the night's time goes into recoveries: what is awaited is never what is tested.
    # Not shorter: while five workers boot, a page takes a slow machine four seconds, which is nobody's fault.
    "portal__step_timeout_s": 6,
    "retry__backoff_s": 0.3,
    "retry__backoff_max_s": 2,
    "watchdog__heartbeat_s": 0.5,
    "watchdog__heartbeat_timeout_s": 4,
    "watchdog__boot_timeout_s": 20,
    "pacing__portal_probe_every_s": 2,
    # A record may meet a fault on its page, one on its document, and killed renderers between them.
    "retry__max_retries": 5,
    # All deaths are our doing, and one in four may hit the same record again: none of them is its fault.
    "retry__max_worker_deaths": 10,
}
_TURN_S = 0.05
_LOOK_EVERY_S = 1.0
_VICTIM_WITHIN_S = 30.0
_SWEPT_WITHIN_S = 20.0


@dataclass(frozen=True)
class Job:
    """What is rehearsed. ``folder`` must be short: Chrome's socket lies below it."""

    folder: Path
    seed: int
    records: int
    tabs: int
    latency_s: float
    kills: bool = True

    @property
    def plan(self) -> tuple[PlannedKill, ...]:
        return plan_kills(self.seed, self.records) if self.kills else ()

    @property
    def time_limit_s(self) -> float:
        """Far above what it takes; a night that is not over by then hangs."""
        return 180.0 + 3.0 * self.records


@dataclass
class NightLog:
    """What was done to the run, and how it ended. ``exit_code`` None: it was stopped at the time limit.

    ``memory``: share of the records that had ended, and MB that the supervisor held.
    """

    deaths: list[Death] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    swept_s: list[float] = field(default_factory=list)
    supervisor_starts: int = 1
    stray_tabs: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    exit_code: int | None = None
    took_s: float = 0.0


class NightRun(TabcrewProcess):
    """The run under test, all of its processes marked, its temporary files in a folder of their own."""

    def __init__(self, job: Job, url: str) -> None:
        self.mark = job.folder.name
        self.temp = job.folder / "tmp"
        self.temp.mkdir()
        settings = {
            **SETTINGS,
            "run__workers": job.tabs,
            # As many as we shall kill, and the default's three for what goes wrong besides.
            "chrome__max_restarts": 3 + sum(kill.victim is Victim.CHROME for kill in job.plan),
        }
        environ = {NIGHT_MARK: self.mark, "TMPDIR": str(self.temp)}
        super().__init__(job.folder, url, environ=environ, **settings)

    @property
    def profile(self) -> Path:
        return self.work_dir / "profile"

    def exit_code(self) -> int | None:
        return self._running.poll()

    def left(self) -> list[psutil.Process]:
        return processes_of_night(self.mark, self.profile)


class Night:
    """One night. ``say``: told what happens, one line each."""

    def __init__(self, job: Job, run: NightRun, say: Callable[[str], None]) -> None:
        self._job = job
        self._run = run
        self._say = say
        self._log = NightLog()
        self._tabs = StrayTabs(run.profile)
        self._looked_at = 0.0
        self._began_at = time.monotonic()

    def play(self) -> NightLog:
        """Blocks until the run has ended, or has not within the time limit."""
        job, log = self._job, self._log
        for kill in job.plan:
            if self._wait_until_due(kill):
                self._strike(kill)
            else:
                log.missed.append(f"{kill.victim} at {kill.after_share:.0%}")
        self._wait_for(lambda: False)
        log.exit_code = self._run.exit_code()
        log.took_s = time.monotonic() - self._began_at
        log.stray_tabs = self._tabs.most
        return log

    # --- waiting ---

    def _wait_until_due(self, kill: PlannedKill) -> bool:
        if not self._wait_for(lambda: self._ended_share() >= kill.after_share):
            return False
        due_at = time.monotonic() + kill.delay_s
        return self._wait_for(lambda: time.monotonic() >= due_at)

    def _wait_for(self, condition: Callable[[], bool], within_s: float = float("inf")) -> bool:
        """False when the run ended first, or time is up."""
        give_up_at = min(time.monotonic() + within_s, self._began_at + self._job.time_limit_s)
        while time.monotonic() < give_up_at and self._run.exit_code() is None:
            if condition():
                return True
            self._look()
            time.sleep(_TURN_S)
        return False

    def _look(self) -> None:
        if time.monotonic() - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        self._tabs.sample(self._run.status())
        try:
            memory_mb = psutil.Process(self._run.pid).memory_info().rss / 1e6
        except psutil.Error:
            return  # it ended while we looked
        self._log.memory.append((self._ended_share(), memory_mb))

    def _ended_share(self) -> float:
        counts = self._run.status().get("counts", {})
        ended = sum(counts.get(state, 0) for state in ("done", "failed", "quarantined"))
        return float(ended) / self._job.records

    # --- killing ---

    def _strike(self, kill: PlannedKill) -> None:
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = find_victims(kill.victim, psutil.Process(self._run.pid), self._run.profile)
            return bool(found)

        if not self._wait_for(look, _VICTIM_WITHIN_S):
            self._log.missed.append(f"{kill.victim} at {kill.after_share:.0%}")
            return
        process = found[pick_one(len(found), kill.pick)]
        try:
            worker = worker_of(kill.victim, process)
            at = time.time()
            process.send_signal(signal.SIGSTOP if kill.victim is Victim.STOPPED else signal.SIGKILL)
        except psutil.Error:
            self._log.missed.append(f"{kill.victim} at {kill.after_share:.0%} (it ended by itself)")
            return
        self._log.deaths.append(Death(str(kill.victim), at, process.pid, worker))
        self._say(f"{time.monotonic() - self._began_at:6.1f} s  {kill.victim} (pid {process.pid})")
        if kill.victim is Victim.SUPERVISOR:
            self._start_again(kill.at_once)

    def _start_again(self, at_once: bool) -> None:
        self._run.kill()
        if not at_once:
            killed_at = time.monotonic()
            while self._run.left() and time.monotonic() < killed_at + _SWEPT_WITHIN_S:
                time.sleep(_TURN_S)
            self._log.swept_s.append(time.monotonic() - killed_at)
        self._run.start()
        self._log.supervisor_starts += 1


def play_night(job: Job, say: Callable[[str], None]) -> tuple[NightLog, PortalProcess, NightRun]:
    """The whole night; the portal is stopped and the run has ended, or was killed, when this returns."""
    portal = PortalProcess(
        job.folder,
        records=job.records,
        seed=job.seed,
        latency=job.latency_s,
        no_report=NO_REPORT,
        faults=FAULTS,
    )
    with portal:
        run = NightRun(job, portal.url)
        with run:
            log = Night(job, run, say).play()
    return log, portal, run
