"""How a check is shown: what a person must do stands in whole words, rings, and counts how long it waits."""

import io
from pathlib import Path

import pytest

from supervisor.cli.check_sheet import SheetView
from supervisor.snapshot import Counts, Snapshot, WorkerRow

ASKING = "Sign in by hand: Chrome's window shows https://idp.example/. Go on there as you always do."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def moment(attention: str, elapsed_s: float) -> Snapshot:
    worker = WorkerRow(1, 4121, "busy", step="wait for the sign-in by hand", step_s=0.2)
    now = "2026-01-01T00:00:00Z"
    return Snapshot("r", 1, "signing in", now, now, Counts(), (worker,), elapsed_s=elapsed_s,
                    attention=attention)  # fmt: skip


def test_view_asks_once_in_lines_that_fit_when_a_person_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = io.StringIO()
    view = SheetView(stream, Path())
    for elapsed_s in (5.0, 6.0):
        view.under_way(moment(ASKING, elapsed_s))
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("! Sign in by hand")
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(stream.getvalue().split()) == f"! {ASKING}"
    assert "\a" not in stream.getvalue()


def test_view_rings_and_counts_the_wait_when_it_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    view = SheetView(stream, Path())
    for elapsed_s in (5.0, 17.0):
        view.under_way(moment(ASKING, elapsed_s))
    view.close()
    assert stream.getvalue().count("\a") == 1
    assert "waiting for you, 12 s" in stream.getvalue()
