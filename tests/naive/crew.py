"""A crew as one writes it at first: one queue of duties for all workers, one queue for their reports."""

import os
import queue
import signal
import time
from typing import Any

import multiprocess

_SPAWN = multiprocess.get_context("spawn")


def takes_and_reports(duties: Any, reports: Any) -> None:
    reports.put(("ready", os.getpid()))
    while True:
        reports.put(("done", duties.get()))


def reports_and_dies(duties: Any, reports: Any) -> None:
    """Reports as often as it is told, and is killed by the system right after."""
    reports.put(("ready", os.getpid()))
    for number in range(duties.get()):
        reports.put(("done", number))
    os.kill(os.getpid(), signal.SIGKILL)


class NaiveCrew:
    """``with NaiveCrew() as crew``; kills whoever is left at the end."""

    def __init__(self) -> None:
        self.duties = _SPAWN.Queue()
        self.reports = _SPAWN.Queue()
        self.processes: list[Any] = []

    def __enter__(self) -> "NaiveCrew":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.join()
            process.close()
        for shared in (self.duties, self.reports):
            shared.close()
            shared.cancel_join_thread()

    def idle_worker(self, body: Any = takes_and_reports) -> Any:
        """The process of a worker that has said that it is ready."""
        process = _SPAWN.Process(target=body, args=(self.duties, self.reports), daemon=True)
        process.start()
        self.processes.append(process)
        assert self.heard(1, within_s=20) == [("ready", process.pid)], "a new worker is not heard of"
        return process

    def heard(self, count: int, within_s: float) -> list[tuple[str, int]]:
        """The next so many reports, or as many as came in time."""
        reports: list[tuple[str, int]] = []
        give_up_at = time.monotonic() + within_s
        while len(reports) < count:
            try:
                reports.append(self.reports.get(timeout=max(0.0, give_up_at - time.monotonic())))
            except queue.Empty:
                break
        return reports
