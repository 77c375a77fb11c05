"""Which duty an idle worker gets next, and what each report means for tasks, session and gates. It never
touches a process.

The order of duties: prove the session (signing in if need be), list the inventory, then documents as the
gate allows.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from supervisor.assignment import Assignment
from supervisor.code_use import CodeUse
from supervisor.documents import document_name
from supervisor.exit_codes import ExitCode
from supervisor.journal import Journal
from supervisor.portal_gate import LONGEST_PAUSE_S, PortalGate
from supervisor.portal_look import PortalLook
from supervisor.retry import Decision, Fail, Quarantine, Requeue
from supervisor.schedule import Lease
from supervisor.session import Session, SessionState
from supervisor.settings import Settings
from supervisor.task_book import LateReport, StagedFileMissing, TaskBook
from tabworker.failures import FailureClass
from tabworker.messages import (
    Credentials,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    PersonAwaited,
    PortalOpened,
    Record,
    RecordsListed,
    Report,
    SessionProven,
    SignIn,
    staged_inventory,
)

_START_TRIES = 3
"""Tries to sign in or to list before the run has ever got that far: a person is still there and waits."""

_FIRST_PAUSE_S = 1.0

_PROVE_NOTHING_SIGNED_OUT = (FailureClass.TRANSIENT, FailureClass.MISFIT)
"""What a record's page shows to whoever is signed out says nothing about the record."""

_FALSE_ALARMS_FOR_FREE = 2
"""How often a task may call the session lost that then proves good, before that counts against the task."""


@dataclass(frozen=True)
class Halt:
    """The run must end with this code; ``message`` says why and what to do."""

    code: ExitCode
    message: str


def disk_halt(error: object) -> Halt:
    """The end of a run whose work directory cannot be read or written."""
    return Halt(
        ExitCode.DISK,
        f"the work directory failed: {error}. Nothing is lost: mend the disk, then run again.",
    )


