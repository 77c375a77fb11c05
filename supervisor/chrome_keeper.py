"""Keeps one Chrome running: start, root connection, probe, cookies in memory, restart. Knows no tasks and
no workers.

    DOWN ──start──► STARTING ──up──► UP ──died or frozen──► DOWN
                        └──cannot start──► BROKEN

Starting takes seconds, so it runs in a thread: Ctrl-C is heard meanwhile. The loop calls ``look`` every turn.
"""

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from loguru import logger

from chrome_launcher.browser_state import get_cookies, set_cookies, set_download_folder
from chrome_launcher.chrome import Chrome
from chrome_launcher.errors import ChromeError, ChromeNotFound
from chrome_launcher.find import find_chrome
from chrome_launcher.install import install_chrome
from chrome_launcher.launch import launch_chrome
from chrome_launcher.process_tree import sweep_profile
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import list_tabs, submit_open_tab
from supervisor.blocking import blocked_hosts
from supervisor.kill_ladder import BrowserHandle
from supervisor.restart_limit import RestartLimit
from supervisor.settings_sections import ChromeSettings
from supervisor.work_dir import WorkDir
from tabworker.popup_downloads import PopupDownloadNotes

_PROBE_EVERY_S = 2.0
_COOKIES_EVERY_S = 30.0


class ChromeState(StrEnum):
    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"


@dataclass(frozen=True)
class Running:
    """A started Chrome and what hangs on it."""

    chrome: Chrome
    root: RootConnection


