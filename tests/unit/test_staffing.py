"""How many workers a run keeps: one that signs in, then as many as there is work for, none worn out."""

from pathlib import Path

import pytest

from supervisor.staffing import BOOT_DEATHS_TO_HALT, Staffing
from tests.support.settings_files import load

SETTINGS = """
[run]
workers = 4
recycle_after_documents = 100
recycle_above_mb = 500
[watchdog]
max_restarts = 2
restart_window_s = 60
"""


def staffing(folder: Path, *, by_hand: bool = False, boots_at_once: int = 9) -> Staffing:
    settings = load(folder, SETTINGS)
    return Staffing(settings.run, settings.watchdog, by_hand=by_hand, boots_at_once=boots_at_once)


def started(
    staffing: Staffing,
    *taken: int,
    booting: int = 0,
    work_left: int | None = None,
    sessions: int = 1,
    now: float = 0.0,
) -> list[int]:
    return staffing.to_start(taken, booting, work_left, sessions, now)


def test_one_worker_starts_alone_until_one_took_its_tab(tmp_path: Path) -> None:
    new = staffing(tmp_path)
    assert started(new, sessions=0) == [1]
    assert started(new, 1, booting=1, sessions=0) == []
    new.attached()
    assert started(new, 1, sessions=0) == [2, 3, 4]


def test_one_worker_starts_alone_again_when_chrome_died(tmp_path: Path) -> None:
    new = staffing(tmp_path)
    new.attached()
    new.chrome_died()
    assert started(new) == [1]
    new.attached()
    assert started(new, 1) == [2, 3, 4]


def test_one_worker_starts_alone_until_the_first_sign_in_when_that_is_by_hand(tmp_path: Path) -> None:
    new = staffing(tmp_path, by_hand=True)
    new.attached()
    assert started(new, sessions=0) == [1]
    assert started(new, 1, sessions=0) == []
    assert started(new, 1, sessions=1) == [2, 3, 4]


@pytest.mark.parametrize(
    ("work_left", "slots"), [(9, [1, 2, 3, 4]), (4, [1, 2, 3, 4]), (3, [1, 2, 3]), (0, [])]
)
def test_no_more_workers_start_than_there_is_work(tmp_path: Path, work_left: int, slots: list[int]) -> None:
    new = staffing(tmp_path)
    new.attached()
    assert started(new, work_left=work_left) == slots
    assert started(new, 3, 4, work_left=work_left) == slots[:-2]


def test_no_more_workers_boot_at_once_than_they_may(tmp_path: Path) -> None:
    new = staffing(tmp_path, boots_at_once=2)
    new.attached()
    assert started(new, 1) == [2, 3]
    assert started(new, 1, 2, 3, booting=2) == []
    assert started(new, 1, 2, 3, booting=1) == [4]


def test_boot_counts_as_hopeless_when_so_many_in_a_row_died(tmp_path: Path) -> None:
    new = staffing(tmp_path)
    for _ in range(BOOT_DEATHS_TO_HALT - 1):
        new.died_at_boot()
    assert not new.cannot_boot
    new.attached()
    for _ in range(BOOT_DEATHS_TO_HALT - 1):
        new.died_at_boot()
    assert not new.cannot_boot
    new.died_at_boot()
    assert new.cannot_boot


def test_slot_waits_and_others_do_not_when_it_restarts_too_often(tmp_path: Path) -> None:
    new = staffing(tmp_path)
    for at in (10.0, 20.0, 30.0):
        assert started(new, now=at) == [1]
        new.restarted(1, at)
    assert started(new, now=31.0) == [2]  # one is wanted, and it is another that comes
    new.attached()
    assert started(new, now=31.0) == [2, 3, 4]
    assert started(new, now=71.0) == [1, 2, 3, 4]
    assert (new.restarts_of(1), new.restarts_of(2), new.restarts) == (3, 0, 3)


@pytest.mark.parametrize(
    ("documents", "memory_mb", "why"),
    [(99, 500.0, ""), (100, 0.0, "recycled after 100 documents"), (0, 501.0, "recycled at 501 MB")],
)
def test_worker_is_outworn_when_it_reaches_a_limit(
    tmp_path: Path, documents: int, memory_mb: float, why: str
) -> None:
    assert staffing(tmp_path).outworn(documents, memory_mb) == why


def test_worker_is_never_outworn_when_no_limit_is_set(tmp_path: Path) -> None:
    settings = load(tmp_path, "[run]\nrecycle_after_documents = 0\nrecycle_above_mb = 0\n")
    assert Staffing(settings.run, settings.watchdog, by_hand=False, boots_at_once=2).outworn(10**6, 1e6) == ""
