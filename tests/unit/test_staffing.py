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


def staffing(folder: Path, *, by_hand: bool = False) -> Staffing:
    settings = load(folder, SETTINGS)
    return Staffing(settings.run, settings.watchdog, by_hand=by_hand)


def test_one_worker_is_wanted_until_one_took_its_tab(tmp_path: Path) -> None:
    new = staffing(tmp_path)
    assert new.wanted(work_left=None, sessions=0) == 1
    new.attached()
    assert new.wanted(work_left=None, sessions=0) == 4


def test_one_worker_is_wanted_until_the_first_sign_in_when_that_is_by_hand(tmp_path: Path) -> None:
    new = staffing(tmp_path, by_hand=True)
    new.attached()
    assert new.wanted(work_left=None, sessions=0) == 1
    assert new.wanted(work_left=None, sessions=1) == 4


@pytest.mark.parametrize(("work_left", "wanted"), [(9, 4), (4, 4), (3, 3), (0, 0)])
def test_no_more_workers_are_wanted_than_there_is_work(tmp_path: Path, work_left: int, wanted: int) -> None:
    new = staffing(tmp_path)
    new.attached()
    assert new.wanted(work_left, sessions=1) == wanted


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
        assert new.may_start(1, at)
        new.restarted(1, at)
    assert not new.may_start(1, 31.0)
    assert new.may_start(2, 31.0)
    assert new.may_start(1, 71.0)
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
    assert Staffing(settings.run, settings.watchdog, by_hand=False).outworn(10**6, 1e6) == ""
