"""Plain lines for a log, a pipe or CI: one per notable event, and progress every 10 s or 10 %."""

import time
from typing import TextIO

from supervisor.snapshot import EventRow, Snapshot
from supervisor.terminal.bell import Bell
from supervisor.terminal.hostile_text import harmless
from supervisor.terminal.quiet_stream import QuietStream
from supervisor.terminal.summary import NextCommands, summary_lines
from supervisor.terminal.words import clock, duration, rate

PROGRESS_EVERY_S = 10.0
PROGRESS_EVERY_SHARE = 0.1
REMIND_EVERY_S = 600.0


class PlainDisplay:
    """Says what is new since the last snapshot; no control characters, no colours."""

    def __init__(self, stream: TextIO, commands: NextCommands) -> None:
        self._stream = QuietStream(stream)
        self._commands = commands
        self._phase = ""
        self._holding = ""
        self._bell = Bell()
        self._asked = False
        self._next_reminder_at = 0.0
        self._said_events: tuple[EventRow, ...] = ()
        self._said_share = 0.0
        self._next_progress_at = 0.0

    def update(self, snapshot: Snapshot, now: float | None = None) -> None:
        """``now``: monotonic seconds, for tests that jump in time."""
        now = time.monotonic() if now is None else now
        if snapshot.phase != self._phase:
            self._phase = snapshot.phase
            self._say(snapshot, f"{snapshot.phase}{_at_portal(snapshot)}")
            self._next_progress_at = now + PROGRESS_EVERY_S
        if snapshot.holding != self._holding:
            self._holding = snapshot.holding
            self._say(snapshot, f"holding: {harmless(snapshot.holding)}" if snapshot.holding else "going on")
        for event in _new(snapshot.events, self._said_events):
            mark = "" if event.level == "info" else f"{event.level}: "
            self._write(f"{clock(event.at)} {mark}{harmless(event.text)}")
        self._said_events = snapshot.events
        self._remind(snapshot, now)
        self._progress(snapshot, now)

    def close(self, snapshot: Snapshot) -> None:
        self.update(snapshot)
        for line in summary_lines(snapshot, self._commands):
            self._write(line)

    def _progress(self, snapshot: Snapshot, now: float) -> None:
        counts = snapshot.counts
        if not counts.accepted:
            return
        share = counts.ended / counts.accepted
        due = now >= self._next_progress_at and counts.ended < counts.accepted
        if not due and share - self._said_share < PROGRESS_EVERY_SHARE - 1e-9:
            return
        self._said_share = share
        self._next_progress_at = now + PROGRESS_EVERY_S
        parts = [
            f"{counts.done:,} of {counts.accepted:,} done ({share:.0%})",
            f"{counts.failed + counts.quarantined:,} failed" if counts.ended > counts.done else "",
            rate(snapshot.rate_per_min),
            "" if snapshot.eta_s is None or share == 1 else f"{duration(snapshot.eta_s)} left",
        ]
        self._say(snapshot, ", ".join(part for part in parts if part))

    def _remind(self, snapshot: Snapshot, now: float) -> None:
        """Ring where a terminal can, and now and then repeat in a line what an event has said."""
        if self._bell.rings(snapshot.attention, now) and self._stream.isatty():
            self._stream.write("\a")
            self._stream.flush()
        if not snapshot.attention or not self._asked:
            self._asked, self._next_reminder_at = bool(snapshot.attention), now + REMIND_EVERY_S
        elif now >= self._next_reminder_at:
            self._next_reminder_at = now + REMIND_EVERY_S
            self._say(snapshot, f"still waiting: {harmless(snapshot.attention)}")

    def _say(self, snapshot: Snapshot, text: str) -> None:
        self._write(f"{clock(snapshot.updated_at)} {text}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _at_portal(snapshot: Snapshot) -> str:
    return f" ({harmless(snapshot.portal)})" if snapshot.portal else ""


def _new(events: tuple[EventRow, ...], said: tuple[EventRow, ...]) -> tuple[EventRow, ...]:
    """The events after the last one said; ``events`` is a window that moves on."""
    for overlap in range(min(len(said), len(events)), 0, -1):
        if said[-overlap:] == events[:overlap]:
            return events[overlap:]
    return events
