"""Remembers when a one-time code was typed last, so that none is typed twice, not even by the next run."""

import time
from collections.abc import Callable
from typing import Protocol

_KEY = "one_time_code_used_at"
_OPEN = "open"


class Meta(Protocol):
    """What is needed of the ledger."""

    def get_meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


class CodeUse:
    """On the wall clock, which is what codes go by."""

    def __init__(self, meta: Meta, wall: Callable[[], float] = time.time) -> None:
        self._meta = meta
        self._wall = wall
        noted = meta.get_meta(_KEY)
        # A run that was killed over a sign-in may have typed a code at any moment up to now.
        self.last_at = 0.0 if noted is None else wall() if noted == _OPEN else float(noted)

    def begin(self) -> None:
        """A sign-in begins, which may type a code."""
        self._meta.set_meta(_KEY, _OPEN)

    def end(self) -> None:
        """It has ended, in whichever way."""
        self.last_at = self._wall()
        self._meta.set_meta(_KEY, str(self.last_at))
