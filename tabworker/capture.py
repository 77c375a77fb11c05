"""The four ways to capture a document. Each leaves it in ``tab.destination`` or raises a failure class."""

from typing import TYPE_CHECKING

from playwright.sync_api import Locator

from tabworker.capture_click import LedToPage, click_for_document
from tabworker.capture_fetch import Fetcher
from tabworker.captured import Captured

if TYPE_CHECKING:
    from tabworker.tab import Tab


class Capture:
    """Bound to one tab. Nothing is asked for twice, as a portal may serve a document only once; but for a PDF
    in a pop-up of a Chrome that shows PDFs, which cannot be had otherwise.
    """

    def __init__(self, tab: "Tab") -> None:
        self._tab = tab
        self._fetcher: Fetcher | None = None

    def fetch(self, url: str, *, authorization: str = "") -> Captured:
        """Request ``url`` with the session's cookies, without loading it in the page. The cheapest way.

        ``url`` may be relative to the page's. ``authorization``: a header for its origin, and for no other to
        which a redirect may lead; ``tab.keep_secret`` what is one. Raises Throttled, SessionLost, Transient,
        or NotFound (404 and 410).
        """
        if self._fetcher is None:
            self._fetcher = Fetcher(self._tab)
        return self._fetcher.fetch(url, authorization)

    def close(self) -> None:
        """Close the connections that ``fetch`` keeps."""
        if self._fetcher is not None:
            self._fetcher.close()

    def click(self, locator: Locator) -> Captured:
        """Click, and take the PDF to which that leads: download, viewer, pop-up, form POST or blob.

        Raises LedToPage when it leads to a page instead, else Throttled or Transient.
        """
        try:
            return click_for_document(self._tab, locator)
        except LedToPage as page:
            if self._tab.shows_pdfs and page.url in self._tab.popups_with_pdf():
                return self.fetch(page.url)
            raise

    def download(self, locator: Locator) -> Captured:
        """Click, and take the file that the portal offers for download, whatever pages come before it.

        Where ``click`` gives up on a page that is not a PDF, this one waits until the step's time is over.
        """
        return click_for_document(self._tab, locator, give_up_on_pages=False)

    def print(self) -> Captured:
        """Print the page that the tab shows into a PDF."""
        page = self._tab.page
        page.pdf(path=self._tab.destination, print_background=True, prefer_css_page_size=True)
        return Captured(self._tab.destination, page.url)
