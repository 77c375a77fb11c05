"""Captures a document by a request of the session, without the page: cookies, redirects, no rendering."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from playwright.sync_api import APIResponse
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.captured import Captured
from tabworker.failures import Transient
from tabworker.http_status import failure_of_status

if TYPE_CHECKING:
    from tabworker.tab import Tab

MOST_BYTES = 512 * 1024 * 1024
"""The driver holds a whole answer in memory. Larger documents: capture = click, which writes straight to
disk.
"""

MOST_REDIRECTS = 20


def fetch_document(tab: "Tab", url: str) -> Captured:
    """Write the body of ``url`` to ``tab.destination``; raises the failure that its status means."""
    full_url = urljoin(tab.page.url, url)
    within_s = tab.remaining_s
    try:
        response = tab.page.context.request.get(
            full_url,
            headers={"Accept": "application/pdf,*/*;q=0.8", "Referer": tab.page.url},
            timeout=within_s * 1000,
            max_redirects=MOST_REDIRECTS,
        )
    except PlaywrightTimeout as error:
        raise Transient(f"the portal did not answer {full_url} within {within_s:.0f} s") from error
    except PlaywrightError as error:
        raise Transient(f"the request of {full_url} failed: {_first_line(error)}") from error
    try:
        return _keep(tab, response)
    finally:
        response.dispose()


def _keep(tab: "Tab", response: APIResponse) -> Captured:
    headers = response.headers
    failure = failure_of_status(response.status, response.url, headers.get("retry-after"), datetime.now(UTC))
    if failure is not None:
        raise failure
    length = content_length(headers)
    if length is not None and length > MOST_BYTES:
        raise Transient(
            f"{response.url} is {length / 2**20:.0f} MB, more than fetch takes ({MOST_BYTES // 2**20} MB). "
            "Set [portal] capture = click for such documents"
        )
    tab.destination.write_bytes(response.body())
    return Captured(tab.destination, response.url, response.status, headers.get("content-type"), length)


def content_length(headers: dict[str, str]) -> int | None:
    """The size that the body must have; None when the header tells a compressed size or nothing."""
    text = headers.get("content-length", "")
    encoded = headers.get("content-encoding", "identity") not in ("", "identity")
    return int(text) if text.isascii() and text.isdigit() and not encoded else None


def _first_line(error: PlaywrightError) -> str:
    return error.message.strip().split("\n", 1)[0]
