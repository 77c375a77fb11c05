"""Named points of the protocol at which a test can kill or stop the very process; inert in every real run.

``TABCREW_PROBE=point:SIGNAL:marker-file`` arms one point once: whichever process reaches it first makes the
marker and sends itself the signal. Without the variable a point costs one comparison.
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


_armed, _, _rest = os.environ.get(VARIABLE, "").partition(":")
_signal_name, _, _marker = _rest.partition(":")


def is_armed(point: Point) -> bool:
    """Will the next to reach ``point`` be hit?"""
    return point == _armed and not Path(_marker).exists()


def reached(point: Point) -> None:
    """Say that this process is at ``point``. Returns at once unless a test armed it."""
    if point != _armed:
        return
    try:
        os.close(os.open(_marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return  # once is enough: the next to come by is the one that must succeed
    os.kill(os.getpid(), signal.Signals[_signal_name])
