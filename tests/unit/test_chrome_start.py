"""Starting programs that are no good Chrome: each way to fail is told at once and leaves nothing behind."""

import os
import sys
import time
from pathlib import Path

import pytest

from chrome_launcher import launch
from chrome_launcher.chrome import Chrome
from chrome_launcher.errors import ChromeCannotStart, ChromeDied, ChromeError
from chrome_launcher.find import ChromeBinary
from chrome_launcher.launch import launch_chrome
from tests.support.chrome import false_chrome, leftovers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the false Chromes are shell scripts")


def start(folder: Path, script: str, timeout_s: float = 20.0) -> Chrome:
    binary = ChromeBinary(false_chrome(folder, script), "Chromium", "1.0")
    return launch_chrome(
        binary, folder / "profile", headless=True, renderer_limit=4, start_timeout_s=timeout_s
    )


def test_launch_tells_chromes_last_words_at_once_when_it_dies(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(
        ChromeCannotStart, match=r"(?s)ended with code 7.*libnss3.so: no shared libraries.*install"
    ):
        start(tmp_path, "echo 'libnss3.so: no shared libraries' >&2; exit 7")
    assert time.monotonic() - began < 10


def test_launch_gives_up_when_chrome_never_answers(tmp_path: Path) -> None:
    with pytest.raises(ChromeCannotStart, match=r"limit 0\.3 s.*wrote no DevToolsActivePort"):
        start(tmp_path, "sleep 60", timeout_s=0.3)
    assert leftovers(tmp_path / "profile") == []


def test_launch_leaves_no_orphan_when_chrome_hangs_with_children(tmp_path: Path) -> None:
    with pytest.raises(ChromeCannotStart):
        start(tmp_path, f'(trap "" TERM HUP; echo $$ > {tmp_path}/up; sleep 60) & sleep 60', timeout_s=0.5)
    assert (tmp_path / "up").exists()
    assert leftovers(tmp_path / "profile") == []


def test_launch_strips_what_could_steer_a_terminal_when_chrome_says_it(tmp_path: Path) -> None:
    with pytest.raises(ChromeCannotStart) as caught:
        start(tmp_path, r"printf '\033[2Jcleared' >&2; exit 1")
    assert "?[2Jcleared" in str(caught.value)


def test_launch_keeps_the_reason_in_sight_when_dbus_is_noisy(tmp_path: Path) -> None:
    noise = "[1:1:ERROR:dbus/bus.cc:405] Failed to connect to the bus"
    with pytest.raises(ChromeCannotStart) as caught:
        start(tmp_path, f"echo 'the reason' >&2; for i in $(seq 100); do echo '{noise}' >&2; done; exit 1")
    assert "the reason" in str(caught.value)
    assert "dbus" not in str(caught.value)


def test_launch_says_so_when_the_program_cannot_be_executed(tmp_path: Path) -> None:
    binary = ChromeBinary(tmp_path / "nothing-here", "Chromium", "1.0")
    with pytest.raises(ChromeCannotStart, match="nothing-here"):
        launch_chrome(binary, tmp_path / "profile", headless=True, renderer_limit=4)


def test_launch_believes_no_port_when_another_program_listens_there(tmp_path: Path) -> None:
    port_file = tmp_path / "profile" / "DevToolsActivePort"
    with pytest.raises(ChromeCannotStart, match=r"no connection to Chrome at ws://127\.0\.0\.1:1/"):
        start(tmp_path, f"printf '1\\n/devtools/browser/x' > '{port_file}'; sleep 60", timeout_s=0.5)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the sandbox needs the kernel's help on Linux alone"
)
@pytest.mark.parametrize("end", ["kill -9 $$", "kill -11 $$", "exit 137"])
def test_launch_tells_apart_a_chrome_that_was_killed_while_it_started(tmp_path: Path, end: str) -> None:
    with pytest.raises(ChromeDied, match=r"(?s)ended with code (-9|-11|137), .* lower \[run\] workers"):
        start(tmp_path, end)
    with pytest.raises(ChromeCannotStart, match="Start it by hand") as caught:
        start(tmp_path, "exit 1")
    assert not isinstance(caught.value, ChromeDied)


def test_launch_tries_without_the_sandbox_when_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_is_root_on_linux", lambda: False)
    script = f'case "$*" in *--no-sandbox*) echo without >> {tmp_path}/tries; exit 3;; esac; '
    script += f"echo with >> {tmp_path}/tries; echo 'FATAL: No usable sandbox!' >&2; exit 1"
    with pytest.raises(ChromeCannotStart, match="ended with code 3"):
        start(tmp_path, script)
    assert (tmp_path / "tries").read_text().split() == ["with", "without"]


def test_launch_keeps_the_sandbox_when_it_fails_for_another_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_is_root_on_linux", lambda: False)
    with pytest.raises(ChromeCannotStart, match="ended with code 1"):
        start(tmp_path, f"echo try >> {tmp_path}/tries; echo 'FATAL: no disk' >&2; exit 1")
    assert (tmp_path / "tries").read_text().split() == ["try"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has windows without a desktop")
def test_launch_starts_nothing_when_visible_and_there_is_no_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    binary = ChromeBinary(false_chrome(tmp_path, f"touch {tmp_path}/started"), "Chromium", "1.0")
    with pytest.raises(ChromeError, match="--headless"):
        launch_chrome(binary, tmp_path / "profile", headless=False, renderer_limit=4)
    assert not (tmp_path / "started").exists()
    assert not (tmp_path / "profile").exists()
