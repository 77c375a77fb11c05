"""The live view on a terminal, redrawn in place with rich."""

import time
from typing import IO, TextIO, cast

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from supervisor.snapshot import Snapshot
from supervisor.terminal.bell import Bell
from supervisor.terminal.quiet_stream import QuietStream
from supervisor.terminal.summary import NextCommands, summary_lines
from supervisor.terminal.view import view

_MAKE_ROOM = "\n\x1b[A\x1b7"
_COME_BACK = "\x1b8\x1b[J"
"""The terminal echoes Enter and ^C into the view, and rich then goes back over the wrong lines. So two free
lines are kept below it, and the upper one is noted after each drawing and returned to before the next.
"""


class _Screen:
    """Lines that fit already. As one long Text they would be wrapped anew, which costs four times as much."""

    def __init__(self, lines: list[Text]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, _options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            yield from line.render(console)
            yield Segment.line()


class LiveDisplay:
    """Draws a snapshot in place. Rich honours NO_COLOR and follows the size of the terminal."""

    def __init__(self, stream: TextIO, commands: NextCommands) -> None:
        self._commands = commands
        self._size: ConsoleDimensions | None = None
        self._place_noted = False
        self._bell = Bell()
        self._console = Console(
            file=cast(IO[str], QuietStream(stream)), highlight=False, markup=False, emoji=False
        )
        # No thread of its own: a redraw happens in update(), so it never runs beside the loop's own work.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def update(self, snapshot: Snapshot) -> None:
        size = self._console.size
        if size != self._size:
            # A terminal of a new width wraps old lines anew: nobody knows how many to go back over.
            self._live.stop()
            if self._size is not None:
                self._console.clear()
            self._size = size
            self._place_noted = False
        if not self._live.is_started:
            self._live.start()
        if self._bell.rings(snapshot.attention, time.monotonic()):
            self._console.bell()
        width, height = size
        with self._console:  # one write: an echo in between would be taken for the view's end
            self._come_back()
            self._live.update(_Screen([*view(snapshot, width, height - 2), Text()]), refresh=True)
            self._send(_MAKE_ROOM)
        self._place_noted = True

    def close(self, snapshot: Snapshot) -> None:
        self._come_back()
        self._live.stop()
        for line in summary_lines(snapshot, self._commands):
            self._console.print(line, overflow="ignore", no_wrap=True, crop=False)

    def _come_back(self) -> None:
        if self._place_noted:
            self._send(_COME_BACK)

    def _send(self, codes: str) -> None:
        if not self._console.legacy_windows:
            control = Control()
            control.segment = Segment(codes, None, [])
            self._console.control(control)
