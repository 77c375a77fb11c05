"""What an adapter can do to its worker, each once for a record: named in the environment, done for real."""

import ctypes
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tabworker.messages import DocumentFetched, Report
from tests.support.eventually import eventually

VARIABLE = "TABCREW_TEST_MISDEEDS"
FOLDER = "TABCREW_TEST_MISDEEDS_DONE"
BOOT = "boot"
"""In place of a reference: what a worker does before it says that it has its tab."""

_WAITING = "waiting-"


def environ(folder: Path, deeds: dict[str, str]) -> dict[str, str]:
    """``deeds``: reference → name of a function here; ``always:`` in front repeats it at every attempt."""
    folder.mkdir()
    return {VARIABLE: json.dumps(deeds), FOLDER: str(folder)}


def commit(ref: str, report: Callable[[Report], None]) -> None:
    """Do what the environment names for this record. Often does not return."""
    deed = json.loads(os.environ.get(VARIABLE, "{}")).get(ref, "")
    always, name = deed.startswith("always:"), deed.removeprefix("always:")
    if not name:
        return
    marker = Path(os.environ[FOLDER]) / ref
    if marker.exists() and not always:
        return
    marker.touch()
    _DEEDS[name](report)


class Unpicklable(Exception):
    """Cannot be made anew from its ``args``: whoever sends exceptions between processes breaks over it."""

    def __init__(self, one: object, two: object) -> None:
        super().__init__("an exception that cannot be unpickled")
        self.held = (one, two, open(os.devnull), lambda: None)  # noqa: PTH123, SIM115


def exits_with_code_0(_report: Callable[[Report], None]) -> None:
    os._exit(0)


def segfaults(_report: Callable[[Report], None]) -> None:
    ctypes.string_at(0)


def runs_out_of_memory(_report: Callable[[Report], None]) -> None:
    raise MemoryError


def raises_unpicklable(_report: Callable[[Report], None]) -> None:
    raise Unpicklable(1, 2)


def leaves_by_system_exit(_report: Callable[[Report], None]) -> None:
    raise SystemExit("an adapter called exit()")


def holds_the_gil(_report: Callable[[Report], None]) -> None:
    c, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    c.pthread_mutex_lock(mutex)
    c.pthread_mutex_lock(
        mutex
    )  # not sleep(): the signal for the stack dump would wake it just before the kill


def sleeps(_report: Callable[[Report], None]) -> None:
    time.sleep(3600)


def dawdles_in_company(_report: Callable[[Report], None]) -> None:
    """Until three workers are in mid-task, and then for 2 s: what ends meanwhile ends under all of them."""
    give_up_at = time.monotonic() + 4
    while len(list(Path(os.environ[FOLDER]).iterdir())) < 3 and time.monotonic() < give_up_at:
        time.sleep(0.02)
    time.sleep(1.9)


def waits_for_leave(_report: Callable[[Report], None]) -> None:
    """Until the test gives its leave (``give_leave``): what it does meanwhile happens to a worker in
    mid-task.
    """
    waiting = Path(os.environ[FOLDER]) / f"{_WAITING}{os.getpid()}"
    waiting.touch()
    give_up_at = time.monotonic() + 20
    while waiting.exists() and time.monotonic() < give_up_at:
        time.sleep(0.02)


def wait_for_waiting(folder: Path, count: int) -> None:
    """Return when so many workers wait for leave."""
    eventually(lambda: len(_waiting(folder)) == count, within_s=20, what=f"{count} workers in mid-task")


def give_leave(folder: Path) -> None:
    for waiting in _waiting(folder):
        waiting.unlink()


def _waiting(folder: Path) -> list[Path]:
    return list(folder.glob(f"{_WAITING}*"))


def kills_itself(_report: Callable[[Report], None]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed_four_times(_report: Callable[[Report], None]) -> None:
    killed = list(Path(os.environ[FOLDER]).glob("killed-*"))
    if len(killed) < 4:
        (Path(os.environ[FOLDER]) / f"killed-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)


def reports_for_another(report: Callable[[Report], None]) -> None:
    """As a worker taken for dead that comes back: a result under an epoch that is nobody's any more."""
    report(DocumentFetched(1, "0" * 64, 1, 1, fetch_s=0.0))


_DEEDS: dict[str, Callable[[Callable[[Report], None]], None]] = {
    deed.__name__: deed
    for deed in (
        exits_with_code_0,
        segfaults,
        runs_out_of_memory,
        raises_unpicklable,
        leaves_by_system_exit,
        holds_the_gil,
        sleeps,
        dawdles_in_company,
        waits_for_leave,
        kills_itself,
        is_killed_four_times,
        reports_for_another,
    )
}
