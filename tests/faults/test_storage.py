"""A disk that fails under a run: it stops loudly with exit code 8, and resumes when that is mended."""

import os
import resource
from pathlib import Path

import pytest

from supervisor.exit_codes import ExitCode
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 30


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_run_stops_with_its_code_and_resumes_when_the_disk_fails_again_and_again(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.2) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__workers=2) as crew,
    ):
        crew.wait_for_documents(2, within_s=20)
        stop_writes(crew.pid)
        assert_stopped(crew, "")  # nor does the file take a word that catches its output

        crew.start()
        crew.wait_for_documents(crew.done() + 2, within_s=20)
        documents = crew.work_dir / "documents"
        documents.rename(tmp_path / "unmounted")
        assert_stopped(crew, "documents")
        (tmp_path / "unmounted").rename(documents)

        crew.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert portal.logins() == 1
        assert set(portal.served()) == {f"V-{number:04}" for number in range(1, RECORDS + 1)}
        crew.assert_clean()


def stop_writes(pid: int) -> None:
    """No file of this process may grow beyond one byte any more: the kernel refuses, as a full disk does."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def assert_stopped(crew: BrowserlessProcess, word: str) -> None:
    assert crew.wait(within_s=20) == ExitCode.DISK, crew.said()
    assert word in crew.said()
    assert "Traceback" not in crew.said()
    assert crew.processes() == []
    assert all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in crew.work_dir.rglob("*.pdf"))


def test_run_stops_with_its_code_when_its_ledger_is_deleted_or_cut_off(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.5) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__workers=2) as crew,
    ):
        crew.wait_for_documents(2, within_s=20)
        os.truncate(crew.work_dir / "ledger.sqlite", 100)
        assert_stopped(crew, "was cut off")

        crew.start()  # its log held all that was cut off
        crew.wait_for_documents(crew.done() + 1, within_s=20)
        for path in crew.work_dir.glob("ledger.sqlite*"):
            path.unlink()
        assert_stopped(crew, "disappeared")

        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        assert crew.counts().done == RECORDS
        assert portal.logins() == 1
        crew.assert_clean()


def test_run_is_refused_with_a_way_out_when_its_ledger_was_overwritten_under_it(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.5) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__workers=2) as crew,
    ):
        crew.wait_for_documents(2, within_s=20)
        for path in crew.work_dir.glob("ledger.sqlite*"):
            with path.open("r+b") as file:
                file.write(b"\xa5" * path.stat().st_size)
        crew.kill()
        eventually(lambda: not crew.processes(), within_s=5)
        documents = crew.documents()

        crew.start()
        assert_stopped(crew, "is damaged")
        assert "Move it away and run again" in crew.said()
        assert crew.documents() == documents
        (crew.work_dir / "ledger.sqlite").rename(tmp_path / "damaged")
        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        assert crew.counts().done == RECORDS
        assert portal.logins() == 1
        crew.assert_clean()


def test_run_starts_nothing_when_there_is_too_little_room(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__min_free_disk_mb=10**8) as crew,
    ):
        assert crew.wait(within_s=20) == ExitCode.DISK
        assert "min_free_disk_mb" in crew.said()
        assert portal.audit() == []
        crew.environ["TABCREW__RUN__MIN_FREE_DISK_MB"] = "1"
        crew.start()
        assert crew.wait(within_s=20) == 0, crew.said()
        crew.assert_clean()
