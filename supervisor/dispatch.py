"""Which duty an idle worker gets next, and what each report means for tasks, session and gates. It never
touches a process.

The order of duties: prove the session (signing in if need be), list the inventory, then documents as the
gate allows.
"""

from collections import Counter
from pathlib import Path

from supervisor.assignment import Assignment
from supervisor.code_use import CodeUse
from supervisor.documents import document_name
from supervisor.exit_codes import ExitCode
from supervisor.halt import Halt, Stop
from supervisor.journal import Journal
from supervisor.listing import Listing
from supervisor.portal_gate import PortalGate
from supervisor.portal_look import PortalLook
from supervisor.retry import Decision, Fail, Quarantine, Requeue
from supervisor.schedule import Lease
from supervisor.session import Session, SessionState
from supervisor.settings import Settings
from supervisor.sign_in import SignInDuty
from supervisor.task_book import LateReport, StagedFileMissing, TaskBook
from supervisor.tries import Tries
from tabworker.failures import FailureClass
from tabworker.messages import (
    Credentials,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    PersonAwaited,
    PortalOpened,
    RecordsListed,
    Report,
    SessionProven,
)

_PROVE_NOTHING_SIGNED_OUT = (FailureClass.TRANSIENT, FailureClass.MISFIT)
"""What a record's page shows to whoever is signed out says nothing about the record."""

_FALSE_ALARMS_FOR_FREE = 2
"""How often a task may call the session lost that then proves good, before that counts against the task."""


