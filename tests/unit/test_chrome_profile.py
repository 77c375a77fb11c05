"""The profile before a launch: configured, private, and never taken from a living Chrome."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chrome_launcher.errors import ProfileInUse
from chrome_launcher.profile import prepare_profile, remove_leftovers
from chrome_launcher.switches import profile_switch


@contextmanager
def somebody_on(profile_dir: Path) -> Iterator[int]:
    """A living process with Chrome's switch in its command line."""
    code = "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"
    command = [sys.executable, "-c", code, profile_switch(profile_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read(2)
        yield child.pid
        child.kill()


def lock(profile_dir: Path, owner: str) -> Path:
    profile_dir.mkdir(parents=True, exist_ok=True)
    path = profile_dir / "SingletonLock"
    path.symlink_to(owner)
    return path


def preferences(profile_dir: Path) -> dict[str, object]:
    loaded = json.loads((profile_dir / "Default" / "Preferences").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_prepare_profile_makes_it_private_when_it_was_open(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir(mode=0o755)
    prepare_profile(profile)
    assert stat.S_IMODE(profile.stat().st_mode) == 0o700


def test_prepare_profile_keeps_what_chrome_wrote_when_it_sets_preferences(tmp_path: Path) -> None:
    (tmp_path / "Default").mkdir()
    theirs = {"profile": {"exit_type": "Crashed", "name": "Person 1"}, "extensions": {"x": 1}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(theirs))
    prepare_profile(tmp_path)
    now = preferences(tmp_path)
    assert now["extensions"] == {"x": 1}
    assert isinstance(now["profile"], dict)
    assert (now["profile"]["name"], now["profile"]["exit_type"]) == ("Person 1", "Normal")


@pytest.mark.parametrize("damaged", [b"", b'{"profile": {"na', b"[1, 2]", b"\xff\xfe"])
def test_prepare_profile_starts_afresh_when_the_preferences_are_damaged(
    tmp_path: Path, damaged: bytes
) -> None:
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_bytes(damaged)
    prepare_profile(tmp_path)
    assert preferences(tmp_path)["plugins"] == {"always_open_pdf_externally": True}


def test_prepare_profile_removes_the_lock_when_its_owner_is_dead(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    stale = lock(tmp_path, f"{socket.gethostname()}-{child.pid}")
    prepare_profile(tmp_path)
    assert not stale.is_symlink()


def test_prepare_profile_removes_the_lock_when_its_pid_is_anothers_by_now(tmp_path: Path) -> None:
    with somebody_on(tmp_path / "another") as pid:
        stale = lock(tmp_path / "profile", f"{socket.gethostname()}-{pid}")
        prepare_profile(tmp_path / "profile")
        assert not stale.is_symlink()


def test_prepare_profile_removes_the_lock_when_it_is_another_hosts(tmp_path: Path) -> None:
    stale = lock(tmp_path, "a-container-long-gone-17")
    prepare_profile(tmp_path)
    assert not stale.is_symlink()


def test_prepare_profile_names_the_owner_and_changes_nothing_when_it_is_alive(tmp_path: Path) -> None:
    with somebody_on(tmp_path) as pid:
        held = lock(tmp_path, f"{socket.gethostname()}-{pid}")
        with pytest.raises(ProfileInUse, match=f"pid {pid}") as caught:
            prepare_profile(tmp_path)
        assert caught.value.pid == pid
        assert held.is_symlink()
        assert not (tmp_path / "Default").exists()


def test_remove_leftovers_removes_the_sockets_folder_when_chrome_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "org.chromium.Chromium.abc123"
    folder.mkdir()
    (folder / "SingletonSocket").touch()
    (folder / "SingletonCookie").symlink_to("123")
    (tmp_path / "SingletonSocket").symlink_to(folder / "SingletonSocket")
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_remove_leftovers_spares_a_folder_when_it_is_not_chromes(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "SingletonSocket").touch()
    (tmp_path / "SingletonSocket").symlink_to(folder / "SingletonSocket")
    remove_leftovers(tmp_path)
    assert (folder / "SingletonSocket").exists()


def test_remove_leftovers_removes_crash_reports_when_there_are_some(tmp_path: Path) -> None:
    (tmp_path / "crashes" / "pending").mkdir(parents=True)
    (tmp_path / "crashes" / "pending" / "memory.dmp").touch()
    remove_leftovers(tmp_path)
    assert not (tmp_path / "crashes").exists()
