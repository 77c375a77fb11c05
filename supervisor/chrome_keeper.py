"""Keeps one Chrome at hand: start, probe, cookies in memory, restart. Knows no tasks and no workers.

    DOWN ──start──► STARTING ──up──► UP ──died or frozen──► DOWN
                        ├──died while it started──► DOWN
                        └──cannot start──► BROKEN

Starting takes seconds, so it runs in a thread: Ctrl-C is heard meanwhile. The loop calls ``look`` every turn.
A Chrome that is not ours (``Attachment``) is never started again, and its cookies are its user's.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Any

from loguru import logger

from chrome_launcher.browser_state import get_cookies, set_cookies
from chrome_launcher.errors import (
    CdpTimeout,
    ChromeCannotStart,
    ChromeDied,
    ChromeError,
    ConnectionLost,
)
from chrome_launcher.process_tree import ProcessIdentity, sweep_profile
from supervisor.attached_chrome import Attachment
from supervisor.browser import Browser
from supervisor.launched_chrome import Launch
from supervisor.restart_limit import RestartLimit
from supervisor.settings_sections import ChromeSettings
from supervisor.work_dir import WorkDir

_PROBE_EVERY_S = 2.0
_COOKIES_EVERY_S = 30.0


class ChromeState(StrEnum):
    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"


class ChromeKeeper:
    """``why`` says in one sentence why Chrome is down or broken."""

    def __init__(
        self,
        settings: ChromeSettings,
        work_dir: WorkDir,
        way: Launch | Attachment,
        wake: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._work_dir = work_dir
        self._way = way
        self._wake = wake
        self._thread = ThreadPoolExecutor(1, "chrome-start")
        self._starting: Future[Browser] | None = None
        self._running: Browser | None = None
        self._probe: Future[dict[str, Any]] | None = None
        self._probe_sent_at = 0.0
        self._cookies: list[dict[str, Any]] = []
        self._cookies_at = 0.0
        self._network: ProcessIdentity | None = None
        self._reading_cookies: Future[dict[str, Any]] | None = None
        self.restarts = RestartLimit(settings.max_restarts, settings.restart_window_s)
        self.state = ChromeState.DOWN
        self._was_up = False
        self.why = ""
        self.error: ChromeError | None = None

    # --- for the loop ---

    @property
    def is_ours(self) -> bool:
        """Whether we started it: then we may start it again."""
        return isinstance(self._way, Launch)

    @property
    def handle(self) -> Browser | None:
        """The running Chrome, None while there is none."""
        return None if self._running is None or self._running.root.lost else self._running

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    @property
    def ws_url(self) -> str:
        if self._running is None:
            raise RuntimeError("Chrome is not up")
        return self._running.ws_url

    def start(self) -> None:
        """Begin to start Chrome; ``look`` says when it is up."""
        self.state = ChromeState.STARTING
        self._starting = self._thread.submit(self._start)
        self._starting.add_done_callback(lambda _: self._wake())

    def look(self, now: float) -> bool:
        """Note what became of Chrome; True when its state changed."""
        if self.state is ChromeState.STARTING and self._starting is not None and self._starting.done():
            self._take_started(self._starting, now)
            return True
        if self.state is not ChromeState.UP or self._running is None:
            return False
        why = self._running.death() or self._frozen(self._running, now)
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
        return self._running.open_tab()

    def remember_session(self) -> None:
        """Take a snapshot of the cookies now, for a Chrome that must be relaunched. Kept in memory only."""
        if self._running is None or not self.is_ours:
            return
        try:
            self._cookies = get_cookies(self._running.root)
            self._network = self._running.network_service()
        except ChromeError as error:  # it died or froze this moment, which the next look sees
            logger.bind(event="cookies_not_read").warning("no snapshot of the session: {}", error)

    def give_back_session(self) -> None:
        """The session was lost: if that is because Chrome's network service died, which held the cookies, it
        gets them back, and the session need only be proven.
        """
        if self._running is None or not self._cookies or self._knows_cookies():
            return
        try:
            set_cookies(self._running.root, self._cookies)
            self._network = self._running.network_service()
        except ChromeError as error:  # then the proof fails, and a sign-in follows
            logger.bind(event="cookies_not_given_back").warning("the session is not given back: {}", error)
            return
        logger.bind(event="cookies_given_back").warning(
            "Chrome's network service died and forgot the session: given back"
        )

    def clear_away(self) -> None:
        """Kill whatever is left of a Chrome that died or froze, so that the profile is free again. Blocks
        seconds at most.
        """
        if self._running is not None:
            self._running.kill()
            self._running = None
        self._sweep()

    def stop(self) -> None:
        """End Chrome in good order, by force where that fails; one that is not ours, only our part in it.
        Nothing of us is left afterwards.
        """
        if self._starting is not None and not self._starting.done():
            self._sweep()  # makes the launch that waits for it fail at once
        self._thread.shutdown(wait=True)
        if self._running is None and self._starting is not None and self._starting.exception() is None:
            self._running = self._starting.result()
        if self._running is not None:
            self._running.stop()
            self._running = None
        self._sweep()
        self.state = ChromeState.DOWN

    # --- in the thread ---

    def _start(self) -> Browser:
        browser: Browser = self._way.start(self._cookies)
        browser.root.on_lost(lambda _: self._wake())
        return browser

    # --- inside ---

    def _take_started(self, starting: "Future[Browser]", now: float) -> None:
        error = starting.exception()
        if error is None:
            self._running = starting.result()
            self._network = self._running.network_service()
            self._starting = None
            self._probe = None
            self.state = ChromeState.UP
            self._was_up = True
            logger.bind(event="chrome_up", pid=self._running.pid).info("{} is up", self._running.product)
            return
        self._starting = None
        if not isinstance(error, ChromeError):
            raise error
        self.error = error
        self.why = str(error)
        self.state = ChromeState.BROKEN
        if self._may_start_next_time(error):
            self.restarts.note(now)
            if not self.restarts.exceeded(now):
                self.state = ChromeState.DOWN

    def _may_start_next_time(self, error: ChromeError) -> bool:
        """It died on its way up; or it is a Chrome that could start before."""
        if isinstance(error, ChromeDied | ConnectionLost | CdpTimeout):
            return True
        return self._was_up and isinstance(error, ChromeCannotStart)

    def _sweep(self) -> None:
        if self.is_ours:
            sweep_profile(self._work_dir.profile)

    def _frozen(self, running: Browser, now: float) -> str:
        if self._probe is not None and not self._probe.done():
            waited = now - self._probe_sent_at
            if waited > self._settings.probe_timeout_s:
                return (
                    f"{running.name} did not answer for {waited:.1f} s "
                    f"(limit {self._settings.probe_timeout_s:.1f}; [chrome] probe_timeout_s)"
                )
        elif now - self._probe_sent_at >= _PROBE_EVERY_S:
            self._probe_sent_at = now
            self._probe = running.root.submit("Browser.getVersion")
        return ""

    def _knows_cookies(self) -> bool:
        """Whether the process that held the cookies at the last proof of the session still does."""
        return self._network is None or self._network.is_alive()

    def _keep_cookies(self, running: Browser, now: float) -> None:
        if self._reading_cookies is not None and self._reading_cookies.done():
            if self._reading_cookies.exception() is None and self._knows_cookies():
                self._cookies = self._reading_cookies.result()["cookies"]
            self._reading_cookies = None
        if (
            self.is_ours
            and self._cookies
            and self._reading_cookies is None
            and now - self._cookies_at >= _COOKIES_EVERY_S
        ):
            self._cookies_at = now
            self._reading_cookies = running.root.submit("Storage.getCookies")
