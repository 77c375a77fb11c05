"""Lets Chrome itself fetch an address: it saves a document, and a page in its place is read off the tab.

Everything is Chrome's own here: certificates of its store or the user's, proxies chosen by script, Kerberos.
Against a request of ours it costs about 50 ms more CPU a document, so it is for where that cannot connect.
"""

from typing import TYPE_CHECKING

from playwright.sync_api import Error as PlaywrightError

from tabworker.capture_click import LedToPage, wait_for_document
from tabworker.captured import Captured
from tabworker.failures import Transient

if TYPE_CHECKING:
    from tabworker.tab import Tab

_TURNED_INTO_DOWNLOAD = ("Download is starting", "net::ERR_ABORTED")


def navigate_for_document(tab: "Tab", url: str, referer: str) -> Captured:
    """Leave the document, or the page that came in its place, in ``tab.destination``."""

    def begin() -> None:
        try:
            tab.page.goto(url, wait_until="commit", timeout=tab.remaining_s * 1000, referer=referer or None)
        except PlaywrightError as error:
            if not any(words in error.message for words in _TURNED_INTO_DOWNLOAD):
                said = error.message.strip().split("\n", 1)[0]
                raise Transient(f"Chrome cannot open {url} either: {said}") from error

    try:
        return wait_for_document(tab, begin)
    except LedToPage as page:
        # As with a request of ours: who asked looks into it and finds the sign-in form, or the reason.
        tab.destination.write_text(tab.page.content(), encoding="utf-8", errors="replace")
        return Captured(tab.destination, page.url, 200, "text/html")
