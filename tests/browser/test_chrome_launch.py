"""A real Chrome: it starts, it keeps our preferences, and however it ends nothing of it is left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chrome_launcher import root_connection as root_connection_module
from chrome_launcher.browser_state import probe
from chrome_launcher.errors import CdpTimeout, ChromeCannotStart, ConnectionLost, ProfileInUse
from chrome_launcher.find import ChromeBinary
from chrome_launcher.launch import launch_chrome
from chrome_launcher.process_tree import ProcessIdentity, processes_of_profile, sweep_profile
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import list_tabs, open_tab
from tests.support.chrome import (
    chrome_binary,
    false_chrome,
    leftovers,
    root_connection,
    running_chrome,
    virtual_display,
)
from tests.support.eventually import eventually

posix_only = pytest.mark.skipif(os.name == "nt", reason="stops processes by signal")

STARTS_A_CHROME = """
import sys
from pathlib import Path
from chrome_launcher.find import find_chrome
from chrome_launcher.launch import launch_chrome
chrome = launch_chrome(find_chrome(), Path(sys.argv[1]), headless=True, renderer_limit=4)
print(chrome.pid, flush=True)
sys.stdin.read()
"""


def test_launch_gives_a_chrome_that_answers_when_headless(tmp_path: Path) -> None:
    with running_chrome(tmp_path / "a profile") as chrome, root_connection(chrome) as root:
        probe(root)
        assert chrome.is_running()
        assert chrome.exit_code() is None
        assert chrome.http_url.startswith("http://127.0.0.1:")
        assert len(list_tabs(root)) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Xvfb")
def test_launch_gives_a_chrome_that_answers_when_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with virtual_display() as display:
        monkeypatch.setenv("DISPLAY", display)
        with running_chrome(tmp_path, headless=False) as chrome, root_connection(chrome) as root:
            open_tab(root)
            assert not chrome.headless
            assert len(list_tabs(root)) == 2


@posix_only
def test_launch_tells_at_once_when_the_display_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ChromeCannotStart, match=r"(?s)DISPLAY.*run headless") as caught:
        launch_chrome(chrome_binary(), tmp_path, headless=False, renderer_limit=4)
    assert "ended with code" in str(caught.value)
    assert leftovers(tmp_path) == []


def test_chrome_keeps_our_preferences_when_it_writes_its_own(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome:
        chrome.stop(within_s=60)  # a Chrome that is killed while it closes has written nothing
    local_state = json.loads((tmp_path / "Local State").read_text())
    preferences = json.loads((tmp_path / "Default" / "Preferences").read_text())
    assert len(preferences) > 10, "Chrome has written the file itself"
    assert local_state["performance_tuning"]["high_efficiency_mode"]["state"] == 0
    assert preferences["plugins"]["always_open_pdf_externally"] is True
    assert preferences["credentials_enable_service"] is False


def test_launch_refuses_when_a_chrome_runs_on_the_profile(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome:
        with pytest.raises(ProfileInUse) as caught:
            launch_chrome(chrome_binary(), tmp_path, headless=True, renderer_limit=4)
        assert caught.value.pid == chrome.pid
        assert chrome.is_running()


@posix_only
def test_launch_refuses_the_answer_when_another_chrome_gives_it(tmp_path: Path) -> None:
    with running_chrome(tmp_path / "other") as other:
        port_file = tmp_path / "profile" / "DevToolsActivePort"
        address = other.ws_url.removeprefix("ws://127.0.0.1:").replace("/", "\\n/", 1)
        impostor = false_chrome(tmp_path, f"printf '{address}' > '{port_file}'\nsleep 60")
        with pytest.raises(ChromeCannotStart, match="which is not the Chrome that was started"):
            launch_chrome(
                ChromeBinary(impostor, "Chromium", "1.0"),
                tmp_path / "profile",
                headless=True,
                renderer_limit=4,
                start_timeout_s=1,
            )


def socket_folder(profile_dir: Path) -> Path:
    """Chrome's own folder among the temporary ones; Windows has none."""
    return (profile_dir / "SingletonSocket").readlink().parent


@posix_only
def test_stop_leaves_exit_code_0_and_nothing_else_when_chrome_obeys(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome:
        folder = socket_folder(tmp_path)
        chrome.stop()
        assert chrome.exit_code() == 0
        assert not folder.exists()
        chrome.stop()


@posix_only
def test_kill_leaves_nothing_when_pages_spin(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        folder = socket_folder(tmp_path)
        for _ in range(4):
            open_tab(root, "data:text/html,<script>while(1){}</script>")
        chrome.kill()
        assert chrome.exit_code() == -signal.SIGKILL
        eventually(lambda: root.lost, 2.0)
        assert leftovers(tmp_path) == []
        assert not folder.exists()


@posix_only
def test_stop_kills_all_when_chrome_is_stopped(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome:
        for process in processes_of_profile(tmp_path):
            os.kill(process.pid, signal.SIGSTOP)
        chrome.stop(within_s=0.5)
        assert chrome.exit_code() == -signal.SIGKILL
        assert leftovers(tmp_path) == []


@posix_only
def test_stop_sweeps_the_orphans_when_chrome_has_crashed(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome:
        children = [process for process in processes_of_profile(tmp_path) if process.pid != chrome.pid]
        for child in children:
            os.kill(child.pid, signal.SIGSTOP)  # so that they outlive their parent
        os.kill(chrome.pid, signal.SIGKILL)
        eventually(lambda: not chrome.is_running(), 5.0)
        assert leftovers(tmp_path) != []
        chrome.stop()
        assert leftovers(tmp_path) == []


@posix_only
def test_chrome_closes_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_CHROME, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    with supervisor:
        assert supervisor.stdout is not None
        chrome = ProcessIdentity.of(int(supervisor.stdout.readline()))
        assert chrome is not None
        supervisor.kill()
    try:
        eventually(lambda: leftovers(tmp_path) == [], 2.0, "Chrome closes itself")
        assert not chrome.is_alive()
    finally:
        sweep_profile(tmp_path)


@posix_only
def test_call_times_out_and_submit_returns_when_chrome_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root_connection_module, "SEND_TIMEOUT_S", 0.2)
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        os.kill(chrome.pid, signal.SIGSTOP)
        with pytest.raises(CdpTimeout):
            probe(root, timeout_s=0.2)
        large = {"cookies": [{"name": "n", "value": "x" * 4_000_000}]}
        futures = [root.submit("Storage.setCookies", large) for _ in range(6)]
        assert isinstance(futures[-1].exception(0), ConnectionLost)
        with pytest.raises(ConnectionLost):
            RootConnection.connect(chrome.ws_url, timeout_s=0.2)
        chrome.kill()
