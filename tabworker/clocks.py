"""The two clocks of a worker, in shared memory without a lock: written by the worker, read by the supervisor.

Lock-free because a lock would stay locked for ever when its holder is killed (HAZARDS P3). A reader may
meet a write in the middle: a number is one aligned 8-byte store, and a step's name is only ever shown,
never decided upon.
"""

from ctypes import Array, c_char, c_double
from dataclasses import dataclass
from typing import Any

_ALIVE_AT, _STEP_SINCE, _STEP_DEADLINE_AT, _HAS_BEATEN = range(4)
_NAME_BYTES = 96


@dataclass(frozen=True)
class ClockReading:
    """Monotonic instants in seconds. ``step`` is empty and ``step_deadline_at`` None when no step runs.

    ``has_beaten``: the worker itself stamped ``alive_at`` at least once.
    """

    alive_at: float
    step: str
    step_since: float
    step_deadline_at: float | None
    has_beaten: bool = False


class Clocks:
    """Made by the supervisor, handed to the worker when it is spawned."""

    def __init__(self, numbers: "Array[c_double]", name: "Array[c_char]") -> None:
        self._numbers = numbers
        self._name = name

    @classmethod
    def shared(cls, multiprocessing_context: Any, now: float) -> "Clocks":
        """Clocks in memory that processes spawned from this context share; they start at ``now``."""
        numbers = multiprocessing_context.RawArray("d", 4)
        numbers[_ALIVE_AT] = now
        return cls(numbers, multiprocessing_context.RawArray("c", _NAME_BYTES))

    def beat(self, now: float) -> None:
        self._numbers[_ALIVE_AT] = now
        self._numbers[_HAS_BEATEN] = 1.0

    def begin_step(self, name: str, now: float, within_s: float) -> None:
        # The deadline first: whoever reads between the two stores sees the old name with the new deadline,
        # which kills nobody; the other order would show a new step that is already late.
        self._numbers[_STEP_DEADLINE_AT] = now + within_s
        self._numbers[_STEP_SINCE] = now
        self._name.value = name.encode("utf-8", "replace")[: _NAME_BYTES - 1]

    def end_steps(self) -> None:
        self._numbers[_STEP_DEADLINE_AT] = 0.0
        self._name.value = b""

    def read(self) -> ClockReading:
        deadline_at = self._numbers[_STEP_DEADLINE_AT]
        return ClockReading(
            alive_at=self._numbers[_ALIVE_AT],
            step=self._name.value.decode("utf-8", "ignore"),
            step_since=self._numbers[_STEP_SINCE],
            step_deadline_at=deadline_at or None,
            has_beaten=bool(self._numbers[_HAS_BEATEN]),
        )