class Dispatcher:
    """``holding``: why nothing is given out just now. ``attention``: what a person must do before anything
    goes on. ``halt``: set once the run cannot go on.
    """

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
        self._credentials = credentials
        self._book = book
        self._gate = gate
        self._staging = staging
        self._journal = journal
        self._only = only
        self.session = Session()
        self.inventory_known = inventory_known
        self._code_use = code_use
        self._look = PortalLook(portal_page, gate, settings.watchdog.task_timeout_s)
        self.holding = ""
        self.attention = ""
        self.halt: Halt | None = None
        self._sign_in_epoch: int | None = None
        self._person_until: float | None = None
        self._listing_epoch: int | None = None
        self._tries = 0
        self._failing_since: float | None = None
        self._false_alarms: Counter[str] = Counter()
        self._alarm_raised_by = ""
        self._next_try_at = 0.0

    # --- giving out ---

    @property
    def over(self) -> bool:
        """Every task of this run has ended."""
        return self.inventory_known and self._book.work_left == 0

    def next_duty(self, slot: int, pid: int | None, now: float) -> tuple[Duty, Assignment] | None:
        """The next duty for an idle worker; None when there is none for it now."""
        self.holding = ""
        if self.session.state is SessionState.NEEDED:
            return self._sign_in(now)
        if self.session.state is not SessionState.GOOD:
            return None
        if not self.inventory_known:
            return self._list_records(now)
        return self._fetch(slot, pid, now)

    def _sign_in(self, now: float) -> tuple[Duty, Assignment] | None:
        if now < self._next_try_at:
            return None
        if self._settings.portal.by_hand:
            return self._sign_in_by_hand(now)
        epoch = self._sign_in_epoch = self._book.next_epoch()
        self.session.begin()
        timeout_s = self._settings.watchdog.task_timeout_s
        account = self._credentials
        if account.totp_secret:
            self._code_use.begin()
            account = msgspec.structs.replace(account, code_used_at=self._code_use.last_at)
        return SignIn(epoch, account, timeout_s), Assignment(epoch, "sign-in", now, now + timeout_s)

    def _sign_in_by_hand(self, now: float) -> tuple[Duty, Assignment] | None:
        """The duty's own deadline is the person's; that its worker goes on looking is what its steps show."""
        if self._book.leases:
            # A click of another tab may open a pop-up, and that takes the keyboard from whoever types.
            self.holding = "signed out: the documents under way end first, then it is your turn to sign in"
            return None
        limit_s = self._settings.portal.manual_sign_in_timeout_s or math.inf
        if self._person_until is None:
            self._person_until = now + limit_s
        if now >= self._person_until:
            self._nobody_signed_in(f"nobody signed in by hand within {limit_s:.0f} s")
            return None
        epoch = self._sign_in_epoch = self._book.next_epoch()
        self.session.begin()
        left_s = self._person_until - now
        deadline_at = self._person_until + self._settings.watchdog.task_timeout_s
        duty = SignIn(epoch, self._credentials, left_s, by_hand=True)
        return duty, Assignment(epoch, "sign-in", now, deadline_at)

    def _list_records(self, now: float) -> tuple[Duty, Assignment] | None:
        if self._listing_epoch is not None or now < self._next_try_at:
            return None
        epoch = self._listing_epoch = self._book.next_epoch()
        timeout_s = self._settings.watchdog.inventory_timeout_s
        return ListRecords(epoch, timeout_s), Assignment(epoch, "inventory", now, now + timeout_s)

    def _fetch(self, slot: int, pid: int | None, now: float) -> tuple[Duty, Assignment] | None:
        verdict = self._gate.verdict(now)
        if not verdict.allowed:
            self.holding = verdict.why
            if self._gate.gives_up(now):
                self._stop(
                    ExitCode.PORTAL_DOWN,
                    f"the portal has been down for {self._settings.pacing.portal_down_give_up_s:g} s "
                    f"(last: {self._gate.failing_alike}). Run the same command to go on when it is back; "
                    "[pacing] portal_down_give_up_s sets how long to wait.",
                )
            return None
        if self._gate.must_look:
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
                self._stop(ExitCode.USAGE, report.reason)
            case PersonAwaited():
                self._person_awaited(report)
            case SessionProven():
                self._session_proven(report)
            case RecordsListed():
                self._records_listed(report)
            case DocumentFetched():
                self._fetched(report, now)
            case PortalOpened() | DutyFailed() if self._look.awaits(report.epoch):
                self._looked(report, now)
            case DutyFailed(epoch=epoch) if epoch == self._sign_in_epoch:
                self._sign_in_failed(report, now)
            case DutyFailed(epoch=epoch) if epoch == self._listing_epoch:
                self._listing_failed(report, now)
            case DutyFailed():
                self._task_failed(report, now)

    def lost(self, assignment: Assignment, failure: FailureClass, reason: str, step: str, now: float) -> None:
        """The worker that had this assignment is gone without a report."""
        report = DutyFailed(assignment.epoch, failure, reason, step)
        epoch = assignment.epoch
        awaited = epoch in (self._sign_in_epoch, self._listing_epoch) or self._look.awaits(epoch)
        if awaited or self._book.lease_of(epoch) is not None:
            self.reported(report, now)

    def _person_awaited(self, report: PersonAwaited) -> None:
        if report.epoch != self._sign_in_epoch:
            return
        limit_s = self._settings.portal.manual_sign_in_timeout_s
        at_most = f", for {limit_s:.0f} s at most" if limit_s else ""
        self.attention = (
            f"Sign in by hand: Chrome's window shows {report.url}. Go on there as you always do, up to the "
            f"portal's own page. It waits until you have{at_most}, sees it and goes on by itself; "
            "Ctrl-C stops."
        )
        self._journal.warning("person_awaited", self.attention)

    def _session_proven(self, report: SessionProven) -> None:
        if report.epoch != self._sign_in_epoch:
            return
        self._sign_in_ended()
        self._person_until = None
        self._well_again()
        self.session.proven(report.signed_in_now)
        if not report.signed_in_now and self._alarm_raised_by:
            self._false_alarms[self._alarm_raised_by] += 1
        self._alarm_raised_by = ""
        text = "signed in" if report.signed_in_now else "the session is still good: no sign-in needed"
        self._journal.info("session_good", text, session=self.session.number)

    def _records_listed(self, report: RecordsListed) -> None:
        if report.epoch != self._listing_epoch:
            return
        self._listing_epoch = None
        self._well_again()
        path = staged_inventory(self._staging, report.epoch)
        try:
            records = [msgspec.json.decode(line, type=Record) for line in path.read_bytes().splitlines()]
        except (OSError, msgspec.DecodeError) as error:
            self._disk(f"the inventory in {path} cannot be read back: {error}")
            return
        path.unlink()
        if len(records) != report.count:
            self._disk(f"{path} should hold {report.count} records, {len(records)} are there")
            return
        if not records:
            self._stop(
                ExitCode.USAGE,
                "the inventory is empty: nothing was accepted. Look at the portal's list with "
                "--visible; a filter "
                "may hide the records ([portal] clear_filters_selector, inventory_url).",
            )
            return
        self._book.accept(records)
        self.inventory_known = True
        self._journal.info(
            "inventory_listed", f"{len(records)} records in the inventory", records=len(records)
        )
        unknown = sorted(set(self._only) - {record.ref for record in records})
        if unknown:
            self._stop(
                ExitCode.USAGE,
                f"--only names records that the inventory does not have: {', '.join(unknown[:10])}",
            )
            return
        self._book.schedule(self._only, self._settings.run.limit)

    def _looked(self, report: PortalOpened | DutyFailed, now: float) -> None:
        self._look.heard(report, now)
        if isinstance(report, DutyFailed) and report.failure_class is FailureClass.STORAGE:
            self._disk(report.reason)

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
            self._disk(error)
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
                self._session_lost(lease.session_no, report.reason)
            case FailureClass.THROTTLE:
                if self._gate.throttled(lease.task, lease.leased_at, report.retry_after_s, now):
                    self._journal.warning("throttled", f"the portal asks to slow down: {report.reason}")
            case FailureClass.TRANSIENT | FailureClass.MISFIT:
                if self._gate.failed(lease.task, f"{failure} failure in step “{report.step}”", now):
                    self._circuit_opened(failure, report)
            case FailureClass.STORAGE:
                self._disk(report.reason)
            case FailureClass.PERMANENT:
                self._portal_answered(lease.task)  # "no report" is an answer: the portal is up
            case _:
                self._gate.inconclusive(lease.task, now)

    def _portal_answered(self, task: str) -> None:
        if self._gate.succeeded():
            self._journal.info("portal_back", f"{task} was answered: the portal is back")

    def _session_lost(self, session_no: int, reason: str) -> None:
        if not self.session.lost(session_no):
            return
        self._journal.warning("session_lost", f"signed out ({reason}): dispatch is frozen")
        if self.session.state is SessionState.REFUSED:
            self._stop(ExitCode.SIGN_IN_REFUSED, self.session.why_stopped)

    def _circuit_opened(self, failure: FailureClass, report: DutyFailed) -> None:
        pacing = self._settings.pacing
        if failure is FailureClass.MISFIT and self._book.delivered_this_run == 0:
            self._stop(
                ExitCode.USAGE,
                f"the first {pacing.portal_down_after} records all failed alike, so the settings do "
                "not fit the "
                f"portal: {report.reason}",
            )
            return
        self._journal.error(
            "portal_down",
            f"{pacing.portal_down_after} different records in a row failed alike ({report.reason}): "
            "the portal "
            f"seems down, looking every {pacing.portal_probe_every_s:g} s whether it is back",
        )

    # --- sign-in and inventory that fail ---

    def _sign_in_failed(self, report: DutyFailed, now: float) -> None:
        self._sign_in_ended()
        match report.failure_class:
            case FailureClass.UNATTENDED:
                self._nobody_signed_in(report.reason)
            case FailureClass.REFUSED:
                self.session.refused(report.reason)
                self._journal.error("sign_in_refused", f"sign-in refused: {report.reason}")
                self._next_try_at = now + _FIRST_PAUSE_S
            case FailureClass.CONFLICT:
                self.session.stop(report.reason)
            case FailureClass.MISFIT | FailureClass.PERMANENT:
                self._stop(ExitCode.USAGE, f"cannot sign in: {report.reason}")
            case FailureClass.STORAGE:
                self._disk(report.reason)
            case _:
                self.session.failed()
                self._try_again("sign in", report, now)
        if self.session.state is SessionState.REFUSED:
            self._stop(
                ExitCode.SIGN_IN_REFUSED,
                f"{self.session.why_stopped}. Check TABCREW_USERNAME and TABCREW_PASSWORD, then run again.",
            )

    def _sign_in_ended(self) -> None:
        self._sign_in_epoch = None
        self.attention = ""
        if self._credentials.totp_secret:
            self._code_use.end()

    def _nobody_signed_in(self, reason: str) -> None:
        self._stop(
            ExitCode.SIGN_IN_REFUSED,
            f"{reason}: stopped. Nothing is lost; run the same command when you are there to sign in. "
            "[portal] manual_sign_in_timeout_s sets how long to wait, 0 = for ever.",
        )

    def _listing_failed(self, report: DutyFailed, now: float) -> None:
        self._listing_epoch = None
        match report.failure_class:
            case FailureClass.SESSION:
                self._session_lost(self.session.number, report.reason)
            case FailureClass.MISFIT | FailureClass.PERMANENT:
                self._stop(ExitCode.USAGE, f"cannot list the inventory: {report.reason}")
            case FailureClass.STORAGE:
                self._disk(report.reason)
            case _:
                self._try_again("list the inventory", report, now)

    def _try_again(self, what: str, report: DutyFailed, now: float) -> None:
        """After a failure that may pass. Before anything ever worked give up soon: somebody waits at the
        terminal.
        """
        if report.failure_class is FailureClass.OURS:
            return  # Chrome died or the run ends: nothing to count
        self._tries += 1
        self._failing_since = self._failing_since if self._failing_since is not None else now
        pacing = self._settings.pacing
        never_worked = self._book.delivered_this_run == 0
        if (
            never_worked and self._tries >= _START_TRIES
        ) or now - self._failing_since > pacing.portal_down_give_up_s:
            self._stop(ExitCode.PORTAL_DOWN, f"cannot {what} after {self._tries} tries: {report.reason}")
            return
        own_pause_s = _FIRST_PAUSE_S * self._tries if never_worked else pacing.portal_probe_every_s
        pause_s = max(own_pause_s, min(report.retry_after_s or 0.0, LONGEST_PAUSE_S))
        self._next_try_at = now + pause_s
        self._journal.warning("try_again", f"could not {what}: {report.reason}; again in {pause_s:.0f} s")

    def _well_again(self) -> None:
        self._tries = 0
        self._failing_since = None

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

    def _disk(self, error: object) -> None:
        halt = disk_halt(error)
        self._stop(halt.code, halt.message)

    def _stop(self, code: ExitCode, message: str) -> None:
        if self.halt is None:
            self.halt = Halt(code, message)
            self._journal.error("halt", message, exit_code=int(code))
