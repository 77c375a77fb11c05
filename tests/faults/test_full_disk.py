"""A disk that is really full or read-only under a run: it stops loudly with exit code 8, and the same command
goes on when that is mended.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.exit_codes import ExitCode
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.small_disk import SmallDisk
from tests.support.tabcrew import BrowserlessProcess, TabcrewProcess

RECORDS = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path, size_mb=16) as small:
        yield small


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=RECORDS, latency=0.2) as running:
        yield running


def new_crew(portal: PortalProcess, disk: SmallDisk) -> BrowserlessProcess:
    return BrowserlessProcess(disk, portal.url, run__workers=2, run__min_free_disk_mb=0)


def assert_stopped(crew: TabcrewProcess, *words: str) -> None:
    """Loudly and whole: the code, a sentence, no half document, nothing charged, every task accounted for."""
    assert crew.wait(within_s=30) == ExitCode.DISK, crew.said()
    said = crew.said()
    assert all(word in said for word in words), said
    assert "Traceback" not in said
    assert crew.processes() == []
    assert all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in crew.work_dir.glob("documents/*"))
    assert list(crew.work_dir.glob(".*")) == []


def assert_accounts(crew: TabcrewProcess) -> None:
    counts = crew.counts()
    assert counts.accepted == RECORDS == counts.pending + counts.leased + counts.done
    assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
    assert crew.query("PRAGMA integrity_check") == [("ok",)]


def assert_finishes(crew: TabcrewProcess, portal: PortalProcess) -> None:
    """The same command delivers the rest; the portal served twice only what was out on lease at the stop."""
    open_leases = {
        task for (task,) in crew.query("SELECT task FROM attempts WHERE coalesce(outcome, '') <> 'delivered'")
    }
    crew.start()
    assert crew.wait(within_s=60) == 0, crew.said()
    assert crew.counts().done == RECORDS
    assert portal.logins() == 1
    assert {ref for ref, times in portal.served().items() if times > 1} <= open_leases
    assert len(portal.served()) == RECORDS
    crew.assert_clean()


def test_run_stops_and_resumes_when_the_disk_fills_in_mid_run(portal: PortalProcess, disk: SmallDisk) -> None:
    with new_crew(portal, disk) as crew:
        crew.wait_for_documents(3, within_s=20)
        disk.fill()
        assert_stopped(crew, "No space left")
        disk.make_room()
        assert_accounts(crew)
        assert_finishes(crew, portal)


def test_run_stops_and_resumes_when_the_disk_becomes_read_only_in_mid_run(
    portal: PortalProcess, disk: SmallDisk
) -> None:
    with new_crew(portal, disk) as crew:
        crew.wait_for_documents(3, within_s=20)
        disk.make_read_only()
        assert_stopped(crew, "Read-only file system")
        crew.start()
        assert_stopped(crew, "cannot be written: Read-only file system")
        disk.make_writable()
        assert_accounts(crew)
        assert_finishes(crew, portal)


def test_run_starts_nothing_and_says_how_much_is_lacking_when_the_disk_is_full(
    portal: PortalProcess, disk: SmallDisk
) -> None:
    disk.fill()
    with new_crew(portal, disk) as crew:
        assert_stopped(crew, "only 0.0 MB are free", "a run needs 1 MB")
        crew.environ["TABCREW__RUN__MIN_FREE_DISK_MB"] = "50"
        disk.make_room()
        crew.start()
        assert_stopped(crew, "only 15.", "a run needs 50 MB")
        crew.start("--fresh")
        assert_stopped(crew)
        assert list(crew.work_dir.glob("ledger-*")) == []  # nor was the old ledger put aside for nothing
        assert portal.audit() == []
        crew.environ["TABCREW__RUN__MIN_FREE_DISK_MB"] = "1"
        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        disk.fill()
        crew.environ["TABCREW__RUN__MIN_FREE_DISK_MB"] = "50"
        disk.make_room()
        crew.start()
        assert crew.wait(within_s=20) == 0, "a finished job needs no room"
        crew.assert_clean()


def test_run_stops_before_a_document_is_cut_short_when_the_room_falls_below_its_limit(
    tmp_path: Path, disk: SmallDisk
) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=1.0) as portal,
        BrowserlessProcess(disk, portal.url, run__workers=2, run__min_free_disk_mb=4) as crew,
    ):
        crew.wait_for_documents(1, within_s=20)
        disk.fill(leave_kib=3 * 1024)
        assert_stopped(crew, "MB are free below", "a run needs 4 MB ([run] min_free_disk_mb)")
        disk.make_room()
        assert_accounts(crew)
        assert crew.counts().leased == 0
        assert_finishes(crew, portal)


@pytest.mark.parametrize(
    ("what", "word"),
    [("file", "Not a directory"), ("gone", "No such file"), ("locked", "Permission denied")],
)
def test_run_stops_and_resumes_when_documents_is_no_folder_to_write_to(
    portal: PortalProcess, disk: SmallDisk, what: str, word: str
) -> None:
    with new_crew(portal, disk) as crew:
        crew.wait_for_documents(3, within_s=20)
        documents, aside = crew.work_dir / "documents", crew.work_dir / "aside"
        if what == "locked":
            documents.chmod(0o500)
        else:
            documents.rename(aside)
        if what == "file":
            documents.write_text("in the way")
        assert_stopped(crew, word)
        if what == "locked":
            documents.chmod(0o700)
        else:
            documents.unlink(missing_ok=True)
            aside.rename(documents)
        assert_accounts(crew)
        assert_finishes(crew, portal)


def test_run_goes_on_and_says_so_once_when_its_log_and_status_cannot_be_written(
    tmp_path: Path, portal: PortalProcess
) -> None:
    with BrowserlessProcess(tmp_path, portal.url, run__workers=2) as crew:
        log, status = crew.work_dir / "logs" / "run.jsonl", crew.work_dir / "status.json"
        log.parent.mkdir(parents=True)
        log.symlink_to("/dev/full")
        status.mkdir()
        assert crew.wait(within_s=60) == 0, crew.said()
        said = crew.said()
        assert "Traceback" not in said
        for path, why in ((log, "No space left"), (status, "Is a directory")):
            assert said.count(f"{path.name} cannot be written ({why}") == 1, said
        status.rmdir()
        assert crew.counts().done == RECORDS
        crew.assert_clean()


def test_no_record_pays_when_chrome_cannot_save_a_download_on_a_full_disk(
    tmp_path: Path,
) -> None:
    """Only staging is full: the ledger could well note whom Chrome's cancelled download is charged to."""
    with (
        SmallDisk(tmp_path, size_mb=64) as disk,
        PortalProcess(tmp_path, records=RECORDS, latency=2.0) as portal,
        TabcrewProcess(
            disk, portal.url, run__workers=2, run__min_free_disk_mb=0, portal__capture="click"
        ) as crew,
    ):
        staging = crew.work_dir / "staging"
        eventually(staging.is_dir, within_s=10)
        disk.mount_below("work/staging", size_mb=1)
        (staging / "downloads").mkdir()
        eventually(lambda: crew.log("inventory_listed"), within_s=40)
        disk.fill("work/staging")
        assert_stopped(crew, "staging takes no file: No space left on device")
        assert_accounts(crew)
        assert {outcome for (outcome,) in crew.query("SELECT outcome FROM attempts")} <= {"storage", "ours"}
