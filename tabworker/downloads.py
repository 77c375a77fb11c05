"""The downloads of this tab and its pop-ups: which ended, where their files lie.

Not by Playwright's ``Download``: it does not tell the GUID under which the file lies, and its ``path()``
waits without any limit. The endpoint repeats Chrome's own events on a browser-level session, and
Playwright's ``download`` event comes from it too, when the file is whole: that one wakes us, without looking
again and again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.failures import Transient


@dataclass
class KnownDownload:
    """``state``: inProgress, completed or canceled. ``path``: the file, whole once completed."""

    guid: str
    url: str
    path: Path
    state: str = "inProgress"


class Downloads:
    """What Chrome told so far of this tab's downloads. It is heard only while Playwright waits for
    something.
    """

    def __init__(self, page: Page, folder: Path) -> None:
        browser = page.context.browser
        if browser is None:
            raise RuntimeError("the page belongs to no browser")
        self._page = page
        self._folder = folder
        self._known: dict[str, KnownDownload] = {}
        self._session = browser.new_browser_cdp_session()
        self._session.on("Browser.downloadWillBegin", self._will_begin)
        self._session.on("Browser.downloadProgress", self._progress)

    def _will_begin(self, event: dict[str, Any]) -> None:
        guid = event["guid"]
        self._known[guid] = KnownDownload(guid, event["url"], self._folder / guid)

    def _progress(self, event: dict[str, Any]) -> None:
        download = self._known.get(event["guid"])
        if download is not None:
            download.state = event["state"]

    @property
    def under_way(self) -> bool:
        return any(download.state == "inProgress" for download in self._known.values())

    def bytes_under_way(self) -> int:
        """What has arrived so far of the downloads that have not ended."""
        return sum(_size_so_far(known.path) for known in self._known.values() if known.state == "inProgress")

    def listen(self) -> None:
        """Let Playwright take in what it was told meanwhile, for whoever waits for something else than it."""
        self._session.send("Browser.getVersion")

    def wait_ended(self, within_s: float) -> KnownDownload | None:
        """A completed download, as soon as there is one; None when there is none in time.

        Raises Transient when one was broken off.
        """
        if self._ended() is None:
            try:
                self._page.context.wait_for_event("download", timeout=max(1.0, within_s * 1000))
            except PlaywrightTimeout:
                pass  # the caller decides what it means that nothing came
        download = self._ended()
        if download is not None and download.state == "canceled":
            self.forget(download)
            raise Transient(
                f"Chrome broke off the download of {download.url}: "
                "the portal cut the connection, or the disk is full"
            )
        return download

    def _ended(self) -> KnownDownload | None:
        return next((known for known in self._known.values() if known.state != "inProgress"), None)

    def forget(self, download: KnownDownload) -> None:
        self._known.pop(download.guid, None)

    def discard_all(self) -> None:
        """Delete the files of all downloads that nobody took, and cancel those under way."""
        for download in list(self._known.values()):
            if download.state == "inProgress":
                self._cancel(download)
            download.path.unlink(missing_ok=True)
            self.forget(download)

    def _cancel(self, download: KnownDownload) -> None:
        try:
            self._session.send("Browser.cancelDownload", {"guid": download.guid})
        except PlaywrightError:
            pass  # it ended meanwhile


def _size_so_far(path: Path) -> int:
    """Chrome writes into a file of this name until the download is whole."""
    try:
        return path.with_name(f"{path.name}.crdownload").stat().st_size
    except OSError:
        return 0
