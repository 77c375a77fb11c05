"""Only this file writes into Chrome's profile: its folder, the preferences, what a killed Chrome left."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

from loguru import logger

from chrome_launcher.errors import ProfileInUse
from chrome_launcher.process_tree import processes_of_profile
from chrome_launcher.switches import crash_folder

PORT_FILE = "DevToolsActivePort"

_SINGLETON_FILES = ("SingletonLock", "SingletonSocket", "SingletonCookie")

PREFERENCES: dict[str, Any] = {
    "plugins": {"always_open_pdf_externally": True},  # a PDF is downloaded, not shown (C17)
    "download": {"prompt_for_download": False},  # no file dialog
    "profile": {
        "exit_type": "Normal",  # after a kill: no "restore pages?" (C16)
        "exited_cleanly": True,  # the same, older Chromes
        "password_manager_enabled": False,  # the portal's password is never stored in the profile
        "password_manager_leak_detection": False,  # nor its hash asked for at Google
        "default_content_setting_values": {
            "automatic_downloads": 1,  # the second document of a page does not ask
            "popups": 1,  # a document may open in a pop-up
            "notifications": 2,  # no permission bubble
            "geolocation": 2,  # no permission bubble
        },
    },
    "credentials_enable_service": False,  # no "save password?"
    "autofill": {
        "profile_enabled": False,
        "credit_card_enabled": False,
    },  # no pop-up over the page's own fields
    "translate": {"enabled": False},  # no bubble
    # "Go on where you left off" is what makes Chrome keep cookies without an expiry date, and so the session,
    # when it closes: a run that is resumed needs no second sign-in. Its tabs are forgotten below.
    "session": {"restore_on_startup": 1},
}
"""``Default/Preferences``: of the one profile."""

LOCAL_STATE: dict[str, Any] = {
    "performance_tuning": {
        "high_efficiency_mode": {"state": 0},  # Memory Saver discards background tabs (C14)
        "battery_saver_mode": {"state": 0},  # on battery, Chrome slows timers and freezes tabs
    },
    "background_mode": {"enabled": False},  # no Chrome stays behind its last window
}
"""``Local State``: of the whole user data directory."""


def prepare_profile(profile_dir: Path) -> None:
    """Make the profile ready for a launch: private, configured, free of a dead Chrome's files.

    Raises ProfileInUse when a living Chrome holds it, and then changes nothing.
    """
    lock_pid = _pid_of_living_holder(profile_dir)
    if lock_pid is not None:
        raise ProfileInUse(profile_dir, lock_pid, "it runs with this --user-data-dir")
    profile_dir.mkdir(parents=True, exist_ok=True)
    profile_dir.chmod(0o700)  # it holds the session: whoever reads it is signed in (C20)
    remove_leftovers(profile_dir)
    shutil.rmtree(profile_dir / "Default" / "Sessions", ignore_errors=True)  # tabs: the supervisor opens them
    _merge_into(profile_dir / "Default" / "Preferences", PREFERENCES)
    _merge_into(profile_dir / "Local State", LOCAL_STATE)


def remove_leftovers(profile_dir: Path) -> None:
    """Remove what a killed Chrome leaves: port, lock, crash reports, its socket's temporary folder."""
    _remove_socket_folder(profile_dir / "SingletonSocket")
    for name in (PORT_FILE, *_SINGLETON_FILES):
        (profile_dir / name).unlink(missing_ok=True)
    # A crash report is a copy of memory: pages, cookies, the password that was just typed.
    shutil.rmtree(crash_folder(profile_dir), ignore_errors=True)


def _remove_socket_folder(link: Path) -> None:
    try:
        folder = link.readlink().parent
    except OSError:
        return  # no link: Chrome ended in good order, or this is Windows
    chromes_own = any(part in folder.name for part in (".Chrom", ".Edge"))
    if not chromes_own or not folder.is_dir() or folder.is_symlink():
        return  # not the kind of folder that Chrome makes: whatever the link says, it is not ours to empty
    try:
        for name in ("SingletonSocket", "SingletonCookie"):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    except OSError as error:
        logger.bind(event="chrome_leftover").warning(f"Chrome's socket folder {folder} stays behind: {error}")


def _pid_of_living_holder(profile_dir: Path) -> int | None:
    """The browser process on this profile. A lock alone proves nothing: its pid may be dead or reused."""
    processes = processes_of_profile(profile_dir)
    if not processes:
        _mention_foreign_lock(profile_dir)
        return None
    pids = {process.pid for process in processes}
    host, _, pid = _lock_of(profile_dir).rpartition("-")
    if host == socket.gethostname() and pid.isdigit() and int(pid) in pids:
        return int(pid)
    return min(pids)  # the lock is not there yet, or gone: the eldest is the browser or nearest to it


def _mention_foreign_lock(profile_dir: Path) -> None:
    """Chrome would refuse another host's lock, even a dead container's: say that we do not."""
    host = _lock_of(profile_dir).rpartition("-")[0]
    if host and host != socket.gethostname():
        logger.bind(event="chrome_foreign_lock", host=host).warning(
            f"the profile {profile_dir} bears a lock of a Chrome on {host!r}: removed, no Chrome here uses it"
        )


def _lock_of(profile_dir: Path) -> str:
    """``host-pid`` from Chrome's SingletonLock (a dangling symbolic link); empty without one."""
    try:
        return str((profile_dir / "SingletonLock").readlink())
    except OSError:
        return ""


def _merge_into(path: Path, wanted: dict[str, Any]) -> None:
    """Set ``wanted`` in a preferences file of Chrome's and leave the rest of it as it is."""
    try:
        present = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        present = {}  # none yet, or cut off by a crash: Chrome would start afresh from such a file, too
    if not isinstance(present, dict):
        present = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".tabcrew")
    part.write_text(json.dumps(_merged(present, wanted)), "utf-8")
    part.replace(path)


def _merged(present: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    merged = dict(present)
    for key, value in wanted.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return merged
