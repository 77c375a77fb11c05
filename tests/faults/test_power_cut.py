"""The power fails at every sync of a job of 50 tasks: what was committed is there, a rerun does the rest."""

from pathlib import Path

import pytest

from tests.support.power_cut_job import Recording, Storage, assert_survives, record
from tests.support.sqlite_syncs import why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())

OURS = Storage()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("disk"), OURS)


@pytest.mark.parametrize("luck", ["none", "all", "some"])
def test_nothing_committed_is_lost_when_the_power_fails_and_of_what_was_not_synced_there_reaches_the_disk(
    recording: Recording, tmp_path: Path, luck: str
) -> None:
    assert len(recording.cuts) > 250  # accept, leases, documents, folders, failures, checkpoints, a restart
    assert_survives(recording, luck, tmp_path, OURS)
