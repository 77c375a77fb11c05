"""Tabs as workers have them: one Chrome, its root connection as the supervisor holds it, attached tabs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.chrome import Chrome
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import close_tab, open_tab
from tabworker.attach import AttachedTab, attach
from tabworker.popup_downloads import PopupDownloadNotes
from tabworker.tab import Tab
from tests.support.chrome import root_connection, running_chrome


@dataclass
class TabBench:
    chrome: Chrome
    root: RootConnection
    playwright: Playwright
    downloads: Path
    headless: bool

    @contextmanager
    def attached(self) -> Iterator[AttachedTab]:
        """A new tab as the supervisor opens it, attached; closed at the end, also when it spins."""
        target = open_tab(self.root, own_window=self.headless)
        try:
            attached = attach(self.playwright, self.chrome.ws_url, target, self.downloads)
            try:
                yield attached
            finally:
                attached.detach()
        finally:
            assert close_tab(self.root, self.chrome.http_url, target)

    @contextmanager
    def tab(self, destination: Path) -> Iterator[Tab]:
        with self.attached() as attached:
            tab = Tab(attached.page, downloads_dir=self.downloads, on_step=lambda _name, _within_s: None)
            tab.destination = destination
            try:
                yield tab
            finally:
                tab.capture.close()


@contextmanager
def tab_bench(folder: Path, *, headless: bool = True) -> Iterator[TabBench]:
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    with (
        running_chrome(folder / "profile", headless=headless) as chrome,
        root_connection(chrome) as root,
        sync_playwright() as playwright,
    ):
        root.on_event(PopupDownloadNotes(downloads).on_event)
        set_download_folder(root, downloads, events=True)
        root.call("Target.setDiscoverTargets", {"discover": True})
        yield TabBench(chrome, root, playwright, downloads, headless)
