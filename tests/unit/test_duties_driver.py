"""What a duty reports when the worker's own driver dies under it: the worker's fault, not the record's."""

import errno
from pathlib import Path
from unittest.mock import Mock, create_autospec

import pytest

from tabworker.adapters.base import Adapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.driver import Driver
from tabworker.duties import DutyDesk
from tabworker.failures import FailureClass
from tabworker.messages import DutyFailed, FetchDocument, Record
from tabworker.setup import WorkerSetup
from tabworker.tab import Tab


def outcome(folder: Path, *looks: bool, crashed: bool = False, idle_crash: bool = False) -> DutyFailed:
    """The report of a duty on a page that answers nothing any more. ``looks``: what each look at the driver
    finds; True is dead.
    """
    adapter, tab, driver = (create_autospec(kind, instance=True) for kind in (Adapter, Tab, Driver))
    adapter.fetch_document.side_effect = RuntimeError("no running event loop")
    tab.page = Mock()
    tab.page.context.cookies.return_value = []
    tab.destination = folder / "1.pdf"
    tab.current_step = "capture document"
    tab.is_responsive.return_value = False
    tab.crashed = crashed
    tab.has_crashed.return_value = idle_crash
    driver.is_gone.side_effect = looks
    tab.secrets = set()
    setup = WorkerSetup(
        slot=1,
        name="1.1",
        supervisor_pid=1,
        adapter="form",
        portal=FormSettings(url="http://127.0.0.1:9"),
        staging=folder,
        downloads=folder,
        failures=folder / "failures",
        logs=folder,
        temp=folder,
        heartbeat_s=1.0,
        blocked_addresses=(),
        shows_pdfs=False,
        by_hand=False,
        log_level="INFO",
    )
    desk = DutyDesk(setup, tab, adapter, driver, lambda _report: None)
    report = desk.do(FetchDocument(1, Record("V-1"), 1, 60.0, "V-1-attempt-1"))
    assert isinstance(report, DutyFailed)
    return report


@pytest.mark.parametrize("looks", [(True,), (False, True)], ids=["at once", "a moment later"])
def test_failure_is_the_workers_when_its_driver_died(tmp_path: Path, looks: tuple[bool, ...]) -> None:
    report = outcome(tmp_path, *looks)
    assert report.failure_class is FailureClass.WORKER
    assert "driver" in report.reason
    assert report.unfit
    assert report.step == "capture document"
    assert report.evidence == []


def test_failure_is_the_records_when_the_driver_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tabworker.duties.save_evidence", lambda *_, **__: ["V-1-attempt-1.png"])
    report = outcome(tmp_path, False, False)
    assert report.failure_class is FailureClass.TRANSIENT
    assert report.evidence == ["V-1-attempt-1.png"]


def test_failure_is_the_disks_when_staging_takes_no_file_any_more(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone").rmdir()
    report = outcome(tmp_path / "gone", False)
    assert report.failure_class is FailureClass.STORAGE
    assert f"{tmp_path / 'gone'} takes no file: No such file or directory" in report.reason
    assert "no running event loop" in report.reason  # what it looked like
    assert report.evidence == []


def test_worker_lives_when_the_disk_does_not_even_let_it_remove_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only = OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(Path, "unlink", Mock(side_effect=read_only))
    monkeypatch.setattr("tabworker.duties.storage_fault", lambda *_: "read-only")
    assert outcome(tmp_path, False).failure_class is FailureClass.STORAGE


def test_report_does_not_wait_for_the_drivers_end_when_the_driver_told_of_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tabworker.duties.save_evidence", lambda *_, **__: [])
    report = outcome(tmp_path, False, crashed=True)  # a second look at the driver finds no answer
    assert report.failure_class is FailureClass.TRANSIENT
    assert report.unfit


def test_record_does_not_pay_when_its_tab_had_crashed_before_it_came(tmp_path: Path) -> None:
    report = outcome(tmp_path, idle_crash=True)
    assert report.failure_class is FailureClass.OURS
    assert report.unfit
    assert report.evidence == []
