"""What an HTTP status means for a document: whose fault it is, how long the portal asks to wait. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tabworker.failures import Permanent, PortalFailure, SessionLost, Throttled, Transient

LONGEST_WAIT_S = 3600.0
"""A portal that asks for more is taken at this: Retry-After is hostile input too."""


class NotFound(Permanent):
    """404 or 410: the portal has no such document. An adapter that knows better catches it."""


class Forbidden(Transient):
    """403: no proof of a lost session, because portals use it for missing rights, firewalls and rate limits
    as well. Who can ask the portal whether the session holds does so before the attempt is charged.
    """


def failure_of_status(status: int, url: str, retry_after: str | None, now: datetime) -> PortalFailure | None:
    """The failure to raise for an answer to a document's request; None when the status is no failure."""
    if status < 400:
        return None
    if status == 429 or (status == 503 and retry_after is not None):
        wait_s = retry_after_s(retry_after, now)
        asked = "" if wait_s is None else f" and asked to wait {wait_s:.0f} s"
        return Throttled(f"the portal answered {status} to {url}{asked}", wait_s)
    if status == 401:
        return SessionLost(f"the portal answered 401 to {url}: signed out")
    if status in (404, 410):
        return NotFound(f"the portal answered {status} to {url}: it has no such document")
    if status == 403:
        return Forbidden(f"the portal answered 403 to {url}")
    return Transient(f"the portal answered {status} to {url}")


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or an HTTP date; None when it says neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), LONGEST_WAIT_S)
