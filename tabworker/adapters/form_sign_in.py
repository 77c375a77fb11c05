"""Signs in through a portal's form, and proves it. One try: what a refusal means is decided elsewhere."""

import re
import time

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_page import FormPage
from tabworker.failures import AdapterMisfit, AnotherSession, PortalFailure, SessionLost, SignInRefused
from tabworker.messages import Credentials

_CONFLICT_WORDS = re.compile(
    r"(another|other|existing|concurrent)\W+(active\W+)?session"
    r"|session\W+(is\W+)?(already\W+)?(active|open)"
    r"|already\W+(signed|logged)\W+in|(signed|logged)\W+in\W+elsewhere",
    re.IGNORECASE,
)
"""Only asked when nothing else fits the page after a sign-in, to tell people the likely reason."""

_LOOK_AGAIN_MS = 100


def sign_in(form: FormPage, credentials: Credentials) -> None:
    """Raises SignInRefused (in the portal's own words), AnotherSession, AdapterMisfit or what the status means."""
    settings = form.settings
    form.open(settings.sign_in_url, "open sign-in page")
    if form.shows(settings.signed_in_selector):
        return
    form.tab.step("fill in sign-in form", settings.step_timeout_s)
    form.find(settings.username_selector, "username_selector").fill(credentials.username)
    form.find(settings.password_selector, "password_selector").fill(credentials.password)
    button = form.find(settings.sign_in_button_selector, "sign_in_button_selector")
    said_before = _alert_of(form)
    form.tab.step("submit sign-in form", settings.step_timeout_s)
    button.click()
    _SignInWatch(form, said_before).wait_signed_in()


def is_signed_in(form: FormPage) -> bool:
    """Opens the inventory and looks for the proof there. Raises when the portal does not answer."""
    settings = form.settings
    try:
        form.open_signed_in(settings.inventory_url, "prove the session")
        meet_consent(form)
        if settings.signed_in_selector:
            return form.shows(settings.signed_in_selector) or _appears(form, settings.signed_in_selector)
        form.raise_if_sign_in_form_shows()
    except SessionLost:
        return False
    return True


def meet_consent(form: FormPage) -> bool:
    """Go through the licence page when it shows: tick or click each of ``consent_selectors``, in their order."""
    selectors = form.settings.consent_selectors
    if not selectors or not form.shows(selectors[0]):
        return False
    form.tab.step("accept licence page", form.settings.step_timeout_s)
    for selector in selectors:
        _agree(form.find(selector, "consent_selectors"))
    return True


def _agree(locator: Locator) -> None:
    # A box that is ticked already must stay ticked: a click would take the consent back.
    if locator.get_attribute("type") in ("checkbox", "radio"):
        locator.check()
    else:
        locator.click()


class _SignInWatch:
    """Looks at what the portal shows after the form was sent, until one of the known pages stands there."""

    def __init__(self, form: FormPage, said_before: str) -> None:
        self._form = form
        self._said_before = said_before
        self._ended_other_session = False
        self._give_up_at = time.monotonic() + form.tab.remaining_s

    def wait_signed_in(self) -> None:
        form, settings = self._form, self._form.settings
        while time.monotonic() < self._give_up_at:
            if form.shows(settings.signed_in_selector):
                return
            if meet_consent(form) or self._meet_conflict():
                self._give_up_at = time.monotonic() + form.tab.remaining_s
                continue
            if not settings.signed_in_selector and self._left_the_form():
                return
            alert = _alert_of(form)
            if alert and alert != self._said_before and form.shows(settings.password_selector):
                raise SignInRefused(f"the portal refused the sign-in: {alert!r}")
            form.tab.page.wait_for_timeout(_LOOK_AGAIN_MS)
        raise self._nothing_fits()

    def _left_the_form(self) -> bool:
        form = self._form
        return not form.is_sign_in_url(form.tab.page.url) and not form.shows(form.settings.password_selector)

    def _meet_conflict(self) -> bool:
        """End the other session, once: a portal that asks again would lead to a loop of sign-ins."""
        form, selector = self._form, self._form.settings.end_other_session_selector
        if not form.shows(selector):
            return False
        if self._ended_other_session:
            raise AnotherSession(f"another session was ended, and the portal asks again {form.where()}")
        self._ended_other_session = True
        form.tab.step("end the other session", form.settings.step_timeout_s)
        form.find(selector, "end_other_session_selector").click()
        return True

    def _nothing_fits(self) -> PortalFailure:
        form, settings = self._form, self._form.settings
        heading = _words_of(form, "h1, h2, [role=alert], .notice") or ""
        if _CONFLICT_WORDS.search(heading):
            return AnotherSession(
                f"the account is signed in elsewhere: {heading!r} {form.where()}. End that session, or set [portal] "
                "end_other_session_selector to the button that ends it"
            )
        alert = _alert_of(form)
        if alert and form.shows(settings.password_selector):
            return SignInRefused(f"the portal refused the sign-in: {alert!r}")
        return AdapterMisfit(
            f"sent the sign-in form, but [portal] signed_in_selector = {settings.signed_in_selector} finds nothing "
            f"{form.where()}; the page says {heading!r}"
        )


def _alert_of(form: FormPage) -> str:
    return _words_of(form, form.settings.sign_in_error_selector)


def _words_of(form: FormPage, selector: str) -> str:
    if not form.shows(selector):
        return ""
    try:
        return " ".join(form.tab.page.locator(selector).first.inner_text(timeout=1000).split())[:300]
    except PlaywrightError:
        return ""  # it went away while we read: the next look tells


def _appears(form: FormPage, selector: str) -> bool:
    try:
        form.tab.page.locator(selector).first.wait_for(state="visible", timeout=2000)
    except PlaywrightTimeout:
        return False
    return True
