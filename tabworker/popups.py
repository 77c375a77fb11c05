"""Closes what this tab opened, also pop-ups that Playwright does not show.

Playwright shows a pop-up once its first answer has begun. One whose portal never answers is there all the
same: it holds one of the six connections that Chrome has for a host, and the lock on its address in Chrome's
cache, so that the next attempt at the same document waits for it.
"""

from typing import Any

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page


class Popups:
    """The pop-ups of ``page``, asked of Chrome itself: the tab endpoint names no other tab than ours."""

    def __init__(self, page: Page) -> None:
        browser = page.context.browser
        if browser is None:
            raise RuntimeError("the page belongs to no browser")
        self._browser = browser.new_browser_cdp_session()
        own = page.context.new_cdp_session(page)
        self._tab: str = own.send("Target.getTargetInfo")["targetInfo"]["targetId"]
        own.detach()

    def close_all(self) -> None:
        """Takes one question, and one command for each; also while a page spins."""
        targets: list[dict[str, Any]] = self._browser.send("Target.getTargets")["targetInfos"]
        for target in targets:
            if target["type"] == "page" and target["targetId"] != self._tab:
                self._close(target["targetId"])

    def _close(self, target_id: str) -> None:
        try:
            self._browser.send("Target.closeTarget", {"targetId": target_id})
        except PlaywrightError as error:
            logger.bind(event="popup_not_closed").debug("pop-up {}: {}", target_id, error.message)
