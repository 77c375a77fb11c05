"""Waiting for a condition: the only place in the tests that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], within_s: float, what: str = "") -> T:
    """The first truthy value of ``condition``; fails with ``what`` and the last value when none comes in
    time.
    """
    give_up_at = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= give_up_at:
            raise AssertionError(f"not within {within_s} s: {what or condition} (last value: {value!r})")
        time.sleep(0.02)
