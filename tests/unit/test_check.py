"""What a check makes of its worker's reports: which condition they decide, the exit code, what to do."""

import pytest

from supervisor.check import RECORDS_TRIED, CheckSheet, Condition, Finding, Outcome
from supervisor.exit_codes import ExitCode
from tabworker.failures import FailureClass
from tabworker.messages import (
    STEP_BY_HAND,
    Credentials,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    OpenPortal,
    PortalOpened,
    Record,
    RecordsListed,
    SessionProven,
    SignIn,
)

OPEN = OpenPortal(1, "https://portal.example", 30.0)
SIGN_IN = SignIn(2, Credentials("me", "secret"), 60.0)
BY_HAND = SignIn(2, Credentials("", ""), 60.0, by_hand=True)
LIST = ListRecords(3, 60.0)
FETCH = FetchDocument(4, Record("V-1"), 1, 60.0, "V-1-attempt-1")
EARLIER = (Condition.SETTINGS, Condition.ACCOUNT, Condition.DISK, Condition.DISPLAY)


def sheet(*, form: bool = True, has_sign_in: bool = True) -> tuple[CheckSheet, list[Finding]]:
    """A sheet on which everything up to Chrome is good, and what it says."""
    said: list[Finding] = []
    new = CheckSheet(said.append, form=form, has_sign_in=has_sign_in)
    for condition in EARLIER:
        new.good(condition, "")
    new.worker_ready()
    said.clear()
    return new, said


def failed(duty: Duty, failure: FailureClass, step: str = "", reason: str = "why") -> DutyFailed:
    return DutyFailed(duty.epoch, failure, reason, step, evidence=["x.png"])  # type: ignore[union-attr]


def test_check_is_good_line_by_line_when_all_duties_succeed() -> None:
    new, said = sheet()
    new.heard(OPEN, PortalOpened(1, 404, "https://portal.example/", "Not here"))
    new.heard(SIGN_IN, SessionProven(2, signed_in_now=True))
    new.heard(LIST, RecordsListed(3, 1234))
    assert not new.is_complete
    new.heard(FETCH, DocumentFetched(4, "ab", 2048, 1, 0.5, "odd"))
    assert new.is_complete
    assert new.failed is None
    assert [(one.condition, one.outcome) for one in said] == [
        (condition, Outcome.GOOD) for condition in (*Condition.__members__.values(),)[len(EARLIER) + 2 :]
    ]
    assert "1,234" in said[-2].text
    assert said[-1].text == "V-1: 1 page, 2 KiB, verified, in 0.5 s; note: odd"
    assert said[-1].files == ("documents/V-1.pdf",)


def test_password_is_not_needed_when_the_profile_still_has_the_session() -> None:
    new, said = sheet()
    new.heard(SIGN_IN, SessionProven(2, signed_in_now=False))
    assert [one.outcome for one in said] == [Outcome.NOT_NEEDED, Outcome.GOOD]
    assert "in the profile" in said[0].text


def test_session_is_said_to_be_that_chromes_when_it_is_attached_to() -> None:
    said: list[Finding] = []
    CheckSheet(said.append, form=True, has_sign_in=True, attached=True).heard(
        SIGN_IN, SessionProven(2, False)
    )
    assert "in that Chrome" in said[0].text


