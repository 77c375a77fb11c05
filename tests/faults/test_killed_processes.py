"""Processes of a run that are killed or stopped from outside: the run ends with every document and one
login.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 12
FULL = {f"V-{number:04}" for number in range(1, RECORDS + 1)}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=RECORDS, latency=1.0) as running:
        yield running


@pytest.fixture
def crew(tmp_path: Path, portal: PortalProcess) -> Iterator[TabcrewProcess]:
    with TabcrewProcess(tmp_path, portal.url, run__workers=2) as running:
        running.wait_for_documents(1, within_s=40)
        yield running


def assert_all_delivered(crew: TabcrewProcess, portal: PortalProcess, *, twice_at_most: int) -> None:
    """``twice_at_most``: documents whose lease was open at the fault may be served again."""
    assert crew.wait(within_s=90) == 0, crew.said()
    assert portal.logins() == 1
    served = portal.served()
    assert set(served) == FULL
    assert sum(served.values()) - RECORDS <= twice_at_most
    crew.assert_clean()


def replaced_within_s(crew: TabcrewProcess, slot: int, old_pid: int, died_at: float) -> float:
    """Seconds from the death to the new worker of that slot at work."""

    def at_work() -> bool:
        row = crew.worker(slot)
        return bool(row["pid"] != old_pid and row["state"] == "busy")

    eventually(at_work, within_s=20, what=f"worker {slot} is replaced")
    return time.monotonic() - died_at


def test_run_goes_on_when_a_busy_worker_is_killed(crew: TabcrewProcess, portal: PortalProcess) -> None:
    victim = crew.worker(2, "busy")["pid"]
    os.kill(victim, signal.SIGKILL)
    assert replaced_within_s(crew, 2, victim, time.monotonic()) < 10
    assert_all_delivered(crew, portal, twice_at_most=1)


def test_run_goes_on_when_a_workers_driver_is_killed(crew: TabcrewProcess, portal: PortalProcess) -> None:
    victim = crew.worker(1, "busy")["pid"]
    (driver,) = psutil.Process(victim).children()
    driver.kill()
    assert_all_delivered(crew, portal, twice_at_most=1)


def test_run_kills_and_replaces_a_worker_when_it_is_stopped(
    crew: TabcrewProcess, portal: PortalProcess
) -> None:
    victim = crew.worker(1, "busy")["pid"]
    stopped_at = time.monotonic()
    os.kill(victim, signal.SIGSTOP)
    eventually(lambda: not psutil.pid_exists(victim), within_s=14, what="the frozen worker is killed")
    assert time.monotonic() - stopped_at > 8
    assert_all_delivered(crew, portal, twice_at_most=1)
    (kill,) = crew.log("worker_killed")
    assert kill["clock"] == "alive"
    assert "no heartbeat" in kill["text"]


def test_run_goes_on_when_chrome_is_killed(crew: TabcrewProcess, portal: PortalProcess) -> None:
    os.kill(crew.status()["chrome_pid"], signal.SIGKILL)
    assert_all_delivered(crew, portal, twice_at_most=2)
    assert crew.query("SELECT count(*) FROM tasks WHERE charged > 0 OR deaths > 0") == [(0,)]


def test_nothing_is_left_and_the_run_resumes_when_the_supervisor_is_killed(
    crew: TabcrewProcess, portal: PortalProcess
) -> None:
    open_leases = [row["task"] for row in crew.status()["workers"] if row["task"]]
    crew.kill()
    eventually(lambda: not crew.processes(), within_s=2.0, what="no process of a killed run is left")
    done_before = crew.done()
    crew.start()
    assert crew.wait(within_s=90) == 0, crew.said()
    served = portal.served()
    assert set(served) == FULL
    assert {ref for ref, times in served.items() if times > 1} <= set(open_leases) | {
        row[0] for row in crew.query("SELECT task FROM attempts WHERE outcome = 'ours'")
    }
    assert done_before >= 1
    assert portal.logins() == 1  # the session was in the profile: the portal still knew it
    crew.assert_clean()


def test_running_documents_are_finished_when_interrupted_once(
    crew: TabcrewProcess, portal: PortalProcess
) -> None:
    crew.interrupt()
    assert crew.wait(within_s=30) == 130, crew.said()
    assert crew.counts().pending > 0
    assert set(portal.served()) == {name.removesuffix(".pdf") for name in crew.documents()}
    crew.assert_clean()
    crew.start()
    assert_all_delivered_after_resume(crew, portal)


def test_run_stops_within_3_s_when_interrupted_twice(crew: TabcrewProcess, portal: PortalProcess) -> None:
    crew.worker(1, "busy")
    crew.interrupt()
    eventually(lambda: crew.status()["phase"] == "draining", within_s=3)
    interrupted_at = time.monotonic()
    crew.interrupt()
    assert crew.wait(within_s=10) == 130
    assert time.monotonic() - interrupted_at < 3
    crew.assert_clean()
    crew.start()
    assert_all_delivered_after_resume(crew, portal)


def assert_all_delivered_after_resume(crew: TabcrewProcess, portal: PortalProcess) -> None:
    assert crew.wait(within_s=90) == 0, crew.said()
    assert set(portal.served()) == FULL
    crew.assert_clean()
