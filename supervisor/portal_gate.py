"""When the portal may be asked at all: pacing, the throttle gate and the circuit. Pure: values and ``now``
in, a verdict out.

*Throttle*: the portal said "too many requests". One gate for all tabs, counted once per event: the other
tabs' requests were under way when it closed, so what they report afterwards does not close it again.
*Circuit*: K different records in a row failed the same way, so it is not the records. One probe at a time
until one succeeds: a look whether the portal answers at all, and a record only once it does. A retry is not
left to that count, for when the last records fail there are no K: as long as nothing but failures came from
the portal, a look goes before it, and opens the circuit when nobody answers.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_FIRST_PAUSE_S = 5.0
_LOOK = ""
"""In a task's place: a look at the portal that no task pays for."""
LONGEST_PAUSE_S = 600.0


@dataclass(frozen=True)
class GateLimits:
    """``down_after``: K of the circuit. ``give_up_s``: how long it may stay open. ``tasks_per_minute``: 0 =
    as fast as it goes.
    """

    tasks_per_minute: float = 0.0
    down_after: int = 5
    probe_every_s: float = 30.0
    give_up_s: float = 1800.0


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True)
class Verdict:
    """May a task be given out now? If not: why (for people) and from which instant it is worth asking
    again.
    """

    allowed: bool
    why: str = ""
    until: float | None = None


_YES = Verdict(True)


class PortalGate:
    """What the portal's answers so far allow."""

    def __init__(self, limits: GateLimits, uniform: Callable[[float, float], float]) -> None:
        self._limits = limits
        self._uniform = uniform
        self._closed_until = 0.0
        self._closed_at = float("-inf")
        self._pause_s = _FIRST_PAUSE_S
        self._next_slot_at = 0.0
        self._alike: deque[str] = deque(maxlen=limits.down_after)
        self._alike_kind = ""
        self._opened_at: float | None = None
        self._next_probe_at = 0.0
        self._probe: str | None = None
        self._answers = False

    def verdict(self, now: float) -> Verdict:
        """May one more task be given out at ``now``?"""
        if now < self._closed_until:
            return Verdict(
                False,
                f"the portal asks to slow down: waiting {self._closed_until - now:.0f} s",
                self._closed_until,
            )
        if self._opened_at is not None:
            if self._probe is not None:
                return Verdict(False, f"the portal seems down ({self._alike_kind}): one task is probing it")
            if now < self._next_probe_at:
                return Verdict(
                    False,
                    f"the portal seems down ({self._alike_kind}): "
                    f"next probe in {self._next_probe_at - now:.0f} s",
                    self._next_probe_at,
                )
        if now < self._next_slot_at:
            return Verdict(False, "", self._next_slot_at)
        return _YES

    def dispatched(self, task: str, now: float) -> None:
        """A task was given out."""
        if self._limits.tasks_per_minute > 0:
            self._next_slot_at = max(now, self._next_slot_at) + 60.0 / self._limits.tasks_per_minute
        if self._opened_at is not None:
            self._probe = task

    def must_look(self, *, retry: bool) -> bool:
        """Whether the portal must be seen to answer before one more task, a ``retry`` or a fresh one."""
        in_doubt = self._opened_at is not None or (retry and len(self._alike) > 0)
        return in_doubt and not self._answers

    def looking(self, now: float) -> None:
        """Somebody was sent to see whether the portal answers."""
        self.dispatched(_LOOK, now)

    def looked(self, answers: bool | None, now: float) -> bool:
        """What came of it: a record may be tried at once, or the next look waits. None: whoever looked died
        over it, which proves nothing, but must not keep a portal from being asked that was never seen down.
        True when this opens the circuit.
        """
        self._answers = self._opened_at is None if answers is None else answers
        if not self._answers:
            self._release_probe(_LOOK, now)
            return len(self._alike) > 0 and self._open(now)
        if self._probe == _LOOK:
            self._probe = None
        return False

    def throttled(self, task: str, leased_at: float, retry_after_s: float | None, now: float) -> bool:
        """The portal answered 429 to a task leased at ``leased_at``; True when this is a new event and the
        gate closed.

        ``retry_after_s`` is honoured up to ten minutes; 0, negative and absent mean that the gate's own
        pause doubles.
        """
        self._release_probe(task, now)
        if leased_at <= self._closed_at:
            return False
        if retry_after_s is not None and retry_after_s > 0:
            pause_s = min(retry_after_s, LONGEST_PAUSE_S)
        else:
            pause_s = self._pause_s
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        self._closed_at = now
        self._closed_until = now + pause_s + self._uniform(0.0, 0.1 * pause_s)
        return True

    def succeeded(self) -> bool:
        """The portal answered as it should; True when this closes the circuit."""
        was_open = self._opened_at is not None
        self._alike.clear()
        self._opened_at = None
        self._probe = None
        self._pause_s = _FIRST_PAUSE_S
        return was_open

    def failed(self, task: str, kind: str, now: float) -> bool:
        """A task failed in this way (class and step); True when this opens the circuit."""
        self._release_probe(task, now)
        self._answers = False
        if kind != self._alike_kind:
            self._alike.clear()
            self._alike_kind = kind
        if task not in self._alike:
            self._alike.append(task)
        return len(self._alike) >= self._limits.down_after and self._open(now)

    def inconclusive(self, task: str, now: float) -> None:
        """A task came back without a word from the portal (its worker died): a probe that proved nothing."""
        self._release_probe(task, now)

    def gives_up(self, now: float) -> bool:
        """Has the circuit been open for longer than the user wants to wait?"""
        return self._opened_at is not None and now - self._opened_at >= self._limits.give_up_s

    @property
    def circuit(self) -> Circuit:
        return Circuit.CLOSED if self._opened_at is None else Circuit.OPEN

    @property
    def failing_alike(self) -> str:
        """The way in which the last records failed, for people."""
        return self._alike_kind

    def _open(self, now: float) -> bool:
        if self._opened_at is not None:
            return False
        self._opened_at = now
        self._next_probe_at = now + self._limits.probe_every_s
        return True

    def _release_probe(self, task: str, now: float) -> None:
        if self._probe == task:
            self._probe = None
            self._next_probe_at = now + self._limits.probe_every_s
