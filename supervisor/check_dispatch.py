"""The dispatcher of a check: opens the portal, then gives the duties of a run; stops when all is known."""

from typing import Any

from supervisor.assignment import Assignment
from supervisor.check import CheckSheet
from supervisor.dispatch import Dispatcher
from supervisor.exit_codes import ExitCode
from supervisor.halt import Halt
from tabworker.failures import FailureClass
from tabworker.messages import Duty, DutyFailed, OpenPortal, Report


class CheckDispatcher(Dispatcher):
    """Fills in ``sheet`` from what it gives out and hears; at the first failure the run is over."""

    def __init__(
        self, *arguments: Any, sheet: CheckSheet, url: str, open_within_s: float, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._sheet = sheet
        self._url = url
        self._open_within_s = open_within_s
        self._given: dict[int, Duty] = {}

    @property
    def halt(self) -> Halt | None:
        """The first failure on the sheet, or that the sheet is full."""
        failed = self._sheet.failed
        if failed is not None:
            return Halt(failed.exit_code, failed.text)
        return Halt(ExitCode.ALL_DONE, "everything works") if self._sheet.is_complete else super().halt

    def next_duty(self, slot: int, pid: int | None, now: float) -> tuple[Duty, Assignment] | None:
        self._sheet.worker_ready()
        given = super().next_duty(slot, pid, now) if self._given else self._open_portal(now)
        if given is not None:
            self._given[given[1].epoch] = given[0]
        return given

    def reported(self, report: Report, now: float) -> None:
        duty = self._given.get(getattr(report, "epoch", 0))
        if not isinstance(duty, OpenPortal):
            super().reported(report, now)
        self._sheet.heard(duty, report)

    def lost(self, assignment: Assignment, failure: FailureClass, reason: str, step: str, now: float) -> None:
        if isinstance(self._given.get(assignment.epoch), OpenPortal):
            self.reported(DutyFailed(assignment.epoch, failure, reason, step), now)
        else:
            super().lost(assignment, failure, reason, step, now)

    def _open_portal(self, now: float) -> tuple[Duty, Assignment]:
        epoch = self._book.next_epoch()
        duty = OpenPortal(epoch, self._url, self._open_within_s)
        return duty, Assignment(epoch, "portal", now, now + self._settings.watchdog.task_timeout_s)
