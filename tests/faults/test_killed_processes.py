"""Processes of a run with a real Chrome that are killed or stopped from outside: the run ends with every
document and one login, and nothing is left behind.
"""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chrome_launcher.process_tree import processes_of_profile
from supervisor.exit_codes import ExitCode
from supervisor.guardian import RUN_MARK
from tests.support.chrome import chrome_binary, false_chrome
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 12
FULL = {f"V-{number:04}" for number in range(1, RECORDS + 1)}


@pytest.fixture
def temp() -> Iterator[Path]:
    """The system's temporary folder as the run sees it.

    Not below tmp_path: Chrome's socket lies in it, and the path of a socket has at most 107 letters.
    """
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=RECORDS, latency=1.0) as running:
        yield running


@pytest.fixture
def crew(tmp_path: Path, portal: PortalProcess, temp: Path) -> Iterator[TabcrewProcess]:
    with TabcrewProcess(
        tmp_path,
        portal.url,
        environ={"TMPDIR": str(temp)},
        run__workers=2,
        watchdog__heartbeat_timeout_s=4,
        chrome__probe_timeout_s=3,
    ) as running:
        running.wait_for_documents(1, within_s=40)
        yield running


def assert_all_delivered(
    crew: TabcrewProcess, portal: PortalProcess, temp: Path, most_logins: int = 1
) -> None:
    assert crew.wait(within_s=90) == 0, crew.said()
    assert 1 <= portal.logins() <= most_logins
    served = portal.served()
    assert set(served) == FULL
    # Served again only what was under way when its worker, Chrome or the supervisor went.
    lost = {task for (task,) in crew.query("SELECT task FROM attempts WHERE outcome <> 'delivered'")}
    assert {ref for ref, times in served.items() if times > 1} <= lost
    crew.assert_clean()
    assert list(temp.iterdir()) == []


def leave_a_piece_of_a_document(temp: Path) -> None:
    """As Chrome does when it is killed in a download, which cannot be timed."""
    (folder,) = temp.iterdir()
    assert list(folder.glob("*hromium*")), "Chrome uses another folder"
    (folder / ".org.chromium.Chromium.piece").write_bytes(b"%PDF-1.7")


def test_run_goes_on_when_workers_are_killed_stopped_and_lose_their_driver(
    crew: TabcrewProcess, portal: PortalProcess, temp: Path
) -> None:
    stopped = crew.worker(1, "busy")["pid"]
    stopped_at = time.monotonic()
    os.kill(stopped, signal.SIGSTOP)

    killed = crew.worker(2, "busy")["pid"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: crew.worker(2)["pid"] != killed, within_s=20, what="worker 2 is replaced")
    orphaned = crew.worker(2, "busy")["pid"]
    (driver,) = psutil.Process(orphaned).children()
    driver.kill()

    eventually(lambda: not psutil.pid_exists(stopped), within_s=14, what="the frozen worker is killed")
    assert time.monotonic() - stopped_at > 3
    assert_all_delivered(crew, portal, temp)
    (kill,) = crew.log("worker_killed")
    assert kill["clock"] == "alive"
    assert "no heartbeat" in kill["text"]
    lost = crew.query("SELECT pid, outcome FROM attempts WHERE outcome <> 'delivered'")
    assert sorted(lost) == sorted((pid, "worker") for pid in (stopped, killed, orphaned)), lost
    assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 3)]


def test_run_goes_on_and_nobody_is_blamed_when_chrome_dies_three_times(
    crew: TabcrewProcess, portal: PortalProcess, temp: Path
) -> None:
    leave_a_piece_of_a_document(temp)
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV):  # killed, frozen, crashed
        pid = crew.status()["chrome_pid"]
        os.kill(pid, number)
        eventually(
            lambda old=pid: crew.status()["chrome_pid"] not in (None, old),  # type: ignore[misc]
            within_s=30,
            what=f"Chrome is replaced after {number.name}",
        )
        crew.worker(1, "busy")
    assert_all_delivered(crew, portal, temp)
    assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
    killed, frozen, _ = crew.log("chrome_died")
    assert "exit code -9" in killed["text"]
    assert "did not answer" in frozen["text"]


