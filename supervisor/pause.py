"""Holds a run on the page of a failed attempt until the person at the terminal has seen enough.

The worker has reported and waits for its next duty, which nobody gives it: so its page stays as it failed,
and a worker without a duty is late for nothing.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class EnterPressed:
    """What is posted when the person wants to go on."""


class Pause:
    """``wanted``: whether this run is to be held at all. ``post``: gets EnterPressed from another thread."""

    def __init__(self, wanted: bool, post: Callable[[object], None], keyboard: TextIO | None = None) -> None:
        self._wanted = wanted
        self._post = post
        self._keyboard = keyboard
        self._listening = False
        self.worker = ""
        self.text = ""

    @property
    def holds(self) -> bool:
        return bool(self.worker)

    def hold(self, worker: str, what: str) -> bool:
        """Begin to hold, if that is wanted; False when it is not, or the run is held already."""
        if not self._wanted or self.holds:
            return False
        self.worker = worker
        self.text = f"paused on {what}: Enter goes on, Ctrl-C stops"
        self._listen()
        return True

    def release(self) -> str:
        """Hold no longer; the name of the worker that was held, empty if none was."""
        worker, self.worker, self.text = self.worker, "", ""
        return worker

    def _listen(self) -> None:
        """One thread for all pauses: two would share the lines among them."""
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._read_keyboard, name="keyboard", daemon=True).start()

    def _read_keyboard(self) -> None:
        keyboard = self._keyboard or sys.stdin
        try:
            while keyboard.readline():
                self._post(EnterPressed())
        except (OSError, ValueError):
            return  # nobody sits there: Ctrl-C is left
