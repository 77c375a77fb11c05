"""What is killed under an attempt costs the record nothing, and leaves nothing in the temporary folder."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


@pytest.fixture
def temp() -> Iterator[Path]:
    """The system's temporary folder as the run sees it.

    Not below tmp_path: Chrome's socket lies in it, and the path of a socket has at most 107 letters.
    """
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.fixture
def crew(tmp_path: Path, temp: Path) -> Iterator[TabcrewProcess]:
    with (
        PortalProcess(tmp_path, records=8, latency=1.0) as portal,
        TabcrewProcess(tmp_path, portal.url, environ={"TMPDIR": str(temp)}, run__workers=2) as running,
    ):
        running.wait_for_documents(1, within_s=40)
        yield running


def leave_a_piece_of_a_document(temp: Path) -> None:
    """As Chrome does when it is killed in a download, which cannot be timed."""
    (folder,) = temp.iterdir()
    assert list(folder.glob("*hromium*")), "Chrome uses another folder"
    (folder / ".org.chromium.Chromium.piece").write_bytes(b"%PDF-1.7")


def test_record_is_not_charged_when_its_workers_driver_is_killed(crew: TabcrewProcess) -> None:
    victim = crew.worker(1, "busy")["pid"]
    (driver,) = psutil.Process(victim).children()
    driver.kill()
    assert crew.wait(within_s=60) == 0, crew.said()
    lost = crew.query("SELECT pid, outcome, reason FROM attempts WHERE outcome <> 'delivered'")
    assert [(pid, outcome) for pid, outcome, _ in lost] == [(victim, "worker")], lost
    assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 1)]
    crew.assert_clean()


def test_no_piece_of_a_document_is_left_when_chrome_was_killed(crew: TabcrewProcess, temp: Path) -> None:
    leave_a_piece_of_a_document(temp)
    os.kill(crew.status()["chrome_pid"], signal.SIGKILL)
    assert crew.wait(within_s=60) == 0, crew.said()
    assert list(temp.iterdir()) == []


def test_no_piece_of_a_document_is_left_when_the_supervisor_was_killed(
    crew: TabcrewProcess, temp: Path
) -> None:
    leave_a_piece_of_a_document(temp)
    crew.kill()
    eventually(lambda: not list(temp.iterdir()), within_s=5, what="the guardian empties the temporary folder")
    eventually(lambda: not crew.processes(), within_s=2, what="the guardian itself ends")
