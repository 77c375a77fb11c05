"""Has a person sign in on this worker's tab, and sees when they have. Types, clicks and answers nothing.

Until the proof of the session stands on the tab or on a pop-up of it, the pages are only looked at. Asking
the portal itself every few seconds was thought of and left: at many portals each such request begins a
sign-in of its own (SSO keeps in a cookie what it began), and that of the person would fail.
"""

import time
from collections.abc import Callable

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tabworker.adapters.base import Adapter
from tabworker.adapters.form_addresses import absolute, fits_address, is_same_page
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import NobodySignedIn, SessionLost, Transient
from tabworker.messages import STEP_BY_HAND
from tabworker.tab import Tab

_LOOK_EVERY_MS = 500
_LOOK_WITHIN_MS = 250
"""A page that spins or shows a dialog answers no look: that must not hold up the others."""


class ByHand:
    """One sign-in. ``timeout_s``: how long to wait for the person; may be infinite."""

    def __init__(self, tab: Tab, adapter: Adapter, settings: FormSettings, timeout_s: float) -> None:
        self._tab = tab
        self._adapter = adapter
        self._settings = settings
        self._timeout_s = timeout_s
        self._disproved: dict[Page, str] = {}

    def sign_in(self, announce: Callable[[str], None]) -> None:
        """Blocks until the session is good; ``announce`` is given the page's address once it is in front.

        Every look is a step of its own, so the watchdog never takes a patient worker for a stalled one.
        Raises NobodySignedIn, or Transient when the person closed the tab.
        """
        give_up_at = time.monotonic() + self._timeout_s
        self._show_page()
        announce(self._tab.page.url)
        while time.monotonic() < give_up_at:
            with self._tab.left_to_person():
                seen = self._wait_for_proof(give_up_at)
            if seen is None:
                break
            address = seen.url
            logger.bind(event="proof_seen").info("the proof of the session stands on {}", address)
            self._tab.step("prove the session")
            if self._adapter.is_signed_in(self._tab):
                return
            # What stood there proved nothing: it must go, or the page must, before it counts again. Else we
            # would take the page from under the person's hands again and again.
            self._disproved[seen] = address
        raise NobodySignedIn(
            f"nobody signed in by hand within {self._timeout_s:.0f} s ([portal] manual_sign_in_timeout_s)"
        )

    def _show_page(self) -> None:
        form, sign_in_url = FormPage(self._tab, self._settings), self._settings.sign_in_url
        address = sign_in_url or self._settings.inventory_url
        # The proof that failed a moment ago may have led there already: it is left alone then.
        if not (form.is_elsewhere() or is_same_page(self._tab.page.url, form.url(address))):
            try:
                form.open(address, "open sign-in page", "sign_in_url" if sign_in_url else "inventory_url")
            except SessionLost:
                pass  # some portals answer 401 or 403 with the form itself, which is what we came for
        self._tab.step(STEP_BY_HAND)
        self._tab.page.bring_to_front()

    def _wait_for_proof(self, give_up_at: float) -> Page | None:
        """The page on which the proof stands; None when the time is over."""
        while time.monotonic() < give_up_at:
            self._tab.step(STEP_BY_HAND)
            if self._tab.crashed:
                raise Transient("the tab to sign in on crashed")
            for page in self._tab.page.context.pages:
                if not self._shows_proof(page):
                    self._disproved.pop(page, None)
                elif self._disproved.get(page) != page.url:
                    return page
            self._wait_a_moment()
        return None

    def _shows_proof(self, page: Page) -> bool:
        settings = self._settings
        if settings.signed_in_url:
            address = absolute(settings.url, settings.signed_in_url)
            if not fits_address(page.url, address):
                return False
            if not settings.signed_in_selector:
                return True
        proof = page.locator(settings.signed_in_selector).first
        try:
            proof.wait_for(state="attached", timeout=_LOOK_WITHIN_MS)
        except PlaywrightError:
            return False  # not there, or the page is on its way elsewhere, or gone
        return True

    def _wait_a_moment(self) -> None:
        try:
            self._tab.page.wait_for_timeout(_LOOK_EVERY_MS)
        except PlaywrightError as error:
            if self._tab.page.is_closed():
                raise Transient("the tab to sign in on was closed") from error
            raise
