"""The way of a run through the command line: what it gets, in which order, and what its end looks like.

The job's own run is replaced; opening it, the demo portal and the credentials are the real ones.
"""

import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from loguru import logger

from supervisor.assembly import JobOptions
from supervisor.cli import main
from supervisor.exit_codes import ExitCode
from supervisor.guardian import RUN_MARK
from supervisor.job import Job
from supervisor.settings import Settings
from supervisor.snapshot import Counts
from supervisor.taking import JobRefused
from supervisor.terminal import Display
from tabworker.messages import Credentials
from tests.support.settings_files import write_settings
from tests.support.snapshots import snapshot

Body = Callable[[str, Credentials, Display], ExitCode]
REAL_PORTAL = (
    "[portal]\nurl = http://127.0.0.1:9\nsigned_in_selector = #me\n"
    "export_selector = #csv\ndocument_url = /doc/{ref}.pdf\n"
)


def all_done(_url: str, _credentials: Credentials, _display: Display) -> ExitCode:
    return ExitCode.ALL_DONE


@pytest.fixture
def job_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Body], None]:
    """Replaces what a job does once it runs; the current folder is the test's own, the environment clean."""
    monkeypatch.chdir(tmp_path)
    write_settings(tmp_path)
    for name in [name for name in os.environ if name.startswith("TABCREW")]:
        monkeypatch.delenv(name)
    for name in ("TMPDIR", "TEMP", "TMP", RUN_MARK):
        monkeypatch.setenv(name, tempfile.gettempdir())  # a job sets them: put back at the end

    def replace(body: Body) -> None:
        def run(_job: Job, url: str, credentials: Credentials, display: Display) -> ExitCode:
            return body(url, credentials, display)

        monkeypatch.setattr(Job, "run", run)

    return replace


