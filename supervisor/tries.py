"""When signing in and listing are tried again after a failure that may pass, and when no more."""

from supervisor.exit_codes import ExitCode
from supervisor.halt import Stop
from supervisor.journal import Journal
from supervisor.portal_gate import LONGEST_PAUSE_S
from supervisor.settings_sections import PacingSettings
from supervisor.task_book import TaskBook
from tabworker.failures import FailureClass
from tabworker.messages import DutyFailed

_START_TRIES = 3
"""Tries to sign in or to list before the run has ever got that far: a person is still there and waits."""

_FIRST_PAUSE_S = 1.0


class Tries:
    """Both count together: a run that can only sign in gets no further than one that cannot."""

    def __init__(self, pacing: PacingSettings, book: TaskBook, journal: Journal, stop: Stop) -> None:
        self._pacing = pacing
        self._book = book
        self._journal = journal
        self._stop = stop
        self._failed = 0
        self._failing_since: float | None = None
        self._next_at = 0.0

    def due(self, now: float) -> bool:
        return now >= self._next_at

    def pause(self, now: float) -> None:
        """A short one, before what was refused is tried once more."""
        self._next_at = now + _FIRST_PAUSE_S

    def succeeded(self) -> None:
        self._failed = 0
        self._failing_since = None

    def failed(self, what: str, report: DutyFailed, now: float) -> None:
        """After a failure that may pass. Before anything ever worked give up soon: somebody waits at the
        terminal.
        """
        if report.failure_class is FailureClass.OURS:
            return  # Chrome died or the run ends: nothing to count
        self._failed += 1
        self._failing_since = self._failing_since if self._failing_since is not None else now
        never_worked = self._book.delivered_this_run == 0
        too_often = never_worked and self._failed >= _START_TRIES
        if too_often or now - self._failing_since > self._pacing.portal_down_give_up_s:
            self._stop.over(
                ExitCode.PORTAL_DOWN, f"cannot {what} after {self._failed} tries: {report.reason}"
            )
            return
        own_pause_s = _FIRST_PAUSE_S * self._failed if never_worked else self._pacing.portal_probe_every_s
        pause_s = max(own_pause_s, min(report.retry_after_s or 0.0, LONGEST_PAUSE_S))
        self._next_at = now + pause_s
        self._journal.warning("try_again", f"could not {what}: {report.reason}; again in {pause_s:.0f} s")
