"""Seconds of recovery from given instants: what is told, and that nothing is guessed."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import recovery_figures as figures
from benchmarks.log_tail import LogTail
from benchmarks.recovery_figures import Caused, Line, figures_of, summarize
from tests.rehearsal.evidence import Attempt
from tests.rehearsal.schedule import Victim

LINES = [
    Line(5.0, "worker_attached", 2),  # of the first incarnation, long before
    Line(100.1, "worker_died", 2),
    Line(100.3, "worker_gone", 2),
    Line(100.9, "worker_attached", 1),  # another's
    Line(101.5, "worker_attached", 2),
]
ATTEMPTS = [
    Attempt(1, "V-1", 1, 11, 98.0, 103.0, "delivered"),
    Attempt(2, "V-2", 2, 12, 99.0, 100.3, "worker", "was killed by signal 9"),
    Attempt(3, "V-3", 3, 13, 99.0, 101.0, "delivered"),
    Attempt(4, "V-2", 3, 13, 101.0, 104.0, "delivered"),
    Attempt(5, "V-4", 2, 14, 101.6, 104.0, "delivered"),
]
KILLED = Caused(Victim.WORKER, 100.0, 12)


def told(fault: Caused, lines: list[Line] = LINES, attempts: list[Attempt] = ATTEMPTS) -> dict[str, float]:
    return figures_of(fault, lines, attempts, slots=3)


def test_figures_tell_each_part_of_the_recovery_when_a_worker_was_killed_in_mid_task() -> None:
    assert told(KILLED) == pytest.approx(
        {
            figures.SEEN: 0.1,
            figures.TASK: 1.0,
            figures.SLOT: 1.6,
            figures.BURIAL: 0.2,
            figures.BOOT: 1.2,
        }
    )


def test_figures_are_empty_when_the_fault_hit_no_task() -> None:
    between_two = replace(ATTEMPTS[1], ended_at=99.9)
    reported_already = replace(ATTEMPTS[1], outcome="delivered")
    for attempt in (between_two, reported_already):
        assert told(KILLED, attempts=[ATTEMPTS[0], attempt, *ATTEMPTS[2:]]) == {}


def test_figures_leave_out_what_never_came_when_the_run_ended_first() -> None:
    assert set(told(KILLED, LINES[:2], ATTEMPTS[:2])) == {figures.SEEN}


def test_figures_count_the_task_from_the_kill_when_a_worker_was_frozen() -> None:
    lines = [Line(100.2, "worker_killed", 2), *LINES[2:]]
    found = told(Caused(Victim.STOPPED, 99.5, 12), lines)
    assert found[figures.KILLED] == pytest.approx(0.8)
    assert found[figures.TASK_AFTER_KILL] == pytest.approx(0.8)
    assert found[figures.BURIAL] == pytest.approx(0.1)


def test_figures_find_the_attempt_by_its_crash_when_a_renderer_was_killed() -> None:
    crashed = replace(ATTEMPTS[1], outcome="transient", reason="Page crashed")
    truncated = replace(ATTEMPTS[0], outcome="transient", reason="the document is truncated")
    attempts = [truncated, crashed, *ATTEMPTS[2:]]
    found = told(Caused(Victim.RENDERER, 100.0), attempts=attempts)
    assert found[figures.SEEN] == pytest.approx(0.3)
    assert found[figures.SLOT] == pytest.approx(1.6)
    assert figures.TASK not in found  # a retry goes behind fresh work: its turn is no recovery


def test_figures_wait_for_every_slot_when_chrome_was_killed() -> None:
    lines = [Line(100.05, "chrome_died", 0), Line(100.6, "chrome_up", 0), Line(101.4, "worker_attached", 3)]
    fault = Caused(Victim.CHROME, 100.0)
    # Leased in the instant before Chrome's death was seen: no sign of recovery.
    early = Attempt(6, "V-5", 1, 11, 100.01, 100.06, "ours")
    found = told(fault, lines, [*ATTEMPTS, early])
    assert found[figures.FIRST_TASK] == pytest.approx(1.0)
    assert found[figures.BOOT] == pytest.approx(0.8)
    assert figures.ALL_SLOTS not in found
    last = Attempt(7, "V-5", 1, 15, 103.0, 104.0, "delivered")
    assert told(fault, lines, [*ATTEMPTS, last])[figures.ALL_SLOTS] == pytest.approx(3.0)


def test_figures_count_from_the_next_start_when_the_supervisor_was_killed() -> None:
    fault = Caused(Victim.SUPERVISOR, 99.5, None, gone_at=100.25, started_at=100.5)
    assert told(fault) == pytest.approx({figures.NOTHING_LEFT: 0.75, figures.FIRST_TASK_AFTER_START: 0.5})


def test_summary_counts_who_kept_the_promise_when_there_is_one() -> None:
    rows = summarize(Victim.WORKER, [{figures.SEEN: seen, figures.BOOT: 1.0} for seen in (0.5, 0.1, 0.6)])
    assert [(row.measure, row.promise_s, row.within) for row in rows] == [
        (figures.SEEN, 0.5, 2),
        (figures.BOOT, None, None),
    ]
    assert (rows[0].median_s, rows[0].p95_s, rows[0].max_s) == (0.5, 0.6, 0.6)


def test_log_tail_gives_each_line_once_when_the_log_grows(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    tail = LogTail(path)
    assert tail.read() == []
    line = '{"at": "1970-01-01T01:00:01.500+01:00", "event": "worker_gone", "worker": "12.3", "text": "é"}\n'
    path.write_text(line + line[:20], "utf-8")
    assert tail.read() == [Line(1.5, "worker_gone", 12)]
    path.write_text(line + line.replace("worker_gone", "x"), "utf-8")
    assert tail.since("worker_gone", 0.0) == [Line(1.5, "worker_gone", 12)]
    assert len(tail.lines) == 2
