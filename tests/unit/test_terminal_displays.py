"""The two displays: what they write, and that nothing a terminal does can stop a run."""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from supervisor.exit_codes import ExitCode
from supervisor.snapshot import Counts, Snapshot
from supervisor.terminal import open_display
from supervisor.terminal.live import LiveDisplay
from supervisor.terminal.plain import PlainDisplay
from supervisor.terminal.summary import NextCommands, summary_lines
from tests.support.snapshots import event_row, film, snapshot
from tests.support.terminal import EchoingTerminal

COMMANDS = NextCommands("python run.py --workers 3", "python run.py retry")
FINISHED = snapshot(phase="finished", exit_code=3, workers=(), counts=Counts(accepted=40, done=39, failed=1))


class Terminal(io.StringIO):
    """A buffer that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def broken_pipe() -> Iterator[TextIO]:
    """A stream whose reader has gone, as after `| head`."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", encoding="utf-8")
    yield stream
    stream.close()


def plain_lines(*moments: tuple[float, Snapshot]) -> list[str]:
    stream = io.StringIO()
    display = PlainDisplay(stream, COMMANDS)
    for now, moment in moments:
        display.update(moment, now)
    return [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()]


def counted(done: int, accepted: int = 200) -> Snapshot:
    counts = Counts(accepted=accepted, pending=accepted - done, done=done)
    return snapshot(counts=counts, events=(), rate_per_min=None, eta_s=None)


def test_display_is_plain_when_the_output_is_no_terminal() -> None:
    assert isinstance(open_display(COMMANDS, io.StringIO(), {}), PlainDisplay)
    assert isinstance(open_display(COMMANDS, Terminal(), {"TERM": "dumb"}), PlainDisplay)


def test_display_is_live_when_the_output_is_a_terminal() -> None:
    assert isinstance(open_display(COMMANDS, Terminal(), {"TERM": "xterm"}), LiveDisplay)


def test_plain_display_says_each_event_once_when_the_window_moves_on() -> None:
    events = [event_row(number) for number in range(1, 8)]
    moments = [(0.0, snapshot(events=tuple(events[:3]))), (0.2, snapshot(events=tuple(events[1:5])))]
    moments += [(0.4, snapshot(events=tuple(events[1:5]))), (0.6, snapshot(events=tuple(events[5:])))]
    said = [line for line in plain_lines(*moments) if "event" in line]
    assert said == [f"event number {number}" for number in range(1, 8)]


def test_plain_display_says_an_event_twice_when_it_happened_twice() -> None:
    twin = event_row(1)
    said = plain_lines((0.0, snapshot(events=(twin,))), (0.2, snapshot(events=(twin, twin))))
    assert said.count("event number 1") == 2


def test_plain_display_marks_a_line_when_the_event_is_a_warning() -> None:
    said = plain_lines((0.0, snapshot(events=(event_row(1, level="warning", text="Chrome died"),))))
    assert "warning: Chrome died" in said


def test_plain_display_says_progress_when_ten_percent_or_ten_seconds_have_passed() -> None:
    said = plain_lines(
        (0.0, counted(0)),
        (1.0, counted(10)),  # 5 %, 1 s: nothing
        (2.0, counted(20)),  # 10 %
        (11.0, counted(22)),  # 9 s later: nothing
        (12.0, counted(23)),  # 10 s later
        (13.0, counted(200)),  # the end
    )
    assert [line for line in said if "done" in line] == [
        "20 of 200 done (10%)",
        "23 of 200 done (12%)",
        "200 of 200 done (100%)",
    ]


def test_plain_display_says_phase_and_hold_when_they_change() -> None:
    said = plain_lines(
        (0.0, snapshot(phase="signing in", counts=Counts(), events=())),
        (0.1, snapshot(phase="signing in", counts=Counts(), events=())),
        (0.2, snapshot(phase="fetching", counts=Counts(), events=(), holding="portal is down")),
        (0.3, snapshot(phase="fetching", counts=Counts(), events=())),
    )
    portal = "(https://fleet.example.com)"
    assert said == [f"signing in {portal}", f"fetching {portal}", "holding: portal is down", "going on"]


def test_plain_display_writes_no_control_characters_when_the_portal_is_hostile() -> None:
    stream = io.StringIO()
    display = PlainDisplay(stream, COMMANDS)
    display.update(snapshot(events=(event_row(text="\x1b[31mred\x1b[0m\r\x07"),), holding="\x1b]0;title\x07"))
    display.close(FINISHED)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", stream.getvalue())


def test_live_display_leaves_only_the_summary_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    display = LiveDisplay(terminal, COMMANDS)
    for moment in film(documents=5, workers=2)[:-1]:
        display.update(moment)
    display.close(FINISHED)
    last = terminal.getvalue().rpartition("\x1b[2K")[2]
    assert "39 done, 1 failed of 40" in last
    assert "\x1b[?25h" in terminal.getvalue(), "the cursor must be visible again"


