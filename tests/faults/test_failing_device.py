"""A disk that takes what is written and then cannot keep it: nothing is reported done that is not on it."""

import hashlib
from pathlib import Path

from supervisor.exit_codes import ExitCode
from tests.support.failing_device import FailingDevice
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 24


def test_run_stops_and_resumes_when_its_device_fails_in_mid_run(tmp_path: Path) -> None:
    with (
        FailingDevice(tmp_path, size_mb=24) as disk,
        PortalProcess(tmp_path, records=RECORDS, latency=0.2) as portal,
        BrowserlessProcess(disk, portal.url, run__workers=2, run__min_free_disk_mb=0) as crew,
    ):
        crew.wait_for_documents(4, within_s=20)
        disk.fails()
        assert crew.wait(within_s=40) == ExitCode.DISK, crew.said()
        assert "Traceback" not in crew.said()
        assert crew.processes() == []

        disk.mend()
        counts = crew.counts()
        assert counts.accepted == RECORDS == counts.pending + counts.leased + counts.done
        assert crew.query("PRAGMA integrity_check") == [("ok",)]
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        for name, sha256 in crew.query("SELECT document, sha256 FROM tasks WHERE state = 'done'"):
            assert hashlib.sha256((crew.work_dir / "documents" / name).read_bytes()).hexdigest() == sha256
        assert counts.done >= 3  # the fourth was seen under its name, perhaps before it stood in the ledger

        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        assert crew.counts().done == RECORDS
        assert portal.logins() == 1
        crew.assert_clean()
        assert len(portal.served()) == RECORDS
