"""The conditions of `check` in their order, and what each report of its worker proves. Pure.

What depends on a condition that failed is not tried: each condition depends on all before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from supervisor.documents import document_name
from supervisor.exit_codes import ExitCode
from tabworker.failures import FailureClass
from tabworker.messages import (
    STEP_BY_HAND,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    OpenPortal,
    PortalOpened,
    RecordsListed,
    Report,
    SessionProven,
    SignIn,
)

RECORDS_TRIED = 3
"""A portal has records without a document: that many in a row may be such before the check gives up."""

STEPS_ON_SIGN_IN_PAGE = ("open sign-in page", "fill in sign-in form")
"""Of the form adapter: a failure in one of them means that the form was not found."""


class Condition(StrEnum):
    """In the order in which they are looked at. The words stand in the output."""

    SETTINGS = "settings"
    ACCOUNT = "account"
    DISK = "disk"
    DISPLAY = "display"
    CHROME = "Chrome"
    ADAPTER = "adapter"
    PORTAL = "portal"
    SIGN_IN_PAGE = "sign-in page"
    SIGNED_IN = "signed in"
    RECORDS = "records"
    DOCUMENT = "document"


class Outcome(StrEnum):
    GOOD = "good"
    FAILED = "failed"
    NOT_NEEDED = "not needed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Finding:
    """What became of one condition. ``to_do``: for the person, of a failed one. ``files``: to look at, below
    the check's folder.
    """

    condition: Condition
    outcome: Outcome
    text: str = ""
    to_do: str = ""
    exit_code: ExitCode = ExitCode.ALL_DONE
    files: tuple[str, ...] = ()


class CheckSheet:
    """Fills itself in, once a condition, and says each line as soon as it is known."""

    def __init__(
        self,
        say: Callable[[Finding], None],
        *,
        form: bool,
        has_sign_in: bool,
        by_hand: bool = False,
        attached: bool = False,
    ) -> None:
        """``form``: the form adapter is used, so its steps are known. ``has_sign_in``: the portal has one.
        ``by_hand``: a person signs in. ``attached``: in a Chrome that is not ours.

        ``chrome``, to be set when known: which Chrome it is.
        """
        self._say = say
        self._form = form
        self._has_sign_in = has_sign_in
        self._by_hand = by_hand
        self._session_in = "that Chrome" if attached else "the profile"
        self.chrome = "started"
        self._found: dict[Condition, Finding] = {}
        self._without_document: list[str] = []

    # --- reading ---

    @property
    def failed(self) -> Finding | None:
        """The condition that did not hold."""
        return next((one for one in self._found.values() if one.outcome is Outcome.FAILED), None)

    @property
    def is_complete(self) -> bool:
        """Nothing more needs to be tried."""
        return self.failed is not None or Condition.DOCUMENT in self._found

    @property
    def next_open(self) -> Condition | None:
        return next((condition for condition in Condition if condition not in self._found), None)

    # --- filling in ---

    def good(self, condition: Condition, text: str, *files: str) -> None:
        self._note(Finding(condition, Outcome.GOOD, text, files=files))

    def not_needed(self, condition: Condition, text: str) -> None:
        self._note(Finding(condition, Outcome.NOT_NEEDED, text))

    def fail(
        self, condition: Condition, text: str, exit_code: ExitCode, to_do: str = "", *files: str
    ) -> None:
        self._note(Finding(condition, Outcome.FAILED, text, to_do, exit_code, files))

    def close(self) -> None:
        """Nothing more will be tried: say which conditions that leaves open."""
        while (condition := self.next_open) is not None:
            self._note(Finding(condition, Outcome.NOT_TRIED))

    def _note(self, finding: Finding) -> None:
        if finding.condition not in self._found and self._may_be_told(finding):
            self._found[finding.condition] = finding
            self._say(finding)

    def _may_be_told(self, finding: Finding) -> bool:
        """Whether ``finding`` may still be told: after a failure only what was not tried is."""
        return self.failed is None or finding.outcome is Outcome.NOT_TRIED

    # --- what the one worker reports ---

    def worker_ready(self) -> None:
        """A worker took its tab, so Chrome is up and the adapter could be loaded."""
        self.good(Condition.CHROME, self.chrome)
        if self._form:
            self.not_needed(Condition.ADAPTER, "form: settings alone")
        else:
            self.good(Condition.ADAPTER, "loaded")

    def heard(self, duty: Duty | None, report: Report) -> None:
        """``duty``: what the report answers; None when no duty was given."""
        match report:
            case DutyFailed(failure_class=FailureClass.OURS):
                return  # Chrome died and is replaced, or the check was interrupted
            case DutyFailed(epoch=0):
                self.fail(
                    Condition.ADAPTER,
                    report.reason,
                    ExitCode.USAGE,
                    "A module is looked for in the current folder and on Python's path.",
                )
            case DutyFailed():
                self._failed(duty, report)
            case PortalOpened():
                self._portal_opened(report)
            case SessionProven(signed_in_now=signed_in_now):
                self._signed_in(signed_in_now)
            case RecordsListed(count=count) if count:
                self.good(Condition.RECORDS, f"{count:,} in the inventory")
            case DocumentFetched() if isinstance(duty, FetchDocument):
                warning = f"; note: {report.warning}" if report.warning else ""
                pages = "1 page" if report.pages == 1 else f"{report.pages} pages"
                self.good(
                    Condition.DOCUMENT,
                    f"{duty.record.ref}: {pages}, {report.size_bytes / 1024:.0f} KiB, verified, in "
                    f"{report.fetch_s:.1f} s{warning}",
                    f"documents/{document_name(duty.record.ref)}",
                )

    def _portal_opened(self, report: PortalOpened) -> None:
        text = f"{report.url} answered {report.status}"
        text += f", “{report.title}”" if report.title else ""
        if report.status < 500:
            self.good(Condition.PORTAL, text)
        else:
            self.fail(Condition.PORTAL, text, ExitCode.PORTAL_DOWN, "The portal is up but fails: try later.")

    def _signed_in(self, signed_in_now: bool) -> None:
        if not self._has_sign_in:
            self.not_needed(Condition.SIGN_IN_PAGE, "[portal] sign_in_url or sign_in: there is none")
            self.not_needed(Condition.SIGNED_IN, "the inventory opens without")
        elif signed_in_now:
            self._sign_in_page_found()
            self.good(Condition.SIGNED_IN, "a new session, which the next run will use")
        else:
            self.not_needed(Condition.SIGN_IN_PAGE, f"the session in {self._session_in} is still good")
            self.good(Condition.SIGNED_IN, "without signing in again")

    def _sign_in_page_found(self) -> None:
        if self._by_hand:
            self.not_needed(Condition.SIGN_IN_PAGE, "you sign in by hand")
        elif self._form:
            self.good(Condition.SIGN_IN_PAGE, "its form was found and sent")
        else:
            self.not_needed(Condition.SIGN_IN_PAGE, "the adapter knows it")

    # --- what failed ---

    def _failed(self, duty: Duty | None, report: DutyFailed) -> None:
        match duty:
            case OpenPortal():
                self._fail_with(Condition.PORTAL, report)
            case SignIn() if report.step in STEPS_ON_SIGN_IN_PAGE and self._form:
                self._fail_with(Condition.SIGN_IN_PAGE, report)
            case SignIn():
                if report.step != "prove the session":
                    self._sign_in_page_found()
                self._fail_with(Condition.SIGNED_IN, report)
            case ListRecords():
                self._fail_with(Condition.RECORDS, report)
            case FetchDocument(record=record) if report.failure_class is FailureClass.PERMANENT:
                self._without_document.append(f"{record.ref}: {report.reason}")
                if len(self._without_document) >= RECORDS_TRIED:
                    self.none_has_document()
            case FetchDocument():
                self._fail_with(Condition.DOCUMENT, report, f"{duty.record.ref}: ")

    def none_has_document(self) -> None:
        """No record is left to try, and none of those tried had a document."""
        if self._without_document:
            self.fail(
                Condition.DOCUMENT,
                "none for " + "; none for ".join(self._without_document),
                ExitCode.SOME_FAILED,
                "If you know a record that has one, name it: check --only REF.",
            )

    def _fail_with(self, condition: Condition, report: DutyFailed, about: str = "") -> None:
        in_step = f" (in step “{report.step}”)" if report.step not in ("", STEP_BY_HAND) else ""
        self.fail(
            condition,
            f"{about}{report.reason}{in_step}",
            _exit_code(condition, report),
            _to_do(condition, report),
            *(f"failures/{name}" for name in report.evidence),
        )


def _exit_code(condition: Condition, report: DutyFailed) -> ExitCode:
    match report.failure_class:
        case FailureClass.MISFIT:
            return ExitCode.USAGE
        case FailureClass.REFUSED | FailureClass.CONFLICT | FailureClass.UNATTENDED:
            return ExitCode.SIGN_IN_REFUSED
        case _ if report.step == STEP_BY_HAND:
            return ExitCode.SIGN_IN_REFUSED
        case FailureClass.STORAGE:
            return ExitCode.DISK
        case _ if condition is Condition.DOCUMENT:
            return ExitCode.SOME_FAILED
        case FailureClass.PERMANENT:
            return ExitCode.USAGE
        case _:
            return ExitCode.PORTAL_DOWN


_NETWORK_TO_DO = (
    ("ERR_NAME_NOT_RESOLVED", "No such host: check [portal] url for a typing error, and the network (VPN?)."),
    ("ERR_CONNECTION_REFUSED", "Nothing listens there: check host and port in [portal] url."),
    ("ERR_CERT_", "Chrome does not trust its certificate: check https:// and the host in [portal] url."),
    ("ERR_SSL_", "It does not speak TLS as expected: check https:// or http:// in [portal] url."),
    ("ERR_PROXY", "The proxy of this system does not answer."),
    ("ERR_INTERNET_DISCONNECTED", "This machine has no network."),
)


def _to_do(condition: Condition, report: DutyFailed) -> str:
    for word, advice in _NETWORK_TO_DO:
        if word in report.reason:
            return advice
    match report.failure_class:
        case FailureClass.REFUSED:
            return "Check TABCREW_USERNAME and TABCREW_PASSWORD: portals lock accounts after a few tries."
        case FailureClass.UNATTENDED:
            return "Try again when you are there to sign in, or raise that limit; 0 waits for ever."
        case _ if report.step == STEP_BY_HAND:
            return "Try again, and sign in on the tab that is shown."
        case FailureClass.MISFIT:
            return "Look at the screenshot, and correct the setting or the adapter that is named."
        case FailureClass.CONFLICT:
            return ""  # the reason says what to do
        case FailureClass.THROTTLE:
            return "The portal asks to slow down: wait, then try again."
        case FailureClass.STORAGE:
            return "Make room, or mend the disk."
        case FailureClass.WORKER:
            return "The page hung or took its worker with it: see it with --visible --pause."
        case _ if condition is Condition.PORTAL:
            return "Open the address in a browser of yours: does it answer there?"
        case _:
            return "See the page where it stopped: check --visible --pause."
