"""The last one standing: when the supervisor is gone, however it went, nothing of its run is left a moment
later.

Chrome survives a SIGKILL of the program that started it, and a stopped process survives its pipe's end. So
a small process in its own session waits for the end of a pipe that only the supervisor holds, then kills by
mark: everything that was started with this run's id in its environment, and every Chrome process of this
run's profile. A Chrome that was attached to bears neither: of it, our tabs are closed. In a run that ends in
good order it finds nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from chrome_launcher.process_tree import (
    kill_each,
    processes_of_profile,
    processes_with_environment,
    sweep_profile,
    wait_gone,
)
from chrome_launcher.profile import remove_leftovers
from supervisor.run_temp import remove_run_temp
from supervisor.work_dir import WorkDir

RUN_MARK = "TABCREW_RUN"
"""Environment variable that all processes of a run inherit; its value is the run's id."""

_GONE_WITHIN_S = 5.0
_CHROME_CLOSES_WITHIN_S = 1.5
"""Chrome takes a quarter of a second after its life line is cut, on a slow machine more than one; all is to
be gone after two.
"""


class Guardian:
    """The supervisor's handle on its guardian."""

    def __init__(self, run_id: str, work_dir: WorkDir, temp: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.guardian", run_id, str(work_dir.root), str(temp)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def release(self) -> None:
        """Let the guardian sweep and end; blocks until it has."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=2 * _GONE_WITHIN_S)


def sweep_run(run_id: str, profile: Path) -> list[int]:
    """Kill every process of this run; returns their pids. A Chrome that somebody else started on the
    profile is left alone.

    A Chrome whose supervisor is dead closes by itself, and only then writes the session into its profile: it
    gets a moment for that, so that whoever resumes the run need not sign in again.
    """
    ours = processes_with_environment(RUN_MARK, run_id)
    pids = [process.pid for process in ours]
    chrome = {process.pid for process in processes_of_profile(profile)}
    kill_each([process for process in ours if process.pid not in chrome])
    kill_each(wait_gone([process for process in ours if process.pid in chrome], _CHROME_CLOSES_WITHIN_S))
    wait_gone(ours, _GONE_WITHIN_S)
    # Chrome's children overwrite their environment with their title, so they are known by the profile only.
    # A browser process on that profile which does not bear our mark was started by somebody else: then the
    # children may be its own.
    if any(not _is_chrome_child(process) for process in processes_of_profile(profile)):
        return pids
    return pids + sweep_profile(profile)


def _is_chrome_child(process: psutil.Process) -> bool:
    try:
        return any(argument.startswith("--type=") for argument in process.cmdline())
    except psutil.Error:
        return True  # ended while we looked


def main() -> None:
    """Wait for the end of standard input, then sweep."""
    run_id, work_dir, temp = sys.argv[1], WorkDir(Path(sys.argv[2])), Path(sys.argv[3])
    while os.read(0, 1024):
        pass
    sweep_run(run_id, work_dir.profile)
    if work_dir.attached_tabs.exists():
        # Imported late: most runs need it not, and the guardian waits all night in little room.
        from supervisor.attached_tabs import close_noted_tabs

        close_noted_tabs(work_dir.attached_tabs)
    else:
        remove_leftovers(work_dir.profile)
    shutil.rmtree(work_dir.staging, ignore_errors=True)
    remove_run_temp(temp)


if __name__ == "__main__":
    main()
