"""Ctrl-C and TERM at any moment: the run ends soon, leaves nothing, and the same command goes on."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess, TabcrewProcess

RECORDS = 12
FULL = {f"V-{number:04}" for number in range(1, RECORDS + 1)}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=RECORDS, latency=1.0) as running:
        yield running


def assert_interrupted(crew: TabcrewProcess, within_s: float) -> None:
    assert crew.wait(within_s) == 130, crew.said()
    assert crew.counts().pending > 0
    crew.assert_clean()


def assert_resumed(crew: TabcrewProcess, portal: PortalProcess) -> None:
    crew.start()
    assert crew.wait(within_s=90) == 0, crew.said()
    assert portal.logins() == 1  # the session was in the profile
    assert set(portal.served()) == FULL
    crew.assert_clean()


def test_run_ends_soon_and_resumes_when_it_is_interrupted_with_its_chrome(
    tmp_path: Path, portal: PortalProcess
) -> None:
    with TabcrewProcess(tmp_path, portal.url, run__workers=2) as crew:
        crew.wait_for_documents(1, within_s=40)
        crew.worker(1, "busy")
        crew.interrupt()
        eventually(lambda: crew.status()["phase"] == "draining", within_s=3)
        interrupted_at = time.monotonic()
        crew.interrupt()
        assert_interrupted(crew, within_s=10)
        assert time.monotonic() - interrupted_at < 3

        crew.start()
        crew.wait_for_documents(crew.done() + 1, within_s=40)
        os.kill(crew.status()["chrome_pid"], signal.SIGKILL)
        eventually(lambda: crew.log("chrome_died"), within_s=5)
        os.kill(crew.pid, signal.SIGTERM)  # while Chrome is started anew
        assert_interrupted(crew, within_s=20)
        assert_resumed(crew, portal)


def test_running_documents_are_finished_when_interrupted_once_and_a_dying_worker_delays_nothing(
    tmp_path: Path, portal: PortalProcess
) -> None:
    with BrowserlessProcess(tmp_path, portal.url, run__workers=2) as crew:
        crew.wait_for_documents(1, within_s=20)
        crew.worker(1, "busy")
        crew.interrupt()
        assert_interrupted(crew, within_s=10)
        assert set(portal.served()) == {name.removesuffix(".pdf") for name in crew.documents()}

        crew.start()
        victim = crew.worker(1, "busy")["pid"]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: crew.log("worker_died"), within_s=5)
        os.kill(crew.pid, signal.SIGTERM)  # while the worker is replaced
        assert_interrupted(crew, within_s=10)
        assert_resumed(crew, portal)
