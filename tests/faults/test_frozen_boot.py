"""A worker that freezes before it has taken its tab is found by its heartbeat, not by the limit of a boot."""

import os
import signal
from pathlib import Path

import psutil

from tests.rehearsal.schedule import Victim
from tests.rehearsal.victims import find_victims
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


def test_run_goes_on_soon_when_its_first_worker_freezes_while_it_boots(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=4) as portal,
        TabcrewProcess(tmp_path, portal.url, run__workers=2, watchdog__heartbeat_timeout_s=3) as crew,
    ):

        def booting_driver() -> list[psutil.Process]:
            return find_victims(Victim.DRIVER, psutil.Process(crew.pid), crew.work_dir / "profile")

        # The driver starts after the heartbeat and before the worker attaches.
        (driver, *_) = eventually(booting_driver, within_s=30, what="the first worker starts its driver")
        os.kill(driver.ppid(), signal.SIGSTOP)
        assert crew.wait(within_s=50) == 0, crew.said()  # a boot may take 60 s
        (kill,) = crew.log("worker_killed")
        assert kill["clock"] == "alive"
        assert portal.logins() == 1
        crew.assert_clean()
