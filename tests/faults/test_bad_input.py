"""What a person can get wrong: each ends at once with its exit code and a message that says what to do."""

import socket
from pathlib import Path
from typing import Any

import pytest

from supervisor.exit_codes import ExitCode
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess, TabcrewProcess


def ended(crew: TabcrewProcess, code: ExitCode, within_s: float = 30) -> str:
    """What a refused run said; it left no process behind."""
    assert crew.wait(within_s) == code, crew.said()
    assert crew.processes() == []
    assert "Traceback" not in crew.said()
    return crew.said()


def test_run_stops_after_two_tries_when_the_password_is_wrong(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(tmp_path, portal.url, environ={"TABCREW_PASSWORD": "wrong-one"}) as crew,
    ):
        said = ended(crew, ExitCode.SIGN_IN_REFUSED)
        assert "Wrong user name or password" in said
        assert "TABCREW_PASSWORD" in said
        assert "wrong-one" not in said
        assert len(portal.audit("login_refused")) == 2


def test_run_is_refused_when_credentials_are_missing(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(
            tmp_path, portal.url, environ={"TABCREW_USERNAME": "", "TABCREW_PASSWORD": ""}
        ) as crew,
    ):
        assert "TABCREW_USERNAME" in ended(crew, ExitCode.USAGE)
        assert portal.audit() == []


def test_run_ends_with_its_code_when_the_portal_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with TabcrewProcess(tmp_path, url) as crew:
            assert url in ended(crew, ExitCode.PORTAL_DOWN)


def test_run_is_refused_when_there_is_no_chrome_and_none_may_be_installed(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(
            tmp_path, portal.url, chrome__path=tmp_path / "no-chrome", chrome__install="no"
        ) as crew,
    ):
        assert "no-chrome" in ended(crew, ExitCode.CHROME_CANNOT_START)


def test_run_is_refused_when_the_work_directory_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with TabcrewProcess(tmp_path, "http://127.0.0.1:9", run__work_dir=tmp_path / "file" / "work") as crew:
        crew.work_dir = tmp_path / "file" / "work"
        assert "cannot be written" in ended(crew, ExitCode.DISK)


def test_second_supervisor_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=4, latency=0.7) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__workers=1) as first,
    ):
        first.worker(1, "busy")
        second_output = tmp_path / "second"
        second_output.mkdir()
        with BrowserlessProcess(second_output, portal.url, run__work_dir=first.work_dir) as second:
            second.work_dir = second_output
            assert "another supervisor" in ended(second, ExitCode.ANOTHER_SUPERVISOR)
        assert first.wait(within_s=60) == 0, first.said()
        assert portal.logins() == 1
        first.assert_clean()


def test_run_stops_when_the_inventory_lacks_the_reference_column(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(tmp_path, portal.url, portal__reference_column="Number plate") as crew,
    ):
        said = ended(crew, ExitCode.USAGE)
        assert "Number plate" in said
        assert "VIN" in said


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("run__wrokers", "3", "workers"), ("run__workers", "many", "RUN__WORKERS"), ("run__workers", "0", "1")],
)
def test_run_is_refused_when_a_setting_is_wrong(tmp_path: Path, key: str, value: str, expected: str) -> None:
    wrong: dict[str, Any] = {key: value}
    with TabcrewProcess(tmp_path, "http://127.0.0.1:9", **wrong) as crew:
        assert expected in ended(crew, ExitCode.USAGE)
        assert not crew.work_dir.exists()


def test_run_is_refused_when_the_adapter_cannot_be_loaded(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(tmp_path, portal.url, portal__adapter="no_such_portal:Portal") as crew,
    ):
        assert "no_such_portal" in ended(crew, ExitCode.USAGE)
        assert portal.audit() == []
