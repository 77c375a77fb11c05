"""What becomes of a task whose attempt did not deliver: a pure rule from the failure's class and the task's
past.

Whose fault decides (DESIGN §4): only what the portal or the record did costs an attempt. A backoff is
exponential with full jitter: ``uniform(0, min(backoff_max, backoff · 2^(n-1)))`` (Marc Brooker,
"Exponential Backoff And Jitter").
"""

from collections.abc import Callable
from dataclasses import dataclass

from tabworker.failures import FailureClass


@dataclass(frozen=True)
class RetryLimits:
    """``max_retries``: further attempts after the first. ``max_worker_deaths``: attributable deaths to
    quarantine.
    """

    max_retries: int = 2
    backoff_s: float = 2.0
    backoff_max_s: float = 120.0
    max_worker_deaths: int = 3


@dataclass(frozen=True)
class TaskPast:
    """What counts against a task so far, the attempt in question not yet included."""

    charged: int
    deaths: int


@dataclass(frozen=True)
class Requeue:
    """Back to pending. ``front``: its turn had come already, so it is next; else behind fresh work, and not
    before ``delay_s`` is over.
    """

    delay_s: float = 0.0
    front: bool = False
    charged: bool = False
    death: bool = False


@dataclass(frozen=True)
class Fail:
    """Ended: no further attempt can help, or none is left."""

    charged: bool = True


@dataclass(frozen=True)
class Quarantine:
    """Ended: this task keeps killing workers."""


Decision = Requeue | Fail | Quarantine


def decide(
    failure: FailureClass,
    past: TaskPast,
    limits: RetryLimits,
    uniform: Callable[[float, float], float],
) -> Decision:
    """The decision for one failed attempt. ``uniform(a, b)`` is the source of jitter."""
    match failure:
        case FailureClass.PERMANENT:
            return Fail()
        case FailureClass.TRANSIENT | FailureClass.MISFIT:
            # A misfit of one record (its page lacks the button) is worth the retries too: pages half-load.
            # When every record misfits, the circuit opens and the run stops with the reason.
            if past.charged >= limits.max_retries:
                return Fail()
            ceiling = min(limits.backoff_max_s, limits.backoff_s * 2.0 ** min(past.charged, 60))
            return Requeue(delay_s=uniform(0.0, ceiling), charged=True)
        case FailureClass.WORKER:
            if past.deaths + 1 >= limits.max_worker_deaths:
                return Quarantine()
            return Requeue(front=True, death=True)
        case _:
            # session, throttle, refused, conflict, ours: not the record's doing, so nothing is charged and
            # the gates (session, throttle, stop) decide when it runs again.
            return Requeue(front=True)
