"""Proves the session on the page that is open: by something that it shows, by its address, or by both."""

import time

from tabworker.adapters.form_addresses import fits_address
from tabworker.adapters.form_consent import Consent
from tabworker.adapters.form_page import FormPage
from tabworker.failures import AdapterMisfit

_STEADY_S = 0.5
"""How long an address alone must hold: the script of a page may be about to lead to the sign-in form."""

_LOOK_AGAIN_MS = 100


class Proof:
    """Looked for again and again on one page. The selector need not be visible: a narrow window may fold the
    menu away.
    """

    def __init__(self, form: FormPage) -> None:
        settings = form.settings
        if not settings.signed_in_selector and not settings.signed_in_url:
            raise AdapterMisfit(
                "[portal] signed_in_selector and signed_in_url are both empty, but sign_in_url needs a proof"
            )
        self._form = form
        self._holds_since: float | None = None

    def holds(self) -> bool:
        """Whether the page proves the session now."""
        form, settings = self._form, self._form.settings
        if settings.signed_in_url and not fits_address(form.page.url, form.url(settings.signed_in_url)):
            self._holds_since = None
            return False
        if settings.signed_in_selector:
            return form.locate(settings.signed_in_selector).count() > 0
        if form.shows_obstacle():
            self._holds_since = None
            return False
        now = time.monotonic()
        self._holds_since = self._holds_since or now
        return now - self._holds_since >= _STEADY_S

    def wait(self, consent: Consent, within_s: float | None = None) -> bool:
        """Wait for it, through consent pages; False when the sign-in form comes, or nothing.

        ``within_s``: at most so long, instead of what is left of the step.
        """
        form = self._form
        obstacles = form.obstacles()
        selector = form.settings.signed_in_selector
        # The proof comes last: it may stand beside a banner that asks for consent.
        sights = {**obstacles, "proof": form.locate(selector or ":root")}
        give_up_at = time.monotonic() + (form.tab.remaining_s if within_s is None else within_s)
        while (left_s := give_up_at - time.monotonic()) > 0:
            seen = form.first_of(sights, left_s)
            if seen in form.settings.consent_selectors:
                consent.meet()
                give_up_at = time.monotonic() + form.tab.remaining_s  # that was a step of its own
            elif seen != "proof":
                return False
            elif self.holds():
                return True
            else:
                form.page.wait_for_timeout(_LOOK_AGAIN_MS)
        return False

    def __str__(self) -> str:
        """The settings that name it, and that they were not met."""
        settings = self._form.settings
        parts = []
        if settings.signed_in_selector:
            parts.append(f"[portal] signed_in_selector = {settings.signed_in_selector} finds nothing")
        if settings.signed_in_url:
            parts.append(f"[portal] signed_in_url = {settings.signed_in_url} is not the address")
        return " or ".join(parts)