@pytest.mark.parametrize(
    ("duty", "failure", "step", "condition", "code"),
    [
        (OPEN, FailureClass.TRANSIENT, "open portal", Condition.PORTAL, ExitCode.PORTAL_DOWN),
        (SIGN_IN, FailureClass.MISFIT, "open sign-in page", Condition.SIGN_IN_PAGE, ExitCode.USAGE),
        (SIGN_IN, FailureClass.MISFIT, "fill in sign-in form", Condition.SIGN_IN_PAGE, ExitCode.USAGE),
        (SIGN_IN, FailureClass.REFUSED, "submit", Condition.SIGNED_IN, ExitCode.SIGN_IN_REFUSED),
        (SIGN_IN, FailureClass.CONFLICT, "submit", Condition.SIGNED_IN, ExitCode.SIGN_IN_REFUSED),
        (SIGN_IN, FailureClass.TRANSIENT, "prove the session", Condition.SIGNED_IN, ExitCode.PORTAL_DOWN),
        (BY_HAND, FailureClass.UNATTENDED, STEP_BY_HAND, Condition.SIGNED_IN, ExitCode.SIGN_IN_REFUSED),
        (BY_HAND, FailureClass.TRANSIENT, STEP_BY_HAND, Condition.SIGNED_IN, ExitCode.SIGN_IN_REFUSED),
        (LIST, FailureClass.MISFIT, "export", Condition.RECORDS, ExitCode.USAGE),
        (FETCH, FailureClass.TRANSIENT, "capture", Condition.DOCUMENT, ExitCode.SOME_FAILED),
        (FETCH, FailureClass.WORKER, "capture", Condition.DOCUMENT, ExitCode.SOME_FAILED),
        (FETCH, FailureClass.STORAGE, "verify", Condition.DOCUMENT, ExitCode.DISK),
    ],
)
def test_failure_stops_at_its_condition_when_a_duty_failed(
    duty: Duty, failure: FailureClass, step: str, condition: Condition, code: ExitCode
) -> None:
    new, said = sheet()
    new.heard(duty, failed(duty, failure, step))
    assert new.failed == said[-1]
    assert (said[-1].condition, said[-1].exit_code) == (condition, code)
    assert said[-1].files == ("failures/x.png",)
    new.heard(FETCH, DocumentFetched(4, "ab", 2048, 1, 0.5))
    new.close()
    later = list(Condition)[list(Condition).index(condition) + 1 :]
    told_last = {one.condition: one.outcome for one in said}
    assert all(told_last[one] is Outcome.NOT_TRIED for one in later)


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("Page.goto: net::ERR_NAME_NOT_RESOLVED at https://x", "typing error"),
        ("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://x", "certificate"),
        ("Page.goto: Timeout 30000ms exceeded.", "browser of yours"),
    ],
)
def test_portal_that_cannot_be_reached_gets_advice_by_its_error(reason: str, advice: str) -> None:
    new, said = sheet()
    new.heard(OPEN, failed(OPEN, FailureClass.TRANSIENT, "open portal", reason))
    assert advice in said[-1].to_do


def test_portal_is_down_when_it_answers_with_a_server_error() -> None:
    new, said = sheet()
    new.heard(OPEN, PortalOpened(1, 503, "https://portal.example/", ""))
    assert said[-1].exit_code is ExitCode.PORTAL_DOWN


def test_next_record_is_tried_when_the_first_has_no_document() -> None:
    new, said = sheet()
    for number in range(1, RECORDS_TRIED + 1):
        assert new.failed is None
        record = FetchDocument(number, Record(f"V-{number}"), 1, 60.0, "x")
        new.heard(record, failed(record, FailureClass.PERMANENT, reason="no report"))
    assert said[-1].exit_code is ExitCode.SOME_FAILED
    assert "V-1: no report" in said[-1].text
    assert "--only" in said[-1].to_do


def test_nothing_is_concluded_when_chrome_died_under_a_duty() -> None:
    new, said = sheet()
    new.heard(OPEN, failed(OPEN, FailureClass.OURS))
    assert said == []


def test_adapter_is_named_when_it_cannot_be_loaded() -> None:
    said: list[Finding] = []
    new = CheckSheet(said.append, form=False, has_sign_in=True)
    new.heard(None, DutyFailed(0, FailureClass.MISFIT, "module my cannot be imported", "load adapter"))
    assert (said[-1].condition, said[-1].exit_code) == (Condition.ADAPTER, ExitCode.USAGE)
