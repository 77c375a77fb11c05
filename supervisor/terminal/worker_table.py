"""A line per worker, in as many columns as the terminal is wide. Pure: rows and a width in, lines out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.text import Text

from supervisor.snapshot import WorkerRow
from supervisor.terminal.hostile_text import harmless

LONG_STEP_S = 20.0
VERY_LONG_STEP_S = 60.0

_STATE_STYLES = {
    "busy": "green",
    "idle": "dim",
    "starting": "cyan",
    "stopping": "yellow",
    "down": "bold red",
}


@dataclass(frozen=True)
class _Column:
    """``rank``: the highest goes first when it gets narrow. ``widest``: it may grow to that."""

    title: str
    width: int
    rank: int
    cell: Callable[[WorkerRow], tuple[str, str]]
    right: bool = False
    widest: int = 0


def _slot(row: WorkerRow) -> tuple[str, str]:
    return str(row.slot), "bold"


def _state(row: WorkerRow) -> tuple[str, str]:
    return harmless(row.state), _STATE_STYLES.get(row.state, "")


def _task(row: WorkerRow) -> tuple[str, str]:
    return harmless(row.task), "bold"


def _attempt(row: WorkerRow) -> tuple[str, str]:
    if not row.task:
        return "", ""
    return str(row.attempt), "yellow" if row.attempt > 1 else ""


def _step(row: WorkerRow) -> tuple[str, str]:
    return harmless(row.step), "" if row.task else "dim"


def _step_s(row: WorkerRow) -> tuple[str, str]:
    if not row.step:
        return "", ""
    late = "bold red" if row.step_s >= VERY_LONG_STEP_S else "yellow" if row.step_s >= LONG_STEP_S else ""
    return f"{row.step_s:.0f} s", late


def _memory(row: WorkerRow) -> tuple[str, str]:
    return (f"{row.memory_mb:.0f} MB", "dim") if row.memory_mb else ("", "")


def _documents(row: WorkerRow) -> tuple[str, str]:
    return f"{row.documents:,}", ""


def _restarts(row: WorkerRow) -> tuple[str, str]:
    return str(row.restarts), "yellow" if row.restarts else "dim"


def _pid(row: WorkerRow) -> tuple[str, str]:
    return "" if row.pid is None else str(row.pid), "dim"


_COLUMNS = (
    _Column("#", 2, 0, _slot, right=True),
    _Column("state", 8, 1, _state),
    _Column("task", 14, 0, _task, widest=40),
    _Column("try", 3, 4, _attempt, right=True),
    _Column("step", 18, 2, _step, widest=44),
    _Column("for", 6, 1, _step_s, right=True),
    _Column("memory", 8, 5, _memory, right=True),
    _Column("docs", 6, 3, _documents, right=True),
    _Column("restarts", 8, 6, _restarts, right=True),
    _Column("pid", 8, 7, _pid, right=True),
)
_GAP = 2


def worker_lines(rows: Sequence[WorkerRow], width: int, most_lines: int) -> list[Text]:
    """A heading and a line per worker; when not all fit, those in trouble or at work, and how many more."""
    if not rows or most_lines < 2:
        return []
    columns, widths = _fit(width)
    shown = list(rows)
    room = most_lines - 1
    if len(shown) > room:
        # Whoever is in trouble or at work is worth the line; the order of slots is kept among those shown.
        by_interest = sorted(rows, key=lambda row: (row.state == "idle", -row.step_s, row.slot))
        shown = sorted(by_interest[: room - 1], key=lambda row: row.slot)
    lines = [_line([(column.title, "dim") for column in columns], columns, widths)]
    lines += [_line([column.cell(row) for column in columns], columns, widths) for row in shown]
    if len(shown) < len(rows):
        lines.append(Text(f"   … and {len(rows) - len(shown)} more workers", "dim"))
    return lines


def _fit(width: int) -> tuple[list[_Column], list[int]]:
    columns = list(_COLUMNS)
    while _needed(columns) > width and len(columns) > 2:
        columns.remove(max(columns, key=lambda column: column.rank))
    widths = [column.width for column in columns]
    spare = max(0, width - _needed(columns))
    growing = [index for index, column in enumerate(columns) if column.widest]
    for position, index in enumerate(growing):
        share = min(spare // (len(growing) - position), columns[index].widest - widths[index])
        widths[index] += share
        spare -= share
    return columns, widths


def _needed(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _line(cells: Sequence[tuple[str, str]], columns: Sequence[_Column], widths: Sequence[int]) -> Text:
    line = Text(no_wrap=True, overflow="crop")
    for index, ((text, style), column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        if index:
            line.append(" " * _GAP)
        line.append(sized(text, width, right=column.right), style)
    return line


def sized(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` terminal cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    padded = set_cell_size(text, width)
    if not padded.startswith(text):
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size("", width - len(padded.rstrip())) + padded.rstrip() if right else padded
