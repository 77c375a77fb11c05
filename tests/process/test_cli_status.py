"""`status`: a run that goes on, one that ended, one that was killed, and files that make no sense."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psutil
import pytest

from supervisor.exit_codes import ExitCode
from supervisor.snapshot import Counts, Snapshot
from tests.support.command_line import start_tabcrew, tabcrew
from tests.support.eventually import eventually
from tests.support.settings_files import write_settings
from tests.support.snapshots import snapshot, worker_row


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A folder with settings and an empty work directory."""
    write_settings(tmp_path)
    (tmp_path / "work").mkdir()
    return tmp_path


@pytest.fixture
def supervisor() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands in for a running supervisor until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def write_status(job: Path, moment: Snapshot) -> None:
    beside = job / "work" / "status.new"
    beside.write_bytes(msgspec.json.encode(moment))
    beside.replace(job / "work" / "status.json")


def running(process: subprocess.Popen[bytes]) -> Snapshot:
    born = datetime.fromtimestamp(psutil.Process(process.pid).create_time(), UTC)
    return snapshot(pid=process.pid, started_at=(born + timedelta(seconds=1)).isoformat())


def test_status_shows_the_view_when_the_run_goes_on(job: Path, supervisor: subprocess.Popen[bytes]) -> None:
    write_status(job, running(supervisor))
    ended = tabcrew("status", folder=job)
    assert ended.code == 0
    assert "Tabcrew · fetching" in ended.out
    assert "V-0005" in ended.out
    assert "790 of 2,000 done" in ended.out
    assert "\x1b" not in ended.out


def test_status_shows_the_summary_when_the_run_is_over(job: Path) -> None:
    done = Counts(accepted=40, done=39, failed=1)
    write_status(job, snapshot(pid=os.getpid(), phase="finished", exit_code=3, counts=done))
    ended = tabcrew("status", folder=job)
    assert ended.code == 0
    assert "39 done, 1 failed of 40" in ended.out
    assert "python run.py retry" in ended.out


def test_status_says_how_to_go_on_when_the_run_was_killed(
    job: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    moment = running(supervisor)
    supervisor.kill()
    supervisor.wait()
    write_status(job, moment)
    ended = tabcrew("status", folder=job)
    assert ended.code == 0
    assert f"Not running: process {supervisor.pid} ended without a last word" in ended.out
    assert "go on with: python run.py" in ended.out


def test_status_says_killed_when_the_pid_belongs_to_another_process_by_now(
    job: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    a_day_before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    write_status(job, msgspec.structs.replace(running(supervisor), started_at=a_day_before))
    assert "Not running" in tabcrew("status", folder=job).out


@pytest.mark.parametrize("alive", [True, False])
def test_status_prints_json_when_asked(job: Path, supervisor: subprocess.Popen[bytes], alive: bool) -> None:
    moment = running(supervisor)
    write_status(job, moment if alive else msgspec.structs.replace(moment, exit_code=0))
    found = json.loads(tabcrew("status", "--json", folder=job).out)
    assert found["running"] is alive
    assert found["counts"]["done"] == 790
    assert found["workers"][0]["task"] == "V-0001"


def test_status_neutralises_text_when_the_portal_is_hostile(
    job: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    row = worker_row(task="\x1b[red]V[/red]")
    write_status(job, msgspec.structs.replace(running(supervisor), workers=(row,)))
    out = tabcrew("status", folder=job).out
    assert "\x1b" not in out
    assert "[red]V[/red]" in out


def test_status_is_refused_when_nothing_has_run_yet(job: Path) -> None:
    ended = tabcrew("status", folder=job)
    assert ended.code == ExitCode.USAGE
    assert "no run in" in ended.err


@pytest.mark.parametrize("content", [b"", b"{", b'{"run_id": 3}', b"\xff\xfe"])
def test_status_is_refused_when_the_file_is_damaged(job: Path, content: bytes) -> None:
    (job / "work" / "status.json").write_bytes(content)
    ended = tabcrew("status", folder=job)
    assert ended.code == ExitCode.DISK
    assert "Traceback" not in ended.err


def test_status_looks_elsewhere_when_a_work_directory_is_named(job: Path) -> None:
    (job / "work").rename(job / "other")
    (job / "other" / "status.json").write_bytes(msgspec.json.encode(snapshot(exit_code=130)))
    out = tabcrew("status", "--work-dir", "other", folder=job).out
    assert "go on      python run.py --work-dir other" in out


def test_status_follows_the_run_when_asked_and_ends_with_it(
    job: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    moment = running(supervisor)
    write_status(job, moment)
    with start_tabcrew("status", "--follow", folder=job) as follower:
        assert follower.stdout is not None
        assert "fetching" in follower.stdout.readline()
        write_status(job, msgspec.structs.replace(moment, phase="finished", exit_code=0))
        eventually(lambda: follower.poll() is not None, within_s=10, what="status --follow ends")
        assert "every record that was asked for has its verified document" in follower.stdout.read().lower()
        assert follower.returncode == 0
        assert follower.stderr is not None
        follower.stderr.close()


def test_status_stops_following_when_the_run_is_killed(
    job: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    write_status(job, running(supervisor))
    with start_tabcrew("status", "--follow", folder=job) as follower:
        assert follower.stdout is not None
        assert "fetching" in follower.stdout.readline()
        supervisor.kill()
        supervisor.wait()
        out, err = follower.communicate(timeout=10)
    assert "ended without a last word" in out + err
