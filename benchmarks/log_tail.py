"""Reads a run's log as it grows, each line once: looking must cost the measured machine next to nothing."""

import json
from datetime import datetime
from pathlib import Path

from benchmarks.recovery_figures import Line


class LogTail:
    """``lines``: all that was read so far, in the order of the log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.lines: list[Line] = []

    def read(self) -> list[Line]:
        """Take in what was written since; a line that is still being written is left for the next time."""
        if not self._path.exists():
            return self.lines
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.lines += [_line(text) for text in whole.splitlines()]
        return self.lines

    def since(self, event: str, at: float) -> list[Line]:
        """The lines of an event from the instant ``at`` on."""
        return [line for line in self.read() if line.event == event and line.at >= at]


def _line(text: bytes) -> Line:
    fields = json.loads(text)
    slot = str(fields.get("worker", "")).partition(".")[0]
    return Line(datetime.fromisoformat(fields["at"]).timestamp(), fields["event"], int(slot or 0))
