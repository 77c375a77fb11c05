"""How threads and signal handlers wake the supervisor's loop: they only enqueue, the loop decides."""

import os
import signal
import socket
from collections import deque
from types import FrameType
from typing import Any


class Mailbox:
    """A queue with a file descriptor that becomes readable when something was posted. Posting never
    blocks.
    """

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        return self._reader.fileno()

    def post(self, item: object) -> None:
        """From any thread. A full socket buffer is fine: the loop is bound to wake up already."""
        self._items.append(item)
        try:
            self._writer.send(b"\0")
        except (BlockingIOError, OSError):
            return

    def take(self) -> list[Any]:
        """All that was posted so far."""
        try:
            while self._reader.recv(4096):
                pass
        except BlockingIOError:
            pass  # drained: the normal end of this loop
        items = []
        while self._items:
            items.append(self._items.popleft())
        return items

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class Interrupts:
    """Ctrl-C, TERM and HUP as posts to a mailbox while in use; the handlers before are put back
    afterwards.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else []))

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        for number in self.SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._mailbox.post(Interrupted(number))


class Interrupted:
    """A person or the system asked us to end."""

    def __init__(self, number: int) -> None:
        self.name = signal.Signals(number).name