def tabcrew(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    logger.remove()
    return int(ended.value.code or 0)


def test_run_brings_the_demo_portal_and_its_account_when_the_url_is_demo(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[tuple[str, str]] = []

    def look(url: str, credentials: Credentials, _display: Display) -> ExitCode:
        with urllib.request.urlopen(f"{url}/login", timeout=10) as answer:
            seen.append((credentials.username, answer.read().decode()))
        return ExitCode.SOME_FAILED

    job_runs(look)
    assert tabcrew(monkeypatch) == ExitCode.SOME_FAILED
    [(username, page)] = seen
    assert username == "demo"
    assert 'id="username"' in page
    assert (tmp_path / "work/logs/portal-audit.jsonl").exists()


def test_run_gets_the_real_address_and_account_when_the_portal_is_real(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_settings(tmp_path, REAL_PORTAL)
    monkeypatch.setenv("TABCREW_USERNAME", "me")
    monkeypatch.setenv("TABCREW_PASSWORD", "hunter2")
    seen: list[tuple[str, Credentials, bool]] = []

    def look(url: str, credentials: Credentials, _display: Display) -> ExitCode:
        seen.append((url, credentials, "TABCREW_PASSWORD" in os.environ))
        return ExitCode.ALL_DONE

    job_runs(look)
    assert tabcrew(monkeypatch, "run") == ExitCode.ALL_DONE
    assert seen == [("http://127.0.0.1:9", Credentials("me", "hunter2"), False)]


def test_run_starts_nothing_when_credentials_are_missing(
    job_runs: Callable[[Body], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    write_settings(tmp_path, REAL_PORTAL)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    job_runs(lambda *_: pytest.fail("it must not run"))
    assert tabcrew(monkeypatch) == ExitCode.USAGE
    assert "Set TABCREW_USERNAME and TABCREW_PASSWORD" in capsys.readouterr().err


def test_run_hides_the_password_from_children_when_the_job_is_opened(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABCREW_PASSWORD", "hunter2")
    job_runs(all_done)
    really_open = Job.open
    inherited: list[str | None] = []

    def open_job(settings: Settings, options: JobOptions) -> Job:
        inherited.append(os.environ.get("TABCREW_PASSWORD"))
        return really_open(settings, options)

    monkeypatch.setattr(Job, "open", open_job)
    assert tabcrew(monkeypatch) == ExitCode.ALL_DONE
    assert inherited == [None]


def test_run_passes_the_options_on_when_they_are_given(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_runs(all_done)
    opened: list[tuple[Settings, JobOptions]] = []
    really_open = Job.open

    def open_job(settings: Settings, options: JobOptions) -> Job:
        opened.append((settings, options))
        return really_open(settings, options)

    monkeypatch.setattr(Job, "open", open_job)
    arguments = "--only V-1 V-2 --only V-3 --workers 2 --limit 7 --visible --fresh --work-dir elsewhere"
    assert tabcrew(monkeypatch, *arguments.split()) == ExitCode.ALL_DONE
    [(settings, options)] = opened
    assert options.fresh
    assert options.limit == 7
    assert sorted(options.only) == ["V-1", "V-2", "V-3"]
    assert (settings.run.workers, settings.chrome.headless) == (2, False)
    assert settings.run.work_dir.name == "elsewhere"


def test_run_names_the_same_command_again_when_it_is_cut_short(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_url: str, _credentials: Credentials, display: Display) -> ExitCode:
        display.close(snapshot(exit_code=130))
        return ExitCode.INTERRUPTED

    job_runs(interrupted)
    assert tabcrew(monkeypatch, "--fresh", "--workers", "2", "--only", "V 1", "V-2") == ExitCode.INTERRUPTED
    assert "python run.py --workers 2 '--only=V 1' --only=V-2\n" in capsys.readouterr().out
    debugging = ("--slow-mo", "250", "--pause-on-failure", "--trace")
    assert tabcrew(monkeypatch, *debugging, "--visible") == ExitCode.INTERRUPTED
    again = "python run.py --visible --slow-mo=250 --pause-on-failure --trace\n"
    assert again in capsys.readouterr().out


def test_run_starts_nothing_when_the_job_has_finished_already(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job_runs(lambda *_: pytest.fail("it must not run"))
    done = snapshot(phase="finished", exit_code=3, counts=Counts(accepted=40, done=39, failed=1))
    monkeypatch.setattr(Job, "already_finished", lambda _job: done)
    assert tabcrew(monkeypatch) == ExitCode.SOME_FAILED
    assert "39 done, 1 failed of 40" in capsys.readouterr().out


def test_run_ends_with_the_jobs_own_code_when_the_job_is_refused(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_settings: Settings, _options: JobOptions) -> Job:
        raise JobRefused("another supervisor is running here", ExitCode.ANOTHER_SUPERVISOR)

    job_runs(all_done)
    monkeypatch.setattr(Job, "open", refuse)
    assert tabcrew(monkeypatch) == ExitCode.ANOTHER_SUPERVISOR
    assert capsys.readouterr().err == "tabcrew: another supervisor is running here\n"


def test_run_ends_as_portal_down_when_the_demo_portal_does_not_start(
    job_runs: Callable[[Body], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "work" / "logs" / "portal-audit.jsonl").mkdir(parents=True)  # where it writes a file
    job_runs(lambda *_: pytest.fail("it must not run"))
    assert tabcrew(monkeypatch) == ExitCode.PORTAL_DOWN
    assert "the demo portal did not start" in capsys.readouterr().err


def test_run_keeps_the_traceback_in_a_file_when_it_meets_a_bug(
    job_runs: Callable[[Body], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def stumble(_url: str, _credentials: Credentials, _display: Display) -> ExitCode:
        raise ZeroDivisionError("a bug\nof two lines")

    job_runs(stumble)
    assert tabcrew(monkeypatch) == ExitCode.BUG
    err = capsys.readouterr().err
    assert "stopped by a bug of Tabcrew (ZeroDivisionError: a bug)" in err
    assert "Traceback" not in err
    [report] = (tmp_path / "work/logs").glob("crash-*.txt")
    assert str(report) in err
    assert "in stumble" in report.read_text("utf-8")


def test_run_is_interrupted_when_ctrl_c_comes_before_the_job_listens(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_settings: Settings, _options: JobOptions) -> Job:
        raise KeyboardInterrupt

    job_runs(all_done)
    monkeypatch.setattr(Job, "open", interrupt)
    assert tabcrew(monkeypatch) == ExitCode.INTERRUPTED


def test_retry_says_so_when_nothing_failed(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job_runs(all_done)
    assert tabcrew(monkeypatch, "retry") == ExitCode.ALL_DONE
    assert "Nothing to retry" in capsys.readouterr().out


def test_retry_is_refused_when_a_reference_did_not_fail(
    job_runs: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job_runs(all_done)
    assert tabcrew(monkeypatch, "retry", "V-9999") == ExitCode.USAGE
    assert "V-9999" in capsys.readouterr().err
