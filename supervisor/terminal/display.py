"""Which display a run gets: the live view on a terminal, plain lines everywhere else."""

import os
import sys
from collections.abc import Mapping
from typing import Protocol, TextIO

from supervisor.snapshot import Snapshot
from supervisor.terminal.live import LiveDisplay
from supervisor.terminal.plain import PlainDisplay
from supervisor.terminal.summary import NextCommands


class Display(Protocol):
    """Shows a run. Cheap, and never raises: a terminal that was closed must not stop a run."""

    def update(self, snapshot: Snapshot) -> None:
        """Show this moment. Called about four times a second."""

    def close(self, snapshot: Snapshot) -> None:
        """Show the end: the closing summary. Nothing is shown afterwards."""


def open_display(
    commands: NextCommands,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Display:
    """The display that suits ``stream`` (standard output when None)."""
    stream = stream or sys.stdout
    if stream.isatty() and environ.get("TERM", "") != "dumb":
        return LiveDisplay(stream, commands)
    return PlainDisplay(stream, commands)
