"""What all verbs of the form adapter share: opening pages, finding elements, saying why that failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters import form_selectors
from tabworker.adapters.form_addresses import absolute, is_same_document, is_same_page, page_address
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, PortalFailure, SessionLost, Transient
from tabworker.http_status import NotFound, failure_of_status
from tabworker.tab import Tab

_GLANCE_S = 1.0
"""How long a look at a page waits for its answer: a page that spins would never give one."""

_LOADED_WITHIN_MS = 3000


@dataclass(frozen=True)
class FormPage:
    """The tab, seen with the settings of one portal."""

    tab: Tab
    settings: FormSettings

    @property
    def page(self) -> Page:
        return self.tab.page

    def step(self, name: str) -> None:
        self.tab.step(name, self.settings.step_timeout_s)

    def url(self, address: str) -> str:
        return absolute(self.settings.url, address)

    def inventory_address(self, page: int | None = None, offset: int = 0) -> str:
        """``inventory_url``, or its page of that number; None: the first one."""
        settings = self.settings
        return page_address(settings.inventory_url, settings.first_page if page is None else page, offset)

    def open(self, address: str, step: str, setting: str, *, may_be_missing: bool = False) -> None:
        """Load a page of the portal. Raises what its status means; a page that is not there is the settings'
        fault unless it ``may_be_missing``, as a record's may: then that is NotFound.
        """
        self.step(step)
        url = self.url(address)
        response = self._goto(url, setting)
        if response is None or response.status < 400:
            return
        if response.status == 403 and self.shows_sign_in():
            raise SessionLost(f"signed out: the portal shows its sign-in form {self.where()}")
        failure = failure_of_status(
            response.status, response.url, response.headers.get("retry-after"), datetime.now(UTC)
        )
        if isinstance(failure, NotFound) and not may_be_missing:
            raise AdapterMisfit(f"[portal] {setting} = {address}: {failure.reason}")
        if failure is not None:
            raise failure

    def _goto(self, url: str, setting: str) -> Response | None:
        try:
            if is_same_document(url, self.page.url):
                # Else nothing is loaded: the last record's page stands there until a script has changed it,
                # and its button would deliver the last record's document.
                self.page.goto("about:blank")
            return self.page.goto(url, wait_until="domcontentloaded")
        except PlaywrightTimeout as error:
            raise Transient(
                f"{url} did not load within {self.settings.step_timeout_s:g} s. "
                "Raise [portal] step_timeout_s if the portal is slow"
            ) from error
        except PlaywrightError as error:
            if "Download is starting" in error.message:
                raise AdapterMisfit(
                    f"[portal] {setting} leads to a download instead of a page: {url}. "
                    "Set it as document_url, with capture = fetch"
                ) from error
            raise Transient(f"{url} did not load: {_first_line(error)}") from error

    def open_signed_in(self, address: str, step: str, setting: str, *, may_be_missing: bool = False) -> None:
        """``open`` for a page of signed-in users. Raises SessionLost when it led to the sign-in page."""
        self.open(address, step, setting, may_be_missing=may_be_missing)
        self.raise_if_sign_in_address(self.page.url)

    def finish_loading(self) -> None:
        """Wait for late scripts, which may bring a button to life; not for ever: a picture may hang."""
        try:
            self.page.wait_for_load_state("load", timeout=_LOADED_WITHIN_MS)
        except PlaywrightTimeout:
            pass  # what is needed from the page is waited for by name

    # --- the session ---

    def raise_if_sign_in_address(self, url: str) -> None:
        """Costs nothing: the address alone is looked at. It tells nothing where signed-in pages share it."""
        sign_in_url = self.settings.sign_in_url
        if not (self.settings.needs_sign_in and sign_in_url):
            return
        if is_same_page(self.url(self.inventory_address()), self.url(sign_in_url)):
            return
        if is_same_page(url, self.url(sign_in_url)):
            raise SessionLost(f"signed out: the portal led to its sign-in page {url}")

    def is_elsewhere(self) -> bool:
        """Whether a portal that one signs in to by hand has led to another host: there one signs in (SSO)."""
        if self.settings.sign_in != "manual":
            return False
        return urlsplit(self.page.url).netloc not in ("", urlsplit(self.settings.url).netloc)

    def shows_sign_in(self) -> bool:
        return self.settings.needs_sign_in and self.shows(self.settings.password_selector)

    def raise_if_signed_out(self) -> None:
        """For when something failed: is it because the page is the sign-in form or asks for consent anew?

        Consent is given while the session is proven, which happens once for all tabs.
        """
        self.raise_if_sign_in_address(self.page.url)
        if self.is_elsewhere():
            raise SessionLost(f"signed out: the portal led to another host, {self.page.url}")
        seen = self.first_of({**self.obstacles(), "page": self.page.locator(":root")}, _GLANCE_S)
        if seen == self.settings.password_selector:
            raise SessionLost(f"signed out: the portal shows its sign-in form {self.where()}")
        if seen in self.settings.consent_selectors:
            raise SessionLost(
                f"the portal asks for consent again ([portal] consent_selectors: {seen}) {self.where()}"
            )

    def obstacles(self) -> dict[str, Locator]:
        """What stands there instead of a page when the session does not hold, by selector."""
        selectors = self.settings.consent_selectors
        if self.settings.needs_sign_in and self.settings.password_selector:
            selectors = (self.settings.password_selector, *selectors)
        return {selector: self.visible(selector) for selector in selectors}

    def shows_obstacle(self) -> bool:
        """Whether the sign-in form or a consent page shows now."""
        return any(self.shows(selector) for selector in self.obstacles())

    # --- elements ---

    def locate(self, selector: str) -> Locator:
        """All matches of a selector of the settings, in its frame if it names one."""
        return form_selectors.locate(self.page, selector)

    def visible(self, selector: str) -> Locator:
        return self.locate(selector).filter(visible=True).first

    def text(self, words: str, frames: str = "") -> Locator:
        """``frames``: the beginning of a selector, ``frame=… >>``, to look in there."""
        root, _ = form_selectors.root_of(self.page, frames)
        return root.get_by_text(words).filter(visible=True).first

    def shows(self, selector: str) -> bool:
        """Whether it is visible now; false for an empty selector and for a page that does not answer."""
        return bool(selector) and self._shows(self.visible(selector))

    def shows_text(self, words: str) -> bool:
        return bool(words) and self._shows(self.text(words))

    def _shows(self, element: Locator) -> bool:
        # Waits for any page at all: one that answers tells at once, and one that spins cannot keep us.
        return self.first_of({"it": element, "page": self.page.locator(":root")}, _GLANCE_S) == "it"

    def first_of(self, sights: Mapping[str, Locator], within_s: float) -> str | None:
        """Wait until one of them is there; its name, the earlier ones first. None when none came in time."""
        return form_selectors.first_of(sights, within_s, in_frames=self.settings.uses_frames)

    def find(self, selector: str, setting: str, *, signed_in: bool = True) -> Locator:
        """The visible element, waited for. Raises AdapterMisfit, which names the setting; SessionLost when
        there should be a session (``signed_in``) and is none.
        """
        if not selector:
            raise AdapterMisfit(f"[portal] {setting} is empty, but it is needed {self.where()}")
        locator = self.visible(selector)
        try:
            locator.wait_for(timeout=self.tab.remaining_s * 1000)
        except PlaywrightTimeout as error:
            raise self.not_found(setting, selector, signed_in=signed_in) from error
        except PlaywrightError as error:
            raise AdapterMisfit(
                f"[portal] {setting} = {selector} cannot be used {self.where()}: {_first_line(error)}"
            ) from error
        return locator

    def click(self, locator: Locator, setting: str) -> None:
        """Raises Transient, which names the setting, when it cannot be clicked (covered, disabled)."""
        try:
            locator.click(timeout=self.tab.remaining_s * 1000)
        except PlaywrightError as error:
            raise self.not_clicked(setting, error) from error

    def click_through(self, selectors: Sequence[str], setting: str) -> None:
        """Click one after the other, as a person goes through a menu."""
        for selector in selectors:
            self.step(f"click {selector}"[:80])
            self.click(self.find(selector, setting), setting)

    def not_clicked(self, setting: str, error: PlaywrightError) -> Transient:
        selector = getattr(self.settings, setting)
        selector = selector if isinstance(selector, str) else ", ".join(selector)
        return Transient(
            f"[portal] {setting} = {selector} cannot be clicked {self.where()}: {_first_line(error)}"
        )

    def not_found(self, setting: str, selector: str, *, signed_in: bool = True) -> PortalFailure:
        """The failure to raise when an element did not come in time; raises SessionLost itself."""
        if self.first_of({"page": self.page.locator(":root")}, _GLANCE_S) is None:
            return Transient(
                f"the page does not answer any more, waited for [portal] {setting} {self.where()}"
            )
        if signed_in:
            self.raise_if_signed_out()
        if self.shows(selector):  # the portal's slowness, not the settings' fault
            return Transient(
                f"[portal] {setting} = {selector} came too late {self.where()}. "
                "Raise [portal] step_timeout_s if the portal is slow"
            )
        return AdapterMisfit(f"[portal] {setting} = {selector} finds nothing {self.where()}")

    # --- words ---

    def words(self, selector: str) -> str:
        """The text of the first visible match, cut to 300 characters; empty when there is none."""
        if not self.shows(selector):
            return ""
        try:
            return " ".join(self.visible(selector).inner_text(timeout=_GLANCE_S * 1000).split())[:300]
        except PlaywrightError:
            return ""  # it went away while we read

    def where(self) -> str:
        """``on <address> ("<title>")``, for a reason. Asks in a way that a spinning page cannot hold up."""
        try:
            title = self.page.locator("title").first.text_content(timeout=_GLANCE_S * 250) or ""
        except PlaywrightError:
            title = ""  # no title, or a page that does not answer: the address must do
        return f'on {self.page.url} ("{" ".join(title.split())[:200]}")'


def _first_line(error: PlaywrightError) -> str:
    return error.message.strip().split("\n", 1)[0]