def test_run_goes_on_when_chromes_children_are_killed(
    crew: TabcrewProcess, portal: PortalProcess, temp: Path
) -> None:
    """The network service, which holds the cookies, and every renderer."""
    profile = crew.work_dir / "profile"
    for kind in ("--utility-sub-type=network.mojom.NetworkService", "--type=renderer", "--type=gpu-process"):
        for process in processes_of_profile(profile):
            if kind in " ".join(process.cmdline()):
                process.kill()
        crew.wait_for_documents(min(crew.done() + 1, RECORDS), within_s=30)
    assert_all_delivered(crew, portal, temp)


def test_nothing_is_left_and_the_run_resumes_when_supervisor_and_guardian_are_killed(
    crew: TabcrewProcess, portal: PortalProcess, temp: Path
) -> None:
    leave_a_piece_of_a_document(temp)
    crew.kill()
    eventually(lambda: not crew.processes(), within_s=2.0, what="no process of a killed run is left")
    eventually(lambda: not list(temp.iterdir()), within_s=5, what="the guardian empties the temporary folder")

    crew.start()
    crew.wait_for_documents(crew.done() + 1, within_s=40)
    stranger = psutil.Popen(["sleep", "600"], env={**os.environ, RUN_MARK: "somebody-elses-run"})
    try:
        leave_a_stopped_chrome(crew)
        crew.start()
        assert_all_delivered(crew, portal, temp)  # one login: the session was in the profile
        assert crew.log("dead_run_cleared") or "cleared away" in crew.said()
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def leave_a_stopped_chrome(crew: TabcrewProcess) -> None:
    """Kill supervisor and guardian at once: a Chrome that cannot hear of it stays behind with its locks."""
    supervisor = psutil.Process(crew.pid)
    (guardian,) = [p for p in supervisor.children() if "supervisor.guardian" in p.cmdline()]
    chrome = psutil.Process(crew.status()["chrome_pid"])
    chrome.suspend()
    guardian.kill()
    crew.kill()
    assert chrome.is_running()
    assert (crew.work_dir / "profile" / "SingletonLock").is_symlink()
    (crew.work_dir / "staging" / "999.pdf").write_bytes(b"%PDF-1.7")


def test_run_goes_on_when_chrome_is_killed_while_it_starts(
    tmp_path: Path, portal: PortalProcess, temp: Path
) -> None:
    """The first one, and the one that is to replace another."""
    chrome = false_chrome(
        tmp_path,
        f'[ "$1" = --version ] && exec {chrome_binary().path} --version\n'
        f"echo start >> {tmp_path}/starts\n"
        f'[ $(( $(wc -l < {tmp_path}/starts) % 2 )) = 1 ] && kill -9 $$\nexec {chrome_binary().path} "$@"',
    )
    with TabcrewProcess(
        tmp_path, portal.url, environ={"TMPDIR": str(temp)}, run__workers=2, chrome__path=chrome
    ) as crew:
        crew.wait_for_documents(1, within_s=40)
        os.kill(crew.log("chrome_up")[-1]["pid"], signal.SIGKILL)
        assert_all_delivered(crew, portal, temp)
        assert (tmp_path / "starts").read_text().split() == ["start"] * 4
        assert len(crew.log("chrome_died")) == 3
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]


def test_run_stops_with_its_code_and_resumes_when_chrome_dies_more_often_than_allowed(
    tmp_path: Path, portal: PortalProcess, temp: Path
) -> None:
    with TabcrewProcess(
        tmp_path, portal.url, environ={"TMPDIR": str(temp)}, run__workers=2, chrome__max_restarts=1
    ) as crew:
        for started in (1, 2):
            eventually(lambda n=started: len(crew.log("chrome_up")) == n, within_s=20)  # type: ignore[misc]
            crew.wait_for_documents(crew.done() + 1, within_s=40)
            os.kill(crew.log("chrome_up")[-1]["pid"], signal.SIGKILL)
        assert crew.wait(within_s=20) == ExitCode.RESTART_LIMIT, crew.said()
        assert "Chrome died 2 times within 600 s, and [chrome] max_restarts allows 1" in crew.said()
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        crew.assert_clean()
        assert list(temp.iterdir()) == []

        crew.start()
        # A killed Chrome may not have written its session down, and the supervisor's copy went with it.
        assert_all_delivered(crew, portal, temp, most_logins=2)
