"""Ends a wait for a portal at one instant, however many bytes trickle in before it.

A socket's own time-out begins anew with each byte: a portal that sends one every few seconds would keep us
for ever, and the watchdog would call this worker stalled.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tabworker.web_errors import TooSlow


class Deadline:
    """An instant that can be moved."""

    def __init__(self, within_s: float) -> None:
        self.renew(within_s)

    def renew(self, within_s: float) -> None:
        self._within_s = within_s
        self._at = time.monotonic() + within_s

    @property
    def left_s(self) -> float:
        return max(0.001, self._at - time.monotonic())

    @contextmanager
    def over(self, sock: socket.socket) -> Iterator[None]:
        """Hang up when it passes inside: for what waits for the socket more than once."""
        timer = threading.Timer(self.left_s, _hang_up, (sock,))
        timer.daemon = True
        sock.settimeout(self.left_s)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def raise_if_over(self, cause: BaseException | None = None) -> None:
        """Raises TooSlow, also when ``cause`` is a socket's time-out, which ends at the same instant."""
        if time.monotonic() >= self._at or isinstance(cause, TimeoutError):
            raise TooSlow(f"within {self._within_s:.0f} s") from cause


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already
