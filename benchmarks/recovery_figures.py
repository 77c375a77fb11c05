"""From the instants that log, ledger and clock noted to seconds of recovery, fault by fault. Pure.

All instants are seconds of UTC. Where a figure cannot be told (the worker held no task at that instant, the
log does not say) it is left out: a fault never counts with a guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.rehearsal.evidence import Attempt
from tests.rehearsal.recovery import median_and_p95
from tests.rehearsal.schedule import Victim

SEEN = "seen"
KILLED = "killed and buried"
TASK = "its task running again"
TASK_AFTER_KILL = "its task running again, after the kill"
SLOT = "its slot at work again"
BURIAL = "- of which burial (tree killed, tab closed)"
BOOT = "- of which the new worker's boot"
CHROME_UP = "Chrome up again"
FIRST_TASK = "first task running"
ALL_SLOTS = "every slot at work again"
NOTHING_LEFT = "no process of ours left"
FIRST_TASK_AFTER_START = "first task running, after the next start"

PROMISES_S: dict[tuple[Victim, str], float] = {
    (Victim.WORKER, SEEN): 0.5,
    (Victim.WORKER, TASK): 3.0,
    (Victim.STOPPED, KILLED): 11.0,
    (Victim.STOPPED, TASK_AFTER_KILL): 3.0,
    (Victim.DRIVER, SEEN): 0.5,
    (Victim.DRIVER, TASK): 3.0,
    (Victim.RENDERER, SEEN): 0.5,
    (Victim.CHROME, SEEN): 0.5,
    (Victim.SUPERVISOR, NOTHING_LEFT): 2.0,
}
"""DESIGN §5, for the defaults on an idle machine. What is not in here is told and not promised."""


@dataclass(frozen=True)
class Caused:
    """A fault that was caused. ``worker_pid``: whose, None when it hit no worker alone. The last two: of a
    killed supervisor, when nothing of its run was left and when it was started again.
    """

    victim: Victim
    at: float
    worker_pid: int | None = None
    gone_at: float | None = None
    started_at: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of the supervisor's log. ``slot``: whose worker it tells of; 0 when of none."""

    at: float
    event: str
    slot: int


@dataclass(frozen=True)
class Summary:
    """One row of the table. ``within``: how many kept the promise; None when nothing is promised."""

    measure: str
    promise_s: float | None
    n: int
    median_s: float
    p95_s: float
    max_s: float
    within: int | None


def figures_of(fault: Caused, lines: list[Line], attempts: list[Attempt], slots: int) -> dict[str, float]:
    """Measure → seconds, for one fault; empty when it did not hit a task at work."""
    match fault.victim:
        case Victim.CHROME:
            found = _of_chrome(fault, lines, attempts, slots)
        case Victim.SUPERVISOR:
            found = _of_supervisor(fault, attempts)
        case _:
            found = _of_worker(fault, lines, attempts)
    return {measure: round(seconds, 3) for measure, seconds in found.items() if seconds is not None}


def summarize(victim: Victim, figures: list[dict[str, float]]) -> list[Summary]:
    """The rows of one kind of fault, in the order in which things happen."""
    measures = dict.fromkeys(measure for one in figures for measure in one)
    return [_summary(victim, measure, figures) for measure in measures]


def _summary(victim: Victim, measure: str, figures: list[dict[str, float]]) -> Summary:
    values = [one[measure] for one in figures if measure in one]
    promise_s = PROMISES_S.get((victim, measure))
    half, most = median_and_p95(values)
    within = None if promise_s is None else sum(value <= promise_s for value in values)
    return Summary(measure, promise_s, len(values), half, most, max(values), within)


def _of_worker(fault: Caused, lines: list[Line], attempts: list[Attempt]) -> dict[str, float | None]:
    hit = _hit(fault, attempts)
    if hit is None:
        return {}
    died = _first(lines, "worker_died", fault.at, hit.slot)
    killed = _first(lines, "worker_killed", fault.at, hit.slot)
    gone = _first(lines, "worker_gone", fault.at, hit.slot)
    attached = _first(lines, "worker_attached", gone, hit.slot)
    task = _began(a for a in attempts if a.ref == hit.ref and a.began_at > fault.at)
    slot = _began(a for a in attempts if a.slot == hit.slot and a.began_at > fault.at and a.pid != hit.pid)
    since = fault.at
    found: dict[str, float | None] = {}
    if fault.victim is Victim.STOPPED:
        found |= {KILLED: _span(since, gone), TASK_AFTER_KILL: _span(killed, task)}
    else:
        # A worker whose driver or page died says so itself: that is the end of its attempt.
        found[SEEN] = _span(since, died if fault.victim is Victim.WORKER else hit.ended_at)
    if fault.victim in (Victim.WORKER, Victim.DRIVER):
        found[TASK] = _span(since, task)
    burial_from = {Victim.WORKER: died, Victim.STOPPED: killed}.get(fault.victim, hit.ended_at)
    return found | {
        SLOT: _span(since, slot),
        BURIAL: _span(burial_from, gone),
        BOOT: _span(gone, attached),
    }


def _hit(fault: Caused, attempts: list[Attempt]) -> Attempt | None:
    """The attempt that the fault ended. A renderer's is the one whose page crashed."""
    open_then = [a for a in attempts if not a.delivered and a.covers(fault.at)]
    if fault.worker_pid is not None:
        return next((a for a in open_then if a.pid == fault.worker_pid), None)
    return next((a for a in open_then if "crash" in a.reason), None)


def _of_chrome(
    fault: Caused, lines: list[Line], attempts: list[Attempt], slots: int
) -> dict[str, float | None]:
    up = _first(lines, "chrome_up", fault.at)
    after = [a for a in attempts if up is not None and a.began_at > up]
    firsts = [_began(a for a in after if a.slot == slot) for slot in range(1, slots + 1)]
    begun = [first for first in firsts if first is not None]
    return {
        SEEN: _span(fault.at, _first(lines, "chrome_died", fault.at)),
        CHROME_UP: _span(fault.at, up),
        FIRST_TASK: _span(fault.at, _began(after)),
        ALL_SLOTS: _span(fault.at, max(begun) if len(begun) == slots else None),
        BOOT: _span(up, _first(lines, "worker_attached", up)),
    }


def _of_supervisor(fault: Caused, attempts: list[Attempt]) -> dict[str, float | None]:
    started_at = fault.started_at
    begun = _began(a for a in attempts if started_at is not None and a.began_at > started_at)
    return {
        NOTHING_LEFT: _span(fault.at, fault.gone_at),
        FIRST_TASK_AFTER_START: _span(started_at, begun),
    }


def _began(attempts: Iterable[Attempt]) -> float | None:
    return min((attempt.began_at for attempt in attempts), default=None)


def _first(lines: list[Line], event: str, after: float | None, slot: int | None = None) -> float | None:
    """The instant of the first such line since ``after``; the log cuts its instants to the millisecond."""
    if after is None:
        return None
    since = after - 0.001
    return next(
        (line.at for line in lines if line.event == event and line.at >= since and slot in (None, line.slot)),
        None,
    )


def _span(since: float | None, until: float | None) -> float | None:
    return None if since is None or until is None else max(0.0, until - since)
