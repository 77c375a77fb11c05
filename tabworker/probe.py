"""Named points of the protocol at which a test can kill or stop the very process; inert in every real run.

``TABCREW_PROBE=point:SIGNAL:marker-file`` arms a point once: whichever process reaches it first makes the
marker and sends itself the signal. Several points stand one in a line. Without the variable a point costs one
look into an empty dictionary.
"""

import os
import signal
from enum import StrEnum
from pathlib import Path

VARIABLE = "TABCREW_PROBE"


class Point(StrEnum):
    """Where a process can be, in the order in which a document comes by."""

    SPAWNING = "spawning"  # supervisor: a worker's process has just been started
    LEASED = "leased"  # supervisor: the lease is in the ledger, the duty not yet in the inbox
    DUTY_TAKEN = "duty_taken"  # worker: the duty is out of the inbox
    FETCHED = "fetched"  # worker: the document is in staging, not yet verified
    BEFORE_REPORT = "before_report"  # worker: verified and synced, not yet reported
    MID_REPORT = "mid_report"  # worker: half of the report is in the pipe
    AFTER_REPORT = "after_report"  # worker: the whole report is in the pipe
    BEFORE_RENAME = "before_rename"  # supervisor: the report is read, the document still in staging
    BEFORE_COMMIT = "before_commit"  # supervisor: the document is in place, the ledger does not know it
    AFTER_COMMIT = "after_commit"  # supervisor: the ledger says done


def _parse(text: str) -> dict[str, tuple[str, str]]:
    arms = (line.split(":", 2) for line in text.splitlines())
    return {point: (signal_name, marker) for point, signal_name, marker in arms}


_armed = _parse(os.environ.get(VARIABLE, ""))


def is_armed(point: Point) -> bool:
    """Will the next to reach ``point`` be hit?"""
    return point in _armed and not Path(_armed[point][1]).exists()


def reached(point: Point) -> None:
    """Say that this process is at ``point``. Returns at once unless a test armed it."""
    if point not in _armed:
        return
    signal_name, marker = _armed[point]
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return  # once is enough: the next to come by is the one that must succeed
    os.kill(os.getpid(), signal.Signals[signal_name])
