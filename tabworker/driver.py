"""The Playwright driver, a worker's one child process: without it the worker can do nothing any more."""

import time
from collections.abc import Collection

import psutil

_POLL_S = 0.01


class Driver:
    """Made right after Playwright was started: whatever children this process has by then are the driver.

    ``others``: pids of children that were there before.
    """

    def __init__(self, others: Collection[int] = ()) -> None:
        self._processes = [child for child in psutil.Process().children() if child.pid not in others]

    def is_gone(self, within_s: float = 0.0) -> bool:
        """Whether it died, or does so ``within_s``: its pipe ends a moment before the process does."""
        give_up_at = time.monotonic() + within_s
        while not (gone := any(not _is_alive(process) for process in self._processes)):
            if time.monotonic() >= give_up_at:
                break
            time.sleep(_POLL_S)
        return gone


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
