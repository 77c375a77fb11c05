"""Signs in through a portal's form, and proves it. One try: what a refusal means is decided elsewhere."""

import re
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Response

from tabworker.adapters.form_consent import Consent
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_proof import Proof
from tabworker.failures import (
    AdapterMisfit,
    AnotherSession,
    PortalFailure,
    SessionLost,
    SignInRefused,
    Transient,
)
from tabworker.http_status import failure_of_status
from tabworker.messages import Credentials
from tabworker.one_time_code import one_time_code

_CONFLICT_WORDS = re.compile(
    r"(another|other|existing|concurrent)\W+(active\W+)?session"
    r"|session\W+(is\W+)?(already\W+)?(active|open)"
    r"|already\W+(signed|logged)\W+in|(signed|logged)\W+in\W+elsewhere",
    re.IGNORECASE,
)
"""Only asked when nothing else fits the page after a sign-in, to tell people the likely reason."""

_ANY_WORD = re.compile(r"\S")

_LOOK_AGAIN_MS = 100
_TRIAL_MS = 1000
"""How long a button may take to become free of what lies over it."""

_ELSEWHERE_S = 3.0
"""How long the proof is looked for on another host than the portal's: most likely it is where one signs in,
and a person who sees that page begins to type.
"""


def is_signed_in(form: FormPage) -> bool:
    """Open the inventory and look for the proof there, through a consent page if one is in the way.

    Raises when the portal does not answer. A portal without a sign-in is signed in when its inventory opens.
    """
    settings = form.settings
    consent = Consent(form)
    try:
        form.open_signed_in(form.inventory_address(), "prove the session", "inventory_url")
        if not settings.needs_sign_in:
            consent.meet()
            return True
        return Proof(form).wait(consent, _ELSEWHERE_S if form.is_elsewhere() else None)
    except SessionLost:
        return False


def sign_in(form: FormPage, credentials: Credentials) -> None:
    """Raises SignInRefused (in the portal's words), AnotherSession, AdapterMisfit, or what a status means."""
    settings = form.settings
    try:
        form.open(settings.sign_in_url, "open sign-in page", "sign_in_url")
    except SessionLost:
        pass  # some portals answer 401 or 403 with the form itself, which is what we came for
    form.step("fill in sign-in form")
    consent = Consent(form)
    if _wait_form(form, consent) == "proof":
        return
    _fill(form, settings.username_selector, "username_selector", credentials.username)
    _uncover(form, consent)
    if not form.shows(settings.password_selector):
        _ask_for_password_field(form)
    _fill(form, settings.password_selector, "password_selector", credentials.password)
    with _SignInWatch(form, credentials, consent) as watch:
        watch.meet_code_field()
        form.step("submit sign-in form")
        _press_button(form, "sign_in_button_selector")
        watch.wait_signed_in()


def _wait_form(form: FormPage, consent: Consent) -> str:
    """Wait for the user name's field, through a consent page before it; "proof" when the session holds."""
    settings, proof = form.settings, Proof(form)
    sights = {"form": form.visible(settings.username_selector)}
    sights |= {selector: form.visible(selector) for selector in settings.consent_selectors}
    give_up_at = time.monotonic() + form.tab.remaining_s
    while time.monotonic() < give_up_at:
        seen = form.first_of({**sights, "page": form.locate(":root")}, form.tab.remaining_s)
        if seen == "form":
            return "form"
        if seen in settings.consent_selectors:
            consent.meet()
            give_up_at = time.monotonic() + form.tab.remaining_s
        elif proof.holds():
            return "proof"
        else:
            form.page.wait_for_timeout(_LOOK_AGAIN_MS)
    raise form.not_found("username_selector", settings.username_selector, signed_in=False)


def _uncover(form: FormPage, consent: Consent) -> None:
    """A cookie banner may lie over the form. Only then: its selector may fit the form's own button."""
    if not form.settings.consent_selectors:
        return
    button = form.visible(_first_button(form)[1])
    try:
        button.click(trial=True, timeout=_TRIAL_MS)
    except PlaywrightError:
        while consent.meet():
            pass


def _first_button(form: FormPage) -> tuple[str, str]:
    """The setting and the selector of what sends the user name."""
    settings = form.settings
    if settings.sign_in_next_selector and not form.shows(settings.password_selector):
        return "sign_in_next_selector", settings.sign_in_next_selector
    return "sign_in_button_selector", settings.sign_in_button_selector


def _ask_for_password_field(form: FormPage) -> None:
    """Send the user name alone: some portals want to know first who comes."""
    said_before = _alert_of(form)
    _press_button(form, _first_button(form)[0])
    sights = {"password": form.visible(form.settings.password_selector)}
    if not said_before and form.settings.sign_in_error_selector:
        sights["alert"] = form.visible(form.settings.sign_in_error_selector).filter(has_text=_ANY_WORD)
    if form.first_of(sights, form.tab.remaining_s) == "alert":
        raise SignInRefused(f"the portal refused the user name: {_alert_of(form)!r}")


def _press_button(form: FormPage, setting: str) -> None:
    form.click(form.find(getattr(form.settings, setting), setting, signed_in=False), setting)


