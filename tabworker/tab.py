"""A thin layer over Playwright's Page: the captures, the stamps of steps, the state between two duties."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loguru import logger
from playwright.sync_api import Dialog, Page
from playwright.sync_api import Error as PlaywrightError

from tabworker.capture import Capture
from tabworker.captured import Captured
from tabworker.downloads import Downloads
from tabworker.masking import secret_cookies
from tabworker.page_log import PageLog
from tabworker.pdf_as_download import save_instead_of_show
from tabworker.popups import Popups

__all__ = ["Captured", "Tab"]

STEP_TIMEOUT_S = 30.0
"""How long a step may take that names no time of its own."""

MOST_DIALOGS_KEPT = 5

MOST_SECRETS_FOUND = 20
"""A portal may give a new token with every page, and each line of the log is searched for all of them."""

LISTEN_EVERY_S = 1.0
"""A page that talks on while a large document flows: what nobody takes in piles up in the driver's memory."""

_PDF_GLANCE_MS = 1000

OnStep = Callable[[str, float], None]


class Tab:
    """The worker's one tab. ``destination``: where a capture writes; set before each one.

    ``secrets``: what this process writes nowhere; grows by what an adapter types or finds in pages
    (``keep_secret``).
    """

    def __init__(
        self, page: Page, *, downloads_dir: Path, on_step: OnStep, secrets: set[str] | None = None
    ) -> None:
        self.page = page
        self.secrets: set[str] = set() if secrets is None else secrets
        self._found_secrets = deque[str]()
        self.destination = downloads_dir / "captured.pdf"
        self.dialogs: list[str] = []
        self.current_step = ""
        self.crashed = False
        self._on_step = on_step
        self._answer_dialog: Callable[[Dialog], None] | None = None
        self._step_s = STEP_TIMEOUT_S
        self._step_ends_at = time.monotonic() + STEP_TIMEOUT_S
        self._listened_at = 0.0
        self.shows_pdfs = False
        self.downloads = Downloads(page, downloads_dir)
        self.popups = Popups(page)
        self.page_log = PageLog(page.context)
        self.capture = Capture(self)
        page.on("dialog", self._meet_dialog)
        page.on("crash", self._meet_crash)
        page.context.on("page", self._meet_popup)

    def step(self, name: str, within_s: float | None = None) -> None:
        """Begin a step: late in it is stalled. Playwright's default time-outs follow it."""
        within_s = STEP_TIMEOUT_S if within_s is None else within_s
        self.current_step = name
        self._step_s = within_s
        self._step_ends_at = time.monotonic() + within_s
        self._on_step(name, within_s)
        # A little less than the step: what is slow shall fail with Playwright's own words, not with a kill.
        self.page.set_default_timeout(within_s * 900)
        self.page.set_default_navigation_timeout(within_s * 900)

    def go_on(self) -> None:
        """Begin the current step anew: it makes progress. For steps that wait for no word of Playwright's."""
        now = time.monotonic()
        self._step_ends_at = now + self._step_s
        self._on_step(self.current_step, self._step_s)
        if now - self._listened_at > LISTEN_EVERY_S:
            self._listened_at = now
            self.downloads.listen()

    @property
    def remaining_s(self) -> float:
        """What is left of the step for a capture: a little less than the watchdog grants."""
        return max(0.1, 0.95 * (self._step_ends_at - time.monotonic()))

    def has_crashed(self) -> bool:
        """Whether the page has crashed by now, also while nobody drove it and so nobody heard of it."""
        self.downloads.listen()
        return self.crashed

    def is_responsive(self, within_s: float) -> bool:
        """Whether the page's own thread answers. False after ``within_s``, also when it spins."""
        try:
            self.page.wait_for_function("() => true", timeout=max(1.0, within_s * 1000))
        except PlaywrightError:
            return False
        return True

    def keep_secret(self, text: str) -> None:
        """Mask ``text`` in all that is written down from now on: logs, reasons, kept pages."""
        if text in self.secrets:
            return
        self.secrets.add(text)
        self._found_secrets.append(text)
        if len(self._found_secrets) > MOST_SECRETS_FOUND:
            self.secrets.discard(self._found_secrets.popleft())

    def session_secrets(self) -> set[str]:
        """The values of the session's cookies. Asked of Chrome, not of the page, which may spin."""
        try:
            cookies = self.page.context.cookies()
        except PlaywrightError:
            return set()  # Chrome is gone, and with it the page that could have shown them
        return secret_cookies(cookie.get("value", "") for cookie in cookies)

    def stop_loading(self) -> None:
        """Give up a navigation that is under way: until it ends, Chrome passes no command on to the page, and
        one that only waits for its portal looks like one that spins. Not for a page that may spin: that is
        never answered, and Playwright has no time-out for it.
        """
        try:
            session = self.page.context.new_cdp_session(self.page)
            session.send("Page.stopLoading")
            session.detach()
        except PlaywrightError:
            pass  # crashed or closed: nothing loads any more

    def leave_page(self, within_s: float) -> None:
        """Show nothing. A page that will not go stays."""
        with suppress(PlaywrightError):
            self.page.goto("about:blank", timeout=within_s * 1000)

    def reset(self) -> None:
        """Back to one clean page: pop-ups closed; downloads, dialogs, console of the last duty forgotten."""
        for page in self.page.context.pages:
            if page is not self.page:
                try:
                    page.close()
                except PlaywrightError as error:
                    logger.bind(event="popup_not_closed").warning(
                        "a pop-up would not close: {}", error.message
                    )
        self.downloads.discard_all()
        self.dialogs.clear()
        self.page_log.begin()
        self._answer_dialog = None

    def save_pdfs(self) -> None:
        """For a Chrome that shows PDFs: have it save those that come to this tab."""
        self.shows_pdfs = True
        save_instead_of_show(self.page)

    def popups_with_pdf(self) -> list[str]:
        """The addresses of this tab's pop-ups that show a PDF."""
        return [page.url for page in self.page.context.pages if page is not self.page and _shows_pdf(page)]

    @contextmanager
    def left_to_person(self) -> Iterator[None]:
        """Inside, a person uses this page: its dialogs are theirs to answer."""
        before, self._answer_dialog = self._answer_dialog, _leave_open
        try:
            yield
        finally:
            self._answer_dialog = before

    def _meet_crash(self, _: Page) -> None:
        self.crashed = True

    def _meet_popup(self, page: Page) -> None:
        page.on("dialog", self._meet_dialog)

    def answer_dialogs(self, answer: Callable[[Dialog], None]) -> None:
        """Let ``answer`` accept or dismiss every dialog of this duty, instead of dismissing them.

        Not by ``page.on("dialog")``: Playwright calls its listeners one after the other, and the tab's own,
        which must be there so that no dialog holds a page for ever, comes first.
        """
        self._answer_dialog = answer

    def _meet_dialog(self, dialog: Dialog) -> None:
        """Remember what it said, for the reason of a failure, and answer it."""
        if len(self.dialogs) < MOST_DIALOGS_KEPT:
            self.dialogs.append(f"{dialog.type}: {dialog.message[:200]}")
        try:
            if self._answer_dialog is not None:
                self._answer_dialog(dialog)
            elif dialog.type == "beforeunload":
                dialog.accept()  # "leave this page?"
            else:
                dialog.dismiss()
        except PlaywrightError as error:
            # It went away with its page, or was answered twice; an exception here would hit whatever waits.
            logger.bind(event="dialog_not_answered").warning("a dialog was not answered: {}", error.message)


def _shows_pdf(page: Page) -> bool:
    try:
        page.wait_for_function("document.contentType === 'application/pdf'", timeout=_PDF_GLANCE_MS)
    except PlaywrightError:
        return False
    return True


def _leave_open(_: Dialog) -> None:
    """The person sees it, and Chrome tells us when it is gone."""
