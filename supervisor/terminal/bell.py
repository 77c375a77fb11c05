"""When the terminal rings for a person: at once, and again every minute until they came. Pure."""

RING_EVERY_S = 60.0


class Bell:
    def __init__(self) -> None:
        self._text = ""
        self._rang_at = float("-inf")

    def rings(self, attention: str, now: float) -> bool:
        """Whether to ring at ``now`` for what a person is asked to do; ``attention`` empty: nothing."""
        is_new = attention != self._text
        self._text = attention
        if not attention or (not is_new and now - self._rang_at < RING_EVERY_S):
            return False
        self._rang_at = now
        return True
