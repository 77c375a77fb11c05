"""What a power cut left of a played job, and the verdict on it: nothing committed is lost, and the rest gets
done.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.ledger import Ledger
from supervisor.snapshot import Counts
from supervisor.work_dir import WorkDir
from tests.support.books import assert_accounting
from tests.support.power_cut import Cut, Luck, RecordingDisk, disk_that_need_not_survive
from tests.support.power_cut_job import TASKS, PlayedJob, Storage, is_whole

_RERUN_EVERY = 11
"""Each cut is looked at; to finish the job after each of them as well would take many times as long."""


@dataclass(frozen=True)
class Rows:
    """Everything that a ledger holds. ``delivered``: reference, file name and SHA-256 of what is done."""

    everything: tuple[tuple[object, ...], ...] = ()
    delivered: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Promises:
    """What the ledger held after each call that returned, and how many syncs there had been by then."""

    rows: list[tuple[int, Rows]] = field(default_factory=list)

    def allowed_at(self, cut: Cut) -> tuple[Rows, Rows]:
        """The rows after the last call that returned, and after the call that the cut interrupted."""
        kept = [number for number, (syncs, _) in enumerate(self.rows) if syncs <= cut.number]
        return self.rows[kept[-1]][1], self.rows[min(kept[-1] + 1, len(self.rows) - 1)][1]


@dataclass(frozen=True)
class Recording:
    cuts: list[Cut]
    promises: Promises


Start = Callable[[int], PlayedJob]
"""A start of the job with this seed."""


def whole_job(start: Start) -> None:
    """Half, a restart, the rest, a retry of what failed."""
    start(1).play(until_ended=TASKS // 2)
    start(2).play()
    start(3).retry_all()
    start(4).play()


def record(
    folder: Path, storage: Storage, scenario: Callable[[Start], None] = whole_job, before: Rows | None = None
) -> Recording:
    """Play a scenario on a disk that notes its cuts. ``before``: what the ledger there holds already."""
    promises = Promises([(0, before or Rows())])
    with RecordingDisk(folder) as disk:

        def committed(ledger: Ledger) -> None:
            rows = everything_in(ledger)
            if rows != promises.rows[-1][1]:
                promises.rows.append((disk.syncs, rows))

        scenario(lambda seed: PlayedJob(folder / "jobs" / "work", storage, committed, seed))
    return Recording(disk.cuts, promises)


def assert_survives(
    recording: Recording,
    luck: str,
    folder: Path,
    storage: Storage,
    also: Callable[[Cut, WorkDir], None] = lambda _cut, _work_dir: None,
) -> None:
    """Whichever cut: nothing that was committed is lost, no document is missing or half, a rerun does the
    rest. ``also``: what else must hold when the power is back.
    """
    work_dir = WorkDir(folder / "jobs" / "work")
    with disk_that_need_not_survive():
        for cut in recording.cuts:
            cut.restore(folder, Luck(luck, seed=cut.number))
            assert_nothing_lost(recording.promises, cut, work_dir, storage)
            also(cut, work_dir)
            if cut.number % _RERUN_EVERY == 0:
                assert_rerun_finishes(work_dir, storage)


def assert_nothing_lost(promises: Promises, cut: Cut, work_dir: WorkDir, storage: Storage) -> None:
    counts, rows = read_back(work_dir, storage)
    assert_accounting(counts)
    assert rows in promises.allowed_at(cut), f"committed, and lost by the cut after {cut.number} syncs"
    assert_documents_whole(work_dir, rows)


def assert_rerun_finishes(work_dir: WorkDir, storage: Storage) -> None:
    PlayedJob(work_dir.root, storage, lambda _: None).play()
    counts, rows = read_back(work_dir, storage)
    assert_accounting(counts)
    assert (counts.accepted, counts.pending, counts.leased) == (TASKS, 0, 0), counts
    assert_documents_whole(work_dir, rows)


def read_back(work_dir: WorkDir, storage: Storage) -> tuple[Counts, Rows]:
    """As a new start finds it."""
    if not work_dir.documents.is_dir():
        work_dir.prepare()
    ledger = storage.open_ledger(work_dir.ledger)
    try:
        return ledger.counts(), everything_in(ledger)
    finally:
        ledger.close()


def assert_documents_whole(work_dir: WorkDir, rows: Rows) -> None:
    """Each ``done`` has its document with its bytes, and no file under a final name is half."""
    digests = {}
    for path in work_dir.documents.iterdir():
        content = path.read_bytes()
        assert is_whole(content), f"half a document under the final name {path.name}"
        digests[path.name] = hashlib.sha256(content).hexdigest()
    for ref, document, sha256 in rows.delivered:
        assert digests.get(document) == sha256, f"{ref} is done, and its document is missing or another"


def everything_in(ledger: Ledger) -> Rows:
    """Read through the ledger's own connection: it lets no other in."""
    tables = ("meta", "tasks", "attempts")
    return Rows(
        tuple(row for table in tables for row in ledger._db.execute(f"SELECT * FROM {table}")),
        tuple(ledger._db.execute("SELECT id, document, sha256 FROM tasks WHERE state = 'done'")),
    )
