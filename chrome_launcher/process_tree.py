"""Only this file kills operating-system processes: by identity, by tree, by session, by profile.

A bare pid is never trusted: pids are reused, so a process is its (pid, create_time). A zombie counts as dead:
it runs nothing and holds nothing, and only its parent can take it off the list. Nothing here reaps a child of
ours: ``waitpid`` would steal the exit code from the Popen or Process object that owns the child.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from chrome_launcher.switches import crash_folder, profile_switch

_POLL_S = 0.005
_CREATE_TIME_TOLERANCE_S = 0.05
"""psutil adds clock ticks to the boot time: two readings of one process may differ in the last digits."""


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, for as long as the machine is up. ``create_time`` as psutil gives it."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """Who bears this pid now; None when nobody living does."""
        process = _living(pid)
        return None if process is None else cls(pid, process.create_time())

    def is_alive(self) -> bool:
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The living process; None when it is dead, a zombie, or its pid is another's by now."""
        process = _living(self.pid)
        if process is None:
            return None
        try:
            same = abs(process.create_time() - self.create_time) <= _CREATE_TIME_TOLERANCE_S
        except psutil.NoSuchProcess:
            return None
        return process if same else None


def kill_tree(root: ProcessIdentity | int, *, within_s: float = 5.0) -> list[psutil.Process]:
    """Kill a process and all its descendants, stopped ones too, and wait until they are gone.

    A bare pid means the process that bears it now: give one only for a child of ours that is not yet reaped.
    Returns what still lives after ``within_s`` (uninterruptible sleep, or not ours to kill).
    """
    process = root.process() if isinstance(root, ProcessIdentity) else _living(root)
    if process is None:
        return []
    victims = _freeze_tree(process)
    kill_each(victims)
    return wait_gone(victims, within_s)


def kill_session(leader_pid: int, *, within_s: float = 5.0) -> list[int]:
    """Kill whatever still runs in the session that ``leader_pid`` founded. Returns the pids killed.

    The kernel gives a session's number to nobody else while one member lives, so this is safe after the
    leader's death: it finds the orphans that no tree holds any more. Without sessions (Windows): nothing.
    """
    if os.name == "nt":
        return []
    return _kill_all_found(lambda: _processes_where(lambda p: os.getsid(p.pid) == leader_pid), within_s)


def sweep_profile(profile_dir: Path, *, within_s: float = 5.0) -> list[int]:
    """Kill every process started with this ``--user-data-dir``, whoever its parent is. Returns their pids."""
    return _kill_all_found(lambda: processes_of_profile(profile_dir), within_s)


def processes_of_profile(profile_dir: Path) -> list[psutil.Process]:
    """The living processes whose command line names exactly this ``--user-data-dir``.

    Also the keepers of crash reports: they found sessions of their own, and outlive a Chrome while one of its
    children is stopped.
    """
    switch = profile_switch(profile_dir)
    crashes = f"--database={crash_folder(profile_dir)}"

    def belongs(process: psutil.Process) -> bool:
        cmdline = process.cmdline()
        return _names_switch(cmdline, switch) or crashes in cmdline

    return _processes_where(belongs)


def processes_with_environment(name: str, value: str) -> list[psutil.Process]:
    """The living processes that were started with ``name=value`` in their environment.

    Chrome's own children overwrite theirs (they write their title there): for those use ``sweep_profile``.
    """
    return _processes_where(lambda process: process.environ().get(name) == value)


def wait_gone(processes: Iterable[psutil.Process], within_s: float) -> list[psutil.Process]:
    """Wait until all are dead or zombies, without reaping any. Returns those that still live."""
    give_up_at = time.monotonic() + within_s
    left = [process for process in processes if _is_alive(process)]
    while left and time.monotonic() < give_up_at:
        time.sleep(_POLL_S)
        left = [process for process in left if _is_alive(process)]
    return left


def _freeze_tree(root: psutil.Process) -> list[psutil.Process]:
    """The whole tree, stopped: a running process could fork between the look and the kill."""
    frozen: dict[int, psutil.Process] = {}
    found = [root]
    while found:
        for process in found:
            frozen[process.pid] = process
            try:
                process.suspend()
            except psutil.Error:
                pass  # gone, or not ours: the kill that follows says so through wait_gone
        try:
            found = [child for child in root.children(recursive=True) if child.pid not in frozen]
        except psutil.NoSuchProcess:
            found = []
    return list(frozen.values())


def kill_each(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL these, without waiting for their end."""
    for process in processes:
        try:
            process.kill()  # psutil compares the create_time first: a reused pid is refused as NoSuchProcess
        except psutil.Error:
            pass  # gone already, or not ours to kill: who waits for its end finds out which


def _kill_all_found(find: Callable[[], list[psutil.Process]], within_s: float) -> list[int]:
    """Kill until a look finds nothing: a process may have forked just before it was killed."""
    give_up_at = time.monotonic() + within_s
    killed: dict[int, None] = {}
    while found := find():
        kill_each(found)
        killed.update(dict.fromkeys(process.pid for process in found))
        if wait_gone(found, max(0.0, give_up_at - time.monotonic())) or time.monotonic() >= give_up_at:
            break
    return list(killed)


def _processes_where(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Living processes that match, never ourselves. What we may not look at does not match."""
    own = os.getpid()
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != own and matches(process) and _is_alive(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # ended while we looked, or belongs to someone else
    return found


def _names_switch(cmdline: list[str], switch: str) -> bool:
    """Whether the switch stands in the command line, whole.

    Chrome's zygote children overwrite their command line with one text, arguments joined by spaces, so a path
    with a space is cut in two: there the switch must be followed by the next switch, or by the end.
    """
    if switch in cmdline:
        return True
    title = " ".join(cmdline) + " --"
    return f" {switch} --" in title and any(part.startswith("--type=") for part in title.split(" "))


def _living(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
    return process if _is_alive(process) else None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False
