"""The live view of a run as lines of text. Pure: a snapshot and a size in, lines out; nothing here writes."""

import textwrap

from rich.text import Text

from supervisor.snapshot import Counts, EventRow, Snapshot
from supervisor.terminal.hostile_text import harmless
from supervisor.terminal.words import clock, duration, rate
from supervisor.terminal.worker_table import sized, worker_lines

MOST_EVENTS = 5
MOST_LINES_OF_AN_EVENT = 3
_EVENT_INDENT = 10

_EVENT_STYLES = {"error": "bold red", "warning": "yellow"}
_PHASE_STYLES = {"fetching": "bold green", "draining": "bold yellow", "stopping": "bold yellow"}


def view(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """At most ``height`` lines of at most ``width`` cells: title, progress, hold, workers, events."""
    lines = [_title(snapshot, width), *_progress(snapshot, width)]
    if snapshot.attention:
        lines += [Text(), *_attention(snapshot.attention, width)]
    if snapshot.holding:
        hold = sized(f" HOLDING: {harmless(snapshot.holding)} ", width)
        lines.append(_one_line((hold, "bold black on yellow")))
    # Workers before events, but the newest event keeps its place on a low terminal.
    kept_for_events = 3 if snapshot.events else 0
    workers = worker_lines(snapshot.workers, width, height - len(lines) - 1 - kept_for_events)
    if workers:
        lines += [Text(), *workers]
    events = _events(snapshot.events[-MOST_EVENTS:], width, height - len(lines) - 1)
    if events:
        lines += [Text(), *events]
    return lines[:height]


def _attention(text: str, width: int) -> list[Text]:
    """In full, whatever it takes: nothing goes on before somebody has read it."""
    parts = textwrap.wrap(harmless(text), max(10, width - 2))
    return [_one_line((sized(f" {part} ".ljust(width), width), "bold white on red")) for part in parts]


def _title(snapshot: Snapshot, width: int) -> Text:
    left = f"Tabcrew · {snapshot.phase}"
    middle = f" · {harmless(snapshot.portal)}" if snapshot.portal else ""
    right = duration(snapshot.elapsed_s)
    room = width - len(right) - 1
    line = _one_line(
        ("Tabcrew", "bold"), (" · ", "dim"), (snapshot.phase, _PHASE_STYLES.get(snapshot.phase, "bold"))
    )
    line.append(sized(middle, max(0, room - len(left))), "dim")
    line.append(f" {right}", "bold")
    return line


def _progress(snapshot: Snapshot, width: int) -> list[Text]:
    counts = snapshot.counts
    if not counts.accepted:
        return [_one_line((sized("no records listed yet", width), "dim"))]
    figures = _figures(counts)
    pace = " · ".join(part for part in (rate(snapshot.rate_per_min), _eta(snapshot)) if part)
    line = _one_line()
    for text, style in figures:
        line.append(text, style)
    gap = width - line.cell_len - len(pace)
    if pace and gap >= 2:
        line.append(" " * gap)
        line.append(pace)
    return [_bar(counts, width), line]


def _bar(counts: Counts, width: int) -> Text:
    percent = f" {100 * counts.ended / counts.accepted:3.0f} %"
    cells = max(1, width - len(percent))
    done = _share(counts.done, counts.accepted, cells)
    ended = _share(counts.ended, counts.accepted, cells)
    lost = ended - done
    if counts.ended > counts.done and not lost and done:
        done, lost = done - 1, 1  # one failure among thousands still shows
    return _one_line(
        ("━" * done, "green"),
        ("━" * lost, "red"),
        ("─" * (cells - done - lost), "dim"),
        (percent, "bold"),
    )


def _share(part: int, whole: int, cells: int) -> int:
    return cells * part // whole


def _figures(counts: Counts) -> list[tuple[str, str]]:
    figures = [
        (f"{counts.done:,}", "bold green"),
        (f" of {counts.accepted:,} done", ""),
        (f" · {counts.leased} running", ""),
    ]
    if counts.pending:
        figures.append((f" · {counts.pending:,} pending", "dim"))
    if counts.failed:
        figures.append((f" · {counts.failed:,} failed", "bold red"))
    if counts.quarantined:
        figures.append((f" · {counts.quarantined:,} quarantined", "bold red"))
    return figures


def _eta(snapshot: Snapshot) -> str:
    return "" if snapshot.eta_s is None else f"{duration(snapshot.eta_s)} left"


def _events(events: tuple[EventRow, ...], width: int, most_lines: int) -> list[Text]:
    """The newest events that fit, oldest first. A long one is wrapped: its end says what happens now."""
    blocks: list[list[Text]] = []
    room = most_lines
    for event in reversed(events):
        block = _event(event, width)[:room]
        blocks.insert(0, block)
        room -= len(block)
        if room <= 0:
            break
    return [line for block in blocks for line in block]


def _event(event: EventRow, width: int) -> list[Text]:
    style = _EVENT_STYLES.get(event.level, "")
    room = max(10, width - _EVENT_INDENT)
    parts = textwrap.wrap(harmless(event.text), room, max_lines=MOST_LINES_OF_AN_EVENT, placeholder=" …")
    heads = [f"{clock(event.at)}  ", *[" " * _EVENT_INDENT] * len(parts)]
    return [
        _one_line((head, "dim"), (sized(part, width - _EVENT_INDENT), style))
        for head, part in zip(heads, parts, strict=False)
    ]


def _one_line(*parts: tuple[str, str]) -> Text:
    line = Text(no_wrap=True, overflow="crop")
    for text, style in parts:
        line.append(text, style)
    return line
