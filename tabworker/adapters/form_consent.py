"""Goes through licence and cookie pages: ticks and clicks what the settings name, as far as it shows."""

from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_page import FormPage
from tabworker.failures import AdapterMisfit, Transient

_MOST_ROUNDS_BEYOND = 3
"""How often more than it has selectors a portal may ask: one that asks for ever shall not keep us."""


class Consent:
    """One way through the consent pages of one sign-in or one proof."""

    def __init__(self, form: FormPage) -> None:
        self._form = form
        self._rounds_left = len(form.settings.consent_selectors) + _MOST_ROUNDS_BEYOND

    def meet(self) -> bool:
        """Tick or click each of ``consent_selectors`` that shows, in their order; True when there was one.

        They may stand on different pages, or appear only after the one before was ticked: call it until it
        says False.
        """
        form = self._form
        asked = [selector for selector in form.settings.consent_selectors if form.shows(selector)]
        if not asked:
            return False
        if self._rounds_left == 0:
            raise AdapterMisfit(
                f"[portal] consent_selectors: {asked[0]} shows again and again {form.where()}"
            )
        self._rounds_left -= 1
        form.step("give consent")
        for selector in asked:
            self._agree(selector)
        return True

    def _agree(self, selector: str) -> None:
        form = self._form
        locator = form.visible(selector)
        within_ms = form.tab.remaining_s * 1000
        try:
            # A box that is ticked already must stay ticked: a click would take the consent back.
            if locator.get_attribute("type", timeout=within_ms) in ("checkbox", "radio"):
                locator.check(timeout=within_ms)
            else:
                locator.click(timeout=within_ms)
        except PlaywrightError as error:
            reason = error.message.strip().split("\n", 1)[0]
            raise Transient(
                f"[portal] consent_selectors: {selector} cannot be clicked {form.where()}: {reason}"
            ) from error
