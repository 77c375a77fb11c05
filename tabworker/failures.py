"""The failure classes: whose fault it was decides what happens next (retry, requeue, freeze, stop).

An adapter or a capture raises one of these; the supervisor gets the class name and the reason.

    PortalFailure
    ├── Permanent          this record has no document and never will (not found, "no report")
    ├── Transient          worth another attempt (time-out, 5xx, truncated PDF, tab crashed)
    ├── SessionLost        we are signed out
    ├── Throttled          the portal asks us to slow down
    ├── SignInRefused      the portal does not accept the credentials
    ├── NobodySignedIn     a person was asked to sign in by hand, and nobody did in time
    ├── AnotherSession     the account is signed in elsewhere and the adapter knows no way to end that
    └── AdapterMisfit      the adapter or its settings do not fit the portal: a selector finds nothing, a CSV
                           lacks the reference column. A retry cannot help; a person must look.
"""

from enum import StrEnum


class FailureClass(StrEnum):
    """The class as it travels in a report and stands in the ledger."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    WORKER = "worker"  # never raised by an adapter: the supervisor's own word for a worker that died
    SESSION = "session"
    THROTTLE = "throttle"
    REFUSED = "refused"
    CONFLICT = "conflict"
    UNATTENDED = "unattended"
    MISFIT = "misfit"
    STORAGE = "storage"  # the work directory cannot take the bytes
    OURS = "ours"  # never raised either: Chrome or the supervisor ended under the attempt


class PortalFailure(Exception):
    """Base of all failures that a portal, a record or its page can cause. ``str()`` is a sentence for
    people.
    """

    failure_class: FailureClass

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Permanent(PortalFailure):
    failure_class = FailureClass.PERMANENT


class Transient(PortalFailure):
    failure_class = FailureClass.TRANSIENT


class SessionLost(PortalFailure):
    failure_class = FailureClass.SESSION


class Throttled(PortalFailure):
    failure_class = FailureClass.THROTTLE

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        """``retry_after_s``: what the portal asked for in Retry-After; None when it did not say."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class SignInRefused(PortalFailure):
    failure_class = FailureClass.REFUSED


class NobodySignedIn(PortalFailure):
    failure_class = FailureClass.UNATTENDED


class AnotherSession(PortalFailure):
    failure_class = FailureClass.CONFLICT


class AdapterMisfit(PortalFailure):
    failure_class = FailureClass.MISFIT


class StorageFailure(Exception):
    """The work directory cannot take the bytes (disk full, read-only). Not the record's fault: the run
    stops.
    """

    failure_class = FailureClass.STORAGE

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
