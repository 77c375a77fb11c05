"""A record never pays for what ended its worker."""

import pytest

from supervisor.fate import Fate, in_hindsight
from tabworker.failures import FailureClass
from tabworker.messages import Attached, DutyFailed

CHROME_DIED = Fate(FailureClass.OURS, "Chrome died")


def failed(failure: FailureClass) -> DutyFailed:
    return DutyFailed(7, failure, "the page was closed", "open record")


def test_closed_page_is_ours_when_its_worker_was_ended_because_chrome_died() -> None:
    judged = in_hindsight(failed(FailureClass.TRANSIENT), CHROME_DIED)
    assert isinstance(judged, DutyFailed)
    assert (judged.epoch, judged.failure_class) == (7, FailureClass.OURS)
    assert judged.reason == "Chrome died (the page was closed)"


@pytest.mark.parametrize("fate", [None, Fate(FailureClass.WORKER, "it hung")])
def test_report_stands_when_nothing_of_ours_ended_its_worker(fate: Fate | None) -> None:
    report = failed(FailureClass.TRANSIENT)
    assert in_hindsight(report, fate) is report


@pytest.mark.parametrize("failure", [f for f in FailureClass if f is not FailureClass.TRANSIENT])
def test_report_stands_when_the_portal_itself_said_it(failure: FailureClass) -> None:
    report = failed(failure)
    assert in_hindsight(report, CHROME_DIED) is report


def test_other_reports_stand_when_chrome_died() -> None:
    attached = Attached(took_s=0.5)
    assert in_hindsight(attached, CHROME_DIED) is attached
