"""How a worker is born and dies: its own process group, its heartbeat thread, and its death with the
supervisor's.

Two independent ways to notice that the supervisor is gone, because each has a hole: the kernel's
parent-death signal exists on Linux only and follows the *thread* that spawned us (HAZARDS P6); the pipe
that ends with the supervisor is read by a thread, which stands still while a C call holds the GIL.
"""

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path

import multiprocess

_PR_SET_PDEATHSIG = 1


def separate_from_terminal() -> None:
    """Lead an own process group: Ctrl-C reaches the supervisor only (P7), and one kill reaches us and our
    driver.
    """
    if os.name == "posix":
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def die_with_supervisor(supervisor_pid: int) -> None:
    """Ask the kernel to kill us when the supervisor ends; ends at once when that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.name == "posix" and os.getppid() != supervisor_pid:
        end_now()


def redirect_output(path: Path) -> None:
    """Send what this process and its driver print into a file: the terminal belongs to the supervisor's
    view. Where the file cannot be opened, nowhere: a document is worth more than its worker's prints.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        fd = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(fd, standard)
    os.close(fd)


def dump_stacks_on_request() -> None:
    """On SIGUSR1, and on a crash, write the stacks of all threads to our output, also while a C call holds
    the GIL.
    """
    faulthandler.enable(file=sys.stderr, all_threads=True)
    if os.name == "posix":
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True, chain=False)


def start_heartbeat(beat: Callable[[float], None], every_s: float) -> None:
    """Call ``beat(monotonic now)`` every so often until the supervisor ends; then end this process and its
    driver.
    """
    parent = multiprocess.parent_process()
    beat(time.monotonic())  # from here on, a silence is a worker that froze and not one that starts

    def live() -> None:
        while not wait([parent.sentinel], timeout=every_s):
            beat(time.monotonic())
        end_now()

    threading.Thread(target=live, name="heartbeat", daemon=True).start()


def end_now() -> None:
    """End this process and its driver without another word."""
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(70)
