"""What this tab's pages complained of: console, script errors, requests that failed. Only the last of it.

The Playwright driver keeps the last messages of each page by itself, so nothing is listened to and an attempt
that succeeds costs nothing: a listener made each document 3 % dearer. Chrome tells a failed request (no
answer, or a status of 400 and more) as a message on the page's console, so requests need no listener either.
Nothing is asked of the page, which may spin.
"""

import time

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

KEPT = 50
MOST_LETTERS = 500

_OUR_OWN_DOING = "net::ERR_BLOCKED_BY_CLIENT"
"""What Chrome says of fonts and media that we block."""


class PageLog:
    """The complaints of one duty, of the tab and its pop-ups. ``context``: this Playwright's, ours alone."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.begin()

    def begin(self) -> None:
        """What was said before now belongs to another duty. Messages bear the time of the wall clock."""
        self._began_at_ms = time.time() * 1000

    def lines(self) -> list[str]:
        """Oldest first: ``error: Failed to load resource: … (https://…)``. Asks the driver only."""
        lines: list[str] = []
        for page in self._context.pages:
            try:
                lines += [*self._console(page), *self._script_errors(page)]
            except PlaywrightError:
                continue  # a pop-up that closed while we asked
        left_out = len(lines) - KEPT
        return [f"({left_out} earlier ones left out)", *lines[-KEPT:]] if left_out > 0 else lines

    def _console(self, page: Page) -> list[str]:
        return [
            _line(message.type, message.text, message.location.get("url", ""))
            for message in page.console_messages(filter="all")
            if message.timestamp >= self._began_at_ms and _OUR_OWN_DOING not in message.text
        ]

    def _script_errors(self, page: Page) -> list[str]:
        """They bear no time, so only those of the page that is there now."""
        return [_line("uncaught", error.message) for error in page.page_errors(filter="since-navigation")]


def _line(kind: str, text: str, url: str = "") -> str:
    where = f" ({url[:MOST_LETTERS]})" if url else ""
    return f"{kind}: {' '.join(text[:MOST_LETTERS].split())}{where}"