def _fill(form: FormPage, selector: str, setting: str, value: str) -> None:
    locator = form.find(selector, setting, signed_in=False)
    try:
        locator.fill(value, timeout=form.tab.remaining_s * 1000)
    except PlaywrightError:
        # Playwright's own error quotes what was typed: it may not travel, not even as a cause.
        raise Transient(f"[portal] {setting} = {selector} cannot be filled in {form.where()}") from None


class _SignInWatch:
    """Looks at what the portal shows after the form was sent, until one of the known pages stands there."""

    def __init__(self, form: FormPage, credentials: Credentials, consent: Consent) -> None:
        self._form = form
        self._credentials = credentials
        self._code_typed = False
        self._consent = consent
        self._proof = Proof(form)
        self._said_before = _alert_of(form)
        self._answers: list[Response] = []
        self._other_session_ended = False

    def __enter__(self) -> Self:
        self._form.page.on("response", self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._form.page.remove_listener("response", self._take)

    def wait_signed_in(self) -> None:
        form = self._form
        give_up_at = time.monotonic() + form.tab.remaining_s
        while time.monotonic() < give_up_at:
            if self._meet_code_page() or self._meet_conflict() or self._consent.meet():
                give_up_at = time.monotonic() + form.tab.remaining_s
                continue
            if self._proof.holds():
                return
            self._raise_if_refused()
            self._raise_if_portal_fails()
            form.page.wait_for_timeout(_LOOK_AGAIN_MS)
        raise self._nothing_fits()

    def meet_code_field(self) -> bool:
        """Type the one-time code when its field shows, once: no code is ever typed twice."""
        form, selector = self._form, self._form.settings.totp_selector
        if self._code_typed or not form.shows(selector):
            return False
        if not self._credentials.totp_secret:
            raise AdapterMisfit(
                f"[portal] totp_selector shows {form.where()}, but no TABCREW_TOTP_SECRET is known"
            )
        self._code_typed = True
        code = one_time_code(form.tab, self._credentials)
        form.tab.keep_secret(code)  # a portal that refuses it may repeat it
        form.step("type one-time code")
        try:
            # Key by key: some portals have a field for each digit and go on to the next one by themselves.
            form.visible(selector).press_sequentially(code, timeout=form.tab.remaining_s * 1000)
        except PlaywrightError:
            raise Transient(f"[portal] totp_selector = {selector} cannot be filled {form.where()}") from None
        return True

    def _meet_code_page(self) -> bool:
        """The page after the password: type the code and send it, unless its last digit did."""
        form, said_before = self._form, _alert_of(self._form)
        if not self.meet_code_field():
            return False
        self._said_before = said_before
        self._answers.clear()
        form.page.wait_for_timeout(_LOOK_AGAIN_MS)
        if form.shows(form.settings.totp_selector):
            _press_button(form, "sign_in_button_selector")
        return True

    def _take(self, response: Response) -> None:
        if not response.request.is_navigation_request():
            return
        # Frames are left out as they may be anybody's, unless the form itself is in one.
        if self._form.settings.uses_frames or response.frame == self._form.page.main_frame:
            self._answers.append(response)

    def _raise_if_refused(self) -> None:
        """An alert that was there before the form was sent says nothing, unless the page is a new one."""
        alert = _alert_of(self._form)
        if not alert or (alert == self._said_before and not self._answers):
            return
        if self._form.shows_sign_in():
            raise SignInRefused(f"the portal refused the sign-in: {alert!r}")
        if self._code_typed and self._form.shows(self._form.settings.totp_selector):
            raise SignInRefused(
                f"the portal refused the one-time code: {alert!r}. Is the clock of this machine right?"
            )

    def _raise_if_portal_fails(self) -> None:
        """Other errors are left to the page: portals refuse a password with 400, 401, 403 or 422 as well."""
        answer = self._answers[-1] if self._answers else None
        if answer is None or (answer.status != 429 and answer.status < 500):
            return
        failure = failure_of_status(
            answer.status, answer.url, answer.headers.get("retry-after"), datetime.now(UTC)
        )
        if failure is not None:
            raise failure

    def _meet_conflict(self) -> bool:
        """End the other session, once: a portal that asks again would lead to a loop of sign-ins."""
        form, selector = self._form, self._form.settings.end_other_session_selector
        if not form.shows(selector):
            return False
        if self._other_session_ended:
            raise AnotherSession(f"the other session was ended, and the portal asks again {form.where()}")
        self._other_session_ended = True
        form.step("end the other session")
        form.click(form.visible(selector), "end_other_session_selector")
        return True

    def _nothing_fits(self) -> PortalFailure:
        form = self._form
        heading = form.words("h1, h2, [role=alert], .notice")
        if _CONFLICT_WORDS.search(heading):
            return AnotherSession(
                f"the account is signed in elsewhere: {heading!r} {form.where()}. End that session, or set "
                "[portal] end_other_session_selector to the button that ends it"
            )
        status = f" (status {self._answers[-1].status})" if self._answers else ""
        return AdapterMisfit(
            f"sent the sign-in form, but {self._proof} {form.where()}{status}; the page says {heading!r}"
        )


def _alert_of(form: FormPage) -> str:
    return form.words(form.settings.sign_in_error_selector)