class ChromeKeeper:
    """``why`` says in one sentence why Chrome is down or broken."""

    def __init__(
        self,
        settings: ChromeSettings,
        work_dir: WorkDir,
        workers: int,
        blocked_types: Collection[str],
        wake: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._work_dir = work_dir
        self._workers = workers
        self._blocked_types = blocked_types
        self._wake = wake
        self._say = say
        self._thread = ThreadPoolExecutor(1, "chrome-start")
        self._starting: Future[Running] | None = None
        self._running: Running | None = None
        self._probe: Future[dict[str, Any]] | None = None
        self._probe_sent_at = 0.0
        self._cookies: list[dict[str, Any]] = []
        self._cookies_at = 0.0
        self._reading_cookies: Future[dict[str, Any]] | None = None
        self.restarts = RestartLimit(settings.max_restarts, settings.restart_window_s)
        self.state = ChromeState.DOWN
        self.why = ""
        self.error: ChromeError | None = None

    # --- for the loop ---

    @property
    def handle(self) -> BrowserHandle | None:
        """The running Chrome, None while there is none."""
        if self._running is None or self._running.root.lost:
            return None
        return BrowserHandle(self._running.root, self._running.chrome.http_url)

    @property
    def pid(self) -> int | None:
        return self._running.chrome.pid if self._running else None

    @property
    def ws_url(self) -> str:
        if self._running is None:
            raise RuntimeError("Chrome is not up")
        return self._running.chrome.ws_url

    def start(self) -> None:
        """Begin to start Chrome; ``look`` says when it is up."""
        self.state = ChromeState.STARTING
        self._starting = self._thread.submit(self._start)
        self._starting.add_done_callback(lambda _: self._wake())

    def look(self, now: float) -> bool:
        """Note what became of Chrome; True when its state changed."""
        if self.state is ChromeState.STARTING and self._starting is not None and self._starting.done():
            self._take_started(self._starting)
            return True
        if self.state is not ChromeState.UP or self._running is None:
            return False
        why = self._death(self._running) or self._frozen(self._running, now)
        if why:
            self.why = why
            self.state = ChromeState.DOWN
            self.restarts.note(now)
            return True
        self._keep_cookies(self._running, now)
        return False

    def open_tab(self) -> "Future[str]":
        if self._running is None:
            raise RuntimeError("Chrome is not up")
        return submit_open_tab(self._running.root)

    def remember_session(self) -> None:
        """Take a snapshot of the cookies now, for a Chrome that must be relaunched. Kept in memory only."""
        if self._running is not None:
            self._cookies = get_cookies(self._running.root)

    def stray_tabs(self, owned: int) -> int:
        """How many tabs there are beyond those that workers own and the one that Chrome opened by itself."""
        handle = self.handle
        return 0 if handle is None else max(0, len(list_tabs(handle.root)) - owned - 1)

    def clear_away(self) -> None:
        """Kill whatever is left of a Chrome that died or froze, so that the profile is free again. Blocks
        seconds at most.
        """
        if self._running is not None:
            self._running.root.close()
            self._running.chrome.kill()
            self._running = None
        sweep_profile(self._work_dir.profile)

    def stop(self) -> None:
        """End Chrome in good order, by force where that fails. Nothing of it is left afterwards."""
        if self._starting is not None and not self._starting.done():
            sweep_profile(self._work_dir.profile)  # makes the launch that waits for it fail at once
        self._thread.shutdown(wait=True)
        if self._running is None and self._starting is not None and self._starting.exception() is None:
            self._running = self._starting.result()
        if self._running is not None:
            self._running.root.close()
            self._running.chrome.stop()
            self._running = None
        sweep_profile(self._work_dir.profile)
        self.state = ChromeState.DOWN

    # --- in the thread ---

    def _start(self) -> Running:
        try:
            binary = find_chrome(self._settings.path or None)
        except ChromeNotFound:
            if not self._settings.install or self._settings.path:
                raise
            binary = install_chrome(self._say)
        chrome = launch_chrome(
            binary,
            self._work_dir.profile,
            headless=self._settings.headless,
            images="image" not in self._blocked_types,
            fonts="font" not in self._blocked_types,
            blocked_hosts=blocked_hosts(self._settings),
            renderer_limit=self._workers * 2 + 4,
            start_timeout_s=self._settings.start_timeout_s,
            stderr_path=self._work_dir.logs / "chrome.log",
        )
        try:
            root = RootConnection.connect(chrome.ws_url)
            root.on_lost(lambda _: self._wake())
            # Only this connection hears of a pop-up's download that began before its worker could attach to
            # it.
            root.on_event(PopupDownloadNotes(self._work_dir.downloads).on_event)
            root.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
            set_download_folder(root, self._work_dir.downloads, events=True)
            if self._cookies:
                set_cookies(root, self._cookies)
        except BaseException:
            chrome.kill()
            raise
        return Running(chrome, root)

    # --- inside ---

    def _take_started(self, starting: "Future[Running]") -> None:
        error = starting.exception()
        if error is None:
            self._running = starting.result()
            self._starting = None
            self._probe = None
            self.state = ChromeState.UP
            logger.bind(event="chrome_up", pid=self._running.chrome.pid).info(
                "{} is up", self._running.chrome.product
            )
            return
        self._starting = None
        if not isinstance(error, ChromeError):
            raise error
        self.error = error
        self.why = str(error)
        self.state = ChromeState.BROKEN

    def _death(self, running: Running) -> str:
        code = running.chrome.exit_code()
        if code is not None:
            return f"Chrome (pid {running.chrome.pid}) died with exit code {code}"
        if running.root.lost:
            return f"Chrome (pid {running.chrome.pid}) closed its debugging port"
        return ""

    def _frozen(self, running: Running, now: float) -> str:
        if self._probe is not None and not self._probe.done():
            waited = now - self._probe_sent_at
            if waited > self._settings.probe_timeout_s:
                return (
                    f"Chrome (pid {running.chrome.pid}) did not answer for {waited:.1f} s "
                    f"(limit {self._settings.probe_timeout_s:.1f}; [chrome] probe_timeout_s)"
                )
        elif now - self._probe_sent_at >= _PROBE_EVERY_S:
            self._probe_sent_at = now
            self._probe = running.root.submit("Browser.getVersion")
        return ""

    def _keep_cookies(self, running: Running, now: float) -> None:
        if self._reading_cookies is not None and self._reading_cookies.done():
            if self._reading_cookies.exception() is None:
                self._cookies = self._reading_cookies.result()["cookies"]
            self._reading_cookies = None
        if self._cookies and self._reading_cookies is None and now - self._cookies_at >= _COOKIES_EVERY_S:
            self._cookies_at = now
            self._reading_cookies = running.root.submit("Storage.getCookies")
