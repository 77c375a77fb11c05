"""A Chrome of somebody else's: its session is used, our tabs come and go, everything else stays as it was.

What is not ours is never touched: no tab, no cookie, no profile, and no renderer is crashed, as a tab of its
user may live in it. One thing cannot be had for our tabs alone: where downloads go is one setting for the
whole browser (HAZARDS C4). It is changed only when documents come as downloads, what its user downloads
meanwhile is handed over (own_downloads), and it falls back by itself when our connection ends in any way.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from loguru import logger

from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.errors import ChromeError
from chrome_launcher.process_tree import ProcessIdentity
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.running import RunningChrome, find_running
from chrome_launcher.tabs import close_tab, list_tabs, submit_open_tab
from supervisor.attached_tabs import AttachedTabs, close_noted_tabs, keep_chrome_open
from supervisor.own_downloads import OwnDownloads
from supervisor.work_dir import WorkDir
from tabworker.popup_downloads import PopupDownloadNotes


@dataclass(frozen=True)
class Attachment:
    """How to come to it. ``downloads``: whether documents come as downloads. ``say``: for what its user may
    miss.
    """

    address: str
    work_dir: WorkDir
    run_id: str
    downloads: bool
    say: Callable[[str], None]

    def start(self, _cookies: object) -> "AttachedChrome":
        """Connect. Blocks seconds; raises ChromeError or OSError."""
        running = find_running(self.address)
        root = RootConnection.connect(running.ws_url)
        try:
            tabs = AttachedTabs(self.work_dir.attached_tabs, running.ws_url, running.http_url, self.run_id)
            own = OwnDownloads(self.work_dir, tabs.ours_of, self.say) if self.downloads else None
            if own is not None:
                root.on_event(PopupDownloadNotes(self.work_dir.downloads).on_event)
                root.on_event(own.on_event)
            root.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
            if own is not None:
                set_download_folder(root, self.work_dir.downloads, events=True)
        except BaseException:
            root.close()
            raise
        return AttachedChrome(running, root, tabs, own, self.work_dir)


@dataclass(frozen=True)
class AttachedChrome:
    """See supervisor.browser."""

    running: RunningChrome
    root: RootConnection
    tabs: AttachedTabs
    own_downloads: OwnDownloads | None
    work_dir: WorkDir

    @property
    def ws_url(self) -> str:
        return self.running.ws_url

    @property
    def product(self) -> str:
        return f"{self.running.product} at {self.running.http_url}"

    @property
    def name(self) -> str:
        return f"the Chrome at {self.running.http_url}"

    @property
    def pid(self) -> int | None:
        return None

    def death(self) -> str:
        return f"{self.name} has ended, or closed its debugging port" if self.root.lost else ""

    def network_service(self) -> ProcessIdentity | None:
        return None

    def open_tab(self) -> "Future[str]":
        """Noted before anybody hears of it: what is not noted would stay open after a kill."""
        noted: Future[str] = Future()

        def note(opened: "Future[str]") -> None:
            try:
                self.tabs.note(opened.result())
            except (ChromeError, OSError) as error:
                noted.set_exception(error)
            else:
                noted.set_result(opened.result())

        submit_open_tab(self.root, self.tabs.blank_url).add_done_callback(note)
        return noted

    def close_tab(self, target_id: str, *, within_s: float) -> bool:
        tabs = list_tabs(self.root)
        keep_chrome_open(self.root, tabs, self.tabs.ours_of(tabs))
        return close_tab(self.root, self.running.http_url, target_id, within_s=within_s, may_crash=False)

    def kill(self) -> None:
        """It is dead or does not answer: nothing can be closed now. The note stays for whoever comes next."""
        self.root.close()

    def stop(self) -> None:
        if self.own_downloads is not None:
            self.own_downloads.hand_over_rest()
        # Over a connection of its own, which waits no longer than it must for a Chrome that does not answer.
        self.root.close()
        close_noted_tabs(self.work_dir.attached_tabs)
        if self.work_dir.attached_tabs.exists():
            logger.bind(event="tabs_left").error("tabs of this run stay open in {}", self.name)
