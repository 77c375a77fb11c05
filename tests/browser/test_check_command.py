"""`python run.py check` and the pause on a failing page, as a person meets them at the terminal."""

import json
import signal
import urllib.request
import zipfile
from pathlib import Path

from supervisor.exit_codes import ExitCode
from tests.support.command_line import start_tabcrew, tabcrew
from tests.support.eventually import eventually
from tests.support.portal import PASSWORD, USERNAME, PortalProcess
from tests.support.settings_files import write_settings
from tests.support.tabcrew import REPOSITORY, TabcrewProcess

ACCOUNT = {"TABCREW_USERNAME": USERNAME, "TABCREW_PASSWORD": PASSWORD}


def marks(output: str) -> dict[str, str]:
    """Condition → its mark."""
    lines = [line for line in output.splitlines() if line[:1] in "✓✗–·"]
    return {line[2:14].strip(): line[0] for line in lines}


def portal_settings(folder: Path, url: str) -> None:
    shipped = (REPOSITORY / "settings.ini").read_text("utf-8")
    write_settings(folder, shipped.replace("url = demo", f"url = {url}"))


def test_check_signs_in_once_for_itself_and_the_run_after_it_when_all_is_well(
    tmp_path: Path, portal: PortalProcess
) -> None:
    portal_settings(tmp_path, portal.url)
    first = tabcrew("check", folder=tmp_path, environ=ACCOUNT)
    assert first.code == ExitCode.ALL_DONE, first.out + first.err
    assert "✗" not in first.out
    assert "V-0001: " in first.out
    assert (tmp_path / "work/check/documents/V-0001.pdf").read_bytes().startswith(b"%PDF-")
    assert not (tmp_path / "work/ledger.sqlite").exists()
    assert list((tmp_path / "work/documents").iterdir()) == []
    ran = tabcrew("--limit", "1", folder=tmp_path, environ=ACCOUNT)
    assert ran.code == ExitCode.ALL_DONE, ran.out
    assert portal.logins() == 1
    wrong = {"TABCREW__PORTAL__EXPORT_SELECTOR": "#nope", "TABCREW__PORTAL__STEP_TIMEOUT_S": "3"}
    stopped = tabcrew("check", folder=tmp_path, environ=ACCOUNT | wrong)
    assert stopped.code == ExitCode.USAGE
    assert portal.logins() == 1
    found = marks(stopped.out)
    assert (found["signed in"], found["records"], found["document"]) == ("✓", "✗", "·")
    assert "export_selector = #nope finds nothing" in " ".join(stopped.out.split())
    assert (tmp_path / "work/check/failures/inventory.png").is_file()
    assert str(tmp_path / "work/check/failures/inventory.png") in stopped.out


def test_check_leaves_chrome_on_the_page_that_failed_until_it_is_interrupted(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=2, faults="html!=V-0001") as portal:
        portal_settings(tmp_path, portal.url)
        with start_tabcrew("check", "--pause", folder=tmp_path, environ=ACCOUNT) as checking:
            status = tmp_path / "work/check/status.json"
            eventually(lambda: status.exists() and "paused on V-0001" in status.read_text(), within_s=40)
            address = (tmp_path / "work/profile/DevToolsActivePort").read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{address}/json/list", timeout=5) as answer:
                tabs = json.loads(answer.read())
            assert any("/records/V-0001" in tab["url"] for tab in tabs)
            checking.send_signal(signal.SIGINT)
            out, _ = checking.communicate(timeout=20)
        assert f"127.0.0.1:{address}" in out
        assert checking.returncode == ExitCode.SOME_FAILED, out
        assert marks(out)["document"] == "✗"


def test_failed_attempt_is_held_and_leaves_a_trace_without_secrets_when_it_is_wanted(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=2, faults="html!=V-0001") as portal:
        arguments = ("--only", "V-0001", "--pause-on-failure", "--trace", "--slow-mo", "20")
        with TabcrewProcess(tmp_path, portal.url, *arguments, watchdog__task_timeout_s=4.0,
                            portal__step_timeout_s=3.0) as crew:  # fmt: skip
            eventually(lambda: "paused on V-0001" in crew.status().get("holding", ""), within_s=40)
            worker = crew.worker(1, "idle")
            paused_at = crew.status()["elapsed_s"]
            eventually(lambda: crew.status()["elapsed_s"] > paused_at + 5.0, within_s=20)
            assert crew.worker(1)["pid"] == worker["pid"], "no watchdog may end the pause"
            crew.interrupt()
            assert crew.wait(within_s=15) == ExitCode.INTERRUPTED
            crew.assert_clean()
        failures = crew.work_dir / "failures"
        assert {path.suffix for path in failures.iterdir()} == {".txt", ".png", ".html", ".zip"}
        reason = (failures / "V-0001-attempt-1.txt").read_text()
        assert "step: " in reason
        with zipfile.ZipFile(failures / "V-0001-attempt-1.zip") as trace:
            actions = trace.read("trace.trace").decode()
            network = trace.read("trace.network").decode()
        assert "Frame" in actions
        assert '"Cookie", "value": "***"' in network
        assert PASSWORD not in actions + network
