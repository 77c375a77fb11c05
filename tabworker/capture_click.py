"""Captures the document to which a click leads, whichever way the portal has chosen for it.

Chrome is told to download PDFs instead of showing them, so attachment, viewer, pop-up, form POST and blob all end as a
download. What is left is a page where a PDF was expected; it is told with its address, title and status.
"""

import errno
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, Response

from tabworker.capture_fetch import content_length
from tabworker.captured import Captured
from tabworker.downloads import BegunDownload
from tabworker.failures import Transient
from tabworker.http_status import failure_of_status

if TYPE_CHECKING:
    from tabworker.tab import Tab

LISTEN_SLICE_S = 0.25
"""A download is noticed at once, a page within this time."""

PAGE_PATIENCE_S = 3.0
"""How long a page may stand there before its download begins ("your download will start shortly")."""


class LedToPage(Transient):
    """A click led to a page instead of a document. ``status`` is None when the page came without an answer of its own."""

    def __init__(self, url: str, title: str, status: int | None, dialogs: list[str]) -> None:
        said = f"; it said {'; '.join(repr(text) for text in dialogs)}" if dialogs else ""
        super().__init__(f"the click led to the page {title!r} at {url} instead of a PDF{said}")
        self.url = url
        self.title = title
        self.status = status


def click_for_document(tab: "Tab", locator: Locator, *, give_up_on_pages: bool = True) -> Captured:
    """Click and move the PDF to ``tab.destination``."""
    tab.downloads.discard_all()
    answers = _Answers(tab.page)
    try:
        locator.click(timeout=tab.remaining_s * 1000, no_wait_after=True)
        download = _wait_begun(tab, answers, give_up_on_pages)
        path = tab.downloads.wait_ended(download, tab.remaining_s)
    finally:
        answers.stop()
    move_file(path, tab.destination)
    tab.downloads.forget(download)
    answer = answers.of_url(download.url)
    if answer is None:
        return Captured(tab.destination, download.url)
    headers = answer.headers
    return Captured(
        tab.destination, download.url, answer.status, headers.get("content-type"), content_length(headers)
    )


class _Answers:
    """The answers to navigations of this tab and its pop-ups, from the click on."""

    def __init__(self, page: Page) -> None:
        self._context = page.context
        self._responses: list[Response] = []
        self._context.on("response", self._take)

    def _take(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._responses.append(response)

    def of_url(self, url: str) -> Response | None:
        return next((answer for answer in reversed(self._responses) if answer.url == url), None)

    def newest_page(self) -> Response | None:
        """The latest answer that is a page by its own word or by its status."""
        for answer in reversed(self._responses):
            kind = answer.headers.get("content-type", "")
            if answer.status >= 400 or (answer.status < 300 and "html" in kind):
                return answer
        return None

    def stop(self) -> None:
        self._context.remove_listener("response", self._take)


def _wait_begun(tab: "Tab", answers: _Answers, give_up_on_pages: bool) -> BegunDownload:
    give_up_at = time.monotonic() + tab.remaining_s
    page_since: float | None = None
    while True:
        left_s = give_up_at - time.monotonic()
        download = tab.downloads.wait_begun(min(LISTEN_SLICE_S, max(left_s, 0.001)))
        if download is not None:
            return download
        page = answers.newest_page() if give_up_on_pages else None
        now = time.monotonic()
        if page is not None:
            page_since = now if page_since is None else page_since
            if page.status >= 400 or now - page_since >= PAGE_PATIENCE_S:
                raise _led_to(tab, page)
        if now >= give_up_at:
            raise _nothing_came(tab)


def _led_to(tab: "Tab", answer: Response) -> Exception:
    failure = failure_of_status(
        answer.status, answer.url, answer.headers.get("retry-after"), datetime.now(UTC)
    )
    if failure is not None:
        return failure
    return LedToPage(answer.url, _title_of(tab, answer.url), answer.status, tab.dialogs)


def _nothing_came(tab: "Tab") -> Transient:
    said = f"; the page said {'; '.join(repr(text) for text in tab.dialogs)}" if tab.dialogs else ""
    return Transient(
        f"the click on {tab.page.url} led to no document in step {tab.current_step!r}{said}. "
        "Raise [portal] step_timeout_s if the portal is slow"
    )


def _title_of(tab: "Tab", url: str) -> str:
    for page in tab.page.context.pages:
        if page.url == url:
            try:
                return page.title()[:200]
            except PlaywrightError:
                return ""  # it closed or navigated on while we asked
    return ""


def move_file(source: Path, destination: Path) -> None:
    """Rename, or copy and delete where the two lie on different file systems."""
    try:
        source.replace(destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = destination.with_name(destination.name + ".part")
        shutil.copyfile(source, part)
        os.replace(part, destination)
        source.unlink()
