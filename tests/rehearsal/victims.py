"""Finds the processes of a run by what they are: in the process table, never in Tabcrew's own words."""

from pathlib import Path

import psutil

from chrome_launcher.process_tree import processes_of_profile, processes_with_environment
from tests.rehearsal.schedule import Victim

NIGHT_MARK = "TABCREW_REHEARSAL"
"""Environment variable that every process of a night inherits, whichever supervisor started it."""


def find_victims(victim: Victim, supervisor: psutil.Process, profile: Path) -> list[psutil.Process]:
    """The candidates of a kind, in the order of their pids; none while there are none, or while they end."""
    try:
        match victim:
            case Victim.SUPERVISOR:
                found = [supervisor]
            case Victim.CHROME:
                found = [p for p in supervisor.children() if _is_chrome(p.cmdline(), profile)]
            case Victim.WORKER | Victim.STOPPED:
                found = _workers(supervisor)
            case Victim.DRIVER:
                found = [p for worker in _workers(supervisor) for p in worker.children() if _is_driver(p)]
            case Victim.RENDERER:
                found = [p for p in processes_of_profile(profile) if _shows_a_tab(p)]
    except psutil.Error:
        return []  # the tree changed under the look: the next one is a moment away
    return sorted(found, key=lambda process: process.pid)


def worker_of(victim: Victim, process: psutil.Process) -> int | None:
    """The pid of the worker that dies with this process; None when it is not one worker alone."""
    if victim in (Victim.WORKER, Victim.STOPPED):
        return process.pid
    return process.ppid() if victim is Victim.DRIVER else None


def processes_of_night(mark: str, profile: Path) -> list[psutil.Process]:
    """Every living process that the night's supervisors started, and the supervisors themselves."""
    found = [*processes_with_environment(NIGHT_MARK, mark), *processes_of_profile(profile)]
    return list({process.pid: process for process in found}.values())


def _workers(supervisor: psutil.Process) -> list[psutil.Process]:
    return [p for p in supervisor.children() if "spawn_main" in " ".join(p.cmdline())]


def _is_driver(process: psutil.Process) -> bool:
    return "run-driver" in process.cmdline()


def _is_chrome(cmdline: list[str], profile: Path) -> bool:
    return f"--user-data-dir={profile}" in cmdline and not any(a.startswith("--type=") for a in cmdline)


def _shows_a_tab(process: psutil.Process) -> bool:
    title = " ".join(process.cmdline())
    return "--type=renderer" in title and "--top-chrome-webui" not in title and "--extension" not in title
