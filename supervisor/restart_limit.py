"""How often something may be restarted, like OTP's restart intensity: so many times within so many
seconds.
"""

from collections import deque


class RestartLimit:
    """Counts restarts in a sliding window. Pure: ``now`` is a parameter."""

    def __init__(self, max_restarts: int, window_s: float) -> None:
        self.max_restarts = max_restarts
        self.window_s = window_s
        self._at: deque[float] = deque()
        self.total = 0

    def note(self, now: float) -> None:
        self._at.append(now)
        self.total += 1
        self._forget(now)

    def exceeded(self, now: float) -> bool:
        self._forget(now)
        return len(self._at) > self.max_restarts

    def allowed_at(self, now: float) -> float:
        """The instant from which the restarts noted so far are within the limit; ``now`` itself when they are
        already.
        """
        self._forget(now)
        if len(self._at) <= self.max_restarts:
            return now
        return self._at[-self.max_restarts - 1] + self.window_s

    def _forget(self, now: float) -> None:
        while self._at and now - self._at[0] > self.window_s:
            self._at.popleft()
