"""A portal that is down: what stands before it answers 503 to everything, and counts who asks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

from tests.support.serving import serving

_ANSWERS_AFTER_S = 0.05
"""Long enough to see whether two ask at once."""


class Outage:
    """``asked``: the instant and the path of each request. ``at_once``: the most that were waiting together,
    of those that asked after the first ``burst``.
    """

    def __init__(self, burst: int) -> None:
        self.asked: list[tuple[float, str]] = []
        self.at_once = 0
        self._burst = burst
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def pauses_s(self) -> list[float]:
        """Between the requests after the first ``burst``."""
        instants = [at for at, _ in self.asked[self._burst - 1 :]]
        return [later - earlier for earlier, later in pairwise(instants)]

    def meet(self, path: str) -> None:
        with self._lock:
            self.asked.append((time.monotonic(), path))
            self._waiting += 1
            if len(self.asked) > self._burst:
                self.at_once = max(self.at_once, self._waiting)
        time.sleep(_ANSWERS_AFTER_S)
        with self._lock:
            self._waiting -= 1


@contextmanager
def outage(port: int, burst: int) -> Iterator[Outage]:
    """As long as it lasts, the portal that listens at ``port`` otherwise must be stopped."""
    seen = Outage(burst)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.meet(self.path)
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    with serving(Handler, port):
        yield seen
