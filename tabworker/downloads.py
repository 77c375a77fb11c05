"""The downloads of this tab and its pop-ups: which began, which ended, where their files lie.

Not by Playwright's ``Download``: its ``path()`` and ``failure()`` wait without any limit, and a portal may stall in mid-
document. The endpoint repeats Chrome's own events on a browser-level session; the file bears the download's GUID.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.failures import Transient

_LOOK_EVERY_S = 0.01
_LISTEN_EVERY_S = 0.5


@dataclass
class BegunDownload:
    """``state``: inProgress, completed or canceled."""

    guid: str
    url: str
    file_name: str
    state: str = "inProgress"


class Downloads:
    """What Chrome told so far of this tab's downloads; told anew only while Playwright waits for something."""

    def __init__(self, page: Page, folder: Path) -> None:
        browser = page.context.browser
        if browser is None:
            raise RuntimeError("the page belongs to no browser")
        self._page = page
        self._folder = folder
        self._begun: dict[str, BegunDownload] = {}
        self._session = browser.new_browser_cdp_session()
        self._session.on("Browser.downloadWillBegin", self._will_begin)
        self._session.on("Browser.downloadProgress", self._progress)

    def _will_begin(self, event: dict[str, Any]) -> None:
        guid = event["guid"]
        self._begun[guid] = BegunDownload(guid, event["url"], event.get("suggestedFilename", ""))

    def _progress(self, event: dict[str, Any]) -> None:
        download = self._begun.get(event["guid"])
        if download is not None:
            download.state = event["state"]

    def newest(self) -> BegunDownload | None:
        return next(reversed(self._begun.values()), None)

    def wait_begun(self, within_s: float) -> BegunDownload | None:
        """The newest download, as soon as there is one; None when none begins in time."""
        if not self._begun:
            try:
                self._page.context.wait_for_event("download", timeout=max(1.0, within_s * 1000))
            except PlaywrightTimeout:
                pass  # the caller decides what it means that nothing began
        return self.newest()

    def wait_ended(self, download: BegunDownload, within_s: float) -> Path:
        """Its file, whole. Raises Transient when it was broken off or is not whole in time."""
        path = self._folder / download.guid
        give_up_at = time.monotonic() + within_s
        listen_at = time.monotonic() + _LISTEN_EVERY_S
        # Chrome writes under another name and renames when all bytes are there: the name is the proof. Looking at the
        # folder costs no round trip; Chrome's word is needed only for downloads that were broken off.
        while not path.exists():
            now = time.monotonic()
            if download.state == "canceled":
                raise Transient(
                    f"Chrome broke off the download of {download.url}: the connection was cut or the disk full"
                )
            if now >= give_up_at:
                self._cancel(download)
                raise Transient(f"the download of {download.url} was not complete within {within_s:.0f} s")
            if now >= listen_at:
                self._page.wait_for_timeout(1)
                listen_at = now + _LISTEN_EVERY_S
            time.sleep(_LOOK_EVERY_S)
        return path

    def forget(self, download: BegunDownload) -> None:
        self._begun.pop(download.guid, None)

    def discard_all(self) -> None:
        """Delete the files of all downloads that nobody took, and cancel those under way."""
        for download in list(self._begun.values()):
            if download.state == "inProgress":
                self._cancel(download)
            (self._folder / download.guid).unlink(missing_ok=True)
            self.forget(download)

    def _cancel(self, download: BegunDownload) -> None:
        if (self._folder / download.guid).exists():
            return
        try:
            self._session.send("Browser.cancelDownload", {"guid": download.guid})
        except PlaywrightError:
            pass  # it ended meanwhile