@pytest.mark.parametrize("lines_before", [0, 30], ids=["at the top", "at the bottom"])
def test_live_display_leaves_no_line_behind_when_keys_are_echoed_into_it(
    monkeypatch: pytest.MonkeyPatch, lines_before: int
) -> None:
    """Enter ends a pause, and ^C is echoed behind a line that is full."""
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}.items():
        monkeypatch.setenv(name, value)
    terminal = EchoingTerminal(80, 30)
    terminal.write("earlier\r\n" * lines_before)
    display = LiveDisplay(terminal, COMMANDS)
    moment = snapshot(events=(event_row(text="x" * 200),))
    display.update(moment)
    for press in (terminal.press_enter, terminal.press_ctrl_c):
        press()
        display.update(moment)
        assert sum("Tabcrew" in line for line in terminal.shown()) == 1, "\n".join(terminal.shown())
        assert not any("^C" in line for line in terminal.shown())
    display.close(FINISHED)
    left = [line for line in terminal.shown() if line and line != "earlier"]
    assert left[0].startswith("Finished"), left


def test_live_display_writes_no_colours_when_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    display = LiveDisplay(terminal, COMMANDS)
    display.update(snapshot())
    assert "790" in terminal.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", terminal.getvalue())


@pytest.mark.parametrize("kind", [LiveDisplay, PlainDisplay])
def test_display_goes_on_silently_when_its_reader_has_gone(
    kind: type[LiveDisplay | PlainDisplay], broken_pipe: TextIO
) -> None:
    display = kind(broken_pipe, COMMANDS)
    for moment in film(documents=5, workers=2)[:-1]:
        display.update(moment)
    display.close(FINISHED)


def test_display_goes_on_silently_when_its_file_is_closed(tmp_path: Path) -> None:
    stream = (tmp_path / "out").open("w", encoding="utf-8")
    display = PlainDisplay(stream, COMMANDS)
    stream.close()
    display.update(snapshot())
    display.close(FINISHED)


def test_display_replaces_characters_when_the_encoding_lacks_them(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="ascii") as stream:
        PlainDisplay(stream, COMMANDS).update(snapshot(events=(event_row(text="Prüfbericht"),)))
    assert "Pr?fbericht" in path.read_text("ascii")


def test_summary_says_what_was_done_and_where_it_lies_when_some_failed() -> None:
    text = "\n".join(summary_lines(FINISHED, COMMANDS))
    assert "exit code 3" in text
    assert "39 done, 1 failed of 40" in text
    assert "work/documents" in text
    assert "work/failures" in text
    assert "1 sign-in, 2 worker restarts" in text
    assert "python run.py retry  and then  python run.py --workers 3" in text


def test_summary_names_no_next_command_when_all_is_done() -> None:
    done = snapshot(phase="finished", exit_code=0, counts=Counts(accepted=40, done=40))
    text = "\n".join(summary_lines(done, COMMANDS))
    assert "go on" not in text
    assert "failures" not in text


@pytest.mark.parametrize(("code", "rest"), [(0, "39 not asked for"), (130, "39 pending")])
def test_summary_says_whether_the_rest_was_asked_for_when_some_are_pending(code: int, rest: str) -> None:
    some = snapshot(exit_code=code, counts=Counts(accepted=40, done=1, pending=39))
    assert f"1 done, {rest} of 40" in "\n".join(summary_lines(some, COMMANDS))


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.PORTAL_DOWN, ExitCode.DISK])
def test_summary_names_the_resuming_command_when_the_run_was_cut_short(code: ExitCode) -> None:
    text = "\n".join(summary_lines(snapshot(exit_code=int(code)), COMMANDS))
    assert re.search(r"go on +python run\.py --workers 3$", text, re.MULTILINE)


ASKING = snapshot(events=(), attention="Sign in by hand: Chrome's window shows https://idp.example/")


def test_plain_display_reminds_every_ten_minutes_and_rings_only_on_a_terminal() -> None:
    moments = [(minute * 60.0, ASKING) for minute in range(25)]
    lines = plain_lines(*moments)
    assert sum("still waiting: Sign in by hand" in line for line in lines) == 2
    stream = Terminal()
    display = PlainDisplay(stream, COMMANDS)
    for now, moment in moments:
        display.update(moment, now)
    assert stream.getvalue().count("\a") == 25
    display.update(snapshot(events=()), 1500.0)
    assert stream.getvalue().count("\a") == 25


def test_live_display_rings_and_shows_all_that_is_asked_for() -> None:
    stream = Terminal()
    display = LiveDisplay(stream, COMMANDS)
    display.update(ASKING)
    display.update(ASKING)
    display.close(ASKING)
    assert stream.getvalue().count("\a") == 1
    assert "https://idp.example/" in stream.getvalue()