class Dispatcher:
    """``holding``: why nothing is given out just now."""

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        book: TaskBook,
        gate: PortalGate,
        staging: Path,
        journal: Journal,
        only: tuple[str, ...],
        inventory_known: bool,
        code_use: CodeUse,
        portal_page: str,
    ) -> None:
        """``portal_page``: the address of a page that shows whether the portal works."""
        self._settings = settings
        self._book = book
        self._gate = gate
        self._journal = journal
        self._stop = Stop(journal)
        self.session = Session()
        tries = Tries(settings.pacing, book, journal, self._stop)
        self._sign_in = SignInDuty(
            settings, credentials, self.session, book, code_use, tries, journal, self._stop
        )
        self._listing = Listing(
            settings, book, staging, only, tries, journal, self._stop, known=inventory_known
        )
        self._look = PortalLook(
            portal_page, gate, settings.portal.step_timeout_s, settings.watchdog.task_timeout_s
        )
        self.holding = ""
        self._false_alarms: Counter[str] = Counter()
        self._alarm_raised_by = ""

    @property
    def halt(self) -> Halt | None:
        """Set once the run cannot go on."""
        return self._stop.halt

    @property
    def attention(self) -> str:
        """What a person must do before anything goes on."""
        return self._sign_in.attention

    @property
    def inventory_known(self) -> bool:
        return self._listing.known

    @property
    def over(self) -> bool:
        """Every task of this run has ended."""
        return self.inventory_known and self._book.work_left == 0

    # --- giving out ---

    def next_duty(self, slot: int, pid: int | None, now: float) -> tuple[Duty, Assignment] | None:
        """The next duty for an idle worker; None when there is none for it now."""
        self.holding = ""
        if self.session.state is SessionState.NEEDED:
            given = self._sign_in.give(now)
            self.holding = self._sign_in.holding
            return given
        if self.session.state is not SessionState.GOOD:
            return None
        if not self.inventory_known:
            return self._listing.give(now)
        return self._fetch(slot, pid, now)

    def _fetch(self, slot: int, pid: int | None, now: float) -> tuple[Duty, Assignment] | None:
        verdict = self._gate.verdict(now)
        if not verdict.allowed:
            self.holding = verdict.why
            if self._gate.gives_up(now):
                self._stop.over(
                    ExitCode.PORTAL_DOWN,
                    f"the portal has been down for {self._settings.pacing.portal_down_give_up_s:g} s "
                    f"(last: {self._gate.failing_alike}). Run the same command to go on when it is back; "
                    "[pacing] portal_down_give_up_s sets how long to wait.",
                )
            return None
        if self._gate.must_look(retry=self._book.is_retry_next(now)):
            if self._look.under_way:
                self.holding = "the last records failed: looking whether the portal answers"
                return None
            return self._look.give(self._book.next_epoch(), now)
        timeout_s = self._settings.watchdog.task_timeout_s
        leased = self._book.lease(slot, pid, self.session.number, now, timeout_s)
        if leased is None:
            return None
        lease, record = leased
        self._gate.dispatched(lease.task, now)
        name = f"{document_name(lease.task).removesuffix('.pdf')}-attempt-{lease.attempt}"
        duty = FetchDocument(lease.epoch, record, lease.attempt, timeout_s, name)
        return duty, Assignment(lease.epoch, lease.task, now, lease.deadline_at, lease.attempt)

    # --- hearing ---

    def reported(self, report: Report, now: float) -> None:
        """Draw the consequences of one report."""
        match report:
            case DutyFailed(epoch=0):
                self._stop.over(ExitCode.USAGE, report.reason)
            case PersonAwaited(epoch=epoch) if self._sign_in.awaits(epoch):
                self._sign_in.person_awaited(report)
            case SessionProven(epoch=epoch) if self._sign_in.awaits(epoch):
                self._session_proven(report)
            case RecordsListed(epoch=epoch) if self._listing.awaits(epoch):
                self._listing.listed(report)
            case DocumentFetched():
                self._fetched(report, now)
            case PortalOpened() | DutyFailed() if self._look.awaits(report.epoch):
                self._looked(report, now)
            case DutyFailed(epoch=epoch) if self._sign_in.awaits(epoch):
                self._sign_in.failed(report, now)
            case DutyFailed(epoch=epoch) if self._listing.awaits(epoch):
                self._listing_failed(report, now)
            case DutyFailed():
                self._task_failed(report, now)

    def lost(self, assignment: Assignment, failure: FailureClass, reason: str, step: str, now: float) -> None:
        """The worker that had this assignment is gone without a report."""
        report = DutyFailed(assignment.epoch, failure, reason, step)
        epoch = assignment.epoch
        awaited = any(duty.awaits(epoch) for duty in (self._sign_in, self._listing, self._look))
        if awaited or self._book.lease_of(epoch) is not None:
            self.reported(report, now)

    def _session_proven(self, report: SessionProven) -> None:
        self._sign_in.proven(report)
        if not report.signed_in_now and self._alarm_raised_by:
            self._false_alarms[self._alarm_raised_by] += 1
        self._alarm_raised_by = ""

    def _listing_failed(self, report: DutyFailed, now: float) -> None:
        self._listing.failed(report, now)
        if report.failure_class is FailureClass.SESSION:
            self._sign_in.session_lost(self.session.number, report.reason)

    def _looked(self, report: PortalOpened | DutyFailed, now: float) -> None:
        if self._look.heard(report, now):
            said = report.reason if isinstance(report, DutyFailed) else f"it answered {report.status}"
            self._portal_down(f"no record is answered, and neither is a look at the portal ({said})")
        if isinstance(report, DutyFailed) and report.failure_class is FailureClass.STORAGE:
            self._stop.over_disk(report.reason)

    def _fetched(self, report: DocumentFetched, now: float) -> None:
        try:
            delivery = self._book.deliver(report, now)
        except LateReport as error:
            self._late(str(error))
            return
        except StagedFileMissing as error:
            self._task_failed(DutyFailed(report.epoch, FailureClass.TRANSIENT, str(error), "deliver"), now)
            return
        except OSError as error:
            self._stop.over_disk(error)
            return
        lease = delivery.lease
        if lease.session_no == self.session.number:
            self.session.fruitful()
        self._portal_answered(lease.task)
        size_kib = report.size_bytes / 1024
        text = f"{lease.task}: {report.pages} pages, {size_kib:.0f} KiB in {report.fetch_s:.1f} s"
        self._journal.quiet(
            "document_done", text, task=lease.task, attempt=lease.attempt, document=delivery.name
        )
        if report.warning:
            self._journal.warning("document_warning", f"{lease.task}: {report.warning}", task=lease.task)
        if delivery.same_as:
            others = ", ".join(delivery.same_as[:5])
            self._journal.error(
                "same_content",
                f"{lease.task} has the very same bytes as {others}: look at both, one may be the "
                "wrong document",
                task=lease.task,
            )

    def _task_failed(self, report: DutyFailed, now: float) -> None:
        lease = self._book.lease_of(report.epoch)
        if lease is None:
            self._late(f"epoch {report.epoch}")
            return
        failure = self._whose_fault(report.failure_class, lease)
        self._tell_gates(failure, report, lease, now)
        _, decision = self._book.fail(report, now, failure)
        self._journal_failure(failure, report, lease, decision)

    def _whose_fault(self, reported: FailureClass, lease: Lease) -> FailureClass:
        """The class to act on, which only who knows the session can tell."""
        if reported in (FailureClass.REFUSED, FailureClass.CONFLICT):
            reported = FailureClass.SESSION
        if reported in _PROVE_NOTHING_SIGNED_OUT and not self.session.holds(lease.session_no):
            # Its session ended under it. Whether the portal knows us again by the time a worker asks is
            # chance: a click that was answered with the sign-in page looks like one that was not answered.
            return FailureClass.SESSION
        if reported is FailureClass.SESSION and lease.session_no == self.session.number:
            if self._false_alarms[lease.task] >= _FALSE_ALARMS_FOR_FREE:
                # The session was good each time: it is the record's own page that leads to the sign-in form.
                return FailureClass.TRANSIENT
            self._alarm_raised_by = lease.task
        return reported

    def _tell_gates(self, failure: FailureClass, report: DutyFailed, lease: Lease, now: float) -> None:
        match failure:
            case FailureClass.SESSION:
                self._gate.inconclusive(lease.task, now)
                self._sign_in.session_lost(lease.session_no, report.reason)
            case FailureClass.THROTTLE:
                if self._gate.throttled(lease.task, lease.leased_at, report.retry_after_s, now):
                    self._journal.warning("throttled", f"the portal asks to slow down: {report.reason}")
            case FailureClass.TRANSIENT | FailureClass.MISFIT:
                if self._gate.failed(lease.task, f"{failure} failure in step “{report.step}”", now):
                    self._circuit_opened(failure, report)
            case FailureClass.STORAGE:
                self._stop.over_disk(report.reason)
            case FailureClass.PERMANENT:
                self._portal_answered(lease.task)  # "no report" is an answer: the portal is up
            case _:
                self._gate.inconclusive(lease.task, now)

    def _portal_answered(self, task: str) -> None:
        if self._gate.succeeded():
            self._journal.info("portal_back", f"{task} was answered: the portal is back")

    def _circuit_opened(self, failure: FailureClass, report: DutyFailed) -> None:
        pacing = self._settings.pacing
        if failure is FailureClass.MISFIT and self._book.delivered_this_run == 0:
            self._stop.over(
                ExitCode.USAGE,
                f"the first {pacing.portal_down_after} records all failed alike, so the settings do not fit "
                f"the portal: {report.reason}",
            )
            return
        self._portal_down(
            f"{pacing.portal_down_after} different records in a row failed alike ({report.reason})"
        )

    def _portal_down(self, evidence: str) -> None:
        every_s = self._settings.pacing.portal_probe_every_s
        self._journal.error(
            "portal_down",
            f"{evidence}: the portal seems down, looking every {every_s:g} s whether it is back",
        )

    # --- words ---

    def _journal_failure(
        self, failure: FailureClass, report: DutyFailed, lease: Lease, decision: Decision
    ) -> None:
        ids = {"task": lease.task, "attempt": lease.attempt, "epoch": lease.epoch, "failure": str(failure)}
        said = f"{lease.task}, attempt {lease.attempt}: {report.reason}"
        match decision:
            case Requeue(front=False, delay_s=delay_s):
                self._journal.warning("task_requeued", f"{said}; again in {delay_s:.1f} s", **ids)
            case Requeue() if failure in (FailureClass.SESSION, FailureClass.OURS):
                self._journal.quiet("task_requeued", f"{said}; requeued, no attempt counted", **ids)
            case Requeue():
                self._journal.warning("task_requeued", f"{said}; requeued", **ids)
            case Fail():
                self._journal.error("task_failed", f"{said}; failed for good", **ids)
            case Quarantine():
                self._journal.error(
                    "task_quarantined",
                    f"{said}; quarantined: it took down {self._settings.retry.max_worker_deaths} workers",
                    **ids,
                )

    def _late(self, what: str) -> None:
        self._journal.warning("late_report", f"a report came after its lease was gone ({what}): refused")
