"""How a check is shown: a line a condition as soon as it is known, and at the end what to do next."""

import textwrap
import time
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from supervisor.check import Condition, Finding, Outcome
from supervisor.snapshot import Snapshot
from supervisor.terminal.bell import Bell
from supervisor.terminal.hostile_text import harmless

_MARKS = {
    Outcome.GOOD: ("✓", "bold green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.NOT_NEEDED: ("–", "dim"),
    Outcome.NOT_TRIED: ("·", "dim"),
}
_NAME_WIDTH = max(len(condition) for condition in Condition)
_INDENT = _NAME_WIDTH + 4
_NARROWEST = 20
_ASKS = "!"
_SHOWN_FILES = (".pdf", ".png", ".txt")


class SheetView:
    """Writes to ``stream``; a line of what is under way stands below, if it is a terminal."""

    def __init__(self, stream: TextIO, folder: Path) -> None:
        """``folder``: where the check keeps its files."""
        self._console = Console(file=stream, highlight=False)
        self._folder = folder
        self._status: Status | None = None
        self._bell = Bell()
        self._asked = ""
        self._asked_at_s = 0.0

    def say(self, finding: Finding) -> None:
        mark, style = _MARKS[finding.outcome]
        is_quiet = finding.outcome in (Outcome.NOT_NEEDED, Outcome.NOT_TRIED)
        words = self._wrapped(finding.text or str(finding.outcome), "dim" if is_quiet else "")
        words += self._wrapped(f"→ {finding.to_do}", "bold") if finding.to_do else []
        head = Text.assemble((mark, style), f" {finding.condition:<{_NAME_WIDTH}}  ")
        for number, line in enumerate(words):
            self._print((head if number == 0 else Text(" " * _INDENT)) + line)
        for name in finding.files:
            if name.endswith(_SHOWN_FILES):
                # Never broken into lines: it is there to be copied.
                self.line(f"{' ' * _INDENT}{self._folder / name}")

    def line(self, text: str, style: str = "") -> None:
        self._print(Text(text, style))

    def ask(self, text: str) -> None:
        """What a person must do before anything goes on."""
        for number, line in enumerate(self._wrapped(text, "bold", indent=2)):
            self._print(Text(f"{_ASKS if number == 0 else ' '} ", "bold yellow") + line)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _wrapped(self, text: str, style: str, indent: int = _INDENT) -> list[Text]:
        """In lines that fit beside the names; what comes from a portal made harmless."""
        width = max(_NARROWEST, self._console.width - indent)
        return [
            Text(part, style)
            for line in text.splitlines()
            for part in textwrap.wrap(harmless(line), width, break_on_hyphens=False)
        ]

    def under_way(self, snapshot: Snapshot) -> None:
        """What a person must do, and what is being done now: that on a terminal only."""
        self._call(snapshot)
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        self._status.update(Text(harmless(snapshot.holding or self._doing(snapshot)), "dim"))

    def _call(self, snapshot: Snapshot) -> None:
        if snapshot.attention and snapshot.attention != self._asked:
            self.ask(snapshot.attention)
            self._asked_at_s = snapshot.elapsed_s
        self._asked = snapshot.attention
        if self._bell.rings(snapshot.attention, time.monotonic()) and self._console.is_terminal:
            self._console.bell()

    def _doing(self, snapshot: Snapshot) -> str:
        if snapshot.attention:
            # The step begins anew with every look at the page, so its seconds would never grow.
            return f"waiting for you, {snapshot.elapsed_s - self._asked_at_s:.0f} s"
        if not snapshot.workers:
            return snapshot.phase
        worker = snapshot.workers[0]
        return f"{worker.step}, {worker.step_s:.0f} s" if worker.step else f"worker {worker.state}"

    def close(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
