"""A Chrome of our own: found or installed, started on the work directory's profile, ended with the run."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from chrome_launcher.browser_state import set_cookies, set_download_folder
from chrome_launcher.chrome import Chrome
from chrome_launcher.errors import ChromeNotFound
from chrome_launcher.find import ChromeBinary, find_chrome
from chrome_launcher.install import install_chrome
from chrome_launcher.launch import launch_chrome
from chrome_launcher.process_tree import ProcessIdentity
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import close_tab, submit_open_tab
from supervisor.blocking import blocked_hosts
from supervisor.settings_sections import ChromeSettings
from supervisor.work_dir import WorkDir
from tabworker.popup_downloads import PopupDownloadNotes

_EXIT_CODE_WITHIN_S = 0.2


@dataclass(frozen=True)
class Launch:
    """How to start it. ``say``: told what an installation does."""

    settings: ChromeSettings
    work_dir: WorkDir
    workers: int
    headless: bool
    blocked_types: Collection[str]
    say: Callable[[str], None]

    def start(self, cookies: list[dict[str, Any]]) -> "LaunchedChrome":
        """Start it and give it the session's cookies back. Blocks seconds; raises ChromeError."""
        chrome = launch_chrome(
            self._binary(),
            self.work_dir.profile,
            headless=self.headless,
            images="image" not in self.blocked_types,
            fonts="font" not in self.blocked_types,
            blocked_hosts=blocked_hosts(self.settings),
            renderer_limit=self.workers * 2 + 4,
            start_timeout_s=self.settings.start_timeout_s,
            stderr_path=self.work_dir.logs / "chrome.log",
        )
        try:
            root = RootConnection.connect(chrome.ws_url)
            # Only this connection hears of a pop-up's download that began before its worker could attach to
            # it.
            root.on_event(PopupDownloadNotes(self.work_dir.downloads).on_event)
            root.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
            set_download_folder(root, self.work_dir.downloads, events=True)
            if cookies:
                set_cookies(root, cookies)
        except BaseException:
            chrome.kill()
            raise
        return LaunchedChrome(chrome, root, self.headless)

    def _binary(self) -> ChromeBinary:
        try:
            return find_chrome(self.settings.path or None)
        except ChromeNotFound:
            if not self.settings.install or self.settings.path:
                raise
            return install_chrome(self.say)


@dataclass(frozen=True)
class LaunchedChrome:
    """See supervisor.browser."""

    chrome: Chrome
    root: RootConnection
    headless: bool

    @property
    def ws_url(self) -> str:
        return self.chrome.ws_url

    @property
    def product(self) -> str:
        return self.chrome.product

    @property
    def name(self) -> str:
        return f"Chrome (pid {self.chrome.pid})"

    @property
    def pid(self) -> int | None:
        return self.chrome.pid

    def death(self) -> str:
        # A dying Chrome closes its port a moment before its exit code can be read, which tells more.
        code = self.chrome.exit_code(_EXIT_CODE_WITHIN_S if self.root.lost else 0.0)
        if code is not None:
            return f"{self.name} died with exit code {code}"
        return f"{self.name} closed its debugging port" if self.root.lost else ""

    def network_service(self) -> ProcessIdentity | None:
        return self.chrome.network_service()

    def open_tab(self) -> "Future[str]":
        return submit_open_tab(self.root, own_window=self.headless)

    def close_tab(self, target_id: str, *, within_s: float) -> bool:
        return close_tab(self.root, self.chrome.http_url, target_id, within_s=within_s)

    def kill(self) -> None:
        self.root.close()
        self.chrome.kill()

    def stop(self) -> None:
        self.root.close()
        self.chrome.stop()
