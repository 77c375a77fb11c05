"""Who is late, by which clock: a pure function from what is known of the workers, the limits and now to
kills.

Each worker has two clocks. *alive* is stamped by a thread every second: it stops when the process is frozen
or a C call holds the GIL. *progress* is stamped by the work itself, with the name of the step and that
step's deadline: it stops when the main thread hangs while the thread goes on beating (HAZARDS P5). Outside
both stands the lease's own deadline.

All instants are on the supervisor's awake clock (see awake_clock), in seconds.
"""

from dataclasses import dataclass
from enum import StrEnum


class Clock(StrEnum):
    """The clock a worker was late by."""

    ALIVE = "alive"
    PROGRESS = "progress"
    TASK = "task"
    BOOT = "boot"


@dataclass(frozen=True)
class WatchLimits:
    """``step_grace_s``: a step's own time-out fires in the worker first; only then do we kill it."""

    heartbeat_timeout_s: float = 10.0
    boot_timeout_s: float = 60.0
    step_grace_s: float = 5.0


@dataclass(frozen=True)
class WorkerView:
    """What is known of one worker. ``attached``: it has taken its tab. ``has_beaten``: it has shown life
    itself; before that ``alive_at`` is the instant of its start. ``step``: the step that runs, or empty.

    ``duty``: what it works on, for the reason's text; empty when idle. ``deadline_at``: the duty's outer
    bound.
    """

    slot: int
    pid: int | None
    started_at: float
    attached: bool
    alive_at: float
    has_beaten: bool = False
    step: str = ""
    step_since: float = 0.0
    step_deadline_at: float | None = None
    duty: str = ""
    deadline_at: float | None = None


@dataclass(frozen=True)
class Kill:
    """This worker must be replaced; ``reason`` is the sentence for people."""

    slot: int
    clock: Clock
    reason: str


def judge(workers: list[WorkerView], limits: WatchLimits, now: float) -> list[Kill]:
    """The kills that are due at ``now``, at most one a worker."""
    return [kill for worker in workers if (kill := _judge_one(worker, limits, now)) is not None]


def _judge_one(worker: WorkerView, limits: WatchLimits, now: float) -> Kill | None:
    def kill(clock: Clock, what: str, hint: str) -> Kill:
        during = f' in step "{worker.step}"' if worker.step else ""
        of = f" of {worker.duty}" if worker.duty else ""
        return Kill(
            worker.slot,
            clock,
            f"worker {worker.slot} (pid {worker.pid}) {what}{during}{of}: killed. {hint}",
        )

    silent = now - worker.alive_at
    if (worker.attached or worker.has_beaten) and silent > limits.heartbeat_timeout_s:
        return kill(
            Clock.ALIVE,
            f"sent no heartbeat for {silent:.1f} s (limit {limits.heartbeat_timeout_s:.1f})",
            "Raise [watchdog] heartbeat_timeout_s if this machine is overloaded.",
        )
    if not worker.attached:
        waited = now - worker.started_at
        if waited > limits.boot_timeout_s:
            return kill(
                Clock.BOOT,
                f"has not taken its tab after {waited:.1f} s (limit {limits.boot_timeout_s:.1f})",
                "Raise [watchdog] boot_timeout_s if this machine is slow.",
            )
        return None
    if not worker.duty:
        return None
    if worker.step_deadline_at is not None and now > worker.step_deadline_at + limits.step_grace_s:
        return kill(
            Clock.PROGRESS,
            f"made no progress for {now - worker.step_since:.1f} s "
            f"(the step allows {worker.step_deadline_at - worker.step_since:.1f})",
            "Raise [portal] step_timeout_s if this step is slow.",
        )
    if worker.deadline_at is not None and now > worker.deadline_at:
        return kill(
            Clock.TASK,
            f"is {now - worker.deadline_at:.1f} s past the deadline",
            "Raise [watchdog] inventory_timeout_s if this takes longer."
            if worker.duty == "inventory"
            else "Raise [watchdog] task_timeout_s if this takes longer.",
        )
    return None
