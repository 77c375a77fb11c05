"""The power fails at every sync of a job of 50 tasks: what was committed is there, a rerun does the rest."""

from pathlib import Path

import pytest

from supervisor.ledger import Ledger
from supervisor.work_dir import WorkDir
from tests.support.power_cut import Cut, Luck
from tests.support.power_cut_job import Storage
from tests.support.power_cut_verdict import (
    Recording,
    Rows,
    Start,
    assert_survives,
    everything_in,
    record,
)
from tests.support.sqlite_syncs import why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())

OURS = Storage()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("disk"), OURS)


@pytest.mark.parametrize("luck", ["none", "all", "some"])
def test_nothing_committed_is_lost_when_the_power_fails_at_any_sync(
    recording: Recording, tmp_path: Path, luck: str
) -> None:
    """``luck``: how much of what was written and not synced reached the disk all the same."""
    assert len(recording.cuts) > 250  # accept, leases, documents, folders, failures, checkpoints, a restart
    assert_survives(recording, luck, tmp_path, OURS)


def test_nothing_committed_is_lost_when_the_power_fails_again_while_the_job_resumes(
    recording: Recording, tmp_path: Path
) -> None:
    first = recording.cuts[len(recording.cuts) // 2]
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    for folder in (disk, copy):
        first.restore(folder, Luck("some", seed=1))
    before = rows_of(copy / "jobs" / "work" / "ledger.sqlite")
    assert before.delivered
    resumed = record(disk, OURS, lambda start: start(5).play(), before)
    assert_survives(resumed, "some", tmp_path / "machine", OURS)


def started_over(start: Start) -> None:
    start(1).play(until_ended=8)
    start(2).start_over()
    start(3).play(until_ended=4)


@pytest.mark.parametrize("luck", ["none", "some"])
def test_old_ledger_is_at_hand_when_the_power_fails_while_the_job_is_started_over(
    tmp_path: Path, luck: str
) -> None:
    disk, machine = tmp_path / "disk", tmp_path / "machine"
    disk.mkdir()
    recording = record(disk, OURS, started_over)
    (emptied,) = (at for at, (_, rows) in enumerate(recording.promises.rows) if at and rows == Rows())
    complete_after, old = recording.promises.rows[emptied - 1]

    def old_ledger_at_hand(cut: Cut, work_dir: WorkDir) -> None:
        if cut.number >= complete_after:
            found = [rows_of(path) for path in work_dir.root.glob("ledger*.sqlite")]
            assert old in found, f"the old ledger is gone by the cut after {cut.number} syncs"

    assert_survives(recording, luck, machine, OURS, old_ledger_at_hand)


def rows_of(path: Path) -> Rows:
    ledger = Ledger.open(path)
    try:
        return everything_in(ledger)
    finally:
        ledger.close()
