"""What a status means for a document, and what a portal may ask for in Retry-After."""

from datetime import UTC, datetime

import pytest

from tabworker.failures import PortalFailure, SessionLost, Throttled, Transient
from tabworker.http_status import LONGEST_WAIT_S, Forbidden, NotFound, failure_of_status, retry_after_s

NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 204, 301, 304, 399])
def test_status_is_no_failure_when_it_is_below_400(status: int) -> None:
    assert failure_of_status(status, "/d", None, NOW) is None


@pytest.mark.parametrize(
    ("status", "retry_after", "kind"),
    [
        (401, None, SessionLost),
        (403, None, Forbidden),
        (404, None, NotFound),
        (410, None, NotFound),
        (429, None, Throttled),
        (429, "30", Throttled),
        (500, None, Transient),
        (503, None, Transient),
        (503, "30", Throttled),
    ],
)
def test_status_names_whose_fault_it_is_when_it_is_an_error(
    status: int, retry_after: str | None, kind: type[PortalFailure]
) -> None:
    failure = failure_of_status(status, "https://portal/d", retry_after, NOW)
    assert type(failure) is kind
    assert str(status) in failure.reason
    assert "https://portal/d" in failure.reason


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("-5", None),
        ("9" * 5000, LONGEST_WAIT_S),
        ("Tue, 01 Jan 2030 12:01:00 GMT", 60.0),
        ("Tue, 01 Jan 2030 12:01:00 -0000", 60.0),
        ("Tue, 01 Jan 2030 11:00:00 GMT", 0.0),
        ("Tue, 01 Jan 2999 11:00:00 GMT", LONGEST_WAIT_S),
        ("Tue, 99 Jan 2030 11:00:00 GMT", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_within_limits_when_a_portal_sends_anything(
    header: str | None, wait_s: float | None
) -> None:
    assert retry_after_s(header, NOW) == wait_s
