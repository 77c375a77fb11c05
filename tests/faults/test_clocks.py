"""Clocks that lie, and a supervisor that stood still: nobody is killed for it."""

import os
import signal
import time
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

JUMPING = """
# Imported by every Python of the run when it starts: the wall clock jumps an hour to and fro, every second.
import datetime, time
real_time, real_datetime = time.time, datetime.datetime

def jump_s():
    return 3600 if int(time.monotonic()) % 2 else -3600

class Jumping(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return real_datetime.now(tz) + datetime.timedelta(seconds=jump_s())

time.time, datetime.datetime = lambda: real_time() + jump_s(), Jumping
"""
HEARTBEAT_TIMEOUT_S = 3.0
NAP_S = 4.5
"""Longer than every deadline that is running, and than what counts as a nap (supervisor/awake_clock.py)."""


def assert_nobody_paid_for_the_nap(crew: BrowserlessProcess, portal: PortalProcess) -> None:
    assert crew.wait(within_s=30) == 0, crew.said()
    assert crew.log("worker_killed") + crew.log("worker_died") == []
    assert len(crew.log("nap")) == 1
    assert portal.logins() == 1
    assert set(portal.served().values()) == {1}
    assert len(portal.served()) == 6
    crew.assert_clean()


def test_nobody_is_killed_when_the_wall_clock_jumps_and_all_of_us_were_suspended(tmp_path: Path) -> None:
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(JUMPING)
    with (
        PortalProcess(tmp_path, records=6, latency=1.0) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ={"PYTHONPATH": str(tmp_path / "clock")},
            run__workers=2,
            watchdog__heartbeat_timeout_s=HEARTBEAT_TIMEOUT_S,
        ) as crew,
    ):
        pids = [crew.pid, crew.worker(1, "busy")["pid"], crew.worker(2, "busy")["pid"]]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        woken_at = time.monotonic() + NAP_S
        eventually(lambda: time.monotonic() > woken_at, within_s=2 * NAP_S)
        for pid in pids:  # the supervisor first: it sees clocks that stood still as long as it did itself
            os.kill(pid, signal.SIGCONT)
        assert_nobody_paid_for_the_nap(crew, portal)
        at = [line["at"] for line in crew.log()]
        assert at != sorted(at), "the wall clock did not jump"


def test_nobody_is_killed_when_only_the_supervisor_was_stopped_and_its_workers_went_on(
    tmp_path: Path,
) -> None:
    with (
        PortalProcess(tmp_path, records=6, latency=1.0) as portal,
        BrowserlessProcess(
            tmp_path, portal.url, run__workers=2, watchdog__heartbeat_timeout_s=HEARTBEAT_TIMEOUT_S
        ) as crew,
    ):
        for slot in (1, 2):
            crew.worker(slot, "busy")
        os.kill(crew.pid, signal.SIGSTOP)
        woken_at = time.monotonic() + NAP_S
        eventually(lambda: time.monotonic() > woken_at, within_s=2 * NAP_S)
        os.kill(crew.pid, signal.SIGCONT)
        assert_nobody_paid_for_the_nap(crew, portal)
