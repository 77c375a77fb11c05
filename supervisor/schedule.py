"""Which task runs next: the order of work and the leases. Values and ``now`` in, values out; no process,
disk or clock.

Fresh tasks go in the order of the inventory, retries behind them once their backoff has passed (DESIGN §4).
A task that lost its worker through no fault of its own goes to the front: its turn had come already.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lease:
    """The right of one worker to one attempt. ``epoch`` is the fencing token; ``deadline_at`` an awake
    instant.

    ``session_no``: the session it was given under; a lease that outlives its session proves nothing about
    the next.
    """

    epoch: int
    task: str
    attempt: int
    slot: int
    leased_at: float
    deadline_at: float
    session_no: int


@dataclass
class Schedule:
    """The queue of pending tasks and the leases that are out. Each pending task stands in exactly one of
    the three queues.
    """

    _front: deque[str] = field(default_factory=deque)
    _fresh: deque[str] = field(default_factory=deque)
    _waiting: list[tuple[float, int, str]] = field(default_factory=list)  # (not_before, tie, task)
    _leases: dict[int, Lease] = field(default_factory=dict)
    _ties: int = 0

    def accept(self, tasks: Iterable[str]) -> None:
        """Fresh tasks, behind those already accepted."""
        self._fresh.extend(tasks)

    def next_task(self, now: float) -> str | None:
        """Take the task whose turn it is off the queue; None when none is ready at ``now``."""
        if self._front:
            return self._front.popleft()
        if self._fresh:
            return self._fresh.popleft()
        if self._waits_no_more(now):
            return heapq.heappop(self._waiting)[2]
        return None

    def is_retry_next(self, now: float) -> bool:
        """Whether ``next_task`` has none but one that failed before."""
        return not self._front and not self._fresh and self._waits_no_more(now)

    def ready_at(self) -> float | None:
        """The instant from which a task is ready: 0 when one is ready already, None when none is pending."""
        if self._front or self._fresh:
            return 0.0
        return self._waiting[0][0] if self._waiting else None

    def requeue_in_front(self, task: str) -> None:
        """Back to pending, before fresh work."""
        self._front.append(task)

    def requeue(self, task: str, now: float, delay_s: float) -> None:
        """Back to pending, behind fresh work and not before the delay is over."""
        self._ties += 1
        heapq.heappush(self._waiting, (now + delay_s, self._ties, task))

    def grant(self, lease: Lease) -> None:
        self._leases[lease.epoch] = lease

    def settle(self, epoch: int) -> Lease | None:
        """Take the lease back, whatever came of it; None when it is not out: the report of this epoch comes
        too late.
        """
        return self._leases.pop(epoch, None)

    def lease_of(self, epoch: int) -> Lease | None:
        return self._leases.get(epoch)

    @property
    def leases(self) -> list[Lease]:
        return list(self._leases.values())

    @property
    def pending(self) -> int:
        return len(self._front) + len(self._fresh) + len(self._waiting)

    def _waits_no_more(self, now: float) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= now
