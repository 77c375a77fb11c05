"""The live view: what it shows, at every size, whatever the portal's texts hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from supervisor.snapshot import Counts
from supervisor.terminal.hostile_text import harmless
from supervisor.terminal.view import view
from tests.support.snapshots import event_row, snapshot, worker_row

HOSTILE = "V-1\x1b[2J\x07\r\n[bold red]x[/] \u202egnp.exe \u200bend"


def text_of(width: int = 100, height: int = 40, **changes: object) -> str:
    return "\n".join(line.plain for line in view(snapshot(**changes), width, height))


def test_view_shows_phase_portal_and_elapsed_time_when_a_run_goes_on() -> None:
    title = text_of().splitlines()[0]
    assert title.startswith("Tabcrew · fetching · https://fleet.example.com")
    assert title.endswith("7 min 00 s")


def test_view_shows_counts_rate_and_time_left_when_they_are_known() -> None:
    text = text_of()
    assert "790 of 2,000 done · 5 running · 1,200 pending · 4 failed · 1 quarantined" in text
    assert "113/min · 10 min 40 s left" in text


def test_view_leaves_out_rate_and_time_left_when_they_are_not_known() -> None:
    text = text_of(rate_per_min=None, eta_s=None)
    assert "/min" not in text
    assert "left" not in text


def test_view_says_so_when_no_records_are_listed_yet() -> None:
    assert "no records listed yet" in text_of(counts=Counts(), phase="signing in")


def test_view_shows_why_nothing_is_dispatched_when_something_holds() -> None:
    assert "HOLDING: portal asks to wait 30 s" in text_of(holding="portal asks to wait 30 s")
    assert "HOLDING" not in text_of(holding="")


def test_view_shows_a_worker_in_full_when_the_terminal_is_wide() -> None:
    row = worker_row(3, state="busy", task="V-0042", attempt=2, step="open record", step_s=71.0, restarts=4)
    line = next(line for line in view(snapshot(workers=(row,)), 160, 40) if "V-0042" in line.plain)
    assert " ".join(line.plain.split()) == "3 busy V-0042 2 open record 71 s 210 MB 12 4 4003"
    assert any("red" in str(span.style) for span in line.spans), "a step of 71 s must stand out"


def test_view_drops_columns_when_the_terminal_is_narrow() -> None:
    heading = next(line for line in text_of(width=80).splitlines() if "state" in line)
    assert "task" in heading
    assert "step" in heading
    assert "restarts" not in heading
    assert "pid" not in heading


def test_view_keeps_slow_workers_when_not_all_fit() -> None:
    rows = [worker_row(slot, state="idle", task="", step="", step_s=0.0) for slot in range(1, 41)]
    rows[36] = worker_row(37, task="V-SLOW", step_s=90.0)
    text = text_of(workers=tuple(rows), height=24)
    assert "V-SLOW" in text
    assert "more workers" in text


def test_view_wraps_an_event_when_it_is_longer_than_the_line() -> None:
    words = "worker 3 sent no heartbeat for 11.2 s (limit 10.0) in step open record: killed, task requeued."
    text = text_of(events=(event_row(text=words),), width=80)
    assert "task requeued." in text


def test_view_keeps_the_newest_event_when_the_terminal_is_low() -> None:
    events = tuple(event_row(number) for number in range(1, 9))
    text = text_of(events=events, height=12)
    assert "event number 8" in text
    assert "event number 3" not in text


def test_view_shows_five_events_when_there_is_room() -> None:
    text = text_of(events=tuple(event_row(number) for number in range(1, 9)))
    assert [number for number in range(1, 9) if f"event number {number}" in text] == [4, 5, 6, 7, 8]


def test_view_shows_one_failure_in_the_bar_when_there_are_thousands() -> None:
    counts = Counts(accepted=5000, done=4000, failed=1, pending=999)
    bar = view(snapshot(counts=counts), 80, 24)[1]
    assert any("red" in str(span.style) and span.end > span.start for span in bar.spans)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50), (40, 10), (20, 5), (300, 100)])
def test_view_fits_when_the_terminal_has_this_size(width: int, height: int) -> None:
    long = "長い名前" * 30
    rows = tuple(worker_row(slot, task=long, step=long) for slot in range(1, 33))
    moment = snapshot(workers=rows, events=(event_row(text=long),), holding=long, portal=long)
    lines = view(moment, width, height)
    assert len(lines) <= height
    if width >= 80:
        assert max(cell_len(line.plain) for line in lines) <= width


def test_view_neutralises_text_when_it_comes_from_a_hostile_portal() -> None:
    row = worker_row(task=HOSTILE, step=HOSTILE)
    text = text_of(workers=(row,), events=(event_row(text=HOSTILE),), holding=HOSTILE, portal=HOSTILE)
    for bad in "\x1b\x07\r\u202e\u200b":
        assert bad not in text
    assert "[bold red]x[/]" in text, "markup is shown as it stands"


@given(st.text())
def test_harmless_text_is_printable_when_anything_comes_in(text: str) -> None:
    assert all(character.isprintable() or character.isspace() for character in harmless(text))
    assert not set(harmless(text)) & set("\n\r\t\x1b\x85\u2028\u2029")
