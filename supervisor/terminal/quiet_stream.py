"""Writing to a terminal or pipe that may go away at any moment, without the run noticing."""

import os
from typing import TextIO


class QuietStream:
    """Hands text on to ``stream`` until that fails; from then on it swallows everything.

    A closed ssh session gives EIO, `| head` gives EPIPE, a closed file ValueError. None of them is a reason
    to stop fetching documents: the log and status.json tell the same.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.broken = False

    def write(self, text: str) -> int:
        if not self.broken:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding or "ascii"
                self.write(text.encode(encoding, "replace").decode(encoding))
            except (OSError, ValueError):
                self._give_up()
        return len(text)

    def flush(self) -> None:
        if not self.broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def isatty(self) -> bool:
        return not self.broken and self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        return self._stream.encoding or "utf-8"

    def _give_up(self) -> None:
        self.broken = True
        try:
            # What is still buffered would raise once more when the interpreter flushes it on its way out.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return  # no descriptor behind it (a test's buffer, a closed file): nothing will be flushed either
