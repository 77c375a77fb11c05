"""The duty to prove the session, signing in if need be: who gets it when, and what its reports mean."""

import math

import msgspec

from supervisor.assignment import Assignment
from supervisor.code_use import CodeUse
from supervisor.exit_codes import ExitCode
from supervisor.halt import Stop
from supervisor.journal import Journal
from supervisor.session import Session, SessionState
from supervisor.settings import Settings
from supervisor.task_book import TaskBook
from supervisor.tries import Tries
from tabworker.failures import FailureClass
from tabworker.messages import Credentials, DutyFailed, PersonAwaited, SessionProven, SignIn


class SignInDuty:
    """One at a time. ``attention``: what a person must do before anything goes on. ``holding``: why it is
    not given out just now.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        session: Session,
        book: TaskBook,
        code_use: CodeUse,
        tries: Tries,
        journal: Journal,
        stop: Stop,
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._session = session
        self._book = book
        self._code_use = code_use
        self._tries = tries
        self._journal = journal
        self._stop = stop
        self.attention = ""
        self.holding = ""
        self._epoch: int | None = None
        self._person_until: float | None = None

    def give(self, now: float) -> tuple[SignIn, Assignment] | None:
        self.holding = ""
        if not self._tries.due(now):
            return None
        if self._settings.portal.by_hand:
            return self._give_by_hand(now)
        epoch = self._begin()
        timeout_s = self._settings.watchdog.task_timeout_s
        account = self._credentials
        if account.totp_secret:
            self._code_use.begin()
            account = msgspec.structs.replace(account, code_used_at=self._code_use.last_at)
        return SignIn(epoch, account, timeout_s), Assignment(epoch, "sign-in", now, now + timeout_s)

    def _give_by_hand(self, now: float) -> tuple[SignIn, Assignment] | None:
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
        epoch = self._begin()
        left_s = self._person_until - now
        deadline_at = self._person_until + self._settings.watchdog.task_timeout_s
        duty = SignIn(epoch, self._credentials, left_s, by_hand=True)
        return duty, Assignment(epoch, "sign-in", now, deadline_at)

    def _begin(self) -> int:
        self._epoch = self._book.next_epoch()
        self._session.begin()
        return self._epoch

    def awaits(self, epoch: int) -> bool:
        return epoch == self._epoch

    # --- hearing: reports of the awaited epoch ---

    def person_awaited(self, report: PersonAwaited) -> None:
        limit_s = self._settings.portal.manual_sign_in_timeout_s
        at_most = f", for {limit_s:.0f} s at most" if limit_s else ""
        self.attention = (
            f"Sign in by hand: Chrome's window shows {report.url}. Go on there as you always do, up to the "
            f"portal's own page. It waits until you have{at_most}, sees it and goes on by itself; "
            "Ctrl-C stops."
        )
        self._journal.warning("person_awaited", self.attention)

    def proven(self, report: SessionProven) -> None:
        self._ended()
        self._person_until = None
        self._tries.succeeded()
        self._session.proven(report.signed_in_now)
        text = "signed in" if report.signed_in_now else "the session is still good: no sign-in needed"
        self._journal.info("session_good", text, session=self._session.number)

    def failed(self, report: DutyFailed, now: float) -> None:
        self._ended()
        match report.failure_class:
            case FailureClass.UNATTENDED:
                self._nobody_signed_in(report.reason)
            case FailureClass.REFUSED:
                self._session.refused(report.reason)
                self._journal.error("sign_in_refused", f"sign-in refused: {report.reason}")
                self._tries.pause(now)
            case FailureClass.CONFLICT:
                self._session.stop(report.reason)
            case FailureClass.MISFIT | FailureClass.PERMANENT:
                self._stop.over(ExitCode.USAGE, f"cannot sign in: {report.reason}")
            case FailureClass.STORAGE:
                self._stop.over_disk(report.reason)
            case _:
                self._session.failed()
                self._tries.failed("sign in", report, now)
        if self._session.state is SessionState.REFUSED:
            self._stop.over(
                ExitCode.SIGN_IN_REFUSED,
                f"{self._session.why_stopped}. Check TABCREW_USERNAME and TABCREW_PASSWORD, then run again.",
            )

    def session_lost(self, session_no: int, reason: str) -> None:
        """A worker found itself signed out under session ``session_no``."""
        if not self._session.lost(session_no):
            return
        self._journal.warning("session_lost", f"signed out ({reason}): dispatch is frozen")
        if self._session.state is SessionState.REFUSED:
            self._stop.over(ExitCode.SIGN_IN_REFUSED, self._session.why_stopped)

    def _ended(self) -> None:
        self._epoch = None
        self.attention = ""
        if self._credentials.totp_secret:
            self._code_use.end()

    def _nobody_signed_in(self, reason: str) -> None:
        self._stop.over(
            ExitCode.SIGN_IN_REFUSED,
            f"{reason}: stopped. Nothing is lost; run the same command when you are there to sign in. "
            "[portal] manual_sign_in_timeout_s sets how long to wait, 0 = for ever.",
        )
