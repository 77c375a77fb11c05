"""Captures the document to which a click leads, whichever way the portal has chosen for it.

Chrome is told to download PDFs instead of showing them, so attachment, viewer, pop-up, form POST and blob
all end as a download. What is left is a page where a PDF was expected; it is told with its address, title
and status.
"""

import errno
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Locator, Page, Response

from tabworker.body_flow import BodyFlow
from tabworker.captured import Captured, content_length
from tabworker.downloads import KnownDownload
from tabworker.failures import PortalFailure, Transient
from tabworker.http_status import failure_of_status

if TYPE_CHECKING:
    from tabworker.tab import Tab

LISTEN_SLICE_S = 0.25
"""A download is noticed at once, a page within this time."""

PAGE_PATIENCE_S = 3.0
"""How long a page may stand there before its download begins ("your download will start shortly")."""


class LedToPage(Transient):
    """A click led to a page, in this tab or in a pop-up, instead of a document."""

    def __init__(self, url: str, title: str, dialogs: list[str]) -> None:
        said = f"; it said {'; '.join(repr(text) for text in dialogs)}" if dialogs else ""
        super().__init__(f"the click led to the page {title!r} at {url} instead of a PDF{said}")
        self.url = url
        self.title = title


def click_for_document(tab: "Tab", locator: Locator, *, give_up_on_pages: bool = True) -> Captured:
    """Click and move the PDF to ``tab.destination``."""

    def click() -> None:
        # By mouse. A click by script (``locator.evaluate``) was tried and costs more CPU (197 against 186 ms
        # a document, page visit included): Playwright then loads its selector engine into a second world.
        locator.click(timeout=tab.remaining_s * 1000, no_wait_after=True)

    return wait_for_document(tab, click, give_up_on_pages=give_up_on_pages)


def wait_for_document(tab: "Tab", begin: Callable[[], None], *, give_up_on_pages: bool = True) -> Captured:
    """Do what leads to the document, and move it to ``tab.destination`` once Chrome has saved it."""
    tab.downloads.discard_all()
    answers = _Answers(tab.page)
    try:
        begin()
        download = _wait_ended(tab, answers, give_up_on_pages)
    finally:
        answers.stop()
    move_file(download.path, tab.destination)
    tab.downloads.forget(download)
    answer = answers.of_url(download.url)
    if answer is None:
        return Captured(tab.destination, download.url)
    headers = answer.headers
    return Captured(
        tab.destination, download.url, answer.status, headers.get("content-type"), content_length(headers)
    )


class _Answers:
    """What a click brought up in this tab and its pop-ups: answers to navigations, and pages."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._responses: list[Response] = []
        self._navigated = False
        page.context.on("response", self._take_response)
        page.on("framenavigated", self._take_navigation)

    def _take_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._responses.append(response)

    def _take_navigation(self, frame: Frame) -> None:
        self._navigated = self._navigated or frame == self._page.main_frame

    def of_url(self, url: str) -> Response | None:
        return next((answer for answer in reversed(self._responses) if answer.url == url), None)

    def failed(self) -> PortalFailure | None:
        """The failure that the latest answer's status means."""
        if not self._responses:
            return None
        answer = self._responses[-1]
        retry_after = answer.headers.get("retry-after")
        return failure_of_status(answer.status, answer.url, retry_after, datetime.now(UTC))

    def page_shown(self) -> Page | None:
        """The pop-up that shows something, else the tab if it has gone to another page."""
        popups = [page for page in self._page.context.pages if page is not self._page]
        for popup in reversed(popups):
            if popup.url not in ("", ":", "about:blank"):
                return popup
        return self._page if self._navigated else None

    def stop(self) -> None:
        self._page.context.remove_listener("response", self._take_response)
        self._page.remove_listener("framenavigated", self._take_navigation)


def _wait_ended(tab: "Tab", answers: _Answers, give_up_on_pages: bool) -> KnownDownload:
    give_up_at = time.monotonic() + tab.remaining_s
    page_since: float | None = None
    flow = BodyFlow(tab)
    while True:
        left_s = give_up_at - time.monotonic()
        download = tab.downloads.wait_ended(min(LISTEN_SLICE_S, max(left_s, 0.001)))
        if download is not None:
            return download
        if flow.goes_on(tab.downloads.bytes_under_way()):
            give_up_at = time.monotonic() + tab.remaining_s
        if tab.crashed:
            raise Transient(f"the tab crashed while the document of {tab.page.url} was awaited")
        now = time.monotonic()
        if not tab.downloads.under_way:
            failed = answers.failed()
            if failed is not None:
                raise failed
            shown = answers.page_shown() if give_up_on_pages else None
            if shown is not None:
                page_since = now if page_since is None else page_since
                if now - page_since >= PAGE_PATIENCE_S:
                    raise LedToPage(shown.url, _title_of(shown), tab.dialogs)
        if now >= give_up_at:
            tab.stop_loading()
            raise _nothing_came(tab)


def _nothing_came(tab: "Tab") -> Transient:
    said = f"; the page said {'; '.join(repr(text) for text in tab.dialogs)}" if tab.dialogs else ""
    return Transient(
        f"the click on {tab.page.url} led to no document in step {tab.current_step!r}{said}. "
        "Raise [portal] step_timeout_s if the portal is slow"
    )


def _title_of(page: Page) -> str:
    try:
        return page.title()[:200]
    except PlaywrightError:
        return ""  # it closed or went on while we asked


def move_file(source: Path, destination: Path) -> None:
    """Rename, or copy and delete where the two lie on different file systems."""
    try:
        source.replace(destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = destination.with_name(destination.name + ".part")
        shutil.copyfile(source, part)
        part.replace(destination)
        source.unlink()
