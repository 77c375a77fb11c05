"""Monotonic time less the supervisor's own naps, so that nobody is killed for a suspend or a SIGSTOP of
ours.
"""

from bisect import bisect_right

NAP_S = 3.0
"""A turn of the loop takes milliseconds and waits at most a quarter of a second: a longer gap is a nap."""


class AwakeClock:
    """Maps monotonic instants to awake instants: the same line with every nap cut out.

    While the supervisor naps the workers may nap too (a suspended machine) or go on (only the supervisor
    was stopped). A stamp that falls into a nap maps to the nap's end, so it is never older than the moment
    we woke.
    """

    def __init__(self, now: float) -> None:
        self._last_turn_at = now
        self._nap_ends: list[float] = []
        self._nap_starts: list[float] = []
        self._cut_before: list[float] = [0.0]

    def turn(self, now: float) -> float:
        """Note one turn of the loop at monotonic ``now``; returns the length in seconds of the nap just
        ended, or 0.
        """
        gap = now - self._last_turn_at
        nap_s = 0.0
        if gap > NAP_S:
            nap_s = gap
            self._nap_starts.append(self._last_turn_at)
            self._nap_ends.append(now)
            self._cut_before.append(self._cut_before[-1] + gap)
        self._last_turn_at = now
        return nap_s

    def awake(self, instant: float) -> float:
        """The awake instant of a monotonic ``instant`` (past or future)."""
        ended = bisect_right(self._nap_ends, instant)
        if ended < len(self._nap_starts) and instant > self._nap_starts[ended]:
            return self._nap_starts[ended] - self._cut_before[ended]
        return instant - self._cut_before[ended]

    def awake_deadline(self, since: float, deadline_at: float) -> float:
        """The awake instant of a monotonic deadline set at ``since``: every nap since then is added."""
        return self.awake(since) + (deadline_at - since)
